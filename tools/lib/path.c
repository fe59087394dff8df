// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "log.h"
#include "path.h"

#define LOCK_TRIES	50
#define LOCK_PAUSE_US	20000

/* The last part of a path that is no longer than that of a socket. */
static const char *path_name(const struct path_socket *sock)
{
	const char *slash = strrchr(sock->addr.sun_path, '/');

	return slash ? slash + 1 : sock->addr.sun_path;
}

static int path_open_dir(const struct path_socket *sock)
{
	char path[sizeof(sock->addr.sun_path)];

	memcpy(path, sock->addr.sun_path, sizeof(path));
	return open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/*
 * Two that start at the same time must not both find a stale socket and replace
 * it.  Others may hold the lock of a directory such as /tmp, and for ever, so
 * this is not waited for long.
 */
static void path_lock(int dir)
{
	int tries;

	for (tries = 0; tries < LOCK_TRIES; tries++) {
		if (!flock(dir, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
			return;
		usleep(LOCK_PAUSE_US);
	}
}

/* Does somebody listen?  1 with the pid (0: not known), 0, or -errno. */
static int path_is_live(const struct path_socket *sock, int type, pid_t *pid)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);
	int fd, err = 0;

	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sock->addr, sizeof(sock->addr)) < 0)
		err = errno;
	if (!err && type == SOCK_STREAM)
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	close(fd);
	*pid = peer.pid;
	if (err == ECONNREFUSED || err == ENOENT)
		return 0;
	/* Full, or of another type, is live too. */
	if (!err || err == EAGAIN || err == EPROTOTYPE || err == EPERM)
		return 1;
	return -err;
}

/* Makes room for a new socket.  0, or -1 after a line. */
static int path_clear(const struct path_socket *sock, const char *option, int type)
{
	const char *path = sock->addr.sun_path;
	struct stat st;
	pid_t pid = 0;
	int live;

	if (fstatat(sock->dir, path_name(sock), &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return 0;
		log_line("%s %s: %s", option, path, strerror(errno));
		return -1;
	}
	if (!S_ISSOCK(st.st_mode)) {
		log_line("%s %s: there is a file that is no socket", option, path);
		return -1;
	}
	live = path_is_live(sock, type, &pid);
	if (live > 0) {
		if (pid)
			log_line("%s %s: process %d has it already", option, path, pid);
		else
			log_line("%s %s: another process has it already", option, path);
		return -1;
	}
	if (live < 0) {
		log_line("%s %s: cannot tell whether it is in use: %s", option, path,
			 strerror(-live));
		return -1;
	}
	if (st.st_uid != geteuid() && geteuid()) {
		log_line("%s %s: a socket of user %u that nobody listens on", option, path,
			 st.st_uid);
		return -1;
	}
	if (unlinkat(sock->dir, path_name(sock), 0) < 0 && errno != ENOENT) {
		log_line("%s %s: a socket that nobody listens on cannot be removed: %s",
			 option, path, strerror(errno));
		return -1;
	}
	return 0;
}

/* Binds, and remembers what was made.  0, or -errno. */
static int path_bind(struct path_socket *sock, int type, mode_t mode)
{
	mode_t mask = umask(~mode & 0777);
	struct stat st;
	int err = 0;

	if (bind(sock->fd, (struct sockaddr *)&sock->addr, sizeof(sock->addr)) < 0)
		err = -errno;
	umask(mask);
	if (!err && type == SOCK_STREAM && listen(sock->fd, SOMAXCONN) < 0)
		err = -errno;
	if (!err && fstatat(sock->dir, path_name(sock), &st, AT_SYMLINK_NOFOLLOW) < 0)
		err = -errno;
	if (!err) {
		sock->dev = st.st_dev;
		sock->ino = st.st_ino;
	}
	return err;
}

int path_socket_open(struct path_socket *sock, const char *option, const char *path,
		     int type, mode_t mode)
{
	int err;

	*sock = (struct path_socket) { .fd = -1, .dir = -1, .addr.sun_family = AF_UNIX };
	if (!*path || strlen(path) >= sizeof(sock->addr.sun_path)) {
		log_line("%s %s: a socket's path has 1 to %zu characters", option, path,
			 sizeof(sock->addr.sun_path) - 1);
		return -1;
	}
	memcpy(sock->addr.sun_path, path, strlen(path));
	sock->dir = path_open_dir(sock);
	if (sock->dir < 0) {
		log_line("%s %s: its directory: %s", option, path, strerror(errno));
		return -1;
	}
	path_lock(sock->dir);
	err = path_clear(sock, option, type);
	if (!err) {
		sock->fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		err = sock->fd < 0 ? -errno : path_bind(sock, type, mode);
		if (err)
			log_line("%s %s: %s", option, path, strerror(-err));
	}
	flock(sock->dir, LOCK_UN);
	return err ? -1 : 0;
}

void path_socket_remove(struct path_socket *sock)
{
	struct stat st;

	if (sock->dir < 0)
		return;
	if (!fstatat(sock->dir, path_name(sock), &st, AT_SYMLINK_NOFOLLOW) &&
	    st.st_dev == sock->dev && st.st_ino == sock->ino)
		unlinkat(sock->dir, path_name(sock), 0);
	close(sock->dir);
	sock->dir = -1;
}
