// SPDX-License-Identifier: GPL-2.0
#include <linux/if_tun.h>
#include <unistd.h>
#include "host.h"
#include "peer.h"

int tuntap_up(struct host *host, const struct request *request)
{
	int kind = IFF_TAP | (request->vnet ? IFF_VNET_HDR : 0);
	struct link link;

	if (!peer_is_unix(STDOUT_FILENO, 0))
		return answer_wrong(&host->answer, "standard output: no UNIX socket for the tap");
	if (device_open(host, "tap%d", kind, &link) || device_up(host, &link, request->gate))
		return -1;
	answer_send_tuntap(&host->answer, request, link.name, host->tun);
	return 0;
}
