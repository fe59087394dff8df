/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The COW format as pure code: no input or output, no allocation, no library.  The
 * block driver and the tools of the host are compiled with it.
 *
 * include/um/abi/cow.h tells how the bytes lie.
 */
#ifndef _UM_COW_H
#define _UM_COW_H

#include <um/abi/cow.h>

enum cow_layout {
	COW_V1,
	COW_V2,
	COW_V3,
	COW_V3_LONG,
	COW_NR_LAYOUTS,
};

/* What is wrong with a header. */
enum cow_fault {
	COW_FINE,
	COW_SHORT,		/* more of its bytes are needed */
	COW_NO_COW,		/* it is none */
	COW_BAD_VERSION,
	COW_BAD_ORDER,
	COW_BAD_PATH,
	COW_BAD_SIZE,
	COW_BAD_SECTOR,
	COW_BAD_ALIGN,
	COW_BAD_FORMAT,
	COW_NR_FAULTS,
};

/**
 * struct cow - what a header says, and what follows from it
 * @layout:	of the header
 * @little_endian: byte order, which is big-endian but for version 1
 * @path:	of the backing file, as it is in the header: its lifetime is that of
 *		the memory that was parsed, or given to cow_init()
 * @mtime:	of the backing file; 32 bits, see cow_same_mtime()
 * @size:	of the disk in bytes, which need not be whole sectors
 * @shift:	log2 of the sector size
 * @align:	of bitmap and data in version 3; bytes
 * @bad:	value of the field that a fault names; version and order share it
 * @sectors:	of the disk, a partial last one counted
 * @bits:	sectors that have a bit; those behind are always in the backing file.
 *		Less than @sectors in some files of versions 1 and 2
 * @bitmap_off:	place of the bitmap in the file
 * @bitmap_len:	its bytes
 * @data_off:	place of the data, that of the disk's first byte
 * @end:	where the data ends, whole sectors
 *
 * All that is valid is small enough for signed 64 bits.
 */
struct cow {
	enum cow_layout	layout;
	int		little_endian;
	const char	*path;
	um_u32		mtime;
	um_u64		size;
	um_u32		shift;
	um_u32		align;
	um_u64		bad;
	um_u64		sectors;
	um_u64		bits;
	um_u64		bitmap_off;
	um_u64		bitmap_len;
	um_u64		data_off;
	um_u64		end;
};

/**
 * struct cow_map - a part of the bitmap that is in memory
 * @map:	its bytes
 * @first:	sector of the first bit, a multiple of 8
 * @end:	sector behind the last bit, at most struct cow's bits
 */
struct cow_map {
	um_u8	*map;
	um_u64	first;
	um_u64	end;
};

/**
 * struct cow_segment - bytes of the disk that are together in one of the files
 * @in_cow:	in the COW file, else in the backing file
 * @off:	place in that file
 * @len:	bytes
 */
struct cow_segment {
	int	in_cow;
	um_u64	off;
	um_u64	len;
};

/**
 * struct cow_range - bytes of the disk
 * @off:	the first one
 * @len:	how many
 */
struct cow_range {
	um_u64	off;
	um_u64	len;
};

/* Headers (cow.c). */
enum cow_fault cow_parse(struct cow *cow, const void *head, um_u64 have,
			 um_u64 *need);
enum cow_fault cow_init(struct cow *cow, enum cow_layout layout,
			const char *path, um_s64 mtime, um_u64 size,
			um_u32 sector, um_u32 align);
um_u64 cow_write_head(const struct cow *cow, void *head);
int cow_version(const struct cow *cow);
int cow_same_mtime(const struct cow *cow, um_s64 mtime);
const char *cow_field(enum cow_fault fault);
const char *cow_rule(enum cow_fault fault);
void cow_write_mark(const struct cow *cow, struct cow_merge_mark *mark);
int cow_is_mark(const struct cow *cow, const struct cow_merge_mark *mark);

/* Bitmaps (cow_map.c). */
int cow_test_bit(const void *map, um_u64 bit);
void cow_set_bits(void *map, um_u64 first, um_u64 end);
void cow_clear_bits(void *map, um_u64 first, um_u64 end);
void cow_add_bits(void *map, const void *from, um_u64 len);
um_u64 cow_run(const void *map, um_u64 first, um_u64 end, int *set);
struct cow_range cow_sectors(const struct cow *cow, um_u64 off, um_u64 len);
struct cow_range cow_bitmap_bytes(const struct cow *cow, um_u64 first, um_u64 end);
int cow_map_has(const struct cow *cow, const struct cow_map *map, um_u64 off);
struct cow_segment cow_segment(const struct cow *cow, const struct cow_map *map,
			       um_u64 off, um_u64 len);
int cow_copy_up(const struct cow *cow, const struct cow_map *map, um_u64 off,
		um_u64 len, struct cow_range parts[2]);

/* @to is a power of two. */
static inline um_u64 cow_round_up(um_u64 n, um_u64 to)
{
	return (n + to - 1) & ~(to - 1);
}

static inline um_u64 cow_round_down(um_u64 n, um_u64 to)
{
	return n & ~(to - 1);
}

static inline um_u64 cow_min(um_u64 a, um_u64 b)
{
	return a < b ? a : b;
}

#endif /* _UM_COW_H */
