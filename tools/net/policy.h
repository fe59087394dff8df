/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a user may do.  Root may do everything.  Others may use
 *
 * - an interface that belongs to them, or to a group of theirs: that is one that
 *   was made for them, here or by tunctl(8);
 * - names of new interfaces, and addresses, that a rule allows.
 *
 * Where there is no file with rules, these are names of taps, and private
 * addresses that the host has no other use for: it knows no route to them that
 * is better than its default route, so no packet of its own goes astray.
 *
 * GATE may always be an address that the host has already.
 */
#ifndef NET_POLICY_H
#define NET_POLICY_H

#include <sys/types.h>
#include "config.h"
#include "link.h"
#include "route.h"

/**
 * struct caller - who asks: the real user of the process
 * @uid:	the user
 * @gids:	all of the groups
 * @nr_gids:	their number
 */
struct caller {
	uid_t	uid;
	gid_t	*gids;
	int	nr_gids;
};

/**
 * struct policy - what decides
 * @caller:	who asks
 * @has_file:	there is a file
 * @rules:	that are in it
 */
struct policy {
	struct caller	caller;
	bool		has_file;
	struct rule	*rules;
};

/* All of these return NULL, or why not. */

/* May the interface be used that is there? */
const char *policy_link(const struct policy *policy, const struct link *link);
/* May one be made that has this name? */
const char *policy_new_link(const struct policy *policy, const char *dev);
/* May the host's end have the address?  @route is where the host has it now. */
const char *policy_gate(const struct policy *policy, const char *dev, in_addr_t gate,
			const struct route *route);
/* May the guest's end have it, at the interface with this number? */
const char *policy_guest(const struct policy *policy, const struct link *link, in_addr_t addr,
			 const struct route *route);

#endif /* NET_POLICY_H */
