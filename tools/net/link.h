/* SPDX-License-Identifier: GPL-2.0 */
/* Interfaces of the host. */
#ifndef NET_LINK_H
#define NET_LINK_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>
#include "netlink.h"

#define LINK_NOBODY	0xffffffffU	/* no owner, no group */

/* The alias of an interface that carries SLIP for a user begins so. */
#define LINK_SLIP_ALIAS	"uml_net slip "

/**
 * struct link - what the host knows of an interface
 * @index:	its number
 * @name:	its name
 * @type:	ARPHRD_*
 * @flags:	IFF_*
 * @tun:	it is a tap, or a tun
 * @tap:	it is a tap
 * @owner:	the user who may open it, or LINK_NOBODY
 * @group:	the group whose members may, or LINK_NOBODY
 * @slip:	the user for whom it was made by `slip up', or LINK_NOBODY
 */
struct link {
	int		index;
	char		name[IFNAMSIZ];
	unsigned short	type;
	unsigned int	flags;
	bool		tun;
	bool		tap;
	um_u32		owner;
	um_u32		group;
	um_u32		slip;
};

/* 0, or -errno: -ENODEV when there is none. */
int link_find(struct netlink *nl, const char *name, struct link *link);
int link_find_index(struct netlink *nl, int index, struct link *link);

/* The number of taps and tuns that belong to a user, or -errno. */
int link_count(struct netlink *nl, uid_t owner);

/* All of these: 0, or -errno. */
int link_up(struct netlink *nl, const struct link *link);
int link_down(struct netlink *nl, const struct link *link);
int link_remove(struct netlink *nl, const struct link *link);
int link_mark_slip(struct netlink *nl, const struct link *link, uid_t owner);
/* An address with a netmask of all ones. */
int link_add_address(struct netlink *nl, const struct link *link, in_addr_t addr);
int link_del_address(struct netlink *nl, const struct link *link, in_addr_t addr);

#endif /* NET_LINK_H */
