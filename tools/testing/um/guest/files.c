// SPDX-License-Identifier: GPL-2.0
/* File systems and what watches them. */
#include "tap.h"
#include <dirent.h>
#include <linux/loop.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

static char dir[] = "/tmp/umfiles.XXXXXX";

static void check_tree(void)
{
	struct dirent *d;
	struct stat st, st2;
	char name[100], buf[64];
	int i, n = 0, fd, fd2;
	DIR *dp;

	is(chdir(dir), 0, "a directory");
	for (i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "file-%d", i);
		fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	is(i, 500, "500 files");
	is_err(open("file-1", O_CREAT | O_EXCL, 0600), EEXIST, "O_EXCL");
	dp = opendir(".");
	while ((d = readdir(dp)))
		n += !strncmp(d->d_name, "file-", 5);
	closedir(dp);
	is(n, 500, "readdir finds them");
	is(link("file-0", "hard"), 0, "link");
	stat("hard", &st);
	is(st.st_nlink, 2, "two links");
	is(symlink("file-1", "soft"), 0, "symlink");
	is(readlink("soft", buf, sizeof(buf)), 6, "readlink");
	is(rename("file-2", "file-3"), 0, "rename over another");
	is_err(access("file-2", F_OK), ENOENT, "gone");
	is(mkdir("d", 0755), 0, "mkdir");
	is_err(rmdir("file-4"), ENOTDIR, "rmdir of a file");
	is(rename("file-5", "d/x"), 0, "into a directory");
	is_err(rmdir("d"), ENOTEMPTY, "not empty");
	is_err(open("soft/x", O_RDONLY), ENOTDIR, "a file is no directory");
	symlink("loop", "loop");
	is_err(open("loop", O_RDONLY), ELOOP, "a loop of links");
	is(chmod("file-6", 0640), 0, "chmod");
	stat("file-6", &st);
	is(st.st_mode & 07777, 0640, "its mode");
	fd = open("file-6", O_RDWR);
	is(pwrite(fd, "end", 3, 1 << 30), 3, "a sparse file of 1 GiB");
	fstat(fd, &st);
	ok(st.st_size == (1 << 30) + 3 && st.st_blocks < 4096, "is sparse");
	is(lseek(fd, 0, SEEK_DATA), 1 << 30, "SEEK_DATA");
	is(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1 << 30, 4096),
	   0, "punch a hole");
	is(pread(fd, buf, 3, 1 << 30), 3, "read there");
	is(buf[0], 0, "zeros");
	fd2 = open("file-6", O_RDWR);
	is(flock(fd, LOCK_EX), 0, "flock");
	is_err(flock(fd2, LOCK_EX | LOCK_NB), EAGAIN, "held");
	close(fd2);
	close(fd);
	fd = open(".", O_TMPFILE | O_RDWR, 0600);
	ok(fd >= 0, "O_TMPFILE");
	close(fd);
	utimensat(AT_FDCWD, "file-7", (struct timespec[]){ { 5, 0 }, { 6, 0 } }, 0);
	stat("file-7", &st2);
	ok(st2.st_atime == 5 && st2.st_mtime == 6, "utimensat");
	fd = setxattr("file-8", "user.test", "v", 1, 0);
	if (fd && errno == EOPNOTSUPP)
		skip("not here", "xattr");
	else
		is(fd, 0, "xattr");
	fd = open("file-9", O_RDWR);
	fd2 = open("/proc/self/exe", O_RDONLY);
	is(sendfile(fd, fd2, NULL, 100000), 100000, "sendfile");
	fstat(fd, &st);
	is(st.st_size, 100000, "its size");
	close(fd);
	close(fd2);
}

static void check_watch(void)
{
	char buf[4096] __attribute__((aligned(8)));
	struct inotify_event *ev = (void *)buf;
	int in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), fd;
	struct pollfd p = { in, POLLIN, 0 };

	if (in < 0) {
		skip("no inotify", "inotify");
	} else {
		ok(inotify_add_watch(in, dir, IN_CREATE | IN_DELETE) > 0, "inotify");
		close(open("watched", O_CREAT | O_WRONLY, 0600));
		is(poll(&p, 1, 10000), 1, "an event");
		ok(read(in, buf, sizeof(buf)) > 0 && ev->mask == IN_CREATE &&
		   !strcmp(ev->name, "watched"), "IN_CREATE with the name");
		close(in);
	}
	fd = memfd_create("sealed", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	ok(fd >= 0, "memfd_create");
	ftruncate(fd, 8192);
	is(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE), 0, "seals");
	is_err(write(fd, "x", 1), EPERM, "no writing");
	is_err(ftruncate(fd, 1), EPERM, "no shrinking");
	is_err((long)mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0), EPERM,
	       "no writable mapping");
	close(fd);
	if (geteuid() || !in_guest())
		return;
	fd = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK, O_RDONLY);
	if (fd < 0) {
		skip("no fanotify", "fanotify");
		return;
	}
	is(fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, "watched"), 0,
	   "fanotify_mark");
	close(open("watched", O_RDONLY));
	ok(read(fd, buf, sizeof(buf)) >= 24, "fanotify sees an open");
	close(fd);
}

