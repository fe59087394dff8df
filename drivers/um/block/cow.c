// SPDX-License-Identifier: GPL-2.0
/*
 * Headers of COW files.
 *
 * A header comes from a file that anybody may have written: each field is looked at
 * before anything is computed from it, and the limits are such that nothing that is
 * computed can overflow.
 */
#include "cow.h"

/**
 * struct cow_fields - where the fields of a layout are
 * @version:	its number in the header
 * @len:	of the header
 * @path:	offset of the path
 * @path_len:	bytes of it
 * @mtime:	offset
 * @size:	offset
 * @sector:	offset
 * @align:	offset, 0: there is none
 * @format:	offset, if there is @align
 */
struct cow_fields {
	um_u16	version;
	um_u16	len;
	um_u16	path;
	um_u16	path_len;
	um_u16	mtime;
	um_u16	size;
	um_u16	sector;
	um_u16	align;
	um_u16	format;
};

#define OF(head, field)	__builtin_offsetof(struct head, field)

static const struct cow_fields cow_layouts[COW_NR_LAYOUTS] = {
	[COW_V1] = {
		.version	= 1,
		.len		= sizeof(struct cow_head_v1),
		.path		= OF(cow_head_v1, path),
		.path_len	= COW_PATH_V1,
		.mtime		= OF(cow_head_v1, mtime),
		.size		= OF(cow_head_v1, size),
		.sector		= OF(cow_head_v1, sector),
	},
	[COW_V2] = {
		.version	= 2,
		.len		= sizeof(struct cow_head_v2),
		.path		= OF(cow_head_v2, path),
		.path_len	= COW_PATH_MAX,
		.mtime		= OF(cow_head_v2, mtime),
		.size		= OF(cow_head_v2, size),
		.sector		= OF(cow_head_v2, sector),
	},
	[COW_V3] = {
		.version	= 3,
		.len		= sizeof(struct cow_head_v3),
		.path		= OF(cow_head_v3, path),
		.path_len	= COW_PATH_MAX,
		.mtime		= OF(cow_head_v3, mtime),
		.size		= OF(cow_head_v3, size),
		.sector		= OF(cow_head_v3, sector),
		.align		= OF(cow_head_v3, align),
		.format		= OF(cow_head_v3, format),
	},
	[COW_V3_LONG] = {
		.version	= 3,
		.len		= sizeof(struct cow_head_v3_long),
		.path		= OF(cow_head_v3_long, path),
		.path_len	= COW_PATH_MAX,
		.mtime		= OF(cow_head_v3_long, mtime),
		.size		= OF(cow_head_v3_long, size),
		.sector		= OF(cow_head_v3_long, sector),
		.align		= OF(cow_head_v3_long, align),
		.format		= OF(cow_head_v3_long, format),
	},
};

/* ---- bytes -------------------------------------------------------------- */

static um_u64 cow_get(const um_u8 *p, int bytes, int little_endian)
{
	um_u64 value = 0;
	int i;

	for (i = 0; i < bytes; i++)
		value = value << 8 | p[little_endian ? bytes - 1 - i : i];
	return value;
}

static void cow_put(um_u8 *p, int bytes, int little_endian, um_u64 value)
{
	int i;

	for (i = 0; i < bytes; i++, value >>= 8)
		p[little_endian ? i : bytes - 1 - i] = value;
}

static um_u32 cow_get32(const struct cow *cow, const um_u8 *head, int off)
{
	return cow_get(head + off, 4, cow->little_endian);
}

static void cow_put32(const struct cow *cow, um_u8 *head, int off, um_u32 value)
{
	cow_put(head + off, 4, cow->little_endian, value);
}

/* Length with its NUL, or 0 when there is none in @max bytes. */
static um_u32 cow_path_len(const char *path, um_u32 max)
{
	um_u32 i;

	for (i = 0; i < max; i++)
		if (!path[i])
			return i + 1;
	return 0;
}

/* ---- what is valid ------------------------------------------------------ */

static int cow_power_of_two(um_u64 n, um_u64 min, um_u64 max)
{
	return n >= min && n <= max && !(n & (n - 1));
}

static enum cow_fault cow_fault(struct cow *cow, enum cow_fault fault, um_u64 bad)
{
	cow->bad = bad;
	return fault;
}

static void cow_set_geometry(struct cow *cow)
{
	const struct cow_fields *f = &cow_layouts[cow->layout];
	um_u64 sector = 1UL << cow->shift;
	um_u64 align = f->align ? cow->align : sector;
	um_u64 room;

	cow->sectors = cow_round_up(cow->size, sector) >> cow->shift;
	cow->bits = cow->sectors;
	if (f->align) {
		cow->bitmap_off = cow_round_up(f->len, align);
		cow->bitmap_len = (cow->sectors + 7) / 8;
		cow->data_off = cow_round_up(cow->bitmap_off + cow->bitmap_len, align);
	} else {
		/*
		 * The data lies where a bitmap without its last bits put it.  In
		 * most files the bytes between have room for those.
		 */
		cow->bitmap_off = f->len;
		cow->bitmap_len = (cow->size >> cow->shift) / 8;
		cow->data_off = cow_round_up(cow->bitmap_off + cow->bitmap_len, align);
		room = cow->data_off - cow->bitmap_off;
		cow->bits = cow_min(cow->bits, room * 8);
		cow->bitmap_len = (cow->bits + 7) / 8;
	}
	cow->end = cow->data_off + (cow->sectors << cow->shift);
}

