// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "link.h"

static void read_slip(struct link *link, const struct rtattr *alias)
{
	size_t length = strlen(LINK_SLIP_ALIAS);
	char text[64] = "";

	if (!alias || RTA_PAYLOAD(alias) < length || RTA_PAYLOAD(alias) >= sizeof(text))
		return;
	memcpy(text, RTA_DATA(alias), RTA_PAYLOAD(alias));
	if (!strncmp(text, LINK_SLIP_ALIAS, length))
		link->slip = strtoul(text + length, NULL, 10);
}

static void read_tun(struct link *link, const struct rtattr *info)
{
	const struct rtattr *kind = netlink_get_in(info, IFLA_INFO_KIND, sizeof("tun"));
	const struct rtattr *data = netlink_get_in(info, IFLA_INFO_DATA, 0), *attr;

	if (!kind || memcmp(RTA_DATA(kind), "tun", sizeof("tun")))
		return;
	link->tun = true;
	attr = netlink_get_in(data, IFLA_TUN_TYPE, 1);
	link->tap = attr && *(const um_u8 *)RTA_DATA(attr) == IFF_TAP;
	attr = netlink_get_in(data, IFLA_TUN_OWNER, sizeof(um_u32));
	if (attr)
		link->owner = netlink_u32(attr);
	attr = netlink_get_in(data, IFLA_TUN_GROUP, sizeof(um_u32));
	if (attr)
		link->group = netlink_u32(attr);
}

static void read_link(const struct nlmsghdr *message, void *arg)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	struct link *link = arg;
	const struct rtattr *name;

	if (message->nlmsg_type != RTM_NEWLINK)
		return;
	*link = (struct link){
		.index = info->ifi_index,
		.type = info->ifi_type,
		.flags = info->ifi_flags,
		.owner = LINK_NOBODY,
		.group = LINK_NOBODY,
		.slip = LINK_NOBODY,
	};
	name = netlink_get(message, sizeof(*info), IFLA_IFNAME, 1);
	if (name)
		snprintf(link->name, sizeof(link->name), "%.*s", (int)RTA_PAYLOAD(name),
			 (const char *)RTA_DATA(name));
	read_tun(link, netlink_get(message, sizeof(*info), IFLA_LINKINFO, 0));
	read_slip(link, netlink_get(message, sizeof(*info), IFLA_IFALIAS, 1));
}

int link_find(struct netlink *nl, const char *name, struct link *link)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	union netlink_request request;
	int err;

	link->index = 0;
	netlink_start(&request, RTM_GETLINK, 0, &info, sizeof(info));
	netlink_put(&request, IFLA_IFNAME, name, strlen(name) + 1);
	err = netlink_talk(nl, &request, read_link, link);
	/* It finds other names of an interface as well. */
	if (!err && (!link->index || strcmp(link->name, name)))
		err = -ENODEV;
	return err;
}

int link_find_index(struct netlink *nl, int index, struct link *link)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC, .ifi_index = index };
	union netlink_request request;

	netlink_start(&request, RTM_GETLINK, 0, &info, sizeof(info));
	return netlink_talk(nl, &request, read_link, link);
}

/**
 * struct count - interfaces of a user
 * @owner:	the user
 * @links:	their number
 */
struct count {
	uid_t	owner;
	int	links;
};

static void count_link(const struct nlmsghdr *message, void *arg)
{
	struct count *count = arg;
	struct link link;

	read_link(message, &link);
	count->links += link.tun && link.owner == count->owner;
}

int link_count(struct netlink *nl, uid_t owner)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct count count = { .owner = owner };
	union netlink_request request;
	int err;

	netlink_start(&request, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
	err = netlink_talk(nl, &request, count_link, &count);
	return err ? err : count.links;
}

static int set_flags(struct netlink *nl, const struct link *link, unsigned int flags)
{
	struct ifinfomsg info = {
		.ifi_index = link->index,
		.ifi_flags = flags,
		.ifi_change = IFF_UP,
	};
	union netlink_request request;

	netlink_start(&request, RTM_NEWLINK, 0, &info, sizeof(info));
	return netlink_talk(nl, &request, NULL, NULL);
}

int link_up(struct netlink *nl, const struct link *link)
{
	return set_flags(nl, link, IFF_UP);
}

int link_down(struct netlink *nl, const struct link *link)
{
	return set_flags(nl, link, 0);
}

int link_remove(struct netlink *nl, const struct link *link)
{
	struct ifinfomsg info = { .ifi_index = link->index };
	union netlink_request request;

	netlink_start(&request, RTM_DELLINK, 0, &info, sizeof(info));
	return netlink_talk(nl, &request, NULL, NULL);
}

int link_mark_slip(struct netlink *nl, const struct link *link, uid_t owner)
{
	struct ifinfomsg info = { .ifi_index = link->index };
	union netlink_request request;
	char alias[64];

	snprintf(alias, sizeof(alias), LINK_SLIP_ALIAS "%u", owner);
	netlink_start(&request, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_put(&request, IFLA_IFALIAS, alias, strlen(alias));
	return netlink_talk(nl, &request, NULL, NULL);
}

static int change_address(struct netlink *nl, const struct link *link, in_addr_t addr, int type,
			  int flags)
{
	struct ifaddrmsg info = {
		.ifa_family = AF_INET,
		.ifa_prefixlen = 32,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = link->index,
	};
	union netlink_request request;

	netlink_start(&request, type, flags, &info, sizeof(info));
	netlink_put(&request, IFA_LOCAL, &addr, sizeof(addr));
	netlink_put(&request, IFA_ADDRESS, &addr, sizeof(addr));
	return netlink_talk(nl, &request, NULL, NULL);
}

int link_add_address(struct netlink *nl, const struct link *link, in_addr_t addr)
{
	return change_address(nl, link, addr, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
}

int link_del_address(struct netlink *nl, const struct link *link, in_addr_t addr)
{
	return change_address(nl, link, addr, RTM_DELADDR, 0);
}
