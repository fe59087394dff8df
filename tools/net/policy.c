// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <fnmatch.h>
#include <grp.h>
#include <net/if_arp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include "address.h"
#include "policy.h"

static bool in_group(const struct caller *caller, gid_t gid)
{
	int i;

	for (i = 0; i < caller->nr_gids; i++)
		if (caller->gids[i] == gid)
			return true;
	return false;
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

static bool is_caller(const struct caller *caller, const struct rule *rule)
{
	const struct passwd *user;
	const struct group *group;

	switch (rule->kind) {
	case RULE_USER:
		if (is_number(rule->who))
			return strtoul(rule->who, NULL, 10) == caller->uid;
		user = getpwnam(rule->who);
		return user && user->pw_uid == caller->uid;
	case RULE_GROUP:
		if (is_number(rule->who))
			return in_group(caller, strtoul(rule->who, NULL, 10));
		group = getgrnam(rule->who);
		return group && in_group(caller, group->gr_gid);
	default:
		return true;
	}
}

static bool has_device(const struct rule *rule, const char *dev)
{
	int i;

	for (i = 0; i < rule->nr_patterns; i++)
		if (!fnmatch(rule->patterns[i], dev, 0))
			return true;
	return !rule->nr_patterns;
}

static bool has_address(const struct rule *rule, in_addr_t addr)
{
	int i;

	for (i = 0; i < rule->nr_ranges; i++)
		if (range_has(&rule->ranges[i], addr))
			return true;
	return false;
}

static const char *rules_allow(const struct policy *policy, const char *dev, in_addr_t addr)
{
	const struct rule *rule;

	for (rule = policy->rules; rule; rule = rule->next)
		if (has_device(rule, dev) && has_address(rule, addr) &&
		    is_caller(&policy->caller, rule))
			return NULL;
	return CONFIG_PATH " does not allow it";
}

/* ---- interfaces ---------------------------------------------------------- */

const char *policy_link(const struct policy *policy, const struct link *link)
{
	const struct caller *caller = &policy->caller;

	if (!link->tun && link->slip == LINK_NOBODY && link->type != ARPHRD_SLIP)
		return "neither a tap nor a tun";
	if (!caller->uid || link->slip == caller->uid)
		return NULL;
	/* One without both is not everybody's. */
	if (!link->tun || (link->owner == LINK_NOBODY && link->group == LINK_NOBODY) ||
	    (link->owner != LINK_NOBODY && link->owner != caller->uid) ||
	    (link->group != LINK_NOBODY && !in_group(caller, link->group)))
		return "it does not belong to you (tunctl -u USER makes one that does)";
	return NULL;
}

/* tap0, ethertap12 */
static bool is_tap_name(const char *dev)
{
	if (!strncmp(dev, "ether", strlen("ether")))
		dev += strlen("ether");
	return !strncmp(dev, "tap", strlen("tap")) && is_number(dev + strlen("tap"));
}

const char *policy_new_link(const struct policy *policy, const char *dev)
{
	const struct rule *rule;

	if (!policy->caller.uid || is_tap_name(dev))
		return NULL;
	/* A rule for all names is about addresses only. */
	for (rule = policy->rules; rule; rule = rule->next)
		if (rule->nr_patterns && has_device(rule, dev) &&
		    is_caller(&policy->caller, rule))
			return NULL;
	return "a new one is tap and a number, or ethertap and a number";
}

/* ---- addresses ----------------------------------------------------------- */

static const char *default_allows(in_addr_t addr, const struct route *route)
{
	if (!address_is_private(addr))
		return "no private address, and there is no " CONFIG_PATH " that allows it";
	if (route->type != RTN_UNREACHABLE && route->bits)
		return "the host has a route to it, and there is no " CONFIG_PATH " that allows it";
	return NULL;
}

static const char *allows(const struct policy *policy, const char *dev, in_addr_t addr,
			  const struct route *route)
{
	if (!policy->caller.uid)
		return NULL;
	return policy->has_file ? rules_allow(policy, dev, addr) : default_allows(addr, route);
}

const char *policy_gate(const struct policy *policy, const char *dev, in_addr_t gate,
			const struct route *route)
{
	if (route->type == RTN_LOCAL)
		return NULL;
	if (route->type == RTN_BROADCAST)
		return "an address for all of a network of the host";
	if (route->bits == 32 && route->protocol == ROUTE_PROTOCOL)
		return "a guest has it";
	return allows(policy, dev, gate, route);
}

const char *policy_guest(const struct policy *policy, const struct link *link, in_addr_t addr,
			 const struct route *route)
{
	if (route->type == RTN_LOCAL)
		return "the host has this address itself";
	if (route->type == RTN_BROADCAST)
		return "an address for all of a network of the host";
	if (route->bits == 32 && route->protocol == ROUTE_PROTOCOL && route->link == link->index)
		return NULL;
	if (route->bits == 32 && route->protocol == ROUTE_PROTOCOL)
		return "a guest at another interface has it";
	return allows(policy, link->name, addr, route);
}
