/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What network devices need of the host: taps, datagrams by the batch, and the
 * programs inside of this executable that serve a network (arch/um/host/net.c).
 *
 * Descriptors are closed on exec and never block.  All functions return what they
 * are said to, or -errno of the host.
 */
#ifndef _UM_NET_H
#define _UM_NET_H

#include <um/host.h>
#include <um/socket.h>

/**
 * struct host_message - one datagram of a batch
 * @name:	the address that it goes to or comes from, or NULL
 * @name_len:	bytes of it; after receiving what the address has
 * @iov:	its pieces
 * @nr_iov:	how many
 * @control:	not used: NULL
 * @control_len: likewise, 0
 * @flags:	after receiving not 0 where it was longer than its pieces
 * @len:	after receiving its length
 *
 * As the host's struct mmsghdr.
 */
struct host_message {
	void			*name;
	um_u32			name_len;
	um_u32			pad0;
	struct host_iovec	*iov;
	um_u64			nr_iov;
	void			*control;
	um_u64			control_len;
	um_u32			flags;
	um_u32			pad1;
	um_u32			len;
	um_u32			pad2;
};

/* The number that was sent, which is less where the next one would block. */
long host_send_messages(int fd, struct host_message *msg, int n);
/* The number that was there; -EAGAIN: none.  0 from a pair: the other end is gone. */
long host_receive_messages(int fd, struct host_message *msg, int n);
/* At the descriptor's own position. */
long host_readv(int fd, const struct host_iovec *iov, int n);
long host_writev(int fd, const struct host_iovec *iov, int n);

/* ---- taps ---------------------------------------------------------------- */

#define HOST_TAP_NAME		16	/* with the NUL */
/* Bytes of the struct virtio_net_hdr before each frame. */
#define HOST_VNET_HEADER	10

/* What the frames of a tap may leave to their receiver. */
#define HOST_TAP_CSUM		1	/* checksums */
#define HOST_TAP_TSO4		2	/* segmentation of TCP */
#define HOST_TAP_TSO6		4
#define HOST_TAP_ECN		8	/* also with ECN */
#define HOST_TAP_USO		16	/* segmentation of UDP */

/*
 * A descriptor of the tap @name, which is made if it is not there and the user
 * may; "tap%d" is the next free one.  @name becomes its name.  *vnet: each frame
 * has a struct virtio_net_hdr before it.  -EBUSY: somebody has it; -EPERM;
 * -ENOENT, -ENODEV: the host has no taps; -EINVAL: it is no tap.
 */
int host_tap_open(char name[HOST_TAP_NAME], int *vnet);
/* Is this a descriptor of a tap, and which?  -ENOTTY: no; -EINVAL: of a tun. */
int host_tap_identify(int fd, char name[HOST_TAP_NAME], int *vnet);
/* HOST_TAP_*: what frames from the host may leave to this end. */
int host_tap_offload(int fd, unsigned int offload);
/* There is an interface of this name on the host. */
int host_interface_exists(const char *name);

/* ---- sockets ------------------------------------------------------------- */

/* SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET; -ENOTSOCK. */
int host_socket_type(int fd);
/* Room for as much as the host allows of @bytes in both directions. */
void host_socket_buffers(int fd, int bytes);
/* The same for what is sent; of what comes, which nobody reads, next to nothing is kept. */
void host_socket_send_only(int fd, int bytes);
/* The address that it is bound to. */
int host_socket_address(int fd, struct host_address *addr);
int host_connect(int fd, const struct host_address *to);
/* A UNIX datagram socket of that name; -EADDRINUSE. */
int host_dgram_bind_address(const struct host_address *addr);
/* Is it the name of a socket that nobody has any more? */
int host_dgram_is_stale(const struct host_address *addr);
/* A UNIX stream that is connected; -EAGAIN: too many wait there. */
int host_stream_connect(const struct host_address *to);

/* A UDP socket that is bound to @addr, with others if @shared. */
int host_udp_open(const struct host_address *addr, int shared);
/* Where datagrams of @fd, which is bound to a port, come from when they go to @to. */
int host_udp_source(int fd, const struct host_address *to, struct host_address *from);
/* Have two of IPv4 the same port? */
int host_address_same_port(const struct host_address *a, const struct host_address *b);
/* Makes it a member of a group of IPv4; -ENODEV: no interface for it. */
int host_udp_join(int fd, const struct host_address *group);
/* How many routers datagrams to groups cross. */
int host_udp_ttl(int fd, int ttl);
/* Is it a group of IPv4? */
int host_address_is_group(const struct host_address *addr);
int host_address_same(const struct host_address *a, const struct host_address *b);

/* ---- programs inside of this executable ---------------------------------- */

/* This executable, and argv[1] of them; then follow the name and its arguments. */
#define HOST_OWN_PATH		"/proc/self/exe"
#define HOST_INNER		"--inner"

/* Weak: a kernel without network devices has none. */
int um_slirp_main(int argc, char **argv) __attribute__((weak));
int um_pcap_main(int argc, char **argv) __attribute__((weak));

#endif /* _UM_NET_H */
