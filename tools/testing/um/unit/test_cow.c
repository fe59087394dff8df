// SPDX-License-Identifier: GPL-2.0
/* Headers and bitmaps of COW files. */
#include <stdlib.h>

#include "unit.h"
#include <drivers/um/block/cow.h>

#define TIB	(1UL << 40)

/* ---- headers ------------------------------------------------------------ */

/* A header in memory of exactly its length, so that the sanitizer sees its end. */
static enum cow_fault parse(struct cow *cow, const void *head, um_u64 have, um_u64 *need)
{
	void *copy = malloc(have ?: 1);
	enum cow_fault fault;

	memcpy(copy, head, have);
	fault = cow_parse(cow, copy, have, need);
	free(copy);
	cow->path = NULL;
	return fault;
}

/* As tools of others wrote it, byte for byte. */
static void test_bytes(void)
{
	static const um_u8 v1[] = {
		'M', 'O', 'O', 'O', 1, 0, 0, 0, [8] = '/', 'b', [264] = 0x00, 0x2f, 0x68,
		0x59, [268] = 0x00, 0x90, 0x01, 0, 0, 0, 0, 0, [276] = 0, 2, 0, 0
	};
	static const um_u8 v1_big[] = {
		'O', 'O', 'O', 'M', 0, 0, 0, 1, [8] = '/', 'b', [264] = 0x59, 0x68, 0x2f,
		0x00, [268] = 0, 0, 0, 0, 0, 0x01, 0x90, 0x00, [276] = 0, 0, 2, 0
	};
	static const um_u8 v2[] = {
		'O', 'O', 'O', 'M', 0, 0, 0, 2, [8] = '/', 'b', [4104] = 0x59, 0x68, 0x2f,
		0x00, [4108] = 0, 0, 0, 0, 0, 0x01, 0x90, 0x00, [4116] = 0, 0, 2, 0
	};
	static const um_u8 v3[4128] = {
		'O', 'O', 'O', 'M', 0, 0, 0, 3, 0x59, 0x68, 0x2f, 0x00, 0, 0, 0, 0, 0, 0x01,
		0x90, 0x00, 0, 0, 2, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, [32] = '/', 'b'
	};
	static const um_u8 v3_long[4136] = {
		'O', 'O', 'O', 'M', 0, 0, 0, 3, 0x59, 0x68, 0x2f, 0x00, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0x01, 0x90, 0x00, 0, 0, 2, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, [36] = '/', 'b'
	};
	static const um_u8 v3_big64[4136] = {
		'O', 'O', 'O', 'M', 0, 0, 0, 3, 0, 0, 0, 0, 0x59, 0x68, 0x2f, 0x00, 0, 0, 0, 0,
		0, 0x01, 0x90, 0x00, 0, 0, 2, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, [36] = '/', 'b'
	};
	static const struct {
		const char *name;
		const um_u8 *head;
		um_u64 len;
		enum cow_layout layout;
		um_u64 bitmap, data;
	} t[] = {
		{ "version 1", v1, sizeof(v1), COW_V1, 280, 512 },
		{ "version 1, big-endian", v1_big, sizeof(v1_big), COW_V1, 280, 512 },
		{ "version 2", v2, sizeof(v2), COW_V2, 4120, 4608 },
		{ "version 3", v3, sizeof(v3), COW_V3, 8192, 12288 },
		{ "version 3, long", v3_long, sizeof(v3_long), COW_V3_LONG, 8192, 12288 },
		{ "version 3, long, 64 bits in order", v3_big64, sizeof(v3_big64), COW_V3_LONG,
		  8192, 12288 },
	};
	um_u8 made[COW_HEAD_MAX];
	struct cow cow, again;
	um_u64 need;
	unsigned int i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		enum cow_fault fault = cow_parse(&cow, t[i].head, t[i].len, &need);

		ok(fault == COW_FINE && cow.layout == t[i].layout && need == t[i].len,
		   "%s: is understood, all of it is needed", t[i].name);
		is_str(cow.path, "/b", "path");
		ok(cow_same_mtime(&cow, 1500000000) && !cow_same_mtime(&cow, 1500000001),
		   "%s: time", t[i].name);
		ok(cow.size == 102400 && cow.shift == 9 && cow.sectors == 200, "%s: size",
		   t[i].name);
		ok(cow.bitmap_off == t[i].bitmap && cow.bitmap_len == 25 &&
		   cow.data_off == t[i].data && cow.end == cow.data_off + 102400,
		   "%s: bitmap and data", t[i].name);
		is(cow_write_head(&cow, made), t[i].len, "the same length is written");
		ok(t[i].head == v3_big64 || !memcmp(made, t[i].head, t[i].len),
		   "%s: and the same bytes", t[i].name);
		ok(cow_parse(&again, made, t[i].len, &need) == COW_FINE &&
		   again.size == cow.size && again.mtime == cow.mtime, "%s: again", t[i].name);
	}
}

