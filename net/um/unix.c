// SPDX-License-Identifier: GPL-2.0
/*
 * stream[,<mac>],<path>[,server]
 * dgram[,<mac>],<own path>,<other's path>
 * fd,<number>[,<mac>]
 *
 * Sockets as QEMU's -netdev stream and dgram have them, and passt; and whatever
 * descriptor somebody has started this program with.
 */
#include <linux/kernel.h>
#include <linux/net.h>
#include <asm/options.h>

#include "net.h"

#define UNIX_BUFFER	(4 << 20)
#define UNIX_PATH_MAX_	107

static const char unix_too_long[] = "the name of a socket has at most 107 bytes";

/* A name of a socket has a slash, a MAC address has none. */
static void unix_find_mac(struct um_net *net)
{
	u8 mac[ETH_ALEN];

	if (net->args.nr > 1 && *net->args.arg[1] && um_args_mac(net->args.arg[1], mac) &&
	    strchr(net->args.arg[1], '/'))
		um_args_insert(&net->args, 1);
}

/* ---- stream --------------------------------------------------------------------- */

static const char *unix_stream_parse(struct um_net *net)
{
	const char *const *arg = net->args.arg;

	unix_find_mac(net);
	if (net->args.nr > 4 || (*arg[3] && strcmp(arg[3], "server")))
		return "behind the name of the socket there may be server, and nothing else";
	if (!*arg[2])
		return "the name of a socket is missing";
	return strlen(arg[2]) > UNIX_PATH_MAX_ ? unix_too_long : NULL;
}

/* The next who connects; until then there is no link. */
static int unix_stream_accept(struct um_net *net, struct um_link *link, struct um_why *why)
{
	const char *path = net->args.arg[2];
	struct host_address addr, peer;
	int fd;

	if (net->listener < 0) {
		host_unix_address(&addr, path);
		net->listener = host_stream_listen(&addr);
		if (net->listener < 0) {
			um_net_say(why, "%s: %s", path, um_strerror(net->listener));
			return net->listener;
		}
	}
	fd = host_stream_accept(net->listener, &peer);
	if (fd < 0)
		um_net_say(why, "%s: nobody has connected yet", path);
	link->fd = fd;
	return fd < 0 ? -EAGAIN : 0;
}

static int unix_stream_open(struct um_net *net, struct um_link *link, struct um_why *why)
{
	const char *path = net->args.arg[2];
	struct host_address to;
	int err;

	snprintf(link->about, sizeof(link->about), "stream: %s", path);
	link->framing = &um_framing_stream;
	if (*net->args.arg[3]) {
		err = unix_stream_accept(net, link, why);
	} else {
		host_unix_address(&to, path);
		link->fd = host_stream_connect(&to);
		err = link->fd;
		if (err == -ENOENT || err == -ECONNREFUSED || err == -EAGAIN) {
			um_net_say(why, "%s: nobody is there (%s)", path, um_strerror(err));
			return -EAGAIN;
		}
		if (err < 0)
			um_net_say(why, "%s: %s", path, um_strerror(err));
	}
	if (err < 0)
		return err;
	host_socket_buffers(link->fd, UNIX_BUFFER);
	return 0;
}

const struct um_transport um_net_stream = {
	.name	= "stream",
	.mac_at	= 1,
	.parse	= unix_stream_parse,
	.open	= unix_stream_open,
};

/* ---- dgram ---------------------------------------------------------------------- */

static const char *unix_dgram_parse(struct um_net *net)
{
	const char *const *arg = net->args.arg;

	unix_find_mac(net);
	if (net->args.nr > 4)
		return "there is more than a MAC address and the names of two sockets";
	if (!*arg[2] || !*arg[3])
		return "the names of two sockets are needed, our own and the other's";
	return strlen(arg[2]) > UNIX_PATH_MAX_ || strlen(arg[3]) > UNIX_PATH_MAX_ ?
	       unix_too_long : NULL;
}

static int unix_dgram_open(struct um_net *net, struct um_link *link, struct um_why *why)
{
	const char *const *arg = net->args.arg;
	struct host_address own, to;
	int err;

	host_unix_address(&own, arg[2]);
	host_unix_address(&to, arg[3]);
	link->fd = host_dgram_bind_address(&own);
	err = link->fd;
	if (err == -EADDRINUSE && host_dgram_is_stale(&own)) {
		host_unlink(arg[2]);
		link->fd = host_dgram_bind_address(&own);
		err = link->fd;
	}
	if (err < 0) {
		um_net_say(why, "%s: %s", arg[2], um_strerror(err));
		return err;
	}
	strscpy(link->path, arg[2], sizeof(link->path));
	/* It need not be there yet, and may come and go. */
	link->to = to;
	link->lossy = true;
	host_socket_buffers(link->fd, UNIX_BUFFER);
	link->framing = &um_framing_dgram;
	snprintf(link->about, sizeof(link->about), "dgram: %s", arg[3]);
	return 0;
}

const struct um_transport um_net_dgram = {
	.name	= "dgram",
	.mac_at	= 1,
	.parse	= unix_dgram_parse,
	.open	= unix_dgram_open,
};

/* ---- fd ------------------------------------------------------------------------- */

static const char *fd_parse(struct um_net *net)
{
	if (net->args.nr > 3)
		return "there is more than a descriptor and a MAC address";
	if (um_args_number(net->args.arg[1], 0, 1 << 20) < 0)
		return "the descriptor is no number";
	return NULL;
}

static int fd_open(struct um_net *net, struct um_link *link, struct um_why *why)
{
	int given = um_args_number(net->args.arg[1], 0, 1 << 20), err;

	if (!host_fd_is_open(given)) {
		um_net_say(why, "this program was not started with descriptor %d", given);
		return -EBADF;
	}
	/* Ours goes with the link; the one that was given stays for the next. */
	link->fd = host_dup(given);
	if (link->fd < 0)
		return um_net_say(why, "descriptor %d: %s", given, um_strerror(link->fd));
	snprintf(link->about, sizeof(link->about), "fd: descriptor %d", given);
	err = host_tap_identify(link->fd, link->host_dev, &link->vnet);
	if (!err) {
		link->framing = &um_framing_tap;
		host_set_nonblock(link->fd, 1);
		return 0;
	}
	if (err != -ENOTTY)
		return um_net_say(why, "descriptor %d is no tap with frames alone (IFF_NO_PI)",
				  given);
	switch (host_socket_type(link->fd)) {
	case SOCK_STREAM:
		link->framing = &um_framing_stream;
		break;
	case SOCK_SEQPACKET:
		link->ends = true;
		link->framing = &um_framing_dgram;
		break;
	case SOCK_DGRAM:
		/* Who is at the other end cannot be asked. */
		link->lossy = true;
		link->framing = &um_framing_dgram;
		break;
	default:
		return um_net_say(why, "descriptor %d is neither a tap nor a socket", given);
	}
	host_set_nonblock(link->fd, 1);
	return 0;
}

const struct um_transport um_net_fd = {
	.name	= "fd",
	.mac_at	= 2,
	.parse	= fd_parse,
	.open	= fd_open,
};
