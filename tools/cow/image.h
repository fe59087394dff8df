/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Disk images: a COW file, its backing file, which may be a COW file too, and so on
 * down to plain data.
 */
#ifndef COW_IMAGE_H
#define COW_IMAGE_H

#include <sys/stat.h>

#include "../../drivers/um/block/cow.h"

/* How a backing file compares with what its COW file says of it. */
enum image_match {
	IMAGE_SAME,
	IMAGE_MERGING,		/* its time says nothing, its size is right */
	IMAGE_OTHER_TIME,
	IMAGE_OTHER_SIZE,
};

/**
 * struct image - a file of a chain
 * @path:	as it was opened
 * @fd:		the file
 * @st:		what the host says of it
 * @len:	bytes of the file, or of the block device
 * @size:	bytes of the disk
 * @is_cow:	it is a COW file, @cow is valid
 * @merging:	a COW file whose merge into its backing file is not complete
 * @cow:	header of a COW file
 * @head:	its bytes, which @cow refers to
 * @backing:	of a COW file, once it was opened
 * @above:	the COW file of which this is the backing file, or NULL
 * @map:	the part of the bitmap that was read last
 * @clear:	sectors of which no bit is set, because the file has a hole there
 * @hole:	the data or hole of the file that was found last, see @is_hole
 * @is_hole:	which of them it is
 */
struct image {
	char			*path;
	int			fd;
	struct stat		st;
	um_u64			len;
	um_u64			size;
	int			is_cow;
	int			merging;
	struct cow		cow;
	um_u8			head[COW_HEAD_MAX];
	struct image		*backing;
	struct image		*above;
	struct cow_map		map;
	struct cow_range	clear;
	struct cow_range	hole;
	int			is_hole;
};

/**
 * struct extent - bytes of the disk as a file of the chain has them
 * @image:	the file, or NULL: zeros
 * @off:	place in it
 * @len:	bytes
 */
struct extent {
	struct image	*image;
	um_u64		off;
	um_u64		len;
};

/* Who may use a file at the same time. */
enum image_lock {
	IMAGE_NO_LOCK,
	IMAGE_SHARED,
	IMAGE_EXCLUSIVE,
};

/* Opens a file, for writing too if the lock is exclusive.  NULL: it failed. */
struct image *image_open(const char *path, enum image_lock lock);
/*
 * Opens @path, or if that is NULL what the header names, as the backing file of a
 * COW file.  It is a COW file itself only where its disk has the size that is asked
 * for: where the file has it, it is plain data.
 */
int image_open_backing(struct image *image, const char *path, enum image_lock lock);
/* All backing files that lie under @image. */
int image_open_chain(struct image *image, enum image_lock lock);
void image_close(struct image *image);

/* Is it this file, by whatever name? */
int image_is_file(const struct image *image, const struct stat *st);
/* Is it a COW file, and valid?  Otherwise a failure that names what is not. */
int image_need_cow(const struct image *image);
enum image_match image_match(const struct image *image);
/* A failure that tells about both files and what to do. */
int image_mismatch(const struct image *image, enum image_match match);
/* The path of the backing file, as it is to be opened; to be freed. */
char *image_backing_path(const struct image *image);

/* In which of its files a COW file has bytes of the disk; at least one of @len. */
int image_segment(struct image *image, um_u64 off, um_u64 len,
		  struct cow_segment *seg);
/* Which file of the chain has them; at least one of @len. */
int image_extent(struct image *image, um_u64 off, um_u64 len, struct extent *extent);
/* A failure if the disk as plain data, in the file @path, would be taken for a COW file. */
int image_check_disguise(struct image *image, const char *path);

/* Bytes of the bitmap that are kept in memory: 1 GiB of a disk. */
#define IMAGE_MAP_BYTES	(1UL << 18)

#endif
