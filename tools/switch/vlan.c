// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "vlan.h"

#define TPID_HIGH	0x81
#define TPID_LOW	0x00
#define VID_MASK	0x0fff

static void vlan_add(struct vlan *vlan, um_u16 vid)
{
	vlan->member[vid / 64] |= 1UL << vid % 64;
}

void vlan_set_access(struct vlan *vlan, um_u16 vid)
{
	*vlan = (struct vlan) { .mode = VLAN_ACCESS, .pvid = vid };
	vlan_add(vlan, vid);
}

/* The number at *@text, which moves behind it; 0 when it is none. */
static um_u16 vlan_number(const char **text)
{
	unsigned int vid = 0;

	while (**text >= '0' && **text <= '9') {
		vid = vid * 10 + *(*text)++ - '0';
		if (vid > VLAN_MAX)
			return 0;
	}
	return vid;
}

static const char *vlan_item(struct vlan *vlan, const char **text)
{
	static const char native[] = "native=";
	bool is_native = !strncmp(*text, native, strlen(native));
	um_u16 first, last;

	if (is_native)
		*text += strlen(native);
	first = vlan_number(text);
	last = first;
	if (!is_native && first && **text == '-') {
		(*text)++;
		last = vlan_number(text);
	}
	if (!first || !last)
		return "a VLAN is a number from 1 to 4094";
	if (last < first)
		return "a range ends before it begins";
	if (is_native)
		vlan->pvid = first;
	for (; first <= last; first++)
		vlan_add(vlan, first);
	return NULL;
}

static const char *vlan_trunk(struct vlan *vlan, const char *items)
{
	bool all = true;
	const char *wrong;

	*vlan = (struct vlan) { .mode = VLAN_TRUNK };
	while (*items) {
		/* The native VLAN alone does not make a list. */
		all = all && !strncmp(items, "native=", 7);
		wrong = vlan_item(vlan, &items);
		if (wrong)
			return wrong;
		if (*items && (*items++ != ',' || !*items))
			return "the items of a trunk are ID, ID-ID or native=ID";
	}
	if (all)
		memset(vlan->member, 0xff, sizeof(vlan->member));
	return NULL;
}

const char *vlan_parse(struct vlan *vlan, const char *spec)
{
	um_u16 vid;

	if (!strcmp(spec, "trunk"))
		return vlan_trunk(vlan, "");
	if (!strncmp(spec, "trunk:", 6)) {
		if (!spec[6])
			return "trunk: without VLANs";
		return vlan_trunk(vlan, spec + 6);
	}
	vid = vlan_number(&spec);
	if (!vid || *spec)
		return "neither a VLAN from 1 to 4094 nor trunk[:ITEM[,ITEM]...]";
	vlan_set_access(vlan, vid);
	return NULL;
}

bool vlan_is_member(const struct vlan *vlan, um_u16 vid)
{
	if (vlan->mode == VLAN_UNAWARE)
		return true;
	return vlan->member[vid / 64] >> vid % 64 & 1;
}

bool vlan_ingress(const struct vlan *vlan, struct frame *frame)
{
	const um_u8 *tag = frame->data + MACS_LEN;
	um_u16 tci = 0;

	frame->vid = 0;
	frame->tagged = false;
	if (vlan->mode == VLAN_UNAWARE)
		return true;
	if (frame->len >= UM_SWITCH_HEADER + TAG_LEN &&
	    tag[0] == TPID_HIGH && tag[1] == TPID_LOW) {
		frame->tagged = true;
		tci = tag[2] << 8 | tag[3];
	}
	/* A tag of VLAN 0 carries a priority and no VLAN. */
	frame->vid = tci & VID_MASK;
	if (!frame->vid)
		frame->vid = vlan->pvid;
	tci = (tci & ~VID_MASK) | frame->vid;
	frame->tag[0] = TPID_HIGH;
	frame->tag[1] = TPID_LOW;
	frame->tag[2] = tci >> 8;
	frame->tag[3] = tci & 0xff;
	return frame->vid && frame->vid <= VLAN_MAX && vlan_is_member(vlan, frame->vid);
}

int vlan_egress(const struct vlan *vlan, struct frame *frame, struct iovec *iov)
{
	bool with_tag = vlan->mode == VLAN_TRUNK && frame->vid != vlan->pvid;
	um_u32 payload = MACS_LEN + (frame->tagged ? TAG_LEN : 0);
	int n = 0;

	if (vlan->mode == VLAN_UNAWARE || (!with_tag && !frame->tagged)) {
		iov[n++] = (struct iovec) { frame->data, frame->len };
		return n;
	}
	iov[n++] = (struct iovec) { frame->data, MACS_LEN };
	if (with_tag)
		iov[n++] = (struct iovec) { frame->tag, TAG_LEN };
	iov[n++] = (struct iovec) { frame->data + payload, frame->len - payload };
	return n;
}
