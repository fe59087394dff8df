// SPDX-License-Identifier: GPL-2.0
/*
 * Files and descriptors.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/magic.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/uio.h>

#include "internal.h"

_Static_assert(sizeof(struct host_iovec) == sizeof(struct iovec) &&
	       offsetof(struct host_iovec, base) ==
	       offsetof(struct iovec, iov_base) &&
	       offsetof(struct host_iovec, len) ==
	       offsetof(struct iovec, iov_len),
	       "struct host_iovec goes to the host as it is");

int host_open(const char *path, int flags, int mode)
{
	/* A console's device must not become our controlling terminal. */
	return sys_retry(SYS_openat, AT_FDCWD, path,
			 flags | O_CLOEXEC | O_NOCTTY, mode);
}

int host_close(int fd)
{
	long err;

	tty_closing(fd);
	/* Interrupted or not, the descriptor is gone. */
	err = sys(SYS_close, fd);
	return err == -EINTR ? 0 : err;
}

long host_read(int fd, void *buf, unsigned long len)
{
	return sys_retry(SYS_read, fd, buf, len);
}

long host_write(int fd, const void *buf, unsigned long len)
{
	return sys_retry(SYS_write, fd, buf, len);
}

int host_write_all(int fd, const void *buf, unsigned long len)
{
	const char *p = buf;

	while (len) {
		long n = host_write(fd, p, len);

		if (n == -EAGAIN) {
			n = host_poll_one(fd, HOST_POLLOUT, -1);
			if (n < 0)
				return n;
			continue;
		}
		if (n < 0)
			return n;
		if (!n)
			return -EIO;
		p += n;
		len -= n;
	}
	return 0;
}

/* The host says in several ways that it cannot do it without blocking. */
static long nowait_error(long ret)
{
	switch (ret) {
	case -EOPNOTSUPP:
	case -ENOSYS:
	case -EINVAL:
		return -EAGAIN;
	default:
		return ret;
	}
}

long host_preadv(int fd, const struct host_iovec *iov, int n, um_u64 off,
		 int flags)
{
	/* The offset is one register here; the other half is unused. */
	if (flags & HOST_NOWAIT)
		return nowait_error(sys_retry(SYS_preadv2, fd, iov, n, off, 0,
					      RWF_NOWAIT));
	return sys_retry(SYS_preadv, fd, iov, n, off, 0);
}

long host_pwritev(int fd, const struct host_iovec *iov, int n, um_u64 off,
		  int flags)
{
	if (flags & HOST_NOWAIT)
		return nowait_error(sys_retry(SYS_pwritev2, fd, iov, n, off, 0,
					      RWF_NOWAIT));
	return sys_retry(SYS_pwritev, fd, iov, n, off, 0);
}

int host_datasync(int fd)
{
	return sys_retry(SYS_fdatasync, fd);
}

int host_sync(int fd)
{
	return sys_retry(SYS_fsync, fd);
}

int host_touch(int fd)
{
	struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_nsec = UTIME_NOW },
	};

	return sys_retry(SYS_utimensat, fd, NULL, times, 0);
}

int host_set_mtime(int fd, um_s64 time)
{
	struct timespec times[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = time },
	};

	return sys_retry(SYS_utimensat, fd, NULL, times, 0);
}

int host_truncate(int fd, um_u64 size)
{
	return sys_retry(SYS_ftruncate, fd, size);
}

int host_chmod(int fd, um_u32 mode)
{
	return sys_retry(SYS_fchmod, fd, mode);
}

int host_set_group(int fd, um_u32 gid)
{
	return sys_retry(SYS_fchown, fd, -1, gid);
}

um_u32 host_umask(void)
{
	um_u32 mask = sys(SYS_umask, 077);

	sys(SYS_umask, mask);
	return mask;
}

int host_allocate(int fd, um_u64 off, um_u64 len)
{
	return sys_retry(SYS_fallocate, fd, FALLOC_FL_KEEP_SIZE, off, len);
}

int host_punch(int fd, um_u64 off, um_u64 len)
{
	return sys_retry(SYS_fallocate, fd,
			 FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, len);
}

int host_zero(int fd, um_u64 off, um_u64 len)
{
	long err = sys_retry(SYS_fallocate, fd,
			     FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, off, len);

	/* Not every file system that knows holes knows this. */
	if (err == -EOPNOTSUPP)
		err = host_punch(fd, off, len) ?: host_allocate(fd, off, len);
	return err;
}

um_s64 host_seek_data(int fd, um_u64 off)
{
	return sys(SYS_lseek, fd, off, SEEK_DATA);
}

