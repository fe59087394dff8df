// SPDX-License-Identifier: GPL-2.0
/*
 * Telnet: the input is a byte that says how many bytes of lengths follow, those lengths,
 * in turns that of a piece to be taken, and what the peer sends.
 */
#include <string.h>

#include <drivers/um/line/telnet.h>
#include "fuzz.h"

/* More than what is sent can become; a break is put into it as 3 bytes. */
struct outcome {
	struct telnet	t;
	unsigned int	events;
	um_u8		*data;
	size_t		len;
};

static const char may_be[] = "abcdefghijklmnopqrstuvwxyz0123456789._+-";

static void check_state(const struct telnet *t, const struct telnet *was, unsigned int now)
{
	size_t len = strnlen(t->term, sizeof(t->term));

	must(t->replies_len <= TELNET_REPLIES && t->replies_len >= was->replies_len);
	must(!memcmp(t->replies, was->replies, was->replies_len));
	must(t->sub_len <= TELNET_SUB + 1);
	must(t->spoken >= was->spoken);
	must(!(t->us.on & t->us.asked) && !(t->him.on & t->him.asked));

	must(len <= TELNET_NAME && strspn(t->term, may_be) == len);
	must(!len || !strchr("._+-", t->term[0]));
	must(len || !was->term[0]);
	must(now & TELNET_TERM || !strcmp(t->term, was->term));

	/* What is known of a size is not forgotten. */
	must(t->rows || !was->rows);
	must(t->cols || !was->cols);
	must(now & TELNET_SIZE || (t->rows == was->rows && t->cols == was->cols));
	must(!(now & TELNET_SIZE) || t->rows || t->cols);
	must(!now || t->spoken);
}

/* One call, of exactly that much. */
static size_t take(struct outcome *o, const uint8_t *bytes, size_t len)
{
	um_u8 *in = malloc(len), *out = malloc(len);
	struct telnet was = o->t;
	unsigned int now = 0;
	um_u64 used = ~0UL, n;

	memcpy(in, bytes, len);
	n = telnet_input(&o->t, out, in, len, &used, &now);
	must(n <= len && used <= len && (n || used));
	must(used == len || now & TELNET_BREAK || n == len);
	must(!(now & ~(TELNET_BREAK | TELNET_SIZE | TELNET_TERM)));
	must(!(now & TELNET_BREAK) || in[used - 1] == 243);
	check_state(&o->t, &was, now);
	memcpy(o->data + o->len, out, n);
	o->len += n;
	if (now & TELNET_BREAK) {
		memcpy(o->data + o->len, "BRK", 3);
		o->len += 3;
	}
	o->events |= now;
	free(in);
	free(out);
	return used;
}

/* @drain: the peer reads what we answer, in such pieces. */
static void run(struct outcome *o, const uint8_t *bytes, size_t len, const uint8_t *pieces,
		size_t nr_pieces, int drain)
{
	size_t at = 0, turn = 0, had = 0, start_len;
	const um_u8 *start;

	memset(o, 0, sizeof(*o));
	o->data = malloc(4 * len + 1);
	telnet_start(&o->t);
	start_len = telnet_replies(&o->t, &start);
	while (at < len) {
		size_t n = nr_pieces ? 1UL + pieces[turn++ % nr_pieces] : len;

		at += take(o, bytes + at, n < len - at ? n : len - at);
		if (drain) {
			size_t left = o->t.replies_len, gone = n < left ? n : left;
			um_u8 old[TELNET_REPLIES];

			memcpy(old, o->t.replies, left);
			telnet_replied(&o->t, n);
			had += gone;
			must(telnet_replies(&o->t, &start) == left - gone);
			must(!memcmp(start, old + gone, left - gone));
		}
	}
	/* The most is answered to who asks whether we are there. */
	must(had + o->t.replies_len <= start_len + 9 * len / 2);
}

static void must_be_same(struct outcome *a, struct outcome *b)
{
	must(a->events == b->events && a->len == b->len && !memcmp(a->data, b->data, a->len));
	/* Who reads the answers may get more of them, but means the same to us. */
	b->t.replies_len = a->t.replies_len;
	memcpy(b->t.replies, a->t.replies, sizeof(a->t.replies));
	must(!memcmp(&a->t, &b->t, sizeof(a->t)));
}

/* What is sent is what the other side finds in it, if it talks binary. */
static void check_output(const struct telnet *t, const uint8_t *bytes, size_t len,
			 const uint8_t *pieces, size_t nr_pieces)
{
	static const um_u8 binary[] = { 255, 251, 0 };
	um_u8 *wire = malloc(2 * len + 1), *back = malloc(2 * len + 1);
	size_t at = 0, wire_len = 0, turn = 0;
	unsigned int events = 0;
	struct telnet other;
	um_u64 used, n;

	while (at < len) {
		size_t room = 2 + (nr_pieces ? pieces[turn++ % nr_pieces] : 2 * len);
		um_u8 *out = malloc(room);

		n = telnet_output(t, out, room, bytes + at, len - at, &used);
		must(n && n <= room && used && used <= n && n <= 2 * used);
		must(used == len - at || n >= room - 1);
		memcpy(wire + wire_len, out, n);
		free(out);
		wire_len += n;
		at += used;
	}
	if (!t->spoken) {
		must(wire_len == len && !memcmp(wire, bytes, len));
	} else {
		telnet_start(&other);
		must(!telnet_input(&other, back, binary, sizeof(binary), &used, &events));
		n = telnet_input(&other, back, wire, wire_len, &used, &events);
		must(used == wire_len && n == len && !memcmp(back, bytes, len) && !events);
	}
	free(wire);
	free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, parts, drained;
	const uint8_t *pieces = data + 1;
	size_t nr_pieces, i;

	if (!size)
		return 0;
	nr_pieces = data[0] % 8;
	if (size < 1 + nr_pieces)
		return 0;
	data += 1 + nr_pieces;
	size -= 1 + nr_pieces;

	run(&whole, data, size, pieces, 0, 0);
	run(&parts, data, size, pieces, nr_pieces, 0);
	must(!memcmp(whole.t.replies, parts.t.replies, TELNET_REPLIES));
	must(whole.t.replies_len == parts.t.replies_len);
	must_be_same(&whole, &parts);
	run(&drained, data, size, pieces, nr_pieces, 1);
	must_be_same(&whole, &drained);

	/* Who sends no 0xff gets and gives what is there. */
	for (i = 0; i < size && data[i] != 255; i++)
		;
	if (i == size)
		must(whole.len == size && !memcmp(whole.data, data, size));
	check_output(&whole.t, data, size, pieces, nr_pieces);
	free(whole.data);
	free(parts.data);
	free(drained.data);
	return 0;
}