static void test_need(void)
{
	static const char * const names[] = { "1", "2", "3", "3, long" };
	um_u8 head[COW_HEAD_MAX];
	um_u64 need, len, have;
	struct cow cow;
	int layout;

	for (layout = 0; layout < COW_NR_LAYOUTS; layout++) {
		bool good = true;
		int rounds = 0;

		cow_init(&cow, layout, "x", 1, 512, 512, 4096);
		len = cow_write_head(&cow, head);
		for (have = 0; have < len; have++)
			good &= parse(&cow, head, have, &need) == COW_SHORT && need > have &&
				need <= len;
		ok(good, "version %s: any part of it asks for more", names[layout]);
		have = 0;
		while (parse(&cow, head, have, &need) == COW_SHORT && rounds++ < 5)
			have = need;
		is(have, len, "and reads end with the whole header");
	}
}

/* A valid header with one field changed. */
static enum cow_fault spoilt(enum cow_layout layout, int off, const void *bytes, int len,
			     struct cow *cow)
{
	um_u8 head[COW_HEAD_MAX];
	um_u64 need, have;

	cow_init(cow, layout, "/some/where", 77, 1000000, 512, 4096);
	have = cow_write_head(cow, head);
	memcpy(head + off, bytes, len);
	return parse(cow, head, have, &need);
}

#define SPOILT(layout, off, bytes) \
	spoilt(layout, off, bytes, sizeof(bytes) - 1, &cow)