static void fill_stat(struct host_stat *st, const struct stat *s)
{
	switch (s->st_mode & S_IFMT) {
	case S_IFREG:
		st->type = HOST_FILE_REGULAR;
		break;
	case S_IFBLK:
		st->type = HOST_FILE_BLOCK;
		break;
	case S_IFCHR:
		st->type = HOST_FILE_CHAR;
		break;
	case S_IFDIR:
		st->type = HOST_FILE_DIR;
		break;
	default:
		st->type = HOST_FILE_OTHER;
		break;
	}
	st->size = s->st_size;
	st->blocks = s->st_blocks;
	st->mtime = s->st_mtim.tv_sec;
	st->dev = s->st_dev;
	st->ino = s->st_ino;
	st->mode = s->st_mode;
	st->gid = s->st_gid;
}

static int block_size(int fd, um_u64 *size)
{
	return sys(SYS_ioctl, fd, BLKGETSIZE64, size);
}

int host_stat(const char *path, struct host_stat *st)
{
	struct stat s;
	long err, fd;

	err = sys_retry(SYS_newfstatat, AT_FDCWD, path, &s, 0);
	if (err)
		return err;
	fill_stat(st, &s);
	if (st->type != HOST_FILE_BLOCK)
		return 0;

	/* Only an open descriptor tells; the size stays 0 if there is none. */
	fd = host_open(path, O_RDONLY | O_NONBLOCK, 0);
	if (fd >= 0) {
		block_size(fd, &st->size);
		sys(SYS_close, fd);
	}
	return 0;
}

int host_fstat(int fd, struct host_stat *st)
{
	struct stat s;
	long err;

	err = sys_retry(SYS_fstat, fd, &s);
	if (err)
		return err;
	fill_stat(st, &s);
	if (st->type == HOST_FILE_BLOCK)
		return block_size(fd, &st->size);
	return 0;
}

/* One that is reached by a network, or by another program, may keep us for ever. */
int host_fs_is_local(int fd)
{
	static const unsigned int magic[] = {
		EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,
		TMPFS_MAGIC, OVERLAYFS_SUPER_MAGIC,
	};
	struct statfs st;

	if (sys(SYS_fstatfs, fd, &st))
		return 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(magic); i++)
		if ((unsigned int)st.f_type == magic[i])
			return 1;
	return 0;
}

void lock_whole_file(struct flock *lock, int exclusive)
{
	*lock = (struct flock) {
		.l_type = exclusive ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET,
	};
}

int host_lock(int fd, int exclusive)
{
	struct flock lock;
	long err;

	lock_whole_file(&lock, exclusive);
	err = sys_retry(SYS_fcntl, fd, F_OFD_SETLK, &lock);
	return err == -EACCES ? -EAGAIN : err;
}

int host_mkdir(const char *path, int mode)
{
	return sys_retry(SYS_mkdirat, AT_FDCWD, path, mode);
}

int host_rmdir(const char *path)
{
	return sys_retry(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

int host_unlink(const char *path)
{
	return sys_retry(SYS_unlinkat, AT_FDCWD, path, 0);
}

int host_rename(const char *from, const char *to)
{
	return sys_retry(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int host_rename_new(const char *from, const char *to)
{
	long err = sys_retry(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to,
			     RENAME_NOREPLACE);

	if (err != -EINVAL && err != -ENOSYS)
		return err;
	/* Not every file system knows the flag. */
	err = sys_retry(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
	return err ?: host_unlink(from);
}

long host_readlink(const char *path, char *buf, unsigned long len)
{
	return sys(SYS_readlinkat, AT_FDCWD, path, buf, len);
}

int host_getcwd(char *buf, unsigned long len)
{
	long n = sys(SYS_getcwd, buf, len);

	if (n < 0)
		return n;
	/* The host says so of a directory that cannot be named from the root. */
	return buf[0] == '/' ? n - 1 : -ENOENT;
}

int host_pipe(int fds[2])
{
	return sys(SYS_pipe2, fds, O_CLOEXEC);
}

int host_set_nonblock(int fd, int on)
{
	long flags = sys(SYS_fcntl, fd, F_GETFL);
	long want;

	if (flags < 0)
		return flags;
	want = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return want == flags ? 0 : sys(SYS_fcntl, fd, F_SETFL, want);
}

int host_dup(int fd)
{
	return sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 0);
}

int host_fd_is_open(int fd)
{
	long flags = sys(SYS_fcntl, fd, F_GETFD);

	/* Those of our own have the flag. */
	return flags >= 0 && !(flags & FD_CLOEXEC);
}

const char *host_getenv(const char *name)
{
	return getenv(name);
}
