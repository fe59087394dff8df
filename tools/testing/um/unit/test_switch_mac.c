// SPDX-License-Identifier: GPL-2.0
/* The table of stations of uml_switch: limits, aging, moves. */
#include <stdlib.h>
#include "unit.h"
#include "tools/switch/mac.h"

#define AGE	100000
#define LIMIT	64

static um_u64 station(unsigned int n)
{
	const um_u8 mac[MAC_LEN] = { 2, 0, n >> 24, n >> 16, n >> 8, n };

	return mac_key(0, mac);
}

/* The table's lists and counters agree with its entries. */
static bool consistent(const struct mac_table *table, const struct mac_owner *a,
		       const struct mac_owner *b)
{
	um_u32 used = 0, free_entries = 0, of_a = 0, of_b = 0, i;
	const struct mac_entry *e;

	for (i = 0; i <= table->mask; i++)
		for (e = table->bucket[i]; e; e = e->next) {
			used++;
			of_a += e->owner == a;
			of_b += e->owner == b;
		}
	for (e = table->free; e; e = e->next)
		free_entries++;
	return used == table->used && used + free_entries == table->limit &&
	       of_a == a->macs && of_b == b->macs && of_a + of_b == used;
}

static void test_aging(void)
{
	struct mac_owner a = { .limit = LIMIT }, b = { .limit = LIMIT };
	struct mac_table table;

	is(mac_table_init(&table, LIMIT, AGE, 1), 0, "a table");
	ok(!mac_find(&table, station(1), 5), "nothing is known at first");
	ok(mac_learn(&table, station(1), &a, 5), "a station is learned");
	ok(mac_find(&table, station(1), 5 + AGE - 1) == &a, "and known until its age");
	ok(!mac_find(&table, station(1), 5 + AGE), "and not after it");
	ok(mac_learn(&table, station(1), &a, 5 + AGE), "it comes back");
	is(a.macs, 1, "and counts once");
	ok(mac_learn(&table, station(1), &b, 6 + AGE), "it moves to another port");
	ok(mac_find(&table, station(1), 6 + AGE) == &b, "and is found there");
	is(a.macs, 0, "no longer at the first");
	mac_learn(&table, mac_key(7, (const um_u8 *)"\2\0\0\0\0\1"), &a, 6 + AGE);
	ok(mac_find(&table, station(1), 6 + AGE) == &b, "not the one of another VLAN");
	mac_forget(&table, &b);
	ok(!mac_find(&table, station(1), 6 + AGE), "a port that goes takes its stations along");
	is(table.used, 1, "and only its own");
	mac_sweep(&table, 6 + 2 * AGE);
	is(table.used, 0, "sweeping takes what is old");
	ok(consistent(&table, &a, &b), "all counts agree");
	mac_table_free(&table);
}

static void test_limits(void)
{
	struct mac_owner a = { .limit = LIMIT }, b = { .limit = 10 };
	struct mac_table table;
	unsigned int n, learned = 0;

	mac_table_init(&table, LIMIT, AGE, 99);
	for (n = 0; n < 1000; n++)
		learned += mac_learn(&table, station(n), &b, 2000);
	is(learned, 10, "a port has no more stations than it may");
	ok(mac_find(&table, station(9), 2000) == &b, "those that came first stay");
	for (n = 1000; n < 2000; n++)
		learned += mac_learn(&table, station(n), &a, 2000);
	is(learned, LIMIT, "the table has no more than it may");
	is(table.refused, 990 + 1000 - (LIMIT - 10), "what found no room is counted");
	ok(mac_learn(&table, station(0), &a, 2000) && b.macs == 9, "a move needs no new room");
	ok(!mac_learn(&table, station(5000), &a, 2000 + AGE - 1), "nothing is old yet");
	ok(mac_learn(&table, station(5000), &a, 3000 + AGE), "what is old makes room");
	is(table.used, 1, "all of it");
	ok(consistent(&table, &a, &b), "all counts agree");
	mac_table_free(&table);
}

static void test_one(void)
{
	struct mac_owner a = { .limit = 1 }, b = { .limit = 0 };
	struct mac_table table;

	mac_table_init(&table, 1, AGE, 0);
	ok(mac_learn(&table, station(1), &a, 2000) && !mac_learn(&table, station(2), &a, 2000),
	   "a table for one station");
	ok(!mac_learn(&table, station(1), &b, 2000), "a port that may have none gets none");
	ok(!mac_find(&table, station(1), 2000), "but the station is no longer where it was");
	ok(consistent(&table, &a, &b), "all counts agree");
	mac_table_free(&table);
}

/* The same random steps, against a plain array. */
static void test_random(void)
{
	struct mac_owner port[2] = { { .limit = LIMIT }, { .limit = LIMIT } };
	struct mac_owner *where[32] = { NULL };
	unsigned int seed = 7, step, n, p, wrong = 0;
	struct mac_table table;

	mac_table_init(&table, LIMIT, AGE, 12345);
	for (step = 0; step < 20000; step++) {
		n = rand_r(&seed) % 32;
		p = rand_r(&seed) % 2;
		switch (rand_r(&seed) % 50) {
		case 0:
			mac_forget(&table, &port[p]);
			for (n = 0; n < 32; n++)
				if (where[n] == &port[p])
					where[n] = NULL;
			break;
		case 1 ... 20:
			mac_learn(&table, station(n), &port[p], step);
			where[n] = &port[p];
			break;
		default:
			wrong += mac_find(&table, station(n), step) != where[n];
		}
		wrong += step % 1000 == 0 && !consistent(&table, &port[0], &port[1]);
	}
	is(wrong, 0, "20,000 random steps as a plain array has them");
	mac_table_free(&table);
}

static void test_spread(void)
{
	struct mac_owner a = { .limit = 4096 };
	unsigned int longest = 0, i, n;
	struct mac_table table;
	struct mac_entry *e;

	mac_table_init(&table, 4096, AGE, 0x123456789abcdefUL);
	for (n = 0; n < 4096; n++)
		mac_learn(&table, station(n << 8), &a, 0);
	for (i = 0; i <= table.mask; i++) {
		for (n = 0, e = table.bucket[i]; e; e = e->next)
			n++;
		longest = n > longest ? n : longest;
	}
	ok(longest < 16, "regular addresses spread over the buckets (longest list: %u)", longest);
	mac_table_free(&table);
}

int main(void)
{
	test_aging();
	test_limits();
	test_one();
	test_random();
	test_spread();
	return done();
}
