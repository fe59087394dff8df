// SPDX-License-Identifier: GPL-2.0
/*
 * COW files: the input is a header, then where a request begins (8 bytes) and how long
 * it is (8 bytes), then a part of the bitmap.
 */
#include <string.h>

#include <drivers/um/block/cow.h>
#include "fuzz.h"

#define SIGNED_MAX	(~0UL >> 1)

static um_u64 take(const uint8_t **data, size_t *size)
{
	um_u64 value = 0;
	size_t n = *size < 8 ? *size : 8;

	memcpy(&value, *data, n);
	*data += n;
	*size -= n;
	return value;
}

static void check_geometry(const struct cow *cow)
{
	um_u64 sector = 1UL << cow->shift;

	must(cow->size && cow->path[0]);
	must(cow->sectors * sector >= cow->size && (cow->sectors - 1) * sector < cow->size);
	must(cow->bits <= cow->sectors && cow->bits + 8 >= cow->sectors);
	must(cow->bitmap_len * 8 >= cow->bits);
	must(cow->bitmap_off >= sizeof(struct cow_head_v1));
	must(cow->bitmap_off + cow->bitmap_len <= cow->data_off);
	must(cow->end == cow->data_off + cow->sectors * sector && cow->end < SIGNED_MAX);
}

/* What is written of it says the same. */
static void check_again(const struct cow *cow)
{
	um_u8 head[COW_HEAD_MAX];
	struct cow again;
	um_u64 need, len = cow_write_head(cow, head);

	must(cow_parse(&again, head, len, &need) == COW_FINE && need == len);
	must(!strcmp(again.path, cow->path));
	again.path = cow->path;
	must(!memcmp(&again, cow, sizeof(again)));

	/* Nor could it have been refused when it was made; version 1 has our order then. */
	must(cow_init(&again, cow->layout, cow->path, cow->mtime, cow->size,
		      1U << cow->shift, cow->align) == COW_FINE);
	must(again.data_off == cow->data_off && again.bits == cow->bits);
}

static int bit(const struct cow *cow, const struct cow_map *map, um_u64 off)
{
	um_u64 sector = off >> cow->shift;

	return sector < cow->bits && cow_test_bit(map->map, sector - map->first);
}

static void check_request(const struct cow *cow, const struct cow_map *map, um_u64 off,
			  um_u64 len)
{
	um_u64 sector = 1UL << cow->shift, end = off + cow_min(len, cow->size - off), i;
	struct cow_range sectors = cow_sectors(cow, off, end - off), parts[2];
	struct cow_segment seg = cow_segment(cow, map, off, len);
	int n;

	must(seg.len && seg.len <= end - off);
	must(seg.off == off + (seg.in_cow ? cow->data_off : 0));
	for (i = off; i < off + seg.len; i = cow_round_down(i, sector) + sector)
		must(bit(cow, map, i) == seg.in_cow);
	i = off + seg.len;
	must(i == end || !cow_map_has(cow, map, i) || bit(cow, map, i) != seg.in_cow ||
	     i >> cow->shift >= cow->bits);

	must(sectors.off == off >> cow->shift && sectors.off + sectors.len <= cow->sectors);
	if (!cow_map_has(cow, map, end - 1))
		return;
	n = cow_copy_up(cow, map, off, end - off, parts);
	must(n >= 0 && n <= 2);
	while (n--) {
		must(parts[n].len && parts[n].len < sector);
		must(parts[n].off + parts[n].len <= cow->size);
		must(!bit(cow, map, parts[n].off));
		must(parts[n].off + parts[n].len <= off || parts[n].off >= end);
	}
}

static void check_bits(const um_u8 *map, um_u64 bits, um_u64 first, um_u64 end)
{
	um_u8 *copy;
	int set;
	um_u64 n;

	if (first >= end || end > bits)
		return;
	n = cow_run(map, first, end, &set);
	must(n && n <= end - first && set == cow_test_bit(map, first + n - 1));
	must(first + n == end || set != cow_test_bit(map, first + n));

	copy = malloc(bits / 8);
	memcpy(copy, map, bits / 8);
	cow_set_bits(copy, first, end);
	must(cow_run(copy, first, end, &set) == end - first && set);
	must(!first || cow_test_bit(copy, first - 1) == cow_test_bit(map, first - 1));
	must(end == bits || cow_test_bit(copy, end) == cow_test_bit(map, end));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	um_u64 need = 0, off, len;
	struct cow_map map = { };
	enum cow_fault fault;
	struct cow cow;

	fault = cow_parse(&cow, data, size, &need);
	must(need <= COW_HEAD_MAX && (fault == COW_SHORT) == (size < need && fault <= COW_SHORT));
	must(fault < COW_NR_FAULTS && cow_field(fault) && cow_rule(fault));
	if (fault)
		return 0;
	check_geometry(&cow);
	check_again(&cow);

	data += need;
	size -= need;
	off = take(&data, &size) % cow.size;
	len = take(&data, &size) ?: 1;
	if (size < 2)
		return 0;
	/* A part of the bitmap around the request, which begins somewhere in its front. */
	map.map = malloc(size);
	memcpy(map.map, data, size);
	check_bits(map.map, size * 8, off % (size * 8), len % (size * 8 + 1));
	map.first = cow_round_down(off >> cow.shift, 8);
	if (map.first >= 8 && data[0] & 1)
		map.first -= 8;
	map.end = cow_min(map.first + size * 8, cow.bits);
	if (cow_map_has(&cow, &map, off))
		check_request(&cow, &map, off, len);
	free(map.map);
	return 0;
}
