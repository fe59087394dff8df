/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests of rtnetlink(7), as few as are needed here.  This is all of what a
 * library would be used for, so that the programs need none to be built.
 */
#ifndef NET_NETLINK_H
#define NET_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <um/types.h>

/**
 * struct netlink - a socket to the host's kernel
 * @fd:		the socket, which belongs to the network it was opened in
 * @sequence:	of the last request
 */
struct netlink {
	int	fd;
	um_u32	sequence;
};

/**
 * struct netlink_request - a message that is put together
 * @header:	its header, which has the length of all of it
 * @bytes:	all of it
 */
union netlink_request {
	struct nlmsghdr	header;
	char		bytes[256];
};

/* Called for each message that comes back. */
typedef void netlink_each(const struct nlmsghdr *message, void *arg);

/* 0, or -errno.  @groups is a mask of RTMGRP_*, whose events come in. */
int netlink_open(struct netlink *nl, um_u32 groups);

/* A request of a type with NLM_F_* flags; @body is its fixed part. */
void netlink_start(union netlink_request *request, int type, int flags, const void *body,
		   size_t length);

/* Adds an attribute; there is room for those of this program. */
void netlink_put(union netlink_request *request, int type, const void *data, size_t length);

/* Sends, and takes the answers until the last one.  0, or -errno. */
int netlink_talk(struct netlink *nl, union netlink_request *request, netlink_each *each,
		 void *arg);

/*
 * An attribute of a message with a fixed part of @length bytes; or one inside of
 * an attribute.  NULL: there is none, or it has less than @least bytes.
 */
const struct rtattr *netlink_get(const struct nlmsghdr *message, size_t length, int type,
				 size_t least);
const struct rtattr *netlink_get_in(const struct rtattr *outer, int type, size_t least);

um_u32 netlink_u32(const struct rtattr *attr);

#endif /* NET_NETLINK_H */
