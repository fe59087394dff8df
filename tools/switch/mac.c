// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include "mac.h"

/* Sweeping costs a walk over the table: not for every frame of a flood. */
#define SWEEP_PAUSE_MS	1000

int mac_table_init(struct mac_table *table, um_u32 limit, um_u64 age, um_u64 seed)
{
	um_u32 buckets = 1, i;

	while (buckets < limit)
		buckets *= 2;
	*table = (struct mac_table) {
		.entry = calloc(limit, sizeof(*table->entry)),
		.bucket = calloc(buckets, sizeof(*table->bucket)),
		.mask = buckets - 1,
		.limit = limit,
		.age = age,
		.seed = seed,
	};
	if (!table->entry || !table->bucket) {
		mac_table_free(table);
		return -ENOMEM;
	}
	for (i = limit; i-- > 0; ) {
		table->entry[i].next = table->free;
		table->free = &table->entry[i];
	}
	return 0;
}

void mac_table_free(struct mac_table *table)
{
	free(table->entry);
	free(table->bucket);
	table->entry = NULL;
	table->bucket = NULL;
}

um_u64 mac_key(um_u16 vid, const um_u8 *mac)
{
	um_u64 key = vid;
	int i;

	for (i = 0; i < MAC_LEN; i++)
		key = key << 8 | mac[i];
	return key;
}

static struct mac_entry **mac_bucket(const struct mac_table *table, um_u64 key)
{
	um_u64 hash = key ^ table->seed;

	hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15UL;
	hash = (hash ^ hash >> 29 ^ table->seed >> 17) * 0xd6e8feb86659fd93UL;
	return &table->bucket[(hash ^ hash >> 32) & table->mask];
}

static struct mac_entry *mac_lookup(const struct mac_table *table, um_u64 key)
{
	struct mac_entry *e;

	for (e = *mac_bucket(table, key); e; e = e->next)
		if (e->key == key)
			return e;
	return NULL;
}

static bool mac_is_old(const struct mac_table *table, const struct mac_entry *e, um_u64 now)
{
	return now - e->heard >= table->age;
}

static void mac_drop(struct mac_table *table, struct mac_entry *e)
{
	struct mac_entry **at = mac_bucket(table, e->key);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	e->owner->macs--;
	e->owner = NULL;
	e->next = table->free;
	table->free = e;
	table->used--;
}

void mac_sweep(struct mac_table *table, um_u64 now)
{
	um_u32 i;

	table->swept = now;
	for (i = 0; i < table->limit && table->used; i++)
		if (table->entry[i].owner && mac_is_old(table, &table->entry[i], now))
			mac_drop(table, &table->entry[i]);
}

void mac_forget(struct mac_table *table, struct mac_owner *owner)
{
	um_u32 i;

	for (i = 0; i < table->limit && owner->macs; i++)
		if (table->entry[i].owner == owner)
			mac_drop(table, &table->entry[i]);
}

static bool mac_has_room(const struct mac_table *table, const struct mac_owner *owner)
{
	return table->free && owner->macs < owner->limit;
}

static struct mac_entry *mac_insert(struct mac_table *table, um_u64 key,
				    struct mac_owner *owner, um_u64 now)
{
	struct mac_entry *e, **bucket = mac_bucket(table, key);

	if (!mac_has_room(table, owner) && now - table->swept >= SWEEP_PAUSE_MS)
		mac_sweep(table, now);
	if (!mac_has_room(table, owner)) {
		table->refused++;
		return NULL;
	}
	e = table->free;
	table->free = e->next;
	table->used++;
	e->key = key;
	e->owner = owner;
	e->next = *bucket;
	*bucket = e;
	owner->macs++;
	return e;
}

bool mac_learn(struct mac_table *table, um_u64 key, struct mac_owner *owner, um_u64 now)
{
	struct mac_entry *e = mac_lookup(table, key);

	/* A station that moved counts at its new port, if that may have it. */
	if (e && e->owner != owner) {
		mac_drop(table, e);
		e = NULL;
	}
	if (!e)
		e = mac_insert(table, key, owner, now);
	if (!e)
		return false;
	e->heard = now;
	return true;
}

struct mac_owner *mac_find(const struct mac_table *table, um_u64 key, um_u64 now)
{
	struct mac_entry *e = mac_lookup(table, key);

	return e && !mac_is_old(table, e, now) ? e->owner : NULL;
}
