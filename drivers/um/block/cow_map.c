// SPDX-License-Identifier: GPL-2.0
/*
 * The bitmaps of COW files: which bytes of the disk are in which of the two files.
 */
#include "cow.h"

/* ---- bits --------------------------------------------------------------- */

/**
 * cow_test_bit - one bit
 * @map:	bytes of a bitmap
 * @bit:	its number
 *
 * Return: 0 or 1.
 */
int cow_test_bit(const void *map, um_u64 bit)
{
	const um_u8 *bytes = map;

	return bytes[bit / 8] >> bit % 8 & 1;
}

/**
 * cow_set_bits - set bits [@first, @end)
 * @map:	bytes of a bitmap
 * @first:	the first one
 * @end:	the one behind the last one
 */
void cow_set_bits(void *map, um_u64 first, um_u64 end)
{
	um_u8 *bytes = map;
	um_u8 head = 0xff << first % 8;
	um_u8 tail = ~(0xff << end % 8);

	if (first >= end)
		return;
	if (first / 8 == end / 8) {
		bytes[first / 8] |= head & tail;
		return;
	}
	bytes[first / 8] |= head;
	__builtin_memset(bytes + first / 8 + 1, 0xff, end / 8 - first / 8 - 1);
	/* There need not be a byte behind the last whole one. */
	if (tail)
		bytes[end / 8] |= tail;
}

/**
 * cow_clear_bits - clear bits [@first, @end)
 * @map:	bytes of a bitmap
 * @first:	the first one
 * @end:	the one behind the last one
 */
void cow_clear_bits(void *map, um_u64 first, um_u64 end)
{
	um_u8 *bytes = map;
	um_u8 head = 0xff << first % 8;
	um_u8 tail = ~(0xff << end % 8);

	if (first >= end)
		return;
	if (first / 8 == end / 8) {
		bytes[first / 8] &= ~(head & tail);
		return;
	}
	bytes[first / 8] &= ~head;
	__builtin_memset(bytes + first / 8 + 1, 0, end / 8 - first / 8 - 1);
	if (tail)
		bytes[end / 8] &= ~tail;
}

/**
 * cow_add_bits - set those that another bitmap has
 * @map:	bytes of a bitmap
 * @from:	the other one
 * @len:	bytes
 *
 * What has none is not touched: it may need no memory.
 */
void cow_add_bits(void *map, const void *from, um_u64 len)
{
	const um_u8 *in = from;
	um_u8 *out = map;
	um_u64 i, word;

	for (i = 0; i + sizeof(word) <= len; i += sizeof(word)) {
		um_u64 have;

		__builtin_memcpy(&word, in + i, sizeof(word));
		if (!word)
			continue;
		__builtin_memcpy(&have, out + i, sizeof(have));
		have |= word;
		__builtin_memcpy(out + i, &have, sizeof(have));
	}
	for (; i < len; i++)
		if (in[i])
			out[i] |= in[i];
}

