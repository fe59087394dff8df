// SPDX-License-Identifier: GPL-2.0
/*
 * Frames on lines and streams of bytes.  The first byte of the input says which framing;
 * the rest is what comes from the other side, and what goes there.
 */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <string.h>

#include <net/um/slirp_host.h>
#include <um/slip.h>
#include <um/stream.h>
#include "fuzz.h"

/* ---- SLIP -------------------------------------------------------------------- */

#define SLIP_SIZE	256

static void slip_line(const uint8_t *data, size_t size)
{
	struct um_slip slip = { .packet = malloc(SLIP_SIZE), .size = SLIP_SIZE };
	size_t taken = 0, i;

	for (i = 0; i < size; i++) {
		um_u32 len = um_slip_decode(&slip, data[i]);

		must(len <= SLIP_SIZE && slip.len <= SLIP_SIZE);
		must(!len || data[i] == UM_SLIP_END);
		taken += len;
	}
	/* No byte of a packet comes from nowhere. */
	must(taken <= size);
	free(slip.packet);
}

/* What is sent is what comes, whatever was on the line before. */
static void slip_there_and_back(const uint8_t *data, size_t size)
{
	um_u8 *line = malloc(UM_SLIP_ENCODED_MAX(size)), *packet = malloc(size ?: 1);
	struct um_slip slip = { .packet = packet, .size = size };
	um_u32 n = um_slip_encode(data, size, line), got = 0, i;

	must(n <= UM_SLIP_ENCODED_MAX(size));
	um_slip_decode(&slip, 'x');
	um_slip_decode(&slip, UM_SLIP_ESC);
	for (i = 0; i < n; i++) {
		must(!got);
		got = um_slip_decode(&slip, line[i]);
	}
	must(got == size && !memcmp(packet, data, size));
	free(line);
	free(packet);
}

/* ---- streams ----------------------------------------------------------------- */

#define STREAM_MAX	300

/* All frames, one behind the other with their lengths: what a reader made of it. */
struct taken {
	um_u8	*bytes;
	size_t	len;
	int	is_bad;
};

/* @step: bytes that come at a time; 0: as many as there is room for. */
static void stream_read(struct taken *taken, const uint8_t *data, size_t size, um_u32 step)
{
	struct um_stream s = { .bytes = malloc(2 * STREAM_MAX), .size = 2 * STREAM_MAX,
			       .max = STREAM_MAX };
	size_t at = 0;

	taken->bytes = malloc(size ?: 1);
	taken->len = 0;
	for (;;) {
		um_u32 len, room;
		const um_u8 *frame;
		um_u8 *to;

		while ((frame = um_stream_next(&s, &len))) {
			must(len <= STREAM_MAX);
			must(taken->len + UM_STREAM_LENGTH + len <= at);
			um_stream_set_length(taken->bytes + taken->len, len);
			memcpy(taken->bytes + taken->len + UM_STREAM_LENGTH, frame, len);
			taken->len += UM_STREAM_LENGTH + len;
		}
		must(s.start <= s.end && s.end <= s.size);
		taken->is_bad = um_stream_is_bad(&s);
		if (taken->is_bad || at == size)
			break;
		to = um_stream_room(&s, &room);
		must(room && to + room == s.bytes + s.size);
		if (step && room > step)
			room = step;
		if (room > size - at)
			room = size - at;
		memcpy(to, data + at, room);
		s.end += room;
		at += room;
	}
	must(!memcmp(taken->bytes, data, taken->len));
	free(s.bytes);
}

static void stream(const uint8_t *data, size_t size)
{
	struct taken whole, parts;
	um_u32 step = size ? 1 + data[0] % 16 : 1;

	stream_read(&whole, data, size, 0);
	stream_read(&parts, data, size, step);
	must(whole.len == parts.len && whole.is_bad == parts.is_bad);
	must(!memcmp(whole.bytes, parts.bytes, whole.len));
	free(whole.bytes);
	free(parts.bytes);
}

/* ---- fragments of IPv4 --------------------------------------------------------- */

/* Noise seldom has a checksum that is right. */
static void mend(uint8_t *frame, size_t size)
{
	struct iphdr ip;
	unsigned int sum = 0, i;
	size_t header;

	if (size < ETHER_HDR_LEN + sizeof(ip))
		return;
	memcpy(&ip, frame + ETHER_HDR_LEN, sizeof(ip));
	header = 4 * ip.ihl;
	if (header < sizeof(ip) || size < ETHER_HDR_LEN + header)
		return;
	ip.check = 0;
	memcpy(frame + ETHER_HDR_LEN, &ip, sizeof(ip));
	for (i = 0; i < header; i += 2)
		sum += frame[ETHER_HDR_LEN + i] << 8 | frame[ETHER_HDR_LEN + i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	ip.check = htons(~(sum + (sum >> 16)));
	memcpy(frame + ETHER_HDR_LEN, &ip, sizeof(ip));
}

static unsigned int total_length(const uint8_t *frame)
{
	struct iphdr ip;

	memcpy(&ip, frame + ETHER_HDR_LEN, sizeof(ip));
	return ETHER_HDR_LEN + ntohs(ip.tot_len);
}

/* The fragment @frame has completed @packet. */
static void check_packet(const uint8_t *packet, size_t len, const uint8_t *frame)
{
	must(len > ETHER_HDR_LEN + sizeof(struct iphdr));
	must(len <= ETHER_HDR_LEN + IP_MAXPACKET && len == total_length(packet));
	/* No more fragments, and no offset. */
	must(!packet[ETHER_HDR_LEN + 6] && !packet[ETHER_HDR_LEN + 7]);
	must(packet[len - 1] == frame[total_length(frame) - 1]);
}

/* Frames behind bytes with their lengths. */
static void fragments(const uint8_t *data, size_t size)
{
	while (size) {
		size_t n = data[0] < size - 1 ? data[0] : size - 1, len = n;
		uint8_t *frame = malloc(n ?: 1);
		const uint8_t *out;

		memcpy(frame, data + 1, n);
		mend(frame, n);
		out = um_slirp_whole_packet(frame, &len);
		if (out && out != frame)
			check_packet(out, len, frame);
		else
			must(!out || len == n);
		free(frame);
		data += 1 + n;
		size -= 1 + n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	switch (data[0] % 4) {
	case 0:
		slip_line(data + 1, size - 1);
		break;
	case 1:
		if (size > 1)
			slip_there_and_back(data + 1, size - 1);
		break;
	case 2:
		stream(data + 1, size - 1);
		break;
	default:
		fragments(data + 1, size - 1);
	}
	return 0;
}