static int overlay(void *arg)
{
	char buf[100];

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 1;
	if (mount("t", "/mnt", "tmpfs", 0, NULL))
		return 2;
	mkdir("/mnt/l", 0755);
	mkdir("/mnt/u", 0755);
	mkdir("/mnt/w", 0755);
	mkdir("/mnt/m", 0755);
	write_file("/mnt/l/a", "lower a");
	write_file("/mnt/l/b", "lower b");
	if (mount("o", "/mnt/m", "overlay", 0,
		  "lowerdir=/mnt/l,upperdir=/mnt/u,workdir=/mnt/w"))
		return errno == ENODEV ? 42 : 3;
	if (!write_file("/mnt/m/a", "upper a") || unlink("/mnt/m/b"))
		return 4;
	read_file("/mnt/l/a", buf, sizeof(buf));
	if (strcmp(buf, "lower a"))
		return 5;
	read_file("/mnt/m/a", buf, sizeof(buf));
	if (strcmp(buf, "upper a"))
		return 6;
	return access("/mnt/m/b", F_OK) == -1 && !access("/mnt/l/b", F_OK) ? 0 : 7;
}

static int small_tmpfs(void *arg)
{
	static char buf[65536];
	long n = 0, r;
	struct statfs sf;
	int fd;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 1;
	if (mount("t", "/mnt", "tmpfs", 0, "size=1m"))
		return 2;
	fd = open("/mnt/f", O_CREAT | O_RDWR, 0600);
	while ((r = write(fd, buf, sizeof(buf))) > 0)
		n += r;
	if (errno != ENOSPC || n != 1 << 20)
		return 3;
	if (statfs("/mnt", &sf) || sf.f_bfree)
		return 4;
	return 0;
}

static int loop_device(void *arg)
{
	char path[64], buf[512] = "";
	int ctl = open("/dev/loop-control", O_RDWR), file, n, fd;

	if (ctl < 0)
		return 42;
	n = ioctl(ctl, LOOP_CTL_GET_FREE);
	snprintf(path, sizeof(path), "/dev/loop%d", n);
	fd = open(path, O_RDWR);
	if (fd < 0)
		return 2;
	file = open("/tmp/umloop", O_CREAT | O_RDWR | O_TRUNC, 0600);
	if (ftruncate(file, 1 << 20) || ioctl(fd, LOOP_SET_FD, file))
		return 3;
	memset(buf, 'L', sizeof(buf));
	if (pwrite(fd, buf, 512, 4096) != 512 || fsync(fd))
		return 4;
	memset(buf, 0, sizeof(buf));
	if (pread(file, buf, 512, 4096) != 512 || buf[100] != 'L')
		return 5;
	unlink("/tmp/umloop");
	return ioctl(fd, LOOP_CLR_FD, 0) ? 6 : 0;
}

static void *uffd_thread(void *arg)
{
	struct uffd_msg msg;
	struct uffdio_copy c = { 0 };
	int fd = *(int *)arg;
	char *page = pages(1);

	if (read(fd, &msg, sizeof(msg)) != sizeof(msg))
		return NULL;
	memset(page, 'u', PAGE);
	c.dst = msg.arg.pagefault.address & -PAGE;
	c.src = (long)page;
	c.len = PAGE;
	ioctl(fd, UFFDIO_COPY, &c);
	return NULL;
}

static void check_uffd(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	char *p = pages(2);
	pthread_t t;

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api)) {
		skip("no userfaultfd", "userfaultfd");
		return;
	}
	reg.range.start = (long)p;
	reg.range.len = 2 * PAGE;
	is(ioctl(fd, UFFDIO_REGISTER, &reg), 0, "userfaultfd registers");
	pthread_create(&t, NULL, uffd_thread, &fd);
	is(((volatile char *)p)[PAGE + 5], 'u', "a fault is served by a thread");
	pthread_join(t, NULL);
	close(fd);
}

static void report(int st, const char *name)
{
	if (exited(st, 42))
		skip("not available", "%s", name);
	else
		is(WIFEXITED(st) ? WEXITSTATUS(st) : -st, 0, "%s", name);
}

TEST_AREA(files, 60)
{
	if (!mkdtemp(dir)) {
		ok(false, "a directory to work in");
		return;
	}
	check_tree();
	check_watch();
	check_uffd();
	if (in_guest() && !geteuid()) {
		report(in_child(overlay, NULL), "overlayfs");
		report(in_child(small_tmpfs, NULL), "a full tmpfs");
		report(in_child(loop_device, NULL), "a loop device");
	}
	chdir("/");
	{
		char cmd[100];

		snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
		if (system(cmd))
			diag("rm failed");
	}
}
