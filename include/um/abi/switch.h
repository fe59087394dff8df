/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control protocol of uml_switch, which joins guests to one Ethernet.
 *
 * A client binds a UNIX datagram socket, connects to the switch's control
 * socket (a UNIX stream socket, by default UM_SWITCH_CONTROL), and sends one
 * request with the address of its own socket.  The switch answers with the
 * address of a datagram socket of its own.  From then on each datagram, in both
 * directions, is one Ethernet frame without preamble and checksum.  The port
 * lasts as long as the control connection does.
 *
 * Numbers have the byte order of the host.  The requests of the three versions
 * are told apart by their first two words:
 *
 *	first word		second word	version
 *	UM_SWITCH_NEW (0)	-		0
 *	UM_SWITCH_MAGIC		0		1, the word is its type
 *	UM_SWITCH_MAGIC		3		3
 *
 * There is no other: version 2 was never served, and a switch drops the
 * connection of a request that it does not know.
 *
 * Source: the behaviour of Debian's uml_switch 20070815 and vdeplug 4.0 on the
 * wire.
 */
#ifndef _UM_ABI_SWITCH_H
#define _UM_ABI_SWITCH_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#else
#include <assert.h>
#endif
#include <um/types.h>

#define UM_SWITCH_CONTROL	"/tmp/uml.ctl"
#define UM_SWITCH_DATA		"/tmp/uml.data"	/* where version 0 has it */
#define UM_SWITCH_MAGIC		0xfeedfaceU
#define UM_SWITCH_VERSION	3

/* The only type of a request: a new port. */
#define UM_SWITCH_NEW		0

/* An Ethernet header, and the largest frame: 64 KiB of payload and a VLAN tag. */
#define UM_SWITCH_HEADER	14
#define UM_SWITCH_FRAME_MAX	(65536 + UM_SWITCH_HEADER + 4)

/**
 * struct um_switch_addr - address of a UNIX socket, as struct sockaddr_un
 * @family:	AF_UNIX, which is 1
 * @path:	a path with a NUL at its end; or a NUL first, and then the name
 *		in the abstract namespace, of which all 108 bytes count, so that
 *		a client binds and sends to the whole structure
 */
struct um_switch_addr {
	um_u16	family;
	char	path[108];
};

/**
 * struct um_switch_request_v0 - what the oldest clients send: 120 bytes
 * @type:	UM_SWITCH_NEW
 * @mac:	the client's address; the switch learns it from frames instead
 * @addr:	the client's datagram socket
 *
 * There is no reply: such a client has to know the path of the data socket.
 */
struct um_switch_request_v0 {
	um_u32			type;
	um_u8			mac[6];
	struct um_switch_addr	addr;
};

/**
 * struct um_switch_request_v1 - 124 bytes
 * @magic:	UM_SWITCH_MAGIC
 * @type:	UM_SWITCH_NEW
 * @mac:	as above
 * @addr:	the client's datagram socket
 */
struct um_switch_request_v1 {
	um_u32			magic;
	um_u32			type;
	um_u8			mac[6];
	struct um_switch_addr	addr;
};

/**
 * struct um_switch_request - version 3: 124 bytes
 * @magic:	UM_SWITCH_MAGIC
 * @version:	UM_SWITCH_VERSION
 * @type:	UM_SWITCH_NEW
 * @addr:	the client's datagram socket
 * @pad:	no meaning
 *
 * Clients of VDE have a text about themselves after @addr, of up to
 * UM_SWITCH_TEXT_MAX bytes and without a NUL, instead of @pad.
 */
struct um_switch_request {
	um_u32			magic;
	um_u32			version;
	um_u32			type;
	struct um_switch_addr	addr;
	um_u8			pad[2];
};

/**
 * struct um_switch_reply - to versions 1 and 3: 110 bytes
 * @addr:	where the switch receives this client's frames
 */
struct um_switch_reply {
	struct um_switch_addr	addr;
};

#define UM_SWITCH_TEXT_MAX	128
/* Of any version, with what may follow the address. */
#define UM_SWITCH_REQUEST_MAX	(122 + UM_SWITCH_TEXT_MAX)

static_assert(sizeof(struct um_switch_addr) == 110, "address");
static_assert(sizeof(struct um_switch_request_v0) == 120, "version 0");
static_assert(__builtin_offsetof(struct um_switch_request_v0, addr) == 10, "version 0");
static_assert(sizeof(struct um_switch_request_v1) == 124, "version 1");
static_assert(__builtin_offsetof(struct um_switch_request_v1, addr) == 14, "version 1");
static_assert(sizeof(struct um_switch_request) == 124, "version 3");
static_assert(__builtin_offsetof(struct um_switch_request, addr) == 12, "version 3");
static_assert(sizeof(struct um_switch_reply) == 110, "reply");

#endif /* _UM_ABI_SWITCH_H */
