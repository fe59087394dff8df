// SPDX-License-Identifier: GPL-2.0
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "netlink.h"
#include "peer.h"

bool peer_is_unix(int fd, int type)
{
	int domain = -1, value = -1;
	socklen_t length = sizeof(int);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) &&
	       !getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length) &&
	       domain == AF_UNIX && (!type || value == type);
}

/* The inode of the peer, which is 0 once it is closed; none: there is no such thing. */
static void read_peer(const struct nlmsghdr *message, void *arg)
{
	const struct rtattr *peer;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return;
	peer = netlink_get(message, sizeof(struct unix_diag_msg), UNIX_DIAG_PEER, sizeof(um_u32));
	*(bool *)arg = !peer || !netlink_u32(peer);
}

bool peer_is_gone(int fd)
{
	struct unix_diag_req ask = {
		.sdiag_family = AF_UNIX,
		.udiag_states = -1,
		.udiag_show = UDIAG_SHOW_PEER,
		.udiag_cookie = { -1, -1 },
	};
	union netlink_request request;
	struct netlink nl = { 0 };
	bool gone = false;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return true;
	nl.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (nl.fd < 0)
		return false;
	ask.udiag_ino = st.st_ino;
	netlink_start(&request, SOCK_DIAG_BY_FAMILY, 0, &ask, sizeof(ask));
	if (netlink_talk(&nl, &request, read_peer, &gone))
		gone = false;
	close(nl.fd);
	return gone;
}