static void test_faults(void)
{
	struct cow cow;
	char full[COW_PATH_MAX + 1];
	int i;

	memset(full, 'p', sizeof(full));
	is(SPOILT(COW_V3, 0, "QFI\xfb"), COW_NO_COW, "another magic number");
	is(SPOILT(COW_V3, 4, "\0\0\0\4"), COW_BAD_VERSION, "version 4");
	is(cow.bad, 4, "is named");
	is(SPOILT(COW_V1, 4, "\0\0\0\0"), COW_BAD_VERSION, "version 0");
	is(SPOILT(COW_V1, 4, "\0\0\0\1"), COW_BAD_VERSION, "version 0x1000000");
	is(SPOILT(COW_V2, 0, "MOOO\2\0\0\0"), COW_BAD_ORDER, "little-endian version 2");
	is(SPOILT(COW_V3, 0, "MOOO\3\0\0\0"), COW_BAD_ORDER, "little-endian version 3");
	is(SPOILT(COW_V1, 8, "\0"), COW_BAD_PATH, "no path");
	is(SPOILT(COW_V2, 8, "\0"), COW_BAD_PATH, "no path in version 2");
	is(spoilt(COW_V1, 8, full, COW_PATH_V1, &cow), COW_BAD_PATH, "a path without end");
	is(cow.bad, COW_PATH_V1, "is told from an empty one");
	is(spoilt(COW_V1, 8, full, COW_PATH_V1 - 1, &cow), COW_FINE, "the longest path");
	is(spoilt(COW_V2, 8, full, COW_PATH_MAX, &cow), COW_BAD_PATH, "the same in version 2");
	is(spoilt(COW_V3, 32, full, COW_PATH_MAX, &cow), COW_BAD_PATH, "and 3");
	is(spoilt(COW_V3_LONG, 36, full, COW_PATH_MAX, &cow), COW_BAD_PATH, "and 3, long");
	is(SPOILT(COW_V3, 12, "\0\0\0\0\0\0\0\0"), COW_BAD_SIZE, "size 0");
	is(SPOILT(COW_V3, 12, "\xff\xff\xff\xff\xff\xff\xff\xff"), COW_BAD_SIZE,
	   "the largest size");
	ok(cow.bad == ~0UL, "is named");
	is(SPOILT(COW_V3, 12, "\x40\0\0\0\0\0\0\1"), COW_BAD_SIZE, "2^62 + 1");
	is(SPOILT(COW_V3, 12, "\x40\0\0\0\0\0\0\0"), COW_FINE, "2^62");
	is(SPOILT(COW_V1, 268, "\0\0\0\0\0\0\0\x80"), COW_BAD_SIZE, "2^63 in version 1");
	is(SPOILT(COW_V3, 20, "\0\0\0\0"), COW_BAD_SECTOR, "sector size 0");
	is(SPOILT(COW_V3, 20, "\0\0\1\0"), COW_BAD_SECTOR, "sector size 256");
	is(SPOILT(COW_V3, 20, "\0\0\3\0"), COW_BAD_SECTOR, "sector size 768");
	is(cow.bad, 768, "is named");
	is(SPOILT(COW_V3, 20, "\x80\0\0\0"), COW_BAD_SECTOR, "sector size 2^31");
	is(SPOILT(COW_V3, 20, "\0\x10\0\0"), COW_FINE, "sector size 1 MiB");
	is(SPOILT(COW_V1, 276, "\1\0\0\0"), COW_BAD_SECTOR, "sector size 1");
	is(SPOILT(COW_V3, 24, "\0\0\0\0"), COW_BAD_ALIGN, "alignment 0");
	is(SPOILT(COW_V3, 24, "\0\0\3\xe8"), COW_BAD_ALIGN, "alignment 1000");
	is(SPOILT(COW_V3_LONG, 28, "\xff\xff\xff\xff"), COW_BAD_ALIGN, "the largest alignment");
	is(SPOILT(COW_V3, 28, "\0\0\0\1"), COW_BAD_FORMAT, "format 1");
	is(SPOILT(COW_V3_LONG, 8, "\0\0\0\0\0\0\0\0"), COW_FINE, "no time");

	is(cow_init(&cow, COW_V3, "", 0, 1, 512, 4096), COW_BAD_PATH, "made: no path");
	full[COW_PATH_V1] = 0;
	is(cow_init(&cow, COW_V1, full, 0, 1, 512, 4096), COW_BAD_PATH, "made: too long for 1");
	is(cow_init(&cow, COW_V2, full, 0, 1, 512, 4096), COW_FINE, "made: not for 2");
	is(cow_init(&cow, COW_V3, "x", 0, 0, 512, 4096), COW_BAD_SIZE, "made: no size");
	is(cow_init(&cow, COW_V3, "x", 0, 1, 513, 4096), COW_BAD_SECTOR, "made: sector 513");
	is(cow_init(&cow, COW_V3, "x", 0, 1, 512, 0), COW_BAD_ALIGN, "made: alignment 0");
	is(cow_init(&cow, COW_V1, "x", 0, 1, 512, 0), COW_FINE, "which version 1 has not");
	for (i = 0; i < COW_NR_FAULTS; i++)
		if (!*cow_field(i) || !*cow_rule(i))
			break;
	is(i, COW_NR_FAULTS, "all faults have words");
	is(cow_init(&cow, COW_V3, "x", (1L << 32) + 5, 1, 512, 4096), COW_FINE,
	   "a time after 2106");
	ok(cow_same_mtime(&cow, (1L << 32) + 5), "is known again");
	is(cow_init(&cow, COW_V3, "x", -5, 1, 512, 4096), COW_FINE, "a time before 1970");
	ok(cow_same_mtime(&cow, -5), "is known again");
}

