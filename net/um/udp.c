// SPDX-License-Identifier: GPL-2.0
/*
 * mcast[,<mac>,<group>,<port>,<ttl>]
 * ucast[,<mac>],<ip>[,<local port>[,<remote port>]]
 *
 * Frames in datagrams of UDP: to a group that everybody can join, or to one other
 * guest.  Nobody knows who hears them.
 */
#include <linux/kernel.h>
#include <asm/options.h>

#include "net.h"

#define UDP_GROUP	"239.192.168.1"
#define UDP_PORT	1102
#define UDP_BUFFER	(4 << 20)

static const char *or_default(const char *arg, const char *text)
{
	return *arg ? arg : text;
}

static int port_of(const char *arg, int standard)
{
	return *arg ? um_args_number(arg, 1, 65535) : standard;
}

/* ---- mcast ------------------------------------------------------------------- */

static const char *mcast_parse(struct um_net *net)
{
	const char *const *arg = net->args.arg;
	struct host_address group;

	if (net->args.nr > 5)
		return "there is more than a MAC address, a group, a port and a TTL";
	if (host_inet_address(&group, or_default(arg[2], UDP_GROUP), UDP_PORT) ||
	    !host_address_is_group(&group))
		return "the group is not like 239.192.168.1: 224.0.0.0 to 239.255.255.255";
	if (port_of(arg[3], UDP_PORT) < 0)
		return "the port is none of 1 to 65535";
	if (*arg[4] && um_args_number(arg[4], 0, 255) < 0)
		return "the TTL is none of 0 to 255";
	return NULL;
}

/*
 * The host gives what we send to all who have joined, us too.  It is sent from a
 * socket with a port of its own, by which we know it.  That is not connected: the
 * host takes the interface of a connected socket's own address then, not the one with
 * the route to the group, where we have joined.
 */
static int mcast_open(struct um_net *net, struct um_link *link, struct um_why *why)
{
	const char *const *arg = net->args.arg;
	const char *group = or_default(arg[2], UDP_GROUP);
	int port = port_of(arg[3], UDP_PORT), err;
	int ttl = *arg[4] ? um_args_number(arg[4], 0, 255) : 1;
	struct host_address to, any;

	host_inet_address(&to, group, port);
	host_inet_address(&any, "0.0.0.0", 0);
	link->fd = host_udp_open(&to, 1);
	err = link->fd;
	if (err < 0)
		return um_net_say(why, "%s:%d: %s", group, port, um_strerror(err));
	err = host_udp_join(link->fd, &to);
	if (err) {
		um_net_say(why, "%s: no interface of the host carries multicast: %s", group,
			   um_strerror(err));
		return err;
	}
	link->tx_fd = host_udp_open(&any, 0);
	err = link->tx_fd;
	if (err >= 0)
		err = host_udp_ttl(link->tx_fd, ttl) ?:
		      host_udp_source(link->tx_fd, &to, &link->own);
	if (err) {
		um_net_say(why, "%s:%d: %s", group, port, um_strerror(err));
		return err;
	}
	link->group = to;
	host_socket_buffers(link->fd, UDP_BUFFER);
	host_socket_send_only(link->tx_fd, UDP_BUFFER);
	link->framing = &um_framing_dgram;
	link->lossy = true;
	snprintf(link->about, sizeof(link->about), "mcast: group %s:%d", group, port);
	return 0;
}

const struct um_transport um_net_mcast = {
	.name	= "mcast",
	.mac_at	= 1,
	.parse	= mcast_parse,
	.open	= mcast_open,
};

/* ---- ucast ------------------------------------------------------------------- */

static const char *ucast_parse(struct um_net *net)
{
	const char *const *arg = net->args.arg;
	struct host_address to;

	/* The MAC address can be left out with its comma. */
	if (net->args.nr > 1 && !host_inet_address(&to, arg[1], 1))
		um_args_insert(&net->args, 1);
	if (net->args.nr > 5)
		return "there is more than a MAC address, an IP and two ports";
	if (host_inet_address(&to, arg[2], 1))
		return "the other's IP is not like 192.168.0.4";
	if (port_of(arg[3], UDP_PORT) < 0 || port_of(arg[4], UDP_PORT) < 0)
		return "the port is none of 1 to 65535";
	return NULL;
}

static int ucast_open(struct um_net *net, struct um_link *link, struct um_why *why)
{
	const char *const *arg = net->args.arg;
	int local = port_of(arg[3], UDP_PORT), remote = port_of(arg[4], UDP_PORT), err;
	struct host_address to, from;

	host_inet_address(&to, arg[2], remote);
	host_inet_address(&from, strchr(arg[2], ':') ? "::" : "0.0.0.0", local);
	link->fd = host_udp_open(&from, 0);
	err = link->fd;
	if (err < 0) {
		um_net_say(why, "port %d: %s", local, um_strerror(err));
		return err;
	}
	err = host_connect(link->fd, &to);
	if (err) {
		um_net_say(why, "%s: %s", arg[2], um_strerror(err));
		return err;
	}
	host_socket_buffers(link->fd, UDP_BUFFER);
	link->framing = &um_framing_dgram;
	link->lossy = true;
	snprintf(link->about, sizeof(link->about), "ucast: %s:%d, by our port %d", arg[2],
		 remote, local);
	return 0;
}

const struct um_transport um_net_ucast = {
	.name	= "ucast",
	.mac_at	= 1,
	.parse	= ucast_parse,
	.open	= ucast_open,
};
