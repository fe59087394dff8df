/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The protocol of uml_net, the privileged helper that sets up the host's side
 * of a guest's network device.
 *
 * A guest runs the helper with one end of a socket pair as its standard output,
 * and reads the answer from the other end.  Version 4, which is the only one
 * that is current, has these command lines:
 *
 *	uml_net 4 tuntap up GATE [vnet]		struct um_net_tuntap, log
 *	uml_net 4 add DEV ADDR MASK		struct um_net_log, log
 *	uml_net 4 del DEV ADDR MASK		struct um_net_log, log
 *	uml_net 4 slip up GATE			struct um_net_log, log
 *	uml_net 4 slip down DEV			struct um_net_log, log
 *	uml_net 4 ethertap DEV DATAFD [GATE]	a status byte, struct um_net_log, log
 *
 * GATE is the address of the host's end, ADDR and MASK what the guest's end has,
 * all in dotted decimal.  DEV is the interface on the host.  The log is text for
 * the user, lines that each end in a newline, and a NUL at its end.
 *
 * tuntap:	the socket pair is of datagrams.  The answer is one datagram, with
 *		the descriptor of the tap as SCM_RIGHTS.  Where there is none,
 *		it failed.  The interface is gone when the descriptor is closed.
 *		UM_NET_VNET asks for one whose frames have a struct
 *		virtio_net_hdr before them; Debian's helper overlooks the word,
 *		so that a guest asks the descriptor (TUNGETIFF).
 * slip:	the guest's tty (the slave of its pseudo terminal, in raw mode) is
 *		the standard input.  The guest asks the tty for the interface's
 *		name (SIOCGIFNAME), which works where the host's own SLIP line
 *		discipline serves it; or it looks for UM_NET_SLIP_DEV in the log.
 * ethertap:	DATAFD is the number of a descriptor that the helper inherits, one
 *		end of a pair of datagram sockets.  Each datagram there, in both
 *		directions, is UM_NET_ETHERTAP_PAD bytes without a meaning and an
 *		Ethernet frame.  The helper stays, for as long as the guest has
 *		the sockets open.  The guest then sends struct um_net_change on
 *		the control socket, and has each answered by a struct um_net_log
 *		and a log.
 *
 * Numbers have the byte order of the host; addresses that of the network.
 *
 * Version 3 is the same, but that it has `tuntap add|del DEV ADDR MASK' for the
 * changes, and `tuntap up DEV GATE', where DEV has no meaning, and where a 32-bit
 * 0 follows as a datagram of its own.  Versions 0 to 2 belong to guests of Linux
 * 2.4.  They are not served.
 *
 * Source: Debian's uml_net 20070815.4 and guest 6.1.4, by running each against
 * a stand-in of the other.  That helper
 * - answers `add' and `del' in this way also where the howto tells of none;
 * - has a length that counts the NUL of the log;
 * - ends with status 0 also where commands in its log failed;
 * - writes plain text instead of an answer where it does not know a request, and
 *   of a tuntap that failed the log alone, without the 16 bytes before it;
 * - takes `4 tuntap add|del' as well, and `add' without MASK;
 * - sends a length of 0, and nothing else, for a change that it does not know;
 * - of versions 0 to 2 knows no `tuntap' and no `add', or ends in a
 *   segmentation fault, and answers `slip' and `ethertap' on standard error.
 * That guest
 * - leaves all its descriptors open in the helper, both ends of the sockets
 *   among them, so a helper that is to see the guest's end has to close them;
 * - prints the log whether it worked or not, but for a tuntap that failed.
 */
#ifndef _UM_ABI_UML_NET_H
#define _UM_ABI_UML_NET_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#else
#include <assert.h>
#endif
#include <um/types.h>

#define UM_NET_PROGRAM		"uml_net"
#define UM_NET_VERSION		4
#define UM_NET_VERSION_MIN	3

/* The word that asks for a struct virtio_net_hdr before each frame. */
#define UM_NET_VNET		"vnet"

/* A log is no longer than this, its NUL included. */
#define UM_NET_LOG_MAX		4000

/**
 * struct um_net_tuntap - before the log, to `tuntap up': 16 bytes
 * @name:	of the interface, padded with NULs; empty if it failed
 */
struct um_net_tuntap {
	char	name[16];
};

/**
 * struct um_net_log - before the log, to all else: 4 bytes
 * @length:	of the log that follows, its NUL included; 0: there is none
 */
struct um_net_log {
	um_s32	length;
};

/* The status byte of ethertap. */
#define UM_NET_ETHERTAP_FAILED	0
#define UM_NET_ETHERTAP_OK	1

/* Bytes before each frame of ethertap. */
#define UM_NET_ETHERTAP_PAD	2

/* Values of @op. */
#define UM_NET_ADD		0
#define UM_NET_DEL		1

/**
 * struct um_net_change - an address that the guest has, or has no more: 12 bytes
 * @op:		UM_NET_ADD or UM_NET_DEL
 * @addr:	the address
 * @mask:	its netmask
 */
struct um_net_change {
	um_s32	op;
	um_u8	addr[4];
	um_u8	mask[4];
};

/*
 * A line of the log of `slip up' that begins so has the name of the interface
 * behind it, where the helper itself carries the packets.  Debian's has none.
 */
#define UM_NET_SLIP_DEV		"* interface "

static_assert(sizeof(struct um_net_tuntap) == 16, "answer to tuntap");
static_assert(sizeof(struct um_net_log) == 4, "length of a log");
static_assert(sizeof(struct um_net_change) == 12, "change of an address");
static_assert(__builtin_offsetof(struct um_net_change, addr) == 4, "change of an address");
static_assert(__builtin_offsetof(struct um_net_change, mask) == 8, "change of an address");

#endif /* _UM_ABI_UML_NET_H */