/* 64 bits from the byte that holds @bit on, zeros behind the byte of the last one. */
static um_u64 cow_word(const um_u8 *map, um_u64 bit, um_u64 end)
{
	um_u64 left = (end + 7) / 8 - bit / 8;
	um_u64 word = 0;

	if (left >= sizeof(word))
		__builtin_memcpy(&word, map + bit / 8, sizeof(word));
	else
		__builtin_memcpy(&word, map + bit / 8, left);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/**
 * cow_run - how many bits are alike
 * @map:	bytes of a bitmap
 * @first:	the first bit
 * @end:	the bit behind the last one that is looked at
 * @set:	what they are
 *
 * Return: how many bits from @first on have the value @set.
 */
um_u64 cow_run(const void *map, um_u64 first, um_u64 end, int *set)
{
	um_u64 bit = first;
	um_u64 flip;

	*set = first < end && cow_test_bit(map, first);
	flip = *set ? ~0UL : 0;
	while (bit < end) {
		/* Set: the bits that differ. */
		um_u64 word = (cow_word(map, bit, end) ^ flip) >> bit % 8;

		if (word)
			return cow_min(bit + __builtin_ctzl(word), end) - first;
		bit += 64 - bit % 8;
	}
	return end > first ? end - first : 0;
}

/* ---- places ------------------------------------------------------------- */

/**
 * cow_sectors - the sectors that a range of bytes touches
 * @cow:	valid
 * @off:	first byte of the disk
 * @len:	bytes; no more than the disk has
 *
 * Return: sectors instead of bytes.
 */
struct cow_range cow_sectors(const struct cow *cow, um_u64 off, um_u64 len)
{
	struct cow_range range = { .off = off >> cow->shift };

	if (len)
		range.len = ((off + len - 1) >> cow->shift) + 1 - range.off;
	return range;
}

/**
 * cow_bitmap_bytes - where bits are in the file
 * @cow:	valid
 * @first:	sector
 * @end:	the one behind the last one, no more than struct cow's bits
 *
 * Return: bytes of the file instead of the disk.
 */
struct cow_range cow_bitmap_bytes(const struct cow *cow, um_u64 first, um_u64 end)
{
	struct cow_range range = { .off = cow->bitmap_off + first / 8 };

	if (first < end)
		range.len = (end + 7) / 8 - first / 8;
	return range;
}

/**
 * cow_map_has - does a part of the bitmap tell where a byte of the disk is?
 * @cow:	valid
 * @map:	the part
 * @off:	of the byte
 *
 * Sectors that have no bit need none.
 *
 * Return: not 0 if it does.
 */
int cow_map_has(const struct cow *cow, const struct cow_map *map, um_u64 off)
{
	um_u64 sector = off >> cow->shift;

	return sector >= cow->bits || (sector >= map->first && sector < map->end);
}

/**
 * cow_segment - where bytes of the disk are
 * @cow:	valid
 * @map:	a part of the bitmap for which cow_map_has(@off)
 * @off:	first byte, less than the disk's size
 * @len:	bytes, at least 1; what is behind the disk is not looked at
 *
 * Return: the segment that begins with @off.  It ends where the next byte is in the
 * other file, with @len, with the disk, or where @map does.
 */
struct cow_segment cow_segment(const struct cow *cow, const struct cow_map *map,
			       um_u64 off, um_u64 len)
{
	struct cow_segment seg = { .off = off };
	um_u64 end = off + cow_min(len, cow->size - off);
	struct cow_range sectors = cow_sectors(cow, off, end - off);
	um_u64 last;

	if (sectors.off >= cow->bits) {
		seg.len = end - off;
		return seg;
	}
	last = cow_min(sectors.off + sectors.len, map->end);
	last = sectors.off + cow_run(map->map, sectors.off - map->first,
				     last - map->first, &seg.in_cow);
	seg.len = cow_min(last << cow->shift, end) - off;
	if (seg.in_cow)
		seg.off += cow->data_off;
	return seg;
}

/* [@off, @end) where the sector that holds it is not in the COW file. */
static int cow_copy_part(const struct cow *cow, const struct cow_map *map,
			 um_u64 off, um_u64 end, struct cow_range *part)
{
	if (off >= end || cow_segment(cow, map, off, 1).in_cow)
		return 0;
	part->off = off;
	part->len = end - off;
	return 1;
}

/**
 * cow_copy_up - what a write needs besides its own bytes
 * @cow:	valid
 * @map:	a part of the bitmap with all sectors of the write
 * @off:	first byte that is written
 * @len:	bytes, at least 1, not behind the disk's end
 * @parts:	bytes of the disk that must be copied from the backing file to the same
 *		place in the COW file before the bits of the write's sectors are set
 *
 * These are the rest of the first and of the last sector, where it was not there yet.
 * What is behind the end of the backing file is zeros.
 *
 * Return: how many parts there are, 0 to 2.
 */
int cow_copy_up(const struct cow *cow, const struct cow_map *map, um_u64 off,
		um_u64 len, struct cow_range parts[2])
{
	um_u64 sector = 1UL << cow->shift;
	um_u64 end = off + len;
	int n;

	n = cow_copy_part(cow, map, cow_round_down(off, sector), off, parts);
	return n + cow_copy_part(cow, map, end,
				 cow_min(cow_round_up(end, sector), cow->size),
				 parts + n);
}
