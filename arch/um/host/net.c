// SPDX-License-Identifier: GPL-2.0
/*
 * Frames of network devices: taps, and datagrams by the batch.
 */
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <um/net.h>

#include "internal.h"

#ifndef TUN_F_USO4
#define TUN_F_USO4	0x20
#define TUN_F_USO6	0x40
#endif

_Static_assert(sizeof(struct host_message) == sizeof(struct mmsghdr), "a message");
_Static_assert(offsetof(struct host_message, iov) == offsetof(struct mmsghdr, msg_hdr.msg_iov),
	       "its pieces");
_Static_assert(offsetof(struct host_message, flags) ==
	       offsetof(struct mmsghdr, msg_hdr.msg_flags), "its flags");
_Static_assert(offsetof(struct host_message, len) == offsetof(struct mmsghdr, msg_len),
	       "its length");

long host_send_messages(int fd, struct host_message *msg, int n)
{
	return sys_retry(SYS_sendmmsg, fd, msg, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

long host_receive_messages(int fd, struct host_message *msg, int n)
{
	return sys_retry(SYS_recvmmsg, fd, msg, n, MSG_DONTWAIT, NULL);
}

long host_readv(int fd, const struct host_iovec *iov, int n)
{
	return sys_retry(SYS_readv, fd, iov, n);
}

long host_writev(int fd, const struct host_iovec *iov, int n)
{
	return sys_retry(SYS_writev, fd, iov, n);
}

/* ---- taps ---------------------------------------------------------------- */

int host_tap_open(char name[HOST_TAP_NAME], int *vnet)
{
	/* The kind that the interface has is the only one that it can be opened as. */
	static const short kinds[] = {
		IFF_VNET_HDR, IFF_VNET_HDR | IFF_MULTI_QUEUE, 0, IFF_MULTI_QUEUE,
	};
	struct ifreq ifr;
	long err = -EINVAL;
	int fd, size = HOST_VNET_HEADER;

	fd = sys(SYS_openat, AT_FDCWD, "/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds) && err == -EINVAL; i++) {
		memset(&ifr, 0, sizeof(ifr));
		strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
		ifr.ifr_flags = IFF_TAP | IFF_NO_PI | kinds[i];
		err = sys(SYS_ioctl, fd, TUNSETIFF, &ifr);
		*vnet = !!(kinds[i] & IFF_VNET_HDR);
	}
	/* Who had the interface before may have left it with a longer one. */
	if (!err && *vnet)
		err = sys(SYS_ioctl, fd, TUNSETVNETHDRSZ, &size);
	if (err) {
		sys(SYS_close, fd);
		return err;
	}
	memcpy(name, ifr.ifr_name, HOST_TAP_NAME);
	return fd;
}

int host_tap_identify(int fd, char name[HOST_TAP_NAME], int *vnet)
{
	struct ifreq ifr = { };
	long err = sys(SYS_ioctl, fd, TUNGETIFF, &ifr);
	int size = HOST_VNET_HEADER;

	if (err)
		return err == -EBADFD ? -EINVAL : -ENOTTY;
	if (!(ifr.ifr_flags & IFF_TAP) || !(ifr.ifr_flags & IFF_NO_PI))
		return -EINVAL;
	memcpy(name, ifr.ifr_name, HOST_TAP_NAME);
	*vnet = !!(ifr.ifr_flags & IFF_VNET_HDR);
	if (*vnet)
		err = sys(SYS_ioctl, fd, TUNSETVNETHDRSZ, &size);
	return err;
}

int host_tap_offload(int fd, unsigned int offload)
{
	unsigned long flags = 0;
	long err;

	if (offload & HOST_TAP_CSUM)
		flags |= TUN_F_CSUM;
	if (offload & HOST_TAP_TSO4)
		flags |= TUN_F_TSO4;
	if (offload & HOST_TAP_TSO6)
		flags |= TUN_F_TSO6;
	if (offload & HOST_TAP_ECN)
		flags |= TUN_F_TSO_ECN;
	if (offload & HOST_TAP_USO)
		flags |= TUN_F_USO4 | TUN_F_USO6;
	err = sys(SYS_ioctl, fd, TUNSETOFFLOAD, flags);
	/* Hosts before Linux 6.2 do not know the last ones. */
	if (err == -EINVAL && (offload & HOST_TAP_USO))
		err = sys(SYS_ioctl, fd, TUNSETOFFLOAD, flags & ~(TUN_F_USO4 | TUN_F_USO6)) ?:
		      -EOPNOTSUPP;
	return err;
}

int host_interface_exists(const char *name)
{
	struct ifreq ifr = { };
	int fd = sys(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	long err;

	if (fd < 0)
		return fd;
	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	err = sys(SYS_ioctl, fd, SIOCGIFFLAGS, &ifr);
	sys(SYS_close, fd);
	return !err;
}

/* ---- sockets ------------------------------------------------------------- */

int host_socket_type(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);
	long err = sys(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &len);

	return err ?: type;
}

void host_socket_buffers(int fd, int bytes)
{
	sys(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	sys(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	/* Past the limit where we may. */
	sys(SYS_setsockopt, fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	sys(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
}

void host_socket_send_only(int fd, int bytes)
{
	int least = 1;

	host_socket_buffers(fd, bytes);
	sys(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
}

int host_socket_address(int fd, struct host_address *addr)
{
	socklen_t len = sizeof(addr->data);
	long err = sys(SYS_getsockname, fd, addr->data, &len);

	addr->len = err || len > sizeof(addr->data) ? 0 : len;
	return err;
}

int host_connect(int fd, const struct host_address *to)
{
	return sys_retry(SYS_connect, fd, to->data, to->len);
}

int host_dgram_bind_address(const struct host_address *addr)
{
	int fd = host_dgram_open();
	long err;

	if (fd < 0)
		return fd;
	err = sys(SYS_fchmod, fd, 0600) ?: sys(SYS_bind, fd, addr->data, addr->len);
	if (err) {
		sys(SYS_close, fd);
		return err;
	}
	return fd;
}

int host_dgram_is_stale(const struct host_address *addr)
{
	return socket_is_stale(addr, SOCK_DGRAM);
}

int host_stream_connect(const struct host_address *to)
{
	sa_family_t family;
	long err;
	int fd;

	memcpy(&family, to->data, sizeof(family));
	fd = sys(SYS_socket, family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	err = host_connect(fd, to);
	if (err && err != -EINPROGRESS) {
		sys(SYS_close, fd);
		return err;
	}
	return fd;
}

int host_udp_open(const struct host_address *addr, int shared)
{
	sa_family_t family;
	long err = 0;
	int fd, one = 1;

	memcpy(&family, addr->data, sizeof(family));
	fd = sys(SYS_socket, family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	if (shared)
		err = sys(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (!err)
		err = sys(SYS_bind, fd, addr->data, addr->len);
	if (err) {
		sys(SYS_close, fd);
		return err;
	}
	return fd;
}

int host_udp_source(int fd, const struct host_address *to, struct host_address *from)
{
	struct host_address bound;
	struct sockaddr_in in, own;
	int other, err;

	err = host_socket_address(fd, &bound);
	if (err)
		return err;
	/* The host chooses an address for who connects, as for who does not. */
	other = sys(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (other < 0)
		return other;
	err = host_connect(other, to) ?: host_socket_address(other, from);
	sys(SYS_close, other);
	if (err)
		return err;
	memcpy(&in, bound.data, sizeof(in));
	memcpy(&own, from->data, sizeof(own));
	own.sin_port = in.sin_port;
	memcpy(from->data, &own, sizeof(own));
	return 0;
}

int host_udp_join(int fd, const struct host_address *group)
{
	struct ip_mreqn mreq = { };
	struct sockaddr_in in;

	memcpy(&in, group->data, sizeof(in));
	mreq.imr_multiaddr = in.sin_addr;
	return sys(SYS_setsockopt, fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq));
}

int host_udp_ttl(int fd, int ttl)
{
	return sys(SYS_setsockopt, fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl));
}

int host_address_is_group(const struct host_address *addr)
{
	struct sockaddr_in in;

	if (addr->len != sizeof(in))
		return 0;
	memcpy(&in, addr->data, sizeof(in));
	return in.sin_family == AF_INET && IN_MULTICAST(ntohl(in.sin_addr.s_addr));
}

int host_address_same(const struct host_address *a, const struct host_address *b)
{
	/* What fills a struct sockaddr_in has no meaning, but is zero. */
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

int host_address_same_port(const struct host_address *a, const struct host_address *b)
{
	struct sockaddr_in x, y;

	if (a->len != sizeof(x) || b->len != sizeof(y))
		return 0;
	memcpy(&x, a->data, sizeof(x));
	memcpy(&y, b->data, sizeof(y));
	return x.sin_family == AF_INET && y.sin_family == AF_INET && x.sin_port == y.sin_port;
}

/* ---- programs inside of this executable ---------------------------------- */

/* Before anything of the kernel is there. */
int inner_main(int argc, char **argv)
{
	if (argc < 3 || strcmp(argv[1], HOST_INNER))
		return -1;
	if (!strcmp(argv[2], "slirp") && um_slirp_main)
		return um_slirp_main(argc - 2, argv + 2);
	if (!strcmp(argv[2], "pcap") && um_pcap_main)
		return um_pcap_main(argc - 2, argv + 2);
	return 127;
}
