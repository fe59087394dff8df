// SPDX-License-Identifier: GPL-2.0
/*
 * Who on the host holds what we would like to have.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <um/socket.h>

#include "internal.h"

/* Calls @fn with each name in a directory of numbers until it returns not 0. */
static int for_each_number(const char *path,
			   int (*fn)(int number, const void *arg), const void *arg)
{
	char buf[1024] __attribute__((aligned(8)));
	int fd = host_open(path, O_RDONLY | O_DIRECTORY, 0), found = 0;
	long n = 0;

	if (fd < 0)
		return 0;
	while (!found && (n = sys(SYS_getdents64, fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n && !found;) {
			const struct dirent64 *d = (const void *)(buf + at);

			at += d->d_reclen;
			if (d->d_name[0] >= '0' && d->d_name[0] <= '9')
				found = fn(atoi(d->d_name), arg);
		}
	}
	sys(SYS_close, fd);
	return found;
}

/**
 * struct lock_search - who has a file open, and locked
 * @pid:	the process that is looked at
 * @file:	the file
 */
struct lock_search {
	int			pid;
	const struct stat	*file;
};

static int fd_has_lock(int number, const void *arg)
{
	const struct lock_search *search = arg;
	char path[64], buf[512];
	struct stat st;
	long fd, n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", search->pid, number);
	if (sys(SYS_newfstatat, AT_FDCWD, path, &st, 0) ||
	    st.st_dev != search->file->st_dev || st.st_ino != search->file->st_ino)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", search->pid, number);
	fd = host_open(path, O_RDONLY, 0);
	if (fd < 0)
		return 0;
	n = host_read(fd, buf, sizeof(buf) - 1);
	sys(SYS_close, fd);
	buf[n > 0 ? n : 0] = '\0';
	/* Not flock(), which is no obstacle. */
	return strstr(buf, "\nlock:") && (strstr(buf, "OFDLCK") || strstr(buf, "POSIX"));
}

static int process_has_lock(int pid, const void *file)
{
	struct lock_search search = { .pid = pid, .file = file };
	char path[64];

	if (pid == own_pid)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	return for_each_number(path, fd_has_lock, &search) ? pid : 0;
}

int host_lock_holder(int fd, int exclusive)
{
	struct flock lock;
	struct stat st;
	long err;

	lock_whole_file(&lock, exclusive);
	err = sys_retry(SYS_fcntl, fd, F_OFD_GETLK, &lock);
	if (err)
		return err;
	if (lock.l_type == F_UNLCK)
		return -ENOENT;
	if (lock.l_pid > 0)
		return lock.l_pid;
	/* A lock of an open file description names no process; descriptors do. */
	if (sys_retry(SYS_fstat, fd, &st))
		return 0;
	return for_each_number("/proc", process_has_lock, &st);
}

/* ---- ports ---------------------------------------------------------------- */

/**
 * struct socket_search - who has a socket open
 * @pid:	the process that is looked at
 * @ino:	of the socket
 */
struct socket_search {
	int	pid;
	um_u64	ino;
};

static int fd_is_socket(int number, const void *arg)
{
	const struct socket_search *search = arg;
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", search->pid, number);
	return !sys(SYS_newfstatat, AT_FDCWD, path, &st, 0) && S_ISSOCK(st.st_mode) &&
	       st.st_ino == search->ino;
}

static int process_has_socket(int pid, const void *ino)
{
	struct socket_search search = { .pid = pid, .ino = *(const um_u64 *)ino };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	return for_each_number(path, fd_is_socket, &search) ? pid : 0;
}

/* The inode in a line of /proc/net/tcp that is of a listener on @port, or 0. */
static um_u64 listener_inode(char *line, unsigned int port)
{
	char *field, *rest = line, *local = NULL;
	um_u64 ino = 0;

	for (int i = 0; (field = strtok_r(i ? NULL : line, " ", &rest)); i++) {
		if (i == 1)
			local = strrchr(field, ':');
		else if (i == 3 && strcmp(field, "0A"))
			return 0;
		else if (i == 9)
			ino = strtoul(field, NULL, 10);
	}
	return local && strtoul(local + 1, NULL, 16) == port ? ino : 0;
}

static um_u64 find_listener(const char *path, unsigned int port)
{
	char buf[1024];
	int fd = host_open(path, O_RDONLY, 0);
	unsigned int len = 0;
	um_u64 ino = 0;
	long n;

	if (fd < 0)
		return 0;
	while (!ino && (n = host_read(fd, buf + len, sizeof(buf) - 1 - len)) > 0) {
		char *line = buf, *end;

		len += n;
		buf[len] = 0;
		while (!ino && (end = strchr(line, '\n'))) {
			*end = 0;
			ino = listener_inode(line, port);
			line = end + 1;
		}
		len -= line - buf;
		memmove(buf, line, len);
		/* No line is as long. */
		if (len == sizeof(buf) - 1)
			break;
	}
	host_close(fd);
	return ino;
}

int host_port_holder(unsigned int port)
{
	um_u64 ino = find_listener("/proc/net/tcp", port) ?:
		     find_listener("/proc/net/tcp6", port);

	return ino ? for_each_number("/proc", process_has_socket, &ino) : 0;
}
