// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "netlink.h"

/* The kernel fills what it is given to read into, up to this. */
#define ANSWER_MAX	32768

int netlink_open(struct netlink *nl, um_u32 groups)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int yes = 1;

	*nl = (struct netlink){
		.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE),
	};
	if (nl->fd < 0 || bind(nl->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	/* Then it looks at what a dump asks for, and dumps only that. */
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &yes, sizeof(yes));
	return 0;
}

void netlink_start(union netlink_request *request, int type, int flags, const void *body,
		   size_t length)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_len = NLMSG_LENGTH(length);
	request->header.nlmsg_type = type;
	request->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	memcpy(NLMSG_DATA(&request->header), body, length);
}

void netlink_put(union netlink_request *request, int type, const void *data, size_t length)
{
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
	struct rtattr *attr = (struct rtattr *)(request->bytes + at);

	if (at + RTA_SPACE(length) > sizeof(request->bytes))
		abort();
	attr->rta_type = type;
	attr->rta_len = RTA_LENGTH(length);
	memcpy(RTA_DATA(attr), data, length);
	request->header.nlmsg_len = at + attr->rta_len;
}

/* Messages up to the last of the answer: 1 when it was there, 0, or -errno. */
static int take(const struct netlink *nl, const struct nlmsghdr *message, int left,
		netlink_each *each, void *arg)
{
	const struct nlmsgerr *error;

	for (; NLMSG_OK(message, (unsigned int)left); message = NLMSG_NEXT(message, left)) {
		if (message->nlmsg_seq != nl->sequence)
			continue;
		if (message->nlmsg_type == NLMSG_DONE)
			return 1;
		if (message->nlmsg_type == NLMSG_ERROR) {
			error = NLMSG_DATA(message);
			return error->error ? error->error : 1;
		}
		if (each)
			each(message, arg);
	}
	return 0;
}

int netlink_talk(struct netlink *nl, union netlink_request *request, netlink_each *each,
		 void *arg)
{
	static union {
		struct nlmsghdr	header;
		char		bytes[ANSWER_MAX];
	} answer;
	struct sockaddr_nl from;
	socklen_t length;
	ssize_t bytes;
	int err;

	request->header.nlmsg_seq = ++nl->sequence;
	if (send(nl->fd, request, request->header.nlmsg_len, 0) < 0)
		return -errno;
	do {
		length = sizeof(from);
		bytes = recvfrom(nl->fd, &answer, sizeof(answer), 0, (struct sockaddr *)&from,
				 &length);
		if (bytes < 0 && errno != EINTR)
			return -errno;
		err = 0;
		/* Other processes can send to the socket, too. */
		if (bytes > 0 && !from.nl_pid)
			err = take(nl, &answer.header, bytes, each, arg);
	} while (!err);
	return err < 0 ? err : 0;
}

static const struct rtattr *find(const struct rtattr *attr, int left, int type, size_t least)
{
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
		if ((attr->rta_type & NLA_TYPE_MASK) == type)
			return RTA_PAYLOAD(attr) < least ? NULL : attr;
	return NULL;
}

const struct rtattr *netlink_get(const struct nlmsghdr *message, size_t length, int type,
				 size_t least)
{
	const char *body = NLMSG_DATA(message);

	return find((const struct rtattr *)(body + NLMSG_ALIGN(length)),
		    (int)message->nlmsg_len - (int)NLMSG_SPACE(length), type, least);
}

const struct rtattr *netlink_get_in(const struct rtattr *outer, int type, size_t least)
{
	return outer ? find(RTA_DATA(outer), RTA_PAYLOAD(outer), type, least) : NULL;
}

um_u32 netlink_u32(const struct rtattr *attr)
{
	um_u32 value;

	memcpy(&value, RTA_DATA(attr), sizeof(value));
	return value;
}