static void test_geometry(void)
{
	static const struct {
		const char *name;
		enum cow_layout layout;
		um_u64 size;
		um_u32 sector, align;
		um_u64 sectors, bits, bitmap, len, data;
	} t[] = {
		{ "2 TiB", COW_V3, 2 * TIB, 512, 4096, 1UL << 32, 1UL << 32, 8192,
		  1UL << 29, 8192 + (1UL << 29) },
		{ "2^62", COW_V3, 1UL << 62, 512, 1 << 20, 1UL << 53, 1UL << 53, 1 << 20,
		  1UL << 50, (1UL << 50) + (1 << 20) },
		{ "a byte", COW_V3, 1, 512, 4096, 1, 1, 8192, 1, 12288 },
		{ "a partial sector", COW_V3, 102500, 512, 4096, 201, 201, 8192, 26, 12288 },
		{ "sector over alignment", COW_V3, 102400, 65536, 4096, 2, 2, 8192, 1, 12288 },
		{ "alignment 512", COW_V3, 102400, 4096, 512, 25, 25, 4608, 4, 5120 },
		{ "3, long, alignment 512", COW_V3_LONG, 102400, 512, 512, 200, 200, 4608, 25,
		  5120 },
		{ "1, bits in a free byte", COW_V1, 204 * 512, 512, 0, 204, 204, 280, 26, 512 },
		{ "1, a full gap", COW_V1, 1856 * 512, 512, 0, 1856, 1856, 280, 232, 512 },
		{ "1, no room for the last bits", COW_V1, 1860 * 512, 512, 0, 1860, 1856, 280,
		  232, 512 },
		{ "1, a byte more", COW_V1, 1864 * 512, 512, 0, 1864, 1864, 280, 233, 1024 },
		{ "2, no room for the last bits", COW_V2, 3908 * 512, 512, 0, 3908, 3904, 4120,
		  488, 4608 },
		{ "1, no whole byte", COW_V1, 1000, 512, 0, 2, 2, 280, 1, 512 },
		{ "2, large sectors", COW_V2, 102400, 4096, 0, 25, 25, 4120, 4, 8192 },
	};
	struct cow cow;
	unsigned int i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		cow_init(&cow, t[i].layout, "x", 0, t[i].size, t[i].sector, t[i].align);
		if (!ok(cow.sectors == t[i].sectors && cow.bits == t[i].bits &&
			cow.bitmap_off == t[i].bitmap && cow.bitmap_len == t[i].len &&
			cow.data_off == t[i].data &&
			cow.end == t[i].data + t[i].sectors * t[i].sector, "places: %s", t[i].name))
			printf("# sectors %lu bits %lu bitmap %lu+%lu data %lu end %lu\n",
			       cow.sectors, cow.bits, cow.bitmap_off, cow.bitmap_len,
			       cow.data_off, cow.end);
	}
}

static void test_mark(void)
{
	struct cow_merge_mark mark;
	struct cow cow, other;

	cow_init(&cow, COW_V3, "x", 0, 4096, 512, 4096);
	cow_init(&other, COW_V3, "x", 0, 8192, 512, 4096);
	cow_write_mark(&cow, &mark);
	ok(cow_is_mark(&cow, &mark), "the mark of a merge is known again");
	ok(!cow_is_mark(&other, &mark), "and that of another size is not taken for it");
	memset(&mark, 0, sizeof(mark));
	ok(!cow_is_mark(&cow, &mark), "nor are zeros");
}

/* ---- bitmaps ------------------------------------------------------------ */

#define BITS	517

