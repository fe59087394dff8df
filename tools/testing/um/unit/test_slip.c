// SPDX-License-Identifier: GPL-2.0
/* SLIP: packets, their form on the line, and lines of anything. */
#include <stdlib.h>
#include "unit.h"
#include <um/slip.h>

#define SIZE	1500

static um_u8 room[SIZE];
static struct um_slip slip = { .packet = room, .size = SIZE };

/* The length of the last packet in some bytes, and how many there were. */
static um_u32 decode(const void *bytes, um_u32 len, um_u32 *packets)
{
	um_u32 i, n, last = 0;

	*packets = 0;
	for (i = 0; i < len; i++) {
		n = um_slip_decode(&slip, ((const um_u8 *)bytes)[i]);
		if (n) {
			last = n;
			++*packets;
		}
	}
	return last;
}

static void test_known(void)
{
	static const um_u8 packet[] = {
		'x', UM_SLIP_END, UM_SLIP_ESC, UM_SLIP_ESC_END, UM_SLIP_ESC_ESC
	};
	static const um_u8 line[] = "\xc0x\xdb\xdc\xdb\xdd\xdc\xdd\xc0";
	um_u8 out[UM_SLIP_ENCODED_MAX(sizeof(packet))];
	um_u32 packets;

	is(um_slip_encode(packet, sizeof(packet), out), sizeof(line) - 1, "a packet on the line");
	ok(!memcmp(out, line, sizeof(line) - 1), "its bytes");
	is(decode(line, sizeof(line) - 1, &packets), sizeof(packet), "and back");
	is(packets, 1, "it is one");
	ok(!memcmp(room, packet, sizeof(packet)), "it is the same");
	is(um_slip_encode(packet, 0, out), 2, "an empty one is two bytes");
	decode("\xc0\xc0\xc0", 3, &packets);
	is(packets, 0, "and no packet");
}

static void test_broken(void)
{
	static um_u8 line[SIZE + 2];
	um_u32 packets;

	is(decode("x\xdby\xc0xy\xc0", 7, &packets), 2, "an escape that is none, and a packet");
	is(packets, 1, "and alone");
	is(decode("x\xdb\xc0xy\xc0", 6, &packets), 2, "an escape that is cut off, and a packet");
	is(packets, 1, "and alone");
	memset(line, 'x', SIZE);
	line[SIZE] = UM_SLIP_END;
	is(decode(line, SIZE + 1, &packets), SIZE, "the largest packet");
	line[SIZE] = 'x';
	line[SIZE + 1] = UM_SLIP_END;
	decode(line, SIZE + 2, &packets);
	is(packets, 0, "a larger one is dropped");
	is(decode("xy\xc0", 3, &packets), 2, "and the next is good");
}

static void test_random(void)
{
	static const um_u8 often[] = { UM_SLIP_END, UM_SLIP_ESC, UM_SLIP_ESC_END, UM_SLIP_ESC_ESC };
	unsigned int seed = 11, i, wrong = 0;
	um_u32 len, n, at, packets;
	um_u8 *packet, *line;

	for (i = 0; i < 20000; i++) {
		len = 1 + rand_r(&seed) % (i % 100 ? 64 : SIZE);
		packet = malloc(len);
		line = malloc(UM_SLIP_ENCODED_MAX(len));
		for (at = 0; at < len; at++)
			packet[at] = i % 2 ? often[rand_r(&seed) % 4] : rand_r(&seed) >> 7;
		n = um_slip_encode(packet, len, line);
		wrong += decode(line, n, &packets) != len || packets != 1 ||
			 memcmp(room, packet, len);
		/* A line of such bytes, which is no packet of anybody. */
		decode(packet, len, &packets);
		decode("\xc0", 1, &packets);
		free(packet);
		free(line);
	}
	is(wrong, 0, "20,000 random packets come back, and nothing else");
}

int main(void)
{
	test_known();
	test_broken();
	test_random();
	return done();
}
