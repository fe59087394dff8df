// SPDX-License-Identifier: GPL-2.0
/* Where uml_switch sends a frame, and the queue of what it cannot send yet. */
#include "unit.h"
#include "tools/switch/forward.h"
#include "tools/switch/queue.h"

#define AGE	1000
#define MAX	UM_SWITCH_FRAME_MAX

static struct forward sw;
static struct vlan one, two, unaware;
static struct mac_owner a = { .limit = 8 }, b = { .limit = 8 };
static struct mac_owner *to;
static enum drop drop;

static enum verdict forward(struct mac_owner *from, const struct vlan *vlan, const char *dst,
			    const char *src, um_u32 len, um_u64 now)
{
	static um_u8 bytes[UM_SWITCH_FRAME_MAX + 1];
	struct frame frame = { .data = bytes, .len = len };

	memcpy(bytes, dst, MAC_LEN);
	memcpy(bytes + MAC_LEN, src, MAC_LEN);
	return forward_frame(&sw, &frame, from, vlan, now, &to, &drop);
}

#define ALL	"\xff\xff\xff\xff\xff\xff"
#define GROUP	"\1\0\x5e\0\0\1"
#define A	"\2\0\0\0\0\1"
#define B	"\2\0\0\0\0\2"
#define ZERO	"\0\0\0\0\0\0"

static void test_forward(void)
{
	is(forward(&a, &unaware, B, A, 60, 0), VERDICT_FLOOD, "an unknown one is anywhere");
	is(forward(&b, &unaware, A, B, 60, 0), VERDICT_ONE, "one that was heard is not");
	ok(to == &a, "it is at its port");
	is(forward(&a, &unaware, ALL, A, 60, 0), VERDICT_FLOOD, "a broadcast goes everywhere");
	is(forward(&a, &unaware, GROUP, A, 60, 0), VERDICT_FLOOD, "a multicast too");
	is(forward(&a, &unaware, A, A, 60, 0), VERDICT_DROP, "nothing goes back");
	is(drop, DROP_NONE, "which is no error");
	is(forward(&a, &unaware, B, A, 60, AGE - 1), VERDICT_ONE, "until it is too old");
	is(forward(&a, &unaware, B, A, 60, AGE), VERDICT_FLOOD, "then it is anywhere again");
	is(forward(&a, &unaware, ALL, GROUP, 60, 0), VERDICT_DROP, "a group sends nothing");
	is(drop, DROP_SOURCE, "and that is an error");
	is(forward(&a, &unaware, ALL, ZERO, 60, 0), VERDICT_DROP, "neither does address 0");
	is(forward(&a, &unaware, ALL, A, 13, 0), VERDICT_DROP, "13 bytes are no frame");
	is(drop, DROP_SHORT, "but too short");
	is(forward(&a, &unaware, ALL, A, 0, 0), VERDICT_DROP, "as is nothing");
	is(forward(&a, &unaware, ALL, A, 14, 0), VERDICT_FLOOD, "14 bytes are one");
	is(forward(&a, &unaware, ALL, A, MAX, 0), VERDICT_FLOOD, "as is the largest");
	is(forward(&a, &unaware, ALL, A, MAX + 1, 0), VERDICT_DROP, "more is not");
	is(drop, DROP_LONG, "but too long");
}

static void test_vlans(void)
{
	vlan_set_access(&one, 1);
	vlan_set_access(&two, 2);
	forward(&a, &one, ALL, A, 60, 0);
	is(forward(&b, &two, A, B, 60, 0), VERDICT_FLOOD, "a station of another VLAN is not known");
	is(forward(&b, &one, A, B, 60, 0), VERDICT_ONE, "in its own it is");
}

static void test_hub(void)
{
	sw.hub = true;
	forward(&a, &unaware, ALL, A, 60, 0);
	is(forward(&b, &unaware, A, B, 60, 0), VERDICT_FLOOD, "a hub sends everything everywhere");
	is(sw.macs.used, 0, "and learns nothing");
}

#define QUEUES	8

static um_u8 bytes[MAX];

static void test_queue(void)
{
	struct iovec iov[2] = { { "first", 5 }, { " one", 4 } };
	um_u64 limit = 3 * (sizeof(struct queued) + 9), total = 0;
	struct iovec large = { bytes, sizeof(bytes) };
	struct queue queue, many[QUEUES];
	int i, pushed = 0;

	queue_init(&queue);
	for (i = 0; i < 10; i++)
		pushed += queue_push(&queue, iov, 2, limit);
	is(pushed, 3, "a queue takes what its limit allows");
	ok(queue.head->len == 9 && !memcmp(queue.head->data, "first one", 9),
	   "the pieces are put together");
	queue_pop(&queue);
	iov[0].iov_base = "other";
	ok(queue_push(&queue, iov, 1, limit), "there is room when one has left");
	queue_pop(&queue);
	queue_pop(&queue);
	ok(queue.head->len == 5 && !memcmp(queue.head->data, "other", 5), "the order is kept");
	queue_clear(&queue);
	ok(!queue.head && !queue.bytes, "nothing is left");

	/* Many queues within their own limits. */
	for (i = 0; i < QUEUES; i++) {
		queue_init(&many[i]);
		while (queue_push(&many[i], &large, 1, QUEUE_TOTAL_MAX / 4))
			total += large.iov_len;
	}
	ok(total > QUEUE_TOTAL_MAX / 2 && total < QUEUE_TOTAL_MAX,
	   "all queues together have a limit");
	for (i = 0; i < QUEUES; i++)
		queue_clear(&many[i]);
	ok(queue_push(&queue, iov, 1, limit), "and when others are empty there is room again");
	queue_clear(&queue);
}

int main(void)
{
	mac_table_init(&sw.macs, 16, AGE, 5);
	test_forward();
	mac_forget(&sw.macs, &a);
	mac_forget(&sw.macs, &b);
	test_vlans();
	mac_forget(&sw.macs, &a);
	mac_forget(&sw.macs, &b);
	test_hub();
	test_queue();
	mac_table_free(&sw.macs);
	return done();
}