/* A bitmap in memory of exactly its length. */
static um_u8 *new_map(um_u64 bits)
{
	return calloc(1, (bits + 7) / 8 ?: 1);
}

static void test_set(void)
{
	um_u64 first, end, i;
	bool good = true;

	for (first = 0; first < 70; first++)
		for (end = first; end <= 136; end++) {
			um_u8 *map = new_map(end);

			cow_set_bits(map, first, end);
			for (i = 0; i < (end + 7) / 8 * 8; i++)
				good &= cow_test_bit(map, i) == (i >= first && i < end);
			free(map);
		}
	ok(good, "all ranges of bits are set, and no others");
}

static void test_clear(void)
{
	um_u64 first, end, i;
	bool good = true;

	for (first = 0; first < 70; first++)
		for (end = first; end <= 136; end++) {
			um_u8 *map = new_map(end);

			memset(map, 0xff, (end + 7) / 8);
			cow_clear_bits(map, first, end);
			for (i = 0; i < (end + 7) / 8 * 8; i++)
				good &= cow_test_bit(map, i) == !(i >= first && i < end);
			free(map);
		}
	ok(good, "all ranges of bits are cleared, and no others");
}

static void test_add(void)
{
	bool good = true;
	um_u64 len, i;

	srandom(2);
	for (len = 0; len < 40; len++) {
		um_u8 *map = new_map(len * 8), *from = new_map(len * 8), *was = new_map(len * 8);

		for (i = 0; i < len; i++) {
			was[i] = map[i] = random();
			from[i] = random() % 2 ? random() : 0;
		}
		cow_add_bits(map, from, len);
		for (i = 0; i < len; i++)
			good &= map[i] == (was[i] | from[i]);
		free(map);
		free(from);
		free(was);
	}
	ok(good, "a bitmap is added to another one");
}

static void test_run(void)
{
	um_u64 first, end, i;
	bool good = true;
	int round, set;

	srandom(1);
	for (round = 0; round < 300; round++) {
		um_u8 *map = new_map(BITS);
		unsigned int every = 1 + random() % 200;

		for (i = 0; i < BITS; i++)
			if (random() % every == 0)
				cow_set_bits(map, i, cow_min(BITS, i + random() % every));
		for (i = 0; i < 200; i++) {
			first = random() % BITS;
			end = first + random() % (BITS - first + 1);
			um_u64 want = first;

			while (want < end && cow_test_bit(map, want) == cow_test_bit(map, first))
				want++;
			good &= cow_run(map, first, end, &set) == want - first;
			good &= set == (first < end && cow_test_bit(map, first));
		}
		free(map);
	}
	ok(good, "runs of bits are those of a search bit by bit");
}

static void test_places(void)
{
	struct cow_range r;
	struct cow cow;

	cow_init(&cow, COW_V3, "x", 0, 2 * TIB + 100, 512, 4096);
	r = cow_sectors(&cow, 2 * TIB - 1, 101);
	ok(r.off == (1UL << 32) - 1 && r.len == 2, "sectors of a range around 2 TiB");
	r = cow_sectors(&cow, 512, 0);
	ok(r.off == 1 && r.len == 0, "of no bytes");
	r = cow_sectors(&cow, 511, 1);
	ok(r.off == 0 && r.len == 1, "of one byte");
	r = cow_bitmap_bytes(&cow, 7, 9);
	ok(r.off == 8192 && r.len == 2, "bytes of the bitmap");
	r = cow_bitmap_bytes(&cow, 1UL << 32, (1UL << 32) + 1);
	ok(r.off == 8192 + (1UL << 29) && r.len == 1, "the last one");
	r = cow_bitmap_bytes(&cow, 8, 8);
	ok(r.off == 8193 && r.len == 0, "none");
}

