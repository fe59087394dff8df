/* SPDX-License-Identifier: GPL-2.0 */
/* VLANs (IEEE 802.1Q): who is a member of which, and tags on and off. */
#ifndef SWITCH_VLAN_H
#define SWITCH_VLAN_H

#include <sys/uio.h>
#include "frame.h"

#define VLAN_MAX	4094
#define VLAN_DEFAULT	1

enum vlan_mode {
	VLAN_UNAWARE,	/* frames pass as they are */
	VLAN_ACCESS,	/* one VLAN, without tags */
	VLAN_TRUNK,	/* many, with tags */
};

/**
 * struct vlan - what the ports of an endpoint are members of
 * @mode:	how frames look there
 * @pvid:	the VLAN of frames without a tag; 0 when a trunk takes none
 * @member:	a bit for each VLAN
 */
struct vlan {
	enum vlan_mode	mode;
	um_u16		pvid;
	um_u64		member[(VLAN_MAX + 64) / 64];
};

/* An access port of VLAN @vid. */
void vlan_set_access(struct vlan *vlan, um_u16 vid);

/*
 * Reads "ID" (an access port), "trunk" or "trunk:ITEM[,ITEM]...", an item being
 * ID, ID-ID, or native=ID.  Returns NULL, or what is wrong.
 */
const char *vlan_parse(struct vlan *vlan, const char *spec);

bool vlan_is_member(const struct vlan *vlan, um_u16 vid);

/*
 * Finds the VLAN of a frame that has a whole header and came in at @vlan, and
 * fills in ->vid, ->tagged and ->tag.  False: the port is no member of it.
 */
bool vlan_ingress(const struct vlan *vlan, struct frame *frame);

#define VLAN_PIECES	3

/*
 * Puts together how the frame leaves at a member of its VLAN: @iov points into
 * it.  Returns the number of pieces, at most VLAN_PIECES.
 */
int vlan_egress(const struct vlan *vlan, struct frame *frame, struct iovec *iov);

#endif /* SWITCH_VLAN_H */
