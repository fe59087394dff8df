/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the host's packets go, and for which addresses it answers ARP.  What is
 * set up here is marked as ours, so that nothing else is ever taken away, and
 * what was left behind can be found.
 */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include <netinet/in.h>
#include <stdbool.h>
#include "netlink.h"

/* The mark, of routes and of published addresses: "protocol 117" of ip(8). */
#define ROUTE_PROTOCOL	117

/**
 * struct route - what the host does with packets for an address
 * @type:	RTN_*; RTN_UNREACHABLE also where there is no route
 * @bits:	length of the prefix of the route that was found
 * @protocol:	who made it
 * @link:	number of the interface, or 0
 */
struct route {
	unsigned char	type;
	unsigned char	bits;
	unsigned char	protocol;
	int		link;
};

/* 0, or -errno. */
int route_find(struct netlink *nl, in_addr_t addr, struct route *route);

/* A route to one address by an interface.  0, or -errno: -EEXIST if there is one. */
int route_add(struct netlink *nl, in_addr_t addr, int link);
/* The same, which must be ours. */
int route_del(struct netlink *nl, in_addr_t addr, int link);

/* Is there one that is ours, by the interface, or by any if @link is 0? */
bool route_is_there(struct netlink *nl, in_addr_t addr, int link);

/* At most @max of the addresses that have one by an interface; their number, or -errno. */
int route_list(struct netlink *nl, int link, in_addr_t *addrs, int max);

/* At most @max interfaces in whose networks an address is; their number, or -errno. */
int route_networks(struct netlink *nl, in_addr_t addr, int *links, int max);

/**
 * struct published - an address that the host answers ARP for
 * @addr:	the address
 * @link:	number of the interface where it does
 */
struct published {
	in_addr_t	addr;
	int		link;
};

/* 1, 0, or -errno: is it published, by whomever? */
int arp_is_published(struct netlink *nl, const struct published *entry);

/* 0, or -errno: -EEXIST if it is already. */
int arp_publish(struct netlink *nl, const struct published *entry);
int arp_withdraw(struct netlink *nl, const struct published *entry);

/* At most @max of those that are ours; their number, or -errno. */
int arp_list(struct netlink *nl, struct published *entries, int max);

#endif /* NET_ROUTE_H */
