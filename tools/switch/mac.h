/* SPDX-License-Identifier: GPL-2.0 */
/* Which port a station was last heard at. */
#ifndef SWITCH_MAC_H
#define SWITCH_MAC_H

#include "frame.h"

/**
 * struct mac_owner - the part of a port that the table knows
 * @macs:	entries that the port has, old ones included
 * @limit:	how many it may have, so that no port can fill the table alone
 */
struct mac_owner {
	um_u32	macs;
	um_u32	limit;
};

/**
 * struct mac_entry - a station
 * @key:	VLAN in the upper 16 bits, address below
 * @heard:	when it last sent something, in ms
 * @owner:	its port; NULL while the entry is free
 * @next:	in its bucket, or in the list of free entries
 */
struct mac_entry {
	um_u64			key;
	um_u64			heard;
	struct mac_owner	*owner;
	struct mac_entry	*next;
};

/**
 * struct mac_table - all stations
 * @entry:	@limit entries
 * @bucket:	lists of those in use, @mask + 1 of them
 * @free:	the others
 * @used:	number of entries in use
 * @age:	ms after which a silent station is forgotten
 * @seed:	makes the bucket of an address unknown to those who choose addresses
 * @swept:	when old entries were last looked for, in ms
 * @refused:	stations that found no room
 *
 * No timer runs: what is too old is not found, and its entry is taken back when
 * one is needed.
 */
struct mac_table {
	struct mac_entry	*entry;
	struct mac_entry	**bucket;
	struct mac_entry	*free;
	um_u32			mask;
	um_u32			limit;
	um_u32			used;
	um_u64			age;
	um_u64			seed;
	um_u64			swept;
	um_u64			refused;
};

/* 0, or -ENOMEM. @limit is at least 1. */
int mac_table_init(struct mac_table *table, um_u32 limit, um_u64 age, um_u64 seed);
void mac_table_free(struct mac_table *table);

um_u64 mac_key(um_u16 vid, const um_u8 *mac);

/*
 * Remembers that the station @key is at @owner.  False: there is no room, and
 * what is for it will be flooded.
 */
bool mac_learn(struct mac_table *table, um_u64 key, struct mac_owner *owner, um_u64 now);

/* The port of the station @key, or NULL. */
struct mac_owner *mac_find(const struct mac_table *table, um_u64 key, um_u64 now);

/* Forgets all stations of a port that goes away. */
void mac_forget(struct mac_table *table, struct mac_owner *owner);

/* Forgets what is too old. */
void mac_sweep(struct mac_table *table, um_u64 now);

#endif /* SWITCH_MAC_H */