/* All but the path; @format is 0 where the layout has none. */
static enum cow_fault cow_check(struct cow *cow, um_u32 sector, um_u32 format)
{
	if (!cow->size || cow->size > COW_SIZE_MAX)
		return cow_fault(cow, COW_BAD_SIZE, cow->size);
	if (!cow_power_of_two(sector, COW_SECTOR_MIN, COW_SECTOR_MAX))
		return cow_fault(cow, COW_BAD_SECTOR, sector);
	cow->shift = __builtin_ctz(sector);
	if (cow_layouts[cow->layout].align &&
	    !cow_power_of_two(cow->align, COW_ALIGN_MIN, COW_ALIGN_MAX))
		return cow_fault(cow, COW_BAD_ALIGN, cow->align);
	if (format != COW_FORMAT_BITMAP)
		return cow_fault(cow, COW_BAD_FORMAT, format);
	cow_set_geometry(cow);
	return COW_FINE;
}

/* ---- parsing ------------------------------------------------------------ */

static enum cow_fault cow_parse_version(struct cow *cow, const um_u8 *head)
{
	um_u32 version;

	cow->little_endian = cow_get(head, 4, 1) == COW_MAGIC;
	if (!cow->little_endian && cow_get(head, 4, 0) != COW_MAGIC)
		return COW_NO_COW;

	version = cow_get32(cow, head, OF(cow_head_v1, version));
	if (version < 1 || version > 3)
		return cow_fault(cow, COW_BAD_VERSION, version);
	if (cow->little_endian && version > 1)
		return cow_fault(cow, COW_BAD_ORDER, version);
	cow->layout = COW_V1 + version - 1;
	return COW_FINE;
}

static enum cow_fault cow_parse_fields(struct cow *cow, const um_u8 *head)
{
	const struct cow_fields *f = &cow_layouts[cow->layout];
	um_u32 len;

	cow->path = (const char *)head + f->path;
	len = cow_path_len(cow->path, f->path_len);
	/* Not ended, or empty. */
	if (len <= 1)
		return cow_fault(cow, COW_BAD_PATH, len ? 0 : f->path_len);

	cow->mtime = cow_get32(cow, head, f->mtime);
	/* Nobody has been seen to write 64 bits in order, but it is plain what they say. */
	if (cow->layout == COW_V3_LONG && !cow->mtime)
		cow->mtime = cow_get32(cow, head, OF(cow_head_v3_long, mtime_rest));
	cow->size = cow_get(head + f->size, 8, cow->little_endian);
	cow->align = f->align ? cow_get32(cow, head, f->align) : 0;
	return cow_check(cow, cow_get32(cow, head, f->sector),
			 f->align ? cow_get32(cow, head, f->format) : 0);
}

/**
 * cow_parse - understand a header
 * @cow:	filled in; complete if the result is COW_FINE, else no more than @bad
 *		is to be used
 * @head:	the first bytes of a file
 * @have:	how many these are
 * @need:	set to how many are needed, which is final if the result is COW_FINE.
 *		No more than COW_HEAD_MAX
 *
 * Return: COW_FINE; COW_SHORT: to be called again with @need bytes, and where the file
 * does not have them it is cut off, or, with less than 8, no COW file; else what is
 * wrong.
 */
enum cow_fault cow_parse(struct cow *cow, const void *head, um_u64 have,
			 um_u64 *need)
{
	const um_u8 *bytes = head;
	enum cow_fault fault;

	__builtin_memset(cow, 0, sizeof(*cow));
	*need = OF(cow_head_v1, path);
	if (have < *need)
		return COW_SHORT;
	fault = cow_parse_version(cow, bytes);
	if (fault)
		return fault;

	*need = cow_layouts[cow->layout].len;
	if (have < *need)
		return COW_SHORT;
	if (cow->layout == COW_V3 && !bytes[cow_layouts[COW_V3].path]) {
		cow->layout = COW_V3_LONG;
		*need = cow_layouts[COW_V3_LONG].len;
		if (have < *need)
			return COW_SHORT;
	}
	return cow_parse_fields(cow, bytes);
}

/* ---- making ------------------------------------------------------------- */

static int cow_host_is_little_endian(void)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
}

/**
 * cow_init - describe a new COW file
 * @cow:	filled in as by cow_parse()
 * @layout:	of its header
 * @path:	of the backing file, ended by NUL; not copied
 * @mtime:	of the backing file, of which the low 32 bits are kept
 * @size:	of the backing file
 * @sector:	bytes in a sector
 * @align:	of bitmap and data, which versions 1 and 2 do not use
 *
 * Return: COW_FINE, or what is wrong.
 */
