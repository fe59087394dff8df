// SPDX-License-Identifier: GPL-2.0
/*
 * uml_switch: the input is a request on its control socket, or, where the first byte is
 * odd, the VLANs of a port, a line of text, and frames that come in there.
 */
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <tools/switch/forward.h>
#include <tools/switch/request.h>
#include "fuzz.h"

/* ---- requests ------------------------------------------------------------------ */

/* However it comes in parts, it is the same. */
static void ask(const uint8_t *data, size_t size)
{
	enum request_state state = REQUEST_PART;
	struct request request, again;
	size_t len;

	memset(&request, 0, sizeof(request));
	for (len = 0; len <= size && state == REQUEST_PART; len++) {
		uint8_t *part = malloc(len ?: 1);

		memcpy(part, data, len);
		state = request_parse(part, len, &request);
		free(part);
	}
	if (state == REQUEST_PART)
		return;
	memset(&again, 0, sizeof(again));
	must(request_parse(data, size, &again) == state);
	if (state == REQUEST_BAD) {
		must(request.wrong && request.wrong[0]);
		return;
	}
	must(again.version == request.version && again.end == request.end);
	must(request.version <= 1 || request.version == UM_SWITCH_VERSION);
	must(request.end == len - 1 && request.end <= size && request.end <= UM_SWITCH_REQUEST_MAX);
	must(request.addr.family == AF_UNIX);
	must(request.addr_len > offsetof(struct um_switch_addr, path));
	must(request.addr_len <= sizeof(request.addr));
	must(request_addr_len(&request.addr) == request.addr_len);
	/* What bind(2) and connect(2) are given ends where it says. */
	if (request.addr.path[0])
		must(!((const char *)&request.addr)[request.addr_len - 1]);
}

/* ---- VLANs, and where frames go -------------------------------------------------- */

static void pass(struct forward *sw, struct mac_owner *from, const struct vlan *vlan,
		 const uint8_t *bytes, size_t len, um_u64 now)
{
	struct frame frame = { .data = malloc(len ?: 1), .len = len };
	struct iovec iov[VLAN_PIECES];
	struct mac_owner *to = NULL;
	enum drop drop = DROP_NONE;
	enum verdict verdict;
	size_t sum = 0;
	int n, i;

	memcpy(frame.data, bytes, len);
	verdict = forward_frame(sw, &frame, from, vlan, now, &to, &drop);
	if (verdict == VERDICT_DROP) {
		must(drop < NR_DROPS);
	} else {
		must(len >= UM_SWITCH_HEADER && !(frame.data[MAC_LEN] & 1));
		must(verdict == VERDICT_FLOOD || (to && to != from));
		must(vlan->mode == VLAN_UNAWARE || (frame.vid && frame.vid <= VLAN_MAX));
		must(vlan->mode == VLAN_UNAWARE || vlan_is_member(vlan, frame.vid));
		n = vlan_egress(vlan, &frame, iov);
		must(n > 0 && n <= VLAN_PIECES);
		for (i = 0; i < n; i++)
			sum += iov[i].iov_len;
		must(sum + TAG_LEN >= len && sum <= len + TAG_LEN);
	}
	free(frame.data);
}

static void frames(const uint8_t *data, size_t size)
{
	static struct mac_owner a = { .limit = 4 }, b = { .limit = 4 };
	struct forward sw = { };
	struct vlan vlan;
	char *spec;
	size_t n;
	um_u64 now = 0;

	for (n = 0; n < size && data[n] != '\n'; n++)
		;
	spec = malloc(n + 1);
	memcpy(spec, data, n);
	spec[n] = 0;
	memset(&vlan, 0, sizeof(vlan));
	if (!n || vlan_parse(&vlan, spec))
		memset(&vlan, 0, sizeof(vlan));
	else
		must(vlan.mode != VLAN_UNAWARE && vlan.pvid <= VLAN_MAX);
	free(spec);
	must(!mac_table_init(&sw.macs, 8, 300, 1));
	a.macs = 0;
	b.macs = 0;
	data += n < size ? n + 1 : n;
	size -= n < size ? n + 1 : n;
	while (size) {
		size_t len = data[0] < size - 1 ? data[0] : size - 1;

		pass(&sw, now % 2 ? &a : &b, &vlan, data + 1, len, now);
		must(a.macs <= a.limit && b.macs <= b.limit);
		data += 1 + len;
		size -= 1 + len;
		now += 100;
	}
	mac_table_free(&sw.macs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 1)
		frames(data + 1, size - 1);
	else
		ask(data + 1, size - 1);
	return 0;
}
