/* SPDX-License-Identifier: GPL-2.0 */
/*
 * UNIX datagram sockets of the host (arch/um/host/socket.c).
 *
 * Descriptors are closed on exec and never block.  All functions return what they
 * are said to, or -errno of the host.
 */
#ifndef _UM_SOCKET_H
#define _UM_SOCKET_H

#include <um/types.h>

/**
 * struct host_address - who sent a datagram, and gets the answer
 * @len:	bytes of @data; 0: it has no address
 * @data:	as the host has it
 */
struct host_address {
	um_u32	len;
	char	data[112];
};

/*
 * A descriptor of a socket with the name @path, which only the user may write to.
 * -ENAMETOOLONG: the host allows 107 bytes; -EADDRINUSE: there is such a file.
 */
int host_dgram_bind(const char *path);
/* One without a name. */
int host_dgram_open(void);
/* Where datagrams to the name @path go. */
int host_dgram_address(struct host_address *to, const char *path);
/*
 * The next datagram's length, which may be more than @len: the rest is lost then.
 * -EAGAIN: there is none.
 */
long host_dgram_receive(int fd, void *buf, um_u64 len, struct host_address *from);
/* -EAGAIN: it has too many; -ECONNREFUSED: it is gone. */
int host_dgram_send(int fd, const struct host_address *to, const void *buf, um_u64 len);

#endif /* _UM_SOCKET_H */
