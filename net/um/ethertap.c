// SPDX-License-Identifier: GPL-2.0
/*
 * ethertap,<tap>[,<mac>[,<host ip>]]
 *
 * uml_net carries the frames of an interface of the host: an ethertap once, a tap
 * today.
 */
#include <asm/options.h>

#include <um/abi/uml_net.h>
#include <um/spawn.h>

#include "net.h"

static const char *ethertap_parse(struct um_net *net)
{
	const char *tap = net->args.arg[1];

	if (net->args.nr > 4)
		return "there is more than an interface, a MAC address and the host's IP";
	if (!*tap || strlen(tap) >= HOST_TAP_NAME || strchr(tap, '/'))
		return "the interface's name is none: it has 1 to 15 characters, like tap0";
	return um_helper_parse(net, 3);
}

static int ethertap_start_helper(struct um_net *net, struct um_link *link, int data,
				 struct um_why *why)
{
	const char *const args[] = {
		"ethertap", net->args.arg[1], "3", *net->gate ? net->gate : NULL, NULL,
	};
	char status = UM_NET_ETHERTAP_FAILED;
	int err, passed;
	long n;

	err = um_helper_run(args, -1, data, false, &link->control, &link->pidfd, why);
	if (err)
		return err;
	n = um_net_wait(link->control, link->pidfd, UM_HELPER_MS);
	if (!n)
		n = host_stream_receive(link->control, &status, 1, &passed);
	if (n == 1)
		um_helper_log(net, link->control, NULL, 1000);
	if (n == 1 && status == UM_NET_ETHERTAP_OK)
		return 0;
	um_net_say(why, "uml_net does not serve %s (its reason is in the log)",
		   net->args.arg[1]);
	return -EIO;
}

static int ethertap_open(struct um_net *net, struct um_link *link, struct um_why *why)
{
	int fds[2], err = host_dgram_pair(fds);

	if (err)
		return um_net_say(why, "no sockets: %s", um_strerror(err));
	host_socket_buffers(fds[0], 1 << 20);
	link->fd = fds[0];
	link->framing = &um_framing_dgram;
	link->pad = UM_NET_ETHERTAP_PAD;
	strscpy(link->host_dev, net->args.arg[1], sizeof(link->host_dev));
	snprintf(link->about, sizeof(link->about), "ethertap: the host's %s, by uml_net",
		 link->host_dev);
	err = ethertap_start_helper(net, link, fds[1], why);
	host_close(fds[1]);
	return err;
}

/* What it says is the answer to a change. */
static int ethertap_heard(struct um_net *net, struct um_link *link)
{
	return um_helper_log(net, link->control, NULL, 1000);
}

static void ethertap_address(struct um_net *net, struct um_link *link, bool add, __be32 addr,
			     __be32 mask)
{
	struct um_net_change change = { .op = add ? UM_NET_ADD : UM_NET_DEL };

	memcpy(change.addr, &addr, sizeof(change.addr));
	memcpy(change.mask, &mask, sizeof(change.mask));
	if (*net->gate &&
	    host_write(link->control, &change, sizeof(change)) != sizeof(change))
		um_net_lost(net);
}

const struct um_transport um_net_ethertap = {
	.name		= "ethertap",
	.mac_at		= 2,
	.parse		= ethertap_parse,
	.open		= ethertap_open,
	.heard		= ethertap_heard,
	.address	= ethertap_address,
};
