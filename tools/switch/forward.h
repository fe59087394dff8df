/* SPDX-License-Identifier: GPL-2.0 */
/* The decision where a frame goes; no socket, no clock. */
#ifndef SWITCH_FORWARD_H
#define SWITCH_FORWARD_H

#include "mac.h"
#include "vlan.h"

/**
 * struct forward - what decisions are made from
 * @macs:	the stations that were heard
 * @hub:	send everything everywhere, and learn nothing
 */
struct forward {
	struct mac_table	macs;
	bool			hub;
};

enum verdict {
	VERDICT_DROP,	/* to nobody */
	VERDICT_ONE,	/* to one port */
	VERDICT_FLOOD,	/* to all others of the VLAN */
};

/*
 * Where does @frame go, which came in at the port @from, a member of @vlan?
 * Learns its source, and fills in the frame's VLAN.  *@to is the port of
 * VERDICT_ONE; *@drop the reason of VERDICT_DROP, DROP_NONE where the station
 * is where the frame came from.
 */
enum verdict forward_frame(struct forward *forward, struct frame *frame,
			   struct mac_owner *from, const struct vlan *vlan, um_u64 now,
			   struct mac_owner **to, enum drop *drop);

#endif /* SWITCH_FORWARD_H */
