/* SPDX-License-Identifier: GPL-2.0 */
/* A frame on its way through the switch, and why it may not get through. */
#ifndef SWITCH_FRAME_H
#define SWITCH_FRAME_H

#include <stdbool.h>
#include <um/abi/switch.h>

#define MAC_LEN		6
#define MACS_LEN	(2 * MAC_LEN)
#define TAG_LEN		4

/**
 * struct frame - one frame as it was received
 * @data:	destination, source, then the tag if there is one, type, payload
 * @len:	bytes at @data
 * @vid:	the VLAN that it belongs to; 0 where the switch knows no VLANs
 * @tagged:	it came with a tag
 * @tag:	the tag that it has where it leaves with one
 */
struct frame {
	um_u8	*data;
	um_u32	len;
	um_u16	vid;
	bool	tagged;
	um_u8	tag[TAG_LEN];
};

/* Why a frame that came in goes nowhere. */
enum drop {
	DROP_NONE,
	DROP_SHORT,	/* no whole Ethernet header */
	DROP_LONG,	/* more than UM_SWITCH_FRAME_MAX bytes */
	DROP_SOURCE,	/* from a group address, or from 0 */
	DROP_VLAN,	/* of a VLAN that the port is no member of */
	NR_DROPS,
};

#endif /* SWITCH_FRAME_H */
