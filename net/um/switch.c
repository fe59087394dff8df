// SPDX-License-Identifier: GPL-2.0
/*
 * daemon[,<mac>[,unix[,<control socket>[,<data socket>]]]]
 * vde[,<switch>[,<mac>[,<port>[,<group>[,<mode>[,<description>]]]]]]
 *
 * A port of a switch: uml_switch, or vde_switch (um/abi/switch.h).
 */
#include <linux/kernel.h>
#include <linux/random.h>
#include <asm/options.h>

#include <um/abi/switch.h>
#include "net.h"

#define SWITCH_MS	2000
#define SWITCH_BUFFER	(1 << 20)
#define UNIX_FAMILY	1

/* A name for the socket that the switch's frames come to. */
static int switch_name(struct host_address *addr, const char *path)
{
	struct um_switch_addr *un = (struct um_switch_addr *)addr->data;

	memset(addr->data, 0, sizeof(addr->data));
	un->family = UNIX_FAMILY;
	if (strscpy(un->path, path, sizeof(un->path)) < 0)
		return -ENAMETOOLONG;
	/* One without a file: all of it is its name. */
	if (!*path)
		snprintf(un->path + 1, sizeof(un->path) - 1, "uml-%d-%016llx", host_getpid(),
			 get_random_u64());
	addr->len = sizeof(*un);
	return 0;
}

static int switch_ask(struct um_link *link, const struct host_address *own, u32 type,
		      const char *text, struct um_why *why)
{
	union {
		struct um_switch_request	request;
		u8				bytes[UM_SWITCH_REQUEST_MAX];
	} ask = { .request = {
		.magic = UM_SWITCH_MAGIC, .version = UM_SWITCH_VERSION, .type = type,
	} };
	size_t len = sizeof(ask.request);
	struct host_address to = { .len = sizeof(struct um_switch_reply) };
	int err;
	long n;

	memcpy(&ask.request.addr, own->data, sizeof(ask.request.addr));
	if (*text) {
		size_t n = min_t(size_t, strlen(text), UM_SWITCH_TEXT_MAX);

		len = offsetof(struct um_switch_request, pad);
		memcpy(ask.bytes + len, text, n);
		len += n;
	}
	err = host_write_all(link->control, &ask, len);
	if (err >= 0)
		err = um_net_wait(link->control, -1, SWITCH_MS);
	if (err < 0) {
		um_net_say(why, "the switch does not answer: %s", um_strerror(err));
		return -EAGAIN;
	}
	n = host_read(link->control, to.data, to.len);
	if (n != to.len) {
		um_net_say(why, "the switch has no port for us");
		return -EAGAIN;
	}
	err = host_connect(link->fd, &to);
	if (err) {
		um_net_say(why, "the switch's socket for frames: %s", um_strerror(err));
		return -EAGAIN;
	}
	return 0;
}

/* @path: of our own socket, or "". */
static int switch_connect(struct um_link *link, const char *control, const char *path, u32 type,
			  const char *text, struct um_why *why)
{
	struct host_address to, own;
	int err = host_unix_address(&to, control) ?: switch_name(&own, path);

	if (!err) {
		link->control = host_stream_connect(&to);
		err = link->control;
	}
	switch (err) {
	case 0 ... INT_MAX:
		break;
	case -ENOENT:
	case -ECONNREFUSED:
	case -EAGAIN:
		um_net_say(why, "%s: no switch is there (%s)", control, um_strerror(err));
		return -EAGAIN;
	default:
		um_net_say(why, "%s: %s", control, um_strerror(err));
		return err;
	}
	link->fd = host_dgram_bind_address(&own);
	err = link->fd;
	if (err < 0) {
		um_net_say(why, "no socket for frames: %s", um_strerror(err));
		return err;
	}
	strscpy(link->path, path, sizeof(link->path));
	host_socket_buffers(link->fd, SWITCH_BUFFER);
	link->framing = &um_framing_dgram;
	return switch_ask(link, &own, type, text, why);
}

/* ---- daemon --------------------------------------------------------------------- */

static const char *daemon_control(const struct um_net *net)
{
	return *net->args.arg[3] ? net->args.arg[3] : UM_SWITCH_CONTROL;
}

static const char *daemon_parse(struct um_net *net)
{
	const char *const *arg = net->args.arg;

	if (net->args.nr > 5)
		return "there is more than a MAC address, unix, and two sockets";
	if (*arg[2] && strcmp(arg[2], "unix"))
		return "the type of the sockets is unix, there is no other";
	if (strlen(arg[3]) > 107 || strlen(arg[4]) > 107)
		return "the name of a socket has at most 107 bytes";
	return NULL;
}

static int daemon_open(struct um_net *net, struct um_link *link, struct um_why *why)
{
	const char *control = daemon_control(net);

	snprintf(link->about, sizeof(link->about), "daemon: the switch at %s", control);
	return switch_connect(link, control, "", UM_SWITCH_NEW, "", why);
}

const struct um_transport um_net_daemon = {
	.name	= "daemon",
	.mac_at	= 1,
	.parse	= daemon_parse,
	.open	= daemon_open,
};

/* ---- vde -------------------------------------------------------------------------- */

static const char *vde_parse(struct um_net *net)
{
	const char *const *arg = net->args.arg;

	if (net->args.nr > 7)
		return "there is more than a switch, a MAC address, a port, a group, a mode and a description";
	if (strlen(arg[1]) > 80)
		return "the name of the switch has at most 80 bytes";
	if (*arg[3] && um_args_number(arg[3], 0, 65535) < 0)
		return "the port is no number up to 65535";
	if (*arg[4] || *arg[5])
		return "a group and a mode are the switch's to choose (vde_switch -g, -m)";
	return NULL;
}

static int vde_open(struct um_net *net, struct um_link *link, struct um_why *why)
{
	static const char *const standard[] = { "/var/run/vde.ctl", "/tmp/vde.ctl" };
	const char *const *arg = net->args.arg;
	long port = *arg[3] ? um_args_number(arg[3], 0, 65535) : 0;
	const char *dir = arg[1], *text = *arg[6] ? arg[6] : "user-mode Linux";
	char control[108], path[108];
	struct host_stat st;

	if (!*dir)
		dir = host_stat(standard[0], &st) ? standard[1] : standard[0];
	snprintf(control, sizeof(control), "%s/ctl", dir);
	/* It looks at who owns the file. */
	snprintf(path, sizeof(path), "%s/.%05d-%04x", dir, host_getpid(),
		 get_random_u32() & 0xffff);
	snprintf(link->about, sizeof(link->about), "vde: the switch at %s", dir);
	return switch_connect(link, control, path, UM_SWITCH_NEW + (port << 8), text, why);
}

const struct um_transport um_net_vde = {
	.name	= "vde",
	.mac_at	= 2,
	.parse	= vde_parse,
	.open	= vde_open,
};