enum cow_fault cow_init(struct cow *cow, enum cow_layout layout,
			const char *path, um_s64 mtime, um_u64 size,
			um_u32 sector, um_u32 align)
{
	const struct cow_fields *f = &cow_layouts[layout];

	__builtin_memset(cow, 0, sizeof(*cow));
	cow->layout = layout;
	cow->little_endian = layout == COW_V1 && cow_host_is_little_endian();
	cow->path = path;
	cow->mtime = mtime;
	cow->size = size;
	cow->align = f->align ? align : 0;
	if (cow_path_len(path, f->path_len) <= 1)
		return cow_fault(cow, COW_BAD_PATH, *path ? f->path_len : 0);
	return cow_check(cow, sector, COW_FORMAT_BITMAP);
}

/**
 * cow_write_head - the bytes of a header
 * @cow:	valid, from cow_init() or cow_parse()
 * @head:	COW_HEAD_MAX bytes, which do not hold the path of @cow
 *
 * Return: how many bytes the header has.
 */
um_u64 cow_write_head(const struct cow *cow, void *head)
{
	const struct cow_fields *f = &cow_layouts[cow->layout];
	um_u8 *bytes = head;

	__builtin_memset(bytes, 0, f->len);
	cow_put32(cow, bytes, OF(cow_head_v1, magic), COW_MAGIC);
	cow_put32(cow, bytes, OF(cow_head_v1, version), f->version);
	__builtin_memcpy(bytes + f->path, cow->path,
			 cow_path_len(cow->path, f->path_len));
	cow_put32(cow, bytes, f->mtime, cow->mtime);
	cow_put(bytes + f->size, 8, cow->little_endian, cow->size);
	cow_put32(cow, bytes, f->sector, 1U << cow->shift);
	if (f->align) {
		cow_put32(cow, bytes, f->align, cow->align);
		cow_put32(cow, bytes, f->format, COW_FORMAT_BITMAP);
	}
	return f->len;
}

/* ---- what else a header says -------------------------------------------- */

/**
 * cow_version - the version as its header has it
 * @cow:	valid
 *
 * Return: 1, 2 or 3.
 */
int cow_version(const struct cow *cow)
{
	return cow_layouts[cow->layout].version;
}

/**
 * cow_same_mtime - has the backing file the time that the header says?
 * @cow:	valid
 * @mtime:	of the backing file, seconds
 *
 * Headers have the low 32 bits only.
 *
 * Return: not 0 if it has.
 */
int cow_same_mtime(const struct cow *cow, um_s64 mtime)
{
	return cow->mtime == (um_u32)mtime;
}

static const char * const cow_fields_of_faults[COW_NR_FAULTS][2] = {
	[COW_FINE]		= { "header", "valid" },
	[COW_SHORT]		= { "header", "complete" },
	[COW_NO_COW]		= { "magic number", "that of a COW file" },
	[COW_BAD_VERSION]	= { "version", "1, 2 or 3" },
	[COW_BAD_ORDER]		= { "little-endian version", "1" },
	[COW_BAD_PATH]		= { "path of the backing file",
				    "not empty, and ended by NUL in its field" },
	[COW_BAD_SIZE]		= { "size of the backing file", "1 to 2^62" },
	[COW_BAD_SECTOR]	= { "sector size", "a power of two, 512 to 1048576" },
	[COW_BAD_ALIGN]		= { "alignment", "a power of two, 512 to 1048576" },
	[COW_BAD_FORMAT]	= { "format", "0" },
};

/**
 * cow_field - the field that a fault is about, for messages
 * @fault:	of cow_parse() or cow_init()
 *
 * Return: its name.
 */
const char *cow_field(enum cow_fault fault)
{
	return cow_fields_of_faults[fault][0];
}

/**
 * cow_rule - what that field has to be, for messages
 * @fault:	of cow_parse() or cow_init()
 *
 * Return: words that follow "must be".
 */
const char *cow_rule(enum cow_fault fault)
{
	return cow_fields_of_faults[fault][1];
}

/* ---- the mark of a merge ------------------------------------------------ */

/**
 * cow_write_mark - what is at struct cow's end while a merge goes on
 * @cow:	valid
 * @mark:	filled in
 */
void cow_write_mark(const struct cow *cow, struct cow_merge_mark *mark)
{
	__builtin_memcpy(mark->magic, COW_MERGE_MAGIC, sizeof(mark->magic));
	cow_put((um_u8 *)&mark->size, 8, 0, cow->size);
}

/**
 * cow_is_mark - is it one?
 * @cow:	valid
 * @mark:	bytes from struct cow's end
 *
 * Then the time of the backing file is not to be compared.
 *
 * Return: not 0 if it is.
 */
int cow_is_mark(const struct cow *cow, const struct cow_merge_mark *mark)
{
	struct cow_merge_mark want;

	cow_write_mark(cow, &want);
	return !__builtin_memcmp(mark, &want, sizeof(want));
}
