// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include "address.h"
#include "route.h"

/* ---- one address --------------------------------------------------------- */

static void read_route(const struct nlmsghdr *message, void *arg)
{
	const struct rtmsg *info = NLMSG_DATA(message);
	struct route *route = arg;
	const struct rtattr *link;

	if (message->nlmsg_type != RTM_NEWROUTE)
		return;
	link = netlink_get(message, sizeof(*info), RTA_OIF, sizeof(um_u32));
	*route = (struct route){
		.type = info->rtm_type,
		.bits = info->rtm_dst_len,
		.protocol = info->rtm_protocol,
		.link = link ? netlink_u32(link) : 0,
	};
}

int route_find(struct netlink *nl, in_addr_t addr, struct route *route)
{
	struct rtmsg info = {
		.rtm_family = AF_INET,
		.rtm_dst_len = 32,
		.rtm_flags = RTM_F_LOOKUP_TABLE | RTM_F_FIB_MATCH,
	};
	union netlink_request request;
	int err;

	*route = (struct route){ .type = RTN_UNREACHABLE };
	netlink_start(&request, RTM_GETROUTE, 0, &info, sizeof(info));
	netlink_put(&request, RTA_DST, &addr, sizeof(addr));
	err = netlink_talk(nl, &request, read_route, route);
	/* The answers of routes that say no, and of having none. */
	if (err == -ENETUNREACH || err == -EHOSTUNREACH || err == -EACCES || err == -EINVAL)
		err = 0;
	return err;
}

static int change_route(struct netlink *nl, in_addr_t addr, int link, int type, int flags)
{
	struct rtmsg info = {
		.rtm_family = AF_INET,
		.rtm_dst_len = 32,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = ROUTE_PROTOCOL,
		.rtm_scope = RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	union netlink_request request;

	netlink_start(&request, type, flags, &info, sizeof(info));
	netlink_put(&request, RTA_DST, &addr, sizeof(addr));
	netlink_put(&request, RTA_OIF, &link, sizeof(link));
	return netlink_talk(nl, &request, NULL, NULL);
}

int route_add(struct netlink *nl, in_addr_t addr, int link)
{
	return change_route(nl, addr, link, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
}

int route_del(struct netlink *nl, in_addr_t addr, int link)
{
	return change_route(nl, addr, link, RTM_DELROUTE, 0);
}

/* ---- all routes ---------------------------------------------------------- */

/**
 * struct search - routes that are looked for among all
 * @match:	is this one of them?
 * @addr:	what @match compares with
 * @link:	the same; 0: any interface
 * @addrs:	takes the addresses of those that were found, if not NULL
 * @links:	takes their interfaces, each once, if not NULL
 * @max:	as many
 * @found:	their number
 */
struct search {
	bool		(*match)(const struct search *search, const struct rtmsg *info,
				 in_addr_t addr, int link);
	in_addr_t	addr;
	int		link;
	in_addr_t	*addrs;
	int		*links;
	int		max;
	int		found;
};

static bool is_of_guest(const struct search *search, const struct rtmsg *info, in_addr_t addr,
			int link)
{
	return info->rtm_protocol == ROUTE_PROTOCOL && info->rtm_dst_len == 32 &&
	       (!search->link || search->link == link) && (!search->addr || search->addr == addr);
}

static bool is_new_network(const struct search *search, const struct rtmsg *info, in_addr_t addr,
			   int link)
{
	int i;

	for (i = 0; i < search->found; i++)
		if (search->links[i] == link)
			return false;
	return info->rtm_dst_len < 32 &&
	       (search->addr & address_mask(info->rtm_dst_len)) == addr;
}

static void search_route(const struct nlmsghdr *message, void *arg)
{
	const struct rtmsg *info = NLMSG_DATA(message);
	const struct rtattr *dst, *oif;
	struct search *search = arg;

	if (message->nlmsg_type != RTM_NEWROUTE || info->rtm_type != RTN_UNICAST)
		return;
	dst = netlink_get(message, sizeof(*info), RTA_DST, sizeof(in_addr_t));
	oif = netlink_get(message, sizeof(*info), RTA_OIF, sizeof(um_u32));
	if (!dst || !oif || netlink_get(message, sizeof(*info), RTA_GATEWAY, 0) ||
	    search->found == search->max ||
	    !search->match(search, info, netlink_u32(dst), netlink_u32(oif)))
		return;
	if (search->addrs)
		search->addrs[search->found] = netlink_u32(dst);
	if (search->links)
		search->links[search->found] = netlink_u32(oif);
	search->found++;
}

static int search_routes(struct netlink *nl, struct search *search, int protocol)
{
	struct rtmsg info = { .rtm_family = AF_INET, .rtm_protocol = protocol };
	union netlink_request request;
	int err;

	netlink_start(&request, RTM_GETROUTE, NLM_F_DUMP, &info, sizeof(info));
	err = netlink_talk(nl, &request, search_route, search);
	return err ? err : search->found;
}

int route_list(struct netlink *nl, int link, in_addr_t *addrs, int max)
{
	struct search search = {
		.match = is_of_guest, .link = link, .addrs = addrs, .max = max,
	};

	return search_routes(nl, &search, ROUTE_PROTOCOL);
}

bool route_is_there(struct netlink *nl, in_addr_t addr, int link)
{
	struct search search = { .match = is_of_guest, .addr = addr, .link = link, .max = 1 };

	return search_routes(nl, &search, ROUTE_PROTOCOL) > 0;
}

int route_networks(struct netlink *nl, in_addr_t addr, int *links, int max)
{
	struct search search = {
		.match = is_new_network, .addr = addr, .links = links, .max = max,
	};

	return search_routes(nl, &search, 0);
}
