/* SPDX-License-Identifier: GPL-2.0 */
/* Requests on the control socket, as far as they have come. */
#ifndef SWITCH_REQUEST_H
#define SWITCH_REQUEST_H

#include <stdbool.h>
#include <um/abi/switch.h>

enum request_state {
	REQUEST_PART,	/* more has to come */
	REQUEST_WHOLE,	/* version and address are there */
	REQUEST_BAD,
};

/**
 * struct request - what a client asked for
 * @version:	0, 1 or 3
 * @addr:	its socket
 * @addr_len:	the length of @addr that bind(2) and connect(2) are to be given
 * @end:	where the address ends; a text may follow, see um_switch_request
 * @wrong:	the reason of REQUEST_BAD
 */
struct request {
	um_u32			version;
	struct um_switch_addr	addr;
	um_u32			addr_len;
	um_u32			end;
	const char		*wrong;
};

/*
 * Reads the @len bytes that have come.  A request is whole when its address is;
 * there may be more, up to UM_SWITCH_REQUEST_MAX bytes.
 */
enum request_state request_parse(const void *bytes, um_u32 len, struct request *request);

/* The length of an address: to the NUL of a path, all of an abstract name. */
um_u32 request_addr_len(const struct um_switch_addr *addr);

#endif /* SWITCH_REQUEST_H */
