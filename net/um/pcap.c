// SPDX-License-Identifier: GPL-2.0
/*
 * pcap,<interface>[,<filter>[,<option>[,<option>]]]
 *
 * What an interface of the host sees, by libpcap.  Nothing can be sent.
 */
#include <linux/string.h>

#include "net.h"

static bool pcap_is_option(const char *arg)
{
	static const char *const options[] = { "", "promisc", "nopromisc", "optimize",
					       "nooptimize" };

	return match_string(options, ARRAY_SIZE(options), arg) >= 0;
}

static const char *pcap_parse(struct um_net *net)
{
	const char *const *arg = net->args.arg;

	if (!*arg[1])
		return "the interface is missing: pcap,eth0";
	if (net->args.nr > 5 || !pcap_is_option(arg[3]) || !pcap_is_option(arg[4]))
		return "behind the filter there are promisc or nopromisc, and optimize or nooptimize";
	return NULL;
}

static int pcap_open(struct um_net *net, struct um_link *link, struct um_why *why)
{
	const char *args[4];
	int i, n = 0;

	for (i = 1; i < net->args.nr; i++)
		if (i <= 2 || *net->args.arg[i])
			args[n++] = net->args.arg[i];
	return um_inner_start(net, link, "pcap", args, n, why);
}

const struct um_transport um_net_pcap = {
	.name		= "pcap",
	.read_only	= true,
	/* Interfaces put segments together, and have not cut them yet. */
	.room		= 65536 + UM_NET_HEADER,
	.parse		= pcap_parse,
	.open		= pcap_open,
};
