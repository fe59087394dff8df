// SPDX-License-Identifier: GPL-2.0
/*
 * slirp[,<mac>][,<option>...]
 * slirp,<mac>,<program>[,<args>]
 *
 * The host's network as its programs have it, without any privilege: by libslirp,
 * or by a program that speaks SLIP on its standard input and output.
 */
#include <linux/kernel.h>
#include <asm/options.h>

#include <um/spawn.h>
#include "net.h"

#define SLIRP_ARGS	64
/* libslirp's. */
#define SLIRP_MTU_MIN	576

/* Options have a "=", others have not. */
static bool slirp_is_option(const char *arg)
{
	return strchr(arg, '=');
}

bool um_slirp_is_program(const struct um_net *net)
{
	return *net->args.arg[2] && !slirp_is_option(net->args.arg[2]);
}

static const char *slirp_parse(struct um_net *net)
{
	struct um_args *args = &net->args;
	unsigned int mtu;
	int i;

	if (args->nr > 1 && slirp_is_option(args->arg[1]))
		um_args_insert(args, 1);
	if (um_slirp_is_program(net)) {
		net->dev->mtu = ETH_DATA_LEN;
		return args->nr > 4 ? "there is more than a MAC address, a program and its arguments" :
				      NULL;
	}
	for (i = 2; i < args->nr; i++) {
		if (*args->arg[i] && !slirp_is_option(args->arg[i]))
			return "what follows the MAC address is either a program or options like hostfwd=tcp::2222-:22";
		/* The guest's side of what is the child's to check. */
		if (!strncmp(args->arg[i], "mtu=", 4)) {
			mtu = um_args_number(args->arg[i] + 4, SLIRP_MTU_MIN, UM_NET_MTU_MAX);
			if (mtu > UM_NET_MTU_MAX)
				return "mtu= is a number from 576 to 65520";
			net->dev->mtu = mtu;
		}
	}
	return NULL;
}

/* "_" in its arguments is a space, as on old command lines. */
static int slirp_program(struct um_net *net, struct um_link *link, struct um_why *why)
{
	const char *argv[SLIRP_ARGS] = { net->args.arg[2] };
	char *text = kstrdup(net->args.arg[3], GFP_KERNEL), *at = text, *arg;
	int ends[2], fds[3], n = 1, err;

	if (!text)
		return -ENOMEM;
	while ((arg = strsep(&at, "_ ")) && n < SLIRP_ARGS - 1)
		if (*arg)
			argv[n++] = arg;
	err = host_stream_pair(ends);
	if (err) {
		kfree(text);
		return um_net_say(why, "no sockets: %s", um_strerror(err));
	}
	host_set_nonblock(ends[1], 0);
	link->fd = ends[0];
	fds[0] = ends[1];
	fds[1] = ends[1];
	fds[2] = 2;
	link->pidfd = host_spawn(argv, fds, 3);
	err = link->pidfd;
	host_close(ends[1]);
	kfree(text);
	if (err < 0) {
		um_net_say(why, "%s: %s", argv[0], um_strerror(err));
		return err;
	}
	link->framing = &um_framing_slip;
	snprintf(link->about, sizeof(link->about), "slirp: %s", argv[0]);
	return 0;
}

static int slirp_open(struct um_net *net, struct um_link *link, struct um_why *why)
{
	const char *args[UM_ARGS_MAX];
	int i, n = 0;

	if (um_slirp_is_program(net))
		return slirp_program(net, link, why);
	for (i = 2; i < net->args.nr; i++)
		if (*net->args.arg[i])
			args[n++] = net->args.arg[i];
	return um_inner_start(net, link, "slirp", args, n, why);
}

const struct um_transport um_net_slirp = {
	.name	= "slirp",
	.mac_at	= 1,
	.mtu	= UM_NET_MTU_MAX,
	.room	= UM_NET_MTU_MAX + UM_NET_HEADER,
	.parse	= slirp_parse,
	.open	= slirp_open,
};
