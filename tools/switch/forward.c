// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "forward.h"

static bool mac_is_group(const um_u8 *mac)
{
	return mac[0] & 1;
}

static bool mac_is_zero(const um_u8 *mac)
{
	static const um_u8 zero[MAC_LEN];

	return !memcmp(mac, zero, MAC_LEN);
}

static enum drop frame_check(const struct frame *frame)
{
	const um_u8 *source = frame->data + MAC_LEN;

	if (frame->len < UM_SWITCH_HEADER)
		return DROP_SHORT;
	if (frame->len > UM_SWITCH_FRAME_MAX)
		return DROP_LONG;
	if (mac_is_group(source) || mac_is_zero(source))
		return DROP_SOURCE;
	return DROP_NONE;
}

enum verdict forward_frame(struct forward *forward, struct frame *frame,
			   struct mac_owner *from, const struct vlan *vlan, um_u64 now,
			   struct mac_owner **to, enum drop *drop)
{
	*to = NULL;
	*drop = frame_check(frame);
	if (*drop == DROP_NONE && !vlan_ingress(vlan, frame))
		*drop = DROP_VLAN;
	if (*drop != DROP_NONE)
		return VERDICT_DROP;
	if (forward->hub)
		return VERDICT_FLOOD;
	mac_learn(&forward->macs, mac_key(frame->vid, frame->data + MAC_LEN), from, now);
	if (mac_is_group(frame->data))
		return VERDICT_FLOOD;
	*to = mac_find(&forward->macs, mac_key(frame->vid, frame->data), now);
	if (!*to)
		return VERDICT_FLOOD;
	return *to == from ? VERDICT_DROP : VERDICT_ONE;
}
