// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <net/if_arp.h>
#include <string.h>
#include "address.h"
#include "host.h"
#include "sysctl.h"

#define NETWORKS_MAX	64
#define PUBLISHED_MAX	4096

static bool is_ours(const struct route *route)
{
	return route->bits == 32 && route->protocol == ROUTE_PROTOCOL;
}

bool guest_is_there(struct netlink *nl, int link, in_addr_t addr)
{
	struct route route;

	return !route_find(nl, addr, &route) && is_ours(&route) && route.link == link;
}

/* ---- ARP ----------------------------------------------------------------- */

/* Others may be there, and ask. */
static bool has_arp(struct netlink *nl, int index)
{
	struct link link;

	return !link_find_index(nl, index, &link) && link.type == ARPHRD_ETHER &&
	       !(link.flags & (IFF_NOARP | IFF_LOOPBACK));
}

/**
 * typedef each_network - called for a network of the host that an address is in
 * @entry:	the address, and the interface of the network
 * @arg:	the caller's
 */
typedef void each_network(const struct published *entry, void *arg);

static int for_each_network(struct netlink *nl, int link, in_addr_t addr, each_network *each,
			    void *arg)
{
	struct published entry = { .addr = addr };
	int links[NETWORKS_MAX], count, i, done = 0, err;

	count = route_networks(nl, addr, links, NETWORKS_MAX);
	for (i = 0; i < count; i++) {
		if (links[i] == link || !has_arp(nl, links[i]))
			continue;
		entry.link = links[i];
		err = arp_publish(nl, &entry);
		if (err)
			continue;
		done++;
		if (each)
			each(&entry, arg);
	}
	return done;
}

int guest_publish(struct netlink *nl, int link, in_addr_t addr)
{
	return for_each_network(nl, link, addr, NULL, NULL);
}

static void withdraw(struct netlink *nl, const in_addr_t *addr, struct answer *answer)
{
	static struct published entries[PUBLISHED_MAX];
	int count = arp_list(nl, entries, PUBLISHED_MAX), i;
	struct route route;
	struct link link;

	for (i = 0; i < count; i++) {
		if (addr ? entries[i].addr != *addr
			 : route_find(nl, entries[i].addr, &route) || is_ours(&route))
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

static void proxy_arp(struct answer *answer, const struct link *link, char value)
{
	int changed;

	/* A guest on a line has no ARP. */
	if (link->type != ARPHRD_ETHER)
		return;
	changed = sysctl_set_dev("ipv4", link->name, "proxy_arp", value);
	if (changed > 0)
		answer_did(answer, "sysctl -w net.ipv4.conf.%s.proxy_arp=%c", link->name, value);
	if (changed < 0)
		answer_wrong(answer, "net.ipv4.conf.%s.proxy_arp: %s", link->name,
			     strerror(-changed));
}

static void log_published(const struct published *entry, void *arg)
{
	struct host *host = arg;
	struct link link;

	if (!link_find_index(&host->nl, entry->link, &link))
		answer_did(&host->answer, "ip neighbour add proxy %s dev %s",
			   address_text(entry->addr).s, link.name);
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
	if (err == -EEXIST && !guest_is_there(&host->nl, link->index, addr))
		return answer_wrong(&host->answer, "ADDR %s: the host has a route to it", text.s);
	if (err && err != -EEXIST)
		return answer_wrong(&host->answer, "ADDR %s: %s", text.s, strerror(-err));
	answer_did(&host->answer, "ip route add %s dev %s proto %d", text.s, link->name,
		   ROUTE_PROTOCOL);
	proxy_arp(&host->answer, link, '1');
	if (!for_each_network(&host->nl, link->index, addr, log_published, host))
		return 0;
	err = watch_start(host, link, addr);
	if (err)
		guest_withdraw(&host->nl, addr);
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
		proxy_arp(&host->answer, link, '0');
	return 0;
}
