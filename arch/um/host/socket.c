// SPDX-License-Identifier: GPL-2.0
/*
 * UNIX datagram sockets, and pairs of sockets.
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <um/socket.h>

#include "internal.h"

_Static_assert(sizeof(struct sockaddr_un) <= sizeof(((struct host_address *)0)->data),
	       "an address has room");

int host_dgram_open(void)
{
	return sys(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int host_unix_address(struct host_address *to, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (len >= sizeof(un.sun_path))
		return -ENAMETOOLONG;
	memcpy(un.sun_path, path, len);
	memcpy(to->data, &un, sizeof(un));
	to->len = offsetof(struct sockaddr_un, sun_path) + len + 1;
	return 0;
}

int host_dgram_bind(const char *path)
{
	struct host_address addr;
	int err = host_unix_address(&addr, path), fd;

	if (err)
		return err;
	fd = host_dgram_open();
	if (fd < 0)
		return fd;
	/* The file gets the rights of the socket, less the umask, in one step. */
	err = sys(SYS_fchmod, fd, 0600);
	if (!err)
		err = sys(SYS_bind, fd, addr.data, addr.len);
	if (err) {
		sys(SYS_close, fd);
		return err;
	}
	return fd;
}

long host_dgram_receive(int fd, void *buf, um_u64 len, struct host_address *from)
{
	socklen_t n = sizeof(from->data);
	long ret = sys_retry(SYS_recvfrom, fd, buf, len, MSG_DONTWAIT | MSG_TRUNC,
			     from->data, &n);

	from->len = ret < 0 || n > sizeof(from->data) ? 0 : n;
	/* The family alone is no address. */
	if (from->len <= offsetof(struct sockaddr_un, sun_path))
		from->len = 0;
	return ret;
}

int host_dgram_send(int fd, const struct host_address *to, const void *buf, um_u64 len)
{
	long ret = sys_retry(SYS_sendto, fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL,
			     to->data, to->len);

	return ret < 0 ? ret : 0;
}

static int socket_pair(int type, int fds[2])
{
	return sys(SYS_socketpair, AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds);
}

int host_message_pair(int fds[2])
{
	return socket_pair(SOCK_SEQPACKET, fds);
}

int host_stream_pair(int fds[2])
{
	return socket_pair(SOCK_STREAM, fds);
}

int host_dgram_pair(int fds[2])
{
	return socket_pair(SOCK_DGRAM, fds);
}
