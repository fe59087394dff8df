// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "../lib/tun.h"
#include "address.h"
#include "host.h"
#include "sysctl.h"

int device_find(struct host *host, const char *dev, struct link *link)
{
	int err = link_find(&host->nl, dev, link);
	const char *no;

	if (err == -ENODEV)
		return answer_wrong(&host->answer, "DEV %s: there is no such interface", dev);
	if (err)
		return answer_wrong(&host->answer, "DEV %s: %s", dev, strerror(-err));
	no = policy_link(&host->policy, link);
	return no ? answer_wrong(&host->answer, "DEV %s: %s", dev, no) : 0;
}

/* A pattern is of a name that nobody has. */
static bool is_pattern(const char *dev)
{
	return strchr(dev, '%');
}

static int may_make(struct host *host, const char *dev)
{
	const char *no = is_pattern(dev) ? NULL : policy_new_link(&host->policy, dev);
	uid_t uid = host->policy.caller.uid;

	if (no)
		return answer_wrong(&host->answer, "DEV %s: %s", dev, no);
	if (uid && link_count(&host->nl, uid) >= HOST_LINKS_MAX)
		return answer_wrong(&host->answer, "user %u has %d interfaces already", uid,
				    HOST_LINKS_MAX);
	return 0;
}

/* One that is new.  The protocol is about IPv4; what else comes in is not invited. */
static void prepare(struct host *host, const struct link *link)
{
	host->made = true;
	answer_did(&host->answer, "ip tuntap add dev %s mode %s", link->name,
		   link->tap ? "tap" : "tun");
	/* Or a guest can announce itself as a router, and the host believes it. */
	if (sysctl_set_dev("ipv6", link->name, "disable_ipv6", '1') > 0)
		answer_did(&host->answer, "sysctl -w net.ipv6.conf.%s.disable_ipv6=1",
			   link->name);
}

int device_open(struct host *host, const char *dev, int kind, struct link *link)
{
	bool is_new = is_pattern(dev) || link_find(&host->nl, dev, link) == -ENODEV;
	char name[IFNAMSIZ] = "";
	int err;

	if (is_new ? may_make(host, dev) : device_find(host, dev, link))
		return -1;
	memcpy(name, dev, strlen(dev));
	err = is_new ? tun_attach(host->tun, name, kind | IFF_NO_PI)
		     : tun_attach_queues(host->tun, name, kind | IFF_NO_PI);
	if (!err && is_new && ioctl(host->tun, TUNSETOWNER, host->policy.caller.uid) < 0)
		err = -errno;
	if (!err)
		err = link_find(&host->nl, name, link);
	if (!err) {
		if (is_new)
			prepare(host, link);
		return 0;
	}
	if (err == -EBUSY)
		return answer_wrong(&host->answer, "DEV %s: a process has it open", dev);
	return answer_wrong(&host->answer, "%s: %s", is_pattern(dev) ? TUN_CLONE_DEVICE : dev,
			    strerror(-err));
}

/* Without it the guest reaches the host, and the host alone. */
static void forward(struct answer *answer)
{
	int changed = sysctl_set("ipv4/ip_forward", '1');

	if (changed > 0)
		answer_did(answer, "sysctl -w net.ipv4.ip_forward=1");
	if (changed < 0)
		answer_wrong(answer, "net.ipv4.ip_forward stays 0: %s", strerror(-changed));
}

static int add_gate(struct host *host, const struct link *link, in_addr_t gate)
{
	struct address_text text = address_text(gate);
	struct route route;
	const char *no;
	int err;

	err = route_find(&host->nl, gate, &route);
	if (err)
		return answer_wrong(&host->answer, "GATE %s: %s", text.s, strerror(-err));
	no = policy_gate(&host->policy, link->name, gate, &route);
	if (no)
		return answer_wrong(&host->answer, "GATE %s: %s", text.s, no);
	/* What comes from the guest has an address of the guest, or goes no further. */
	if (host->made && sysctl_set_dev("ipv4", link->name, "rp_filter", '1') > 0)
		answer_did(&host->answer, "sysctl -w net.ipv4.conf.%s.rp_filter=1", link->name);
	err = link_add_address(&host->nl, link, gate);
	if (err == -EEXIST)
		return 0;
	if (err)
		return answer_wrong(&host->answer, "GATE %s: %s", text.s, strerror(-err));
	host->gate = gate;
	answer_did(&host->answer, "ip address add %s/32 dev %s", text.s, link->name);
	return 0;
}

int device_up(struct host *host, const struct link *link, in_addr_t gate)
{
	int err = gate ? add_gate(host, link, gate) : 0;

	if (err)
		return -1;
	err = link_up(&host->nl, link);
	if (err)
		return answer_wrong(&host->answer, "DEV %s: %s", link->name, strerror(-err));
	answer_did(&host->answer, "ip link set %s up", link->name);
	if (gate)
		forward(&host->answer);
	return 0;
}

void device_close(struct host *host, struct link *link)
{
	in_addr_t addrs[HOST_ADDRESSES_MAX];
	int count = route_list(&host->nl, link->index, addrs, HOST_ADDRESSES_MAX), i;

	for (i = 0; i < count; i++) {
		route_del(&host->nl, addrs[i], link->index);
		guest_withdraw(&host->nl, addrs[i]);
	}
	close(host->tun);
	host->tun = -1;
	/* What follows is for one that was there before, and stays. */
	if (host->made || link_find_index(&host->nl, link->index, link))
		return;
	if (host->gate)
		link_del_address(&host->nl, link, host->gate);
	sysctl_set_dev("ipv4", link->name, "proxy_arp", '0');
	link_down(&host->nl, link);
}
