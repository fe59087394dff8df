// SPDX-License-Identifier: GPL-2.0
#include <linux/if_tun.h>
#include "host.h"

int tuntap_up(struct host *host, const struct request *request)
{
	struct link link;

	if (device_open(host, "tap%d", IFF_TAP, &link) || device_up(host, &link, request->gate))
		return -1;
	answer_send_tuntap(&host->answer, request, link.name, host->tun);
	return 0;
}
