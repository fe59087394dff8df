/* SPDX-License-Identifier: GPL-2.0 */
/* What a request works with, and the steps that several of them have in common. */
#ifndef NET_HOST_H
#define NET_HOST_H

#include "answer.h"
#include "netlink.h"
#include "policy.h"

/* What a user other than root can have, so that nobody fills the host's tables. */
#define HOST_LINKS_MAX		64
#define HOST_ADDRESSES_MAX	256	/* of one interface, of any user */

/**
 * struct host - the host, as far as the caller may have a part in it
 * @nl:		the way to its kernel
 * @policy:	what the caller may do
 * @answer:	what he is told
 * @tun:	the clone device, opened while that was still allowed, or -1
 * @made:	the interface is new, and goes with the guest
 * @gate:	what address the interface was given, or 0
 */
struct host {
	struct netlink	nl;
	struct policy	policy;
	struct answer	answer;
	int		tun;
	bool		made;
	in_addr_t	gate;
};

/* All of these that return int: 0; or -1 after a line in the answer. */

/* ---- device.c: the interface --------------------------------------------- */

/* Finds one that the caller may use. */
int device_find(struct host *host, const char *dev, struct link *link);

/*
 * Opens the clone device as the interface @dev, which may be a pattern with "%d"
 * or one that is there; @kind is IFF_TAP or IFF_TUN.  A new one is the caller's,
 * and goes when host->tun is closed.
 */
int device_open(struct host *host, const char *dev, int kind, struct link *link);

/* The host's end: up, with the address @gate if that is not 0, and forwarding. */
int device_up(struct host *host, const struct link *link, in_addr_t gate);

/* Takes back all of this, of an interface that goes now or that stays. */
void device_close(struct host *host, struct link *link);

/* ---- guest.c: addresses of the guest ------------------------------------- */

int guest_add(struct host *host, const struct link *link, in_addr_t addr);
int guest_del(struct host *host, const struct link *link, in_addr_t addr);

/* Answers ARP for @addr wherever others would ask for it; counts the places. */
int guest_publish(struct netlink *nl, int link, in_addr_t addr);
/* Does so no more, for this address, or for all whose guest is gone. */
void guest_withdraw(struct netlink *nl, in_addr_t addr);
void guest_sweep(struct netlink *nl);

/* ---- watch.c ------------------------------------------------------------- */

/* Leaves a process behind that withdraws @addr when the interface goes. */
int watch_start(struct host *host, const struct link *link, in_addr_t addr);

/* ---- tuntap.c, slip.c, ethertap.c: a request each ------------------------ */

/* These two have answered when they return 0. */
int tuntap_up(struct host *host, const struct request *request);
int ethertap_serve(struct host *host, const struct request *request);
int slip_up(struct host *host, const struct request *request);
int slip_down(struct host *host, const struct request *request);

/* ---- carry.c ------------------------------------------------------------- */

/* Carries packets between host->tun and a tty with SLIP, until one of them goes. */
void carry(struct host *host, int tty);

#endif /* NET_HOST_H */
