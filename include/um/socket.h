/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sockets of the host: UNIX datagrams and pairs (arch/um/host/socket.c), and streams
 * of the UNIX and internet kinds (arch/um/host/stream.c).
 *
 * Descriptors are closed on exec and never block.  All functions return what they
 * are said to, or -errno of the host.
 */
#ifndef _UM_SOCKET_H
#define _UM_SOCKET_H

#include <um/types.h>

/**
 * struct host_address - of a socket: who sent a datagram, where to listen
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
/*
 * The next datagram's length, which may be more than @len: the rest is lost then.
 * -EAGAIN: there is none.
 */
long host_dgram_receive(int fd, void *buf, um_u64 len, struct host_address *from);
/* -EAGAIN: it has too many; -ECONNREFUSED: it is gone. */
int host_dgram_send(int fd, const struct host_address *to, const void *buf, um_u64 len);

/* A name in the file system; -ENAMETOOLONG. */
int host_unix_address(struct host_address *to, const char *path);
/* Pairs of UNIX sockets: a stream, datagrams, and messages in order. */
int host_stream_pair(int fds[2]);
int host_dgram_pair(int fds[2]);
int host_message_pair(int fds[2]);
/* @host is a number, of IPv4 or IPv6; -EINVAL: it is not. */
int host_inet_address(struct host_address *to, const char *host, unsigned int port);
/* "127.0.0.1:23", "[::1]:23", or "" for what has no name. */
void host_address_text(const struct host_address *addr, char *buf, um_u64 len);
/*
 * A socket that listens there; a UNIX one is for the user only, and takes the
 * place of one that nobody listens to any more.  -EADDRINUSE.
 */
int host_stream_listen(const struct host_address *addr);
/* Who waits next; keepalives find out that a peer has vanished.  -EAGAIN: nobody. */
int host_stream_accept(int fd, struct host_address *peer);
/* 0 when the peer has gone away and has left nothing to be read. */
int host_stream_is_alive(int fd);
/*
 * As host_read(); a descriptor that comes with it is put in *passed, otherwise
 * that is -1.
 */
long host_stream_receive(int fd, void *buf, um_u64 len, int *passed);
/* A process that listens on a TCP port, or 0 when that is not known (holder.c). */
int host_port_holder(unsigned int port);

#endif /* _UM_SOCKET_H */