/* All segments of a disk against its bitmap, seen through windows. */
static void test_segments(enum cow_layout layout, um_u64 size, um_u32 sector, um_u64 window)
{
	struct cow cow;
	um_u64 off, n, i;
	um_u8 *bits;
	bool good = true;

	cow_init(&cow, layout, "x", 0, size, sector, 4096);
	bits = new_map(cow.bits);
	for (i = 0; i < cow.bits; i++)
		if (random() % 3)
			cow_set_bits(bits, i, i + 1);

	for (off = 0; off < size; off += n) {
		um_u64 first = (off / sector) / window * window;
		struct cow_map map = {
			.map = bits + first / 8,
			.first = first,
			.end = cow_min(first + window, cow.bits),
		};
		um_u64 len = 1 + random() % (9 * sector);
		struct cow_segment seg;

		if (!cow_map_has(&cow, &map, off)) {
			good = false;
			break;
		}
		seg = cow_segment(&cow, &map, off, len);
		n = seg.len;
		if (!n || n > len || off + n > size) {
			good = false;
			break;
		}
		good &= seg.off == off + (seg.in_cow ? cow.data_off : 0);
		for (i = off; i < off + n; i++) {
			um_u64 s = i / sector;

			good &= seg.in_cow == (s < cow.bits && cow_test_bit(bits, s));
		}
	}
	ok(good, "segments of %lu bytes, sectors of %u, windows of %lu bits", size, sector,
	   window);
	free(bits);
}

static void test_copy_up(void)
{
	um_u8 bits[2] = { 0x04, 0 };
	struct cow_map map = { .map = bits, .end = 10 };
	struct cow_segment seg;
	struct cow_range r[2];
	struct cow cow;

	cow_init(&cow, COW_V3, "x", 0, 9 * 4096 + 100, 4096, 4096);
	is(cow_copy_up(&cow, &map, 0, 8192, r), 0, "whole sectors need nothing");
	is(cow_copy_up(&cow, &map, 512, 512, r), 2, "a part needs both ends");
	ok(r[0].off == 0 && r[0].len == 512 && r[1].off == 1024 && r[1].len == 3072,
	   "which are the rest of the sector");
	is(cow_copy_up(&cow, &map, 8192 + 512, 512, r), 0, "unless it was there");
	is(cow_copy_up(&cow, &map, 4096 + 512, 4096, r), 1, "the first of two sectors");
	ok(r[0].off == 4096 && r[0].len == 512, "its front");
	is(cow_copy_up(&cow, &map, 8192 + 512, 4096, r), 1, "the second of two");
	ok(r[0].off == 12288 + 512 && r[0].len == 3584, "its rest");
	is(cow_copy_up(&cow, &map, 9 * 4096, 100, r), 0, "nothing behind the disk's end");
	is(cow_copy_up(&cow, &map, 9 * 4096 + 50, 10, r), 2, "in its partial sector");
	ok(r[0].len == 50 && r[1].off == 9 * 4096 + 60 && r[1].len == 40, "up to the end");

	cow_init(&cow, COW_V1, "x", 0, 1860 * 512, 512, 0);
	map = (struct cow_map){ };
	ok(cow_map_has(&cow, &map, 1856 * 512) && !cow_map_has(&cow, &map, 1856 * 512 - 1),
	   "sectors without bits need no bitmap");
	seg = cow_segment(&cow, &map, 1856 * 512 + 3, 1UL << 40);
	ok(!seg.in_cow && seg.off == 1856 * 512 + 3 && seg.len == 2045,
	   "they are in the backing file");
}

int main(void)
{
	test_bytes();
	test_need();
	test_faults();
	test_geometry();
	test_mark();
	test_set();
	test_clear();
	test_add();
	test_run();
	test_places();
	test_segments(COW_V3, 100000, 512, 64);
	test_segments(COW_V3, 1234567, 4096, 8);
	test_segments(COW_V1, 1860 * 512, 512, 1 << 20);
	test_segments(COW_V2, 3908 * 512, 512, 128);
	test_segments(COW_V3_LONG, 5000000, 65536, 16);
	test_copy_up();
	return done();
}
