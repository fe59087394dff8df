// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include "request.h"

um_u32 request_addr_len(const struct um_switch_addr *addr)
{
	um_u32 len = offsetof(struct um_switch_addr, path);

	if (!addr->path[0])
		return sizeof(*addr);
	return len + strnlen(addr->path, sizeof(addr->path) - 1) + 1;
}

static enum request_state request_bad(struct request *request, const char *wrong)
{
	request->wrong = wrong;
	return REQUEST_BAD;
}

/* Finds version and type in the first words; where the address begins, or 0. */
static um_u32 request_version(const um_u32 *word, um_u32 words, struct request *request,
			      um_u32 *type)
{
	*type = word[0];
	request->version = 0;
	if (word[0] != UM_SWITCH_MAGIC)
		return offsetof(struct um_switch_request_v0, addr);
	if (words < 2)
		return 0;
	*type = word[1];
	request->version = 1;
	if (word[1] != UM_SWITCH_VERSION)
		return offsetof(struct um_switch_request_v1, addr);
	if (words < 3)
		return 0;
	*type = word[2];
	request->version = UM_SWITCH_VERSION;
	return offsetof(struct um_switch_request, addr);
}

enum request_state request_parse(const void *bytes, um_u32 len, struct request *request)
{
	um_u32 word[3] = { 0 }, type, at;

	if (len < sizeof(word[0]))
		return REQUEST_PART;
	memcpy(word, bytes, len < sizeof(word) ? len : sizeof(word));
	at = request_version(word, len / sizeof(word[0]), request, &type);
	if (!at)
		return REQUEST_PART;
	if (type != UM_SWITCH_NEW)
		return request_bad(request, request->version == 1 ?
				   "a version that does not exist" : "a type that does not exist");
	if (len < at + sizeof(request->addr))
		return REQUEST_PART;
	memcpy(&request->addr, bytes + at, sizeof(request->addr));
	request->end = at + sizeof(request->addr);
	if (request->addr.family != AF_UNIX)
		return request_bad(request, "an address that is not of a UNIX socket");
	if (request->addr.path[0] && !memchr(request->addr.path, 0, sizeof(request->addr.path)))
		return request_bad(request, "a path without an end");
	request->addr_len = request_addr_len(&request->addr);
	return REQUEST_WHOLE;
}
