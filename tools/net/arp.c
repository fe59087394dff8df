// SPDX-License-Identifier: GPL-2.0
/* Published addresses, which rtnetlink has among the neighbours. */
#include <errno.h>
#include <linux/neighbour.h>
#include <string.h>
#include "route.h"

static int change_entry(struct netlink *nl, const struct published *entry, int type, int flags)
{
	struct ndmsg info = {
		.ndm_family = AF_INET,
		.ndm_ifindex = entry->link,
		.ndm_state = NUD_PERMANENT,
		.ndm_flags = NTF_PROXY,
	};
	um_u8 protocol = ROUTE_PROTOCOL;
	union netlink_request request;

	netlink_start(&request, type, flags, &info, sizeof(info));
	netlink_put(&request, NDA_DST, &entry->addr, sizeof(entry->addr));
	if (type == RTM_NEWNEIGH)
		netlink_put(&request, NDA_PROTOCOL, &protocol, sizeof(protocol));
	return netlink_talk(nl, &request, NULL, NULL);
}

int arp_is_published(struct netlink *nl, const struct published *entry)
{
	struct ndmsg info = {
		.ndm_family = AF_INET,
		.ndm_ifindex = entry->link,
		.ndm_flags = NTF_PROXY,
	};
	union netlink_request request;
	int err;

	netlink_start(&request, RTM_GETNEIGH, 0, &info, sizeof(info));
	netlink_put(&request, NDA_DST, &entry->addr, sizeof(entry->addr));
	err = netlink_talk(nl, &request, NULL, NULL);
	return err == -ENOENT ? 0 : err ? err : 1;
}

int arp_publish(struct netlink *nl, const struct published *entry)
{
	int err = arp_is_published(nl, entry);

	/* The kernel would make it ours, whosever it is. */
	if (err)
		return err < 0 ? err : -EEXIST;
	return change_entry(nl, entry, RTM_NEWNEIGH, NLM_F_CREATE);
}

int arp_withdraw(struct netlink *nl, const struct published *entry)
{
	return change_entry(nl, entry, RTM_DELNEIGH, 0);
}

/**
 * struct list - entries that are found
 * @entries:	takes
 * @max:	as many of them
 * @found:	their number
 */
struct list {
	struct published	*entries;
	int			max;
	int			found;
};

static void read_entry(const struct nlmsghdr *message, void *arg)
{
	const struct ndmsg *info = NLMSG_DATA(message);
	const struct rtattr *dst = netlink_get(message, sizeof(*info), NDA_DST, sizeof(in_addr_t));
	const struct rtattr *protocol = netlink_get(message, sizeof(*info), NDA_PROTOCOL, 1);
	struct list *list = arg;

	if (message->nlmsg_type != RTM_NEWNEIGH || info->ndm_family != AF_INET ||
	    !(info->ndm_flags & NTF_PROXY) || !dst || !protocol ||
	    *(const um_u8 *)RTA_DATA(protocol) != ROUTE_PROTOCOL || list->found == list->max)
		return;
	list->entries[list->found++] = (struct published){
		.addr = netlink_u32(dst),
		.link = info->ndm_ifindex,
	};
}

int arp_list(struct netlink *nl, struct published *entries, int max)
{
	struct list list = { .entries = entries, .max = max };
	struct ndmsg info = { .ndm_family = AF_INET, .ndm_flags = NTF_PROXY };
	union netlink_request request;
	int err;

	netlink_start(&request, RTM_GETNEIGH, NLM_F_DUMP, &info, sizeof(info));
	err = netlink_talk(nl, &request, read_entry, &list);
	return err ? err : list.found;
}
