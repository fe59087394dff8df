// SPDX-License-Identifier: GPL-2.0
/*
 * Stream sockets.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <um/socket.h>

#include "internal.h"

#define BACKLOG		128
/* Seconds of silence before a peer is asked, between questions, and their number. */
#define KEEP_IDLE	60
#define KEEP_INTERVAL	15
#define KEEP_COUNT	4

_Static_assert(sizeof(struct sockaddr_in6) <= sizeof(((struct host_address *)0)->data),
	       "an address has room");

int host_inet_address(struct host_address *to, const char *host, unsigned int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	if (inet_pton(AF_INET, host, &in.sin_addr) == 1) {
		memcpy(to->data, &in, sizeof(in));
		to->len = sizeof(in);
	} else if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
		memcpy(to->data, &in6, sizeof(in6));
		to->len = sizeof(in6);
	} else {
		return -EINVAL;
	}
	return 0;
}

static int family(const struct host_address *addr)
{
	sa_family_t f = AF_UNSPEC;

	if (addr->len >= sizeof(f))
		memcpy(&f, addr->data, sizeof(f));
	return f;
}

void host_address_text(const struct host_address *addr, char *buf, um_u64 len)
{
	char text[INET6_ADDRSTRLEN];
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	buf[0] = 0;
	switch (family(addr)) {
	case AF_INET:
		memcpy(&in, addr->data, sizeof(in));
		inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
		snprintf(buf, len, "%s:%u", text, ntohs(in.sin_port));
		break;
	case AF_INET6:
		memcpy(&in6, addr->data, sizeof(in6));
		inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text));
		snprintf(buf, len, "[%s]:%u", text, ntohs(in6.sin6_port));
		break;
	}
}

int socket_is_stale(const struct host_address *addr, int type)
{
	const char *path = addr->data + offsetof(struct sockaddr_un, sun_path);
	struct stat st;
	long err;
	int fd;

	/* A file of another kind answers neither. */
	if (sys(SYS_newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISSOCK(st.st_mode))
		return 0;
	fd = sys(SYS_socket, AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return 0;
	err = sys_retry(SYS_connect, fd, addr->data, addr->len);
	sys(SYS_close, fd);
	return err == -ECONNREFUSED;
}

int host_stream_listen(const struct host_address *addr)
{
	int unix_one = family(addr) == AF_UNIX, one = 1;
	long err = 0;
	int fd;

	fd = sys(SYS_socket, family(addr), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	if (unix_one)
		err = sys(SYS_fchmod, fd, 0600);
	else
		sys(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (!err)
		err = sys(SYS_bind, fd, addr->data, addr->len);
	if (err == -EADDRINUSE && unix_one && socket_is_stale(addr, SOCK_STREAM) &&
	    !host_unlink(addr->data + offsetof(struct sockaddr_un, sun_path)))
		err = sys(SYS_bind, fd, addr->data, addr->len);
	if (!err)
		err = sys(SYS_listen, fd, BACKLOG);
	if (err) {
		sys(SYS_close, fd);
		return err;
	}
	return fd;
}

static void set_option(int fd, int level, int name, int value)
{
	sys(SYS_setsockopt, fd, level, name, &value, sizeof(value));
}

int host_stream_accept(int fd, struct host_address *peer)
{
	socklen_t n = sizeof(peer->data);
	long sock = sys_retry(SYS_accept4, fd, peer->data, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (sock < 0)
		return sock == -ECONNABORTED ? -EAGAIN : sock;
	peer->len = n > sizeof(peer->data) ? 0 : n;
	if (family(peer) != AF_UNIX) {
		set_option(sock, SOL_SOCKET, SO_KEEPALIVE, 1);
		set_option(sock, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE);
		set_option(sock, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL);
		set_option(sock, IPPROTO_TCP, TCP_KEEPCNT, KEEP_COUNT);
		set_option(sock, IPPROTO_TCP, TCP_NODELAY, 1);
	}
	return sock;
}

int host_stream_is_alive(int fd)
{
	char c;
	long n = sys_retry(SYS_recvfrom, fd, &c, 1, MSG_PEEK | MSG_DONTWAIT, NULL, NULL);

	return n > 0 || n == -EAGAIN;
}

long host_stream_receive(int fd, void *buf, um_u64 len, int *passed)
{
	union {
		struct cmsghdr	align;
		char		room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		/* There is room for a second one, which nobody would close. */
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	struct cmsghdr *c;
	long n;

	*passed = -1;
	n = sys_retry(SYS_recvmsg, fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return n;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len >= CMSG_LEN(sizeof(int)))
		memcpy(passed, CMSG_DATA(c), sizeof(int));
	return n;
}
