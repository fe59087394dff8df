// SPDX-License-Identifier: GPL-2.0
/* VLANs of uml_switch: how they are written, who gets a frame, and with what tag. */
#include "unit.h"
#include "tools/lib/tools.h"
#include "tools/switch/vlan.h"

/* What leaves at one member of what came in at another; "-": nothing came in. */
static const char *through(const char *in, const char *out, const char *frame_hex)
{
	static char text[256];
	struct iovec iov[VLAN_PIECES];
	struct vlan from, to;
	struct frame frame;
	um_u8 bytes[64];
	int i, n, at = 0;
	unsigned int byte;
	size_t j;

	vlan_parse(&from, in);
	vlan_parse(&to, out);
	for (i = 0; sscanf(frame_hex + 2 * i, "%2x", &byte) == 1; i++)
		bytes[i] = byte;
	frame = (struct frame) { .data = bytes, .len = i };
	if (!vlan_ingress(&from, &frame))
		return "-";
	if (!vlan_is_member(&to, frame.vid))
		return "no member";
	n = vlan_egress(&to, &frame, iov);
	for (i = 0; i < n; i++)
		for (j = 0; j < iov[i].iov_len; j++)
			at += sprintf(text + at, "%02x", ((um_u8 *)iov[i].iov_base)[j]);
	return text;
}

#define MACS	"020000000001020000000002"
#define PLAIN	MACS "0800aabbccdd"
#define PROVIDER MACS "88a800060800"
#define TAG(tci) MACS "8100" tci "0800aabbccdd"

static void refuses(const char *spec)
{
	struct vlan vlan;
	const char *why = vlan_parse(&vlan, spec);

	ok(why, "'%s' is refused: %s", spec, why ? why : "it is not");
}

static int members(const char *spec)
{
	struct vlan vlan;
	int n = 0, vid;

	if (vlan_parse(&vlan, spec))
		return -1;
	for (vid = 1; vid <= VLAN_MAX; vid++)
		n += vlan_is_member(&vlan, vid);
	return n;
}

int main(void)
{
	static const char *const wrong[] = {
		"", "0", "4095", "99999999999999999999", "x", "5x", "-1", " 5", "trunk:", "trunk:,",
		"trunk:5,", "trunk:,5", "trunk:5-", "trunk:7-5", "trunk:0-5", "trunk:1-4095",
		"trunk:native=", "trunk:native=0", "trunk:native=5-6", "trunk:5;6", "trunks",
		"trunk5",
	};
	struct vlan unaware = { .mode = VLAN_UNAWARE };
	um_u8 bytes[] = "\2\0\0\0\0\1\2\0\0\0\0\2\x81\0\0\7\x08\0xx";
	struct frame frame = { .data = bytes, .len = sizeof(bytes) - 1 };
	struct iovec iov[VLAN_PIECES];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		refuses(wrong[i]);
	is(members("5"), 1, "an access port has one VLAN");
	is(members("trunk"), VLAN_MAX, "a trunk has all");
	is(members("trunk:native=5"), VLAN_MAX, "one with a native VLAN, too");
	is(members("trunk:1-10,4094,20"), 12, "or those that are listed");
	is(members("trunk:1-10,native=99"), 11, "and its native one");

	is_str(through("5", "5", PLAIN), PLAIN, "access to access");
	is_str(through("5", "6", PLAIN), "no member", "but not to another VLAN");
	is_str(through("5", "trunk", PLAIN), TAG("0005"), "access to trunk: a tag comes on");
	is_str(through("trunk", "5", TAG("0005")), PLAIN, "trunk to access: it comes off");
	is_str(through("trunk", "5", TAG("6005")), PLAIN, "whatever its priority");
	is_str(through("trunk", "6", TAG("0005")), "no member", "but not to another VLAN");
	is_str(through("trunk", "trunk", TAG("a005")), TAG("a005"), "trunk to trunk: it stays");
	is_str(through("trunk", "trunk:1-4", TAG("0005")), "no member", "where it is a member");
	is_str(through("trunk:1-4", "trunk", TAG("0005")), "-", "and came from one");
	is_str(through("trunk", "trunk", PLAIN), "-", "a trunk takes none without a tag");
	is_str(through("trunk:native=5", "5", PLAIN), PLAIN, "unless it has a native VLAN");
	is_str(through("5", "trunk:native=5", PLAIN), PLAIN, "which leaves without a tag");
	is_str(through("trunk", "trunk:native=5", TAG("0005")), PLAIN, "even if it came with one");
	is_str(through("trunk:native=5", "trunk", PLAIN), TAG("0005"), "and gets one elsewhere");
	is_str(through("5", "trunk", TAG("6000")), TAG("6005"), "a priority is no VLAN");
	is_str(through("5", "5", TAG("6000")), PLAIN, "and is gone at an access port");
	is_str(through("5", "trunk", TAG("0006")), "-", "no way from one VLAN to another");
	is_str(through("5", "5", TAG("0005")), PLAIN, "its own VLAN's tag is taken");
	is_str(through("trunk", "5", TAG("0fff")), "-", "VLAN 4095 does not exist");
	is_str(through("trunk", "trunk", MACS "81000005"), "-", "half a tag is none");
	is_str(through("5", "trunk", MACS "81000005"), MACS "8100000581000005",
	       "and is payload at an access port");
	is_str(through("5", "5", PROVIDER), PROVIDER, "a provider's tag is payload");

	ok(vlan_ingress(&unaware, &frame) && !frame.vid, "without VLANs a tag means nothing");
	ok(vlan_egress(&unaware, &frame, iov) == 1 && iov[0].iov_len == frame.len, "and stays");
	return done();
}
