// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <net/if_arp.h>
#include <string.h>
#include "address.h"
#include "host.h"
#include "sysctl.h"

#define NETWORKS_MAX	64
#define PUBLISHED_MAX	4096

/* ---- ARP ----------------------------------------------------------------- */

/* Others may be there, and ask. */
static bool has_arp(const struct link *link)
{
	return link->type == ARPHRD_ETHER && !(link->flags & (IFF_NOARP | IFF_LOOPBACK));
}

/* Returns the number of interfaces where the host answers from now on. */
static int publish(struct netlink *nl, int guest, in_addr_t addr, struct answer *answer)
{
	struct published entry = { .addr = addr };
	int links[NETWORKS_MAX], count, i, done = 0;
	struct link link;

	count = route_networks(nl, addr, links, NETWORKS_MAX);
	for (i = 0; i < count; i++) {
		entry.link = links[i];
		if (links[i] == guest || link_find_index(nl, links[i], &link) ||
		    !has_arp(&link) || arp_publish(nl, &entry))
			continue;
		done++;
		if (answer)
			answer_did(answer, "ip neighbour add proxy %s dev %s",
				   address_text(addr).s, link.name);
	}
	return done;
}

int guest_publish(struct netlink *nl, int link, in_addr_t addr)
{
	return publish(nl, link, addr, NULL);
}

static void withdraw(struct netlink *nl, const in_addr_t *addr, struct answer *answer)
{
	static struct published entries[PUBLISHED_MAX];
	int count = arp_list(nl, entries, PUBLISHED_MAX), i;
	struct link link;

	for (i = 0; i < count; i++) {
		if (addr ? entries[i].addr != *addr : route_is_there(nl, entries[i].addr, 0))
			continue;
		if (arp_withdraw(nl, &entries[i]) || !answer ||
		    link_find_index(nl, entries[i].link, &link))
			continue;
		answer_did(answer, "ip neighbour del proxy %s dev %s",
			   address_text(entries[i].addr).s, link.name);
	}
}

void guest_withdraw(struct netlink *nl, in_addr_t addr)
{
	withdraw(nl, &addr, NULL);
}

void guest_sweep(struct netlink *nl)
{
	withdraw(nl, NULL, NULL);
}

/* ---- an address ---------------------------------------------------------- */

/* Whether the guest has ARP answered for all that the host knows a way to. */
static void set_proxy(struct answer *answer, const struct link *link, char value)
{
	static const char setting[] = "proxy_arp";
	int changed;

	/* A guest on a line has no ARP. */
	if (link->type != ARPHRD_ETHER)
		return;
	changed = sysctl_set_dev("ipv4", link->name, setting, value);
	if (changed > 0)
		answer_did(answer, "sysctl -w net.ipv4.conf.%s.%s=%c", link->name, setting,
			   value);
	if (changed < 0)
		answer_wrong(answer, "net.ipv4.conf.%s.%s: %s", link->name, setting,
			     strerror(-changed));
}

static int may_have(struct host *host, const struct link *link, in_addr_t addr)
{
	struct address_text text = address_text(addr);
	in_addr_t addrs[HOST_ADDRESSES_MAX];
	struct route route;
	const char *no;
	int err;

	err = route_find(&host->nl, addr, &route);
	if (err)
		return answer_wrong(&host->answer, "ADDR %s: %s", text.s, strerror(-err));
	no = policy_guest(&host->policy, link, addr, &route);
	if (no)
		return answer_wrong(&host->answer, "ADDR %s: %s", text.s, no);
	if (!(link->flags & IFF_UP))
		return answer_wrong(&host->answer, "DEV %s: it is not up", link->name);
	if (route_list(&host->nl, link->index, addrs, HOST_ADDRESSES_MAX) == HOST_ADDRESSES_MAX)
		return answer_wrong(&host->answer, "DEV %s: it has %d addresses of a guest already",
				    link->name, HOST_ADDRESSES_MAX);
	return 0;
}

int guest_add(struct host *host, const struct link *link, in_addr_t addr)
{
	struct address_text text = address_text(addr);
	int err;

	if (may_have(host, link, addr))
		return -1;
	err = route_add(&host->nl, addr, link->index);
	if (err == -EEXIST && !route_is_there(&host->nl, addr, link->index))
		return answer_wrong(&host->answer, "ADDR %s: the host has a route to it", text.s);
	if (err && err != -EEXIST)
		return answer_wrong(&host->answer, "ADDR %s: %s", text.s, strerror(-err));
	answer_did(&host->answer, "ip route add %s dev %s proto %d", text.s, link->name,
		   ROUTE_PROTOCOL);
	set_proxy(&host->answer, link, '1');
	if (!publish(&host->nl, link->index, addr, &host->answer))
		return 0;
	err = watch_start(host, link, addr);
	if (err) {
		route_del(&host->nl, addr, link->index);
		guest_withdraw(&host->nl, addr);
	}
	return err;
}

int guest_del(struct host *host, const struct link *link, in_addr_t addr)
{
	struct address_text text = address_text(addr);
	in_addr_t other;
	int err;

	err = route_del(&host->nl, addr, link->index);
	if (err == -ESRCH)
		return answer_wrong(&host->answer, "ADDR %s: the guest at %s does not have it",
				    text.s, link->name);
	if (err)
		return answer_wrong(&host->answer, "ADDR %s: %s", text.s, strerror(-err));
	answer_did(&host->answer, "ip route del %s dev %s proto %d", text.s, link->name,
		   ROUTE_PROTOCOL);
	withdraw(&host->nl, &addr, &host->answer);
	if (!route_list(&host->nl, link->index, &other, 1))
		set_proxy(&host->answer, link, '0');
	return 0;
}
