/* SPDX-License-Identifier: GPL-2.0 */
/*
 * COW files: a disk as its differences from a backing file.
 *
 *	header | bitmap | data
 *
 * The bitmap has one bit for each sector of the disk, least significant first in
 * each byte.  A set bit: the sector is in the data area, at the place that it has
 * on the disk.  A clear bit: it is in the backing file, at that same place.  The
 * file is sparse, so what is not set takes no room.
 *
 * All headers begin with the magic number and the version.  "size" is the backing
 * file's in bytes, and the disk's; "mtime" is the backing file's in seconds since
 * 1970; with these a backing file is recognised.  The path of the backing file is
 * ended by a NUL.
 *
 *		version 1	version 2	version 3	3, long
 *	magic	0  u32		0  u32		0  u32		0  u32
 *	version	4  u32		4  u32		4  u32		4  u32
 *	path	8, 256 bytes	8, 4096 bytes	32, 4096 bytes	36, 4096 bytes
 *	mtime	264  u32	4104  u32	8  u32		8  u32, 12  u32
 *	size	268  u64	4108  u64	12  u64		16  u64
 *	sector	276  u32	4116  u32	20  u32		24  u32
 *	align	-		-		24  u32		28  u32
 *	format	-		-		28  u32		32  u32
 *	length	280		4120		4128		4136
 *	bitmap	280		4120		length rounded up to a multiple of align
 *	data	bitmap's end rounded up		bitmap's end rounded up
 *		to a multiple of sector		to a multiple of align
 *
 * Version 1 has the byte order of the host that made it, which the magic number
 * shows; everything else is big-endian.
 *
 * What was observed of Debian's uml_moo and uml_mkcow 20070815.4 and linux.uml 6.1
 * on x86-64, where no document says it:
 *
 * - The magic number is taken in either byte order, in all versions.  With version 1
 *   the other fields are read in the host's order even so.
 * - Versions 1 and 2 have a bitmap of size / (8 * sector) whole bytes, rounded down:
 *   it can lack up to seven bits, and one more for a partial last sector.  The data
 *   begins where that shorter bitmap puts it.  linux.uml writes the lacking bits behind
 *   the bitmap nevertheless, over the first data where no byte is free there; uml_moo
 *   takes them for clear.  Version 3 rounds up, and so has all bits.
 * - A partial last sector has a bit in version 3.  linux.uml rounds its disk up to
 *   whole sectors, uml_moo drops the partial sector.
 * - "3, long" is the header of version 3 as some 64-bit hosts laid it out: mtime in a
 *   field of 64 bits, of which the first word has the time, big-endian, and the
 *   second is ignored (0), and four bytes at the end that pad it.  It is recognised
 *   by the empty path that it has when it is taken for version 3: the byte at 32,
 *   of "format", is 0.  Here the second word is the time where the first is 0, as
 *   if the field had been written in order.
 * - uml_mkcow and linux.uml write version 3 with sector 512, align 4096, format 0, a
 *   path that is absolute, and a file that is as long as bitmap and data need.
 * - The format's number is ignored, any alignment but 0 is taken, and 0 for the
 *   sector or the alignment is a division by zero.
 * - A COW file as the backing file of another is taken for plain data there: "size"
 *   is the length of the file.
 */
#ifndef _UM_ABI_COW_H
#define _UM_ABI_COW_H

#include <um/types.h>

#define COW_MAGIC		0x4f4f4f4dU	/* "OOOM" */
#define COW_FORMAT_BITMAP	0

/* Bytes of the path, with its NUL. */
#define COW_PATH_V1		256
#define COW_PATH_MAX		4096

/* What is made when nobody asks for something else. */
#define COW_SECTOR		512
#define COW_ALIGN		4096

/* Limits of this port; files of others have been seen well inside of them. */
#define COW_SECTOR_MIN		512
#define COW_SECTOR_MAX		(1U << 20)
#define COW_ALIGN_MIN		512
#define COW_ALIGN_MAX		(1U << 20)
#define COW_SIZE_MAX		(1UL << 62)

struct cow_head_v1 {
	um_u32	magic;
	um_u32	version;
	char	path[COW_PATH_V1];
	um_u32	mtime;
	um_u64	size;
	um_u32	sector;
} __attribute__((packed));

struct cow_head_v2 {
	um_u32	magic;
	um_u32	version;
	char	path[COW_PATH_MAX];
	um_u32	mtime;
	um_u64	size;
	um_u32	sector;
} __attribute__((packed));

struct cow_head_v3 {
	um_u32	magic;
	um_u32	version;
	um_u32	mtime;
	um_u64	size;
	um_u32	sector;
	um_u32	align;
	um_u32	format;
	char	path[COW_PATH_MAX];
} __attribute__((packed));

struct cow_head_v3_long {
	um_u32	magic;
	um_u32	version;
	um_u32	mtime;
	um_u32	mtime_rest;
	um_u64	size;
	um_u32	sector;
	um_u32	align;
	um_u32	format;
	char	path[COW_PATH_MAX];
	um_u32	pad;
} __attribute__((packed));

/* The longest header. */
#define COW_HEAD_MAX		sizeof(struct cow_head_v3_long)

/*
 * Follows the data area, at the next multiple of the sector size, while the file is
 * being merged into its backing file.  Nothing of other origin looks there.  As long
 * as it is there the backing file's mtime says nothing: the backing file changes, but
 * in those sectors only that are in the COW file.
 */
#define COW_MERGE_MAGIC		"COWMERGE"

struct cow_merge_mark {
	char	magic[8];
	um_u64	size;		/* of the disk, big-endian */
} __attribute__((packed));

_Static_assert(sizeof(struct cow_head_v1) == 280, "version 1");
_Static_assert(sizeof(struct cow_head_v2) == 4120, "version 2");
_Static_assert(sizeof(struct cow_head_v3) == 4128, "version 3");
_Static_assert(sizeof(struct cow_head_v3_long) == 4136, "version 3, long");
_Static_assert(__builtin_offsetof(struct cow_head_v1, size) == 268, "version 1");
_Static_assert(__builtin_offsetof(struct cow_head_v2, size) == 4108, "version 2");
_Static_assert(__builtin_offsetof(struct cow_head_v3, path) == 32, "version 3");
_Static_assert(__builtin_offsetof(struct cow_head_v3_long, path) == 36, "version 3, long");
_Static_assert(sizeof(struct cow_merge_mark) == 16, "the mark of a merge");

#endif /* _UM_ABI_COW_H */
