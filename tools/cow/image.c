// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "image.h"
#include "io.h"
#include "lock.h"

/* More files than this under each other are a mistake. */
#define IMAGE_MAX_CHAIN	32

/* ---- one file ----------------------------------------------------------- */

static int image_find_length(struct image *image)
{
	if (fstat(image->fd, &image->st))
		return fail("%s: %m", image->path);
	switch (image->st.st_mode & S_IFMT) {
	case S_IFREG:
		image->len = image->st.st_size;
		return 0;
	case S_IFBLK:
		if (ioctl(image->fd, BLKGETSIZE64, &image->len))
			return fail("%s: size of the device: %m", image->path);
		return 0;
	case S_IFDIR:
		return fail("%s: is a directory", image->path);
	default:
		return fail("%s: neither a file nor a block device", image->path);
	}
}

static int image_find_mark(struct image *image)
{
	struct cow_merge_mark mark;
	long n = read_at(image->fd, &mark, sizeof(mark), image->cow.end);

	if (n < 0)
		return fail("%s: byte %lu: %m", image->path, image->cow.end);
	image->merging = n == sizeof(mark) && cow_is_mark(&image->cow, &mark);
	return 0;
}

static int image_identify(struct image *image)
{
	long have = read_at(image->fd, image->head, sizeof(image->head), 0);
	um_u64 need;

	if (have < 0)
		return fail("%s: header: %m", image->path);
	image->size = image->len;
	if (cow_parse(&image->cow, image->head, have, &need))
		return 0;
	image->is_cow = 1;
	image->size = image->cow.size;
	return image_find_mark(image);
}

static int image_open_file(struct image *image, enum image_lock lock)
{
	int flags = lock == IMAGE_EXCLUSIVE ? O_RDWR : O_RDONLY;

	/* What is no file must not make us wait. */
	image->fd = open(image->path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (image->fd < 0)
		return fail("%s: %m", image->path);
	if (image_find_length(image) < 0)
		return -1;
	if (lock && lock_file(image->fd, image->path, lock == IMAGE_EXCLUSIVE) < 0)
		return -1;
	/* Again, as whoever had it locked may have changed it. */
	if (image_find_length(image) < 0)
		return -1;
	return image_identify(image);
}

struct image *image_open(const char *path, enum image_lock lock)
{
	struct image *image = calloc(1, sizeof(*image));

	if (!image) {
		fail("%s: %m", path);
		return NULL;
	}
	image->fd = -1;
	image->path = strdup(path);
	if (image->path && !image_open_file(image, lock))
		return image;
	image_close(image);
	return NULL;
}

void image_close(struct image *image)
{
	if (!image)
		return;
	image_close(image->backing);
	if (image->fd >= 0)
		close(image->fd);
	free(image->map.map);
	free(image->path);
	free(image);
}

int image_need_cow(const struct image *image)
{
	um_u64 have = cow_min(image->len, sizeof(image->head));
	enum cow_fault fault;
	struct cow cow;
	um_u64 need;

	fault = cow_parse(&cow, image->head, have, &need);
	switch (fault) {
	case COW_FINE:
		break;
	case COW_SHORT:
		if (have < need && have >= 8)
			return fail("%s: cut off: the header has %lu bytes, the file %lu",
				    image->path, need, image->len);
		return fail("%s: not a COW file", image->path);
	case COW_NO_COW:
		return fail("%s: not a COW file", image->path);
	default:
		return fail("%s: %s %lu is not valid: must be %s", image->path,
			    cow_field(fault), cow.bad, cow_rule(fault));
	}
	if (image->len < cow.bitmap_off + cow.bitmap_len)
		return fail("%s: cut off: the bitmap ends at byte %lu, the file at %lu",
			    image->path, cow.bitmap_off + cow.bitmap_len, image->len);
	return 0;
}

int image_is_file(const struct image *image, const struct stat *st)
{
	return st->st_dev == image->st.st_dev && st->st_ino == image->st.st_ino;
}

/* ---- chains ------------------------------------------------------------- */

char *image_backing_path(const struct image *image)
{
	const char *name = image->cow.path;
	char *copy, *path = NULL;

	/* The tools store absolute paths; where one is not, it goes with its file. */
	if (*name == '/')
		return strdup(name);
	copy = strdup(image->path);
	if (!copy || asprintf(&path, "%s/%s", dirname(copy), name) < 0)
		path = NULL;
	free(copy);
	return path;
}

enum image_match image_match(const struct image *image)
{
	const struct image *backing = image->backing;

	if (backing->size != image->cow.size)
		return IMAGE_OTHER_SIZE;
	if (image->merging)
		return IMAGE_MERGING;
	if (!cow_same_mtime(&image->cow, backing->st.st_mtime))
		return IMAGE_OTHER_TIME;
	return IMAGE_SAME;
}

int image_mismatch(const struct image *image, enum image_match match)
{
	const struct image *backing = image->backing;

	if (match == IMAGE_OTHER_SIZE)
		return fail("%s: the backing file %s has %lu bytes instead of %lu: name the right one (-b), or use this one all the same (-i)",
			    image->path, backing->path, backing->size, image->cow.size);
	return fail("%s: the backing file %s was changed: its time is %ld instead of %u: if what it holds is the same, use it (-i), or 'touch -d @%u' it",
		    image->path, backing->path, (long)backing->st.st_mtime,
		    image->cow.mtime, image->cow.mtime);
}

/* Is the file one of those that it is to be under? */
static int image_check_loop(const struct image *image, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return 0;
	for (; image; image = image->above)
		if (image_is_file(image, &st))
			return fail("%s: is above itself in the chain", path);
	return 0;
}

int image_open_backing(struct image *image, const char *path, enum image_lock lock)
{
	char *named = path ? NULL : image_backing_path(image);
	struct image *backing = NULL;

	if (!path && !named)
		return fail("%s: %m", image->path);
	/* Before it is opened, as it would be found locked, by us. */
	if (!image_check_loop(image, path ?: named))
		backing = image_open(path ?: named, lock);
	free(named);
	if (!backing) {
		char *why = strdup(failure());

		fail("%s: backing file %s", image->path, why ?: "");
		free(why);
		return -1;
	}
	if (backing->is_cow && backing->size != image->cow.size &&
	    backing->len == image->cow.size) {
		backing->is_cow = 0;
		backing->size = backing->len;
	}
	image->backing = backing;
	backing->above = image;
	return 0;
}

int image_open_chain(struct image *top, enum image_lock lock)
{
	struct image *image;
	int n = 1;

	for (image = top; image->is_cow; image = image->backing, n++) {
		if (image_need_cow(image) < 0)
			return -1;
		if (!image->backing && image_open_backing(image, NULL, lock) < 0)
			return -1;
		if (n > IMAGE_MAX_CHAIN)
			return fail("%s: more than %d files under each other", top->path,
				    IMAGE_MAX_CHAIN);
	}
	return 0;
}

/* ---- where bytes are ---------------------------------------------------- */

static int in_range(const struct cow_range *range, um_u64 n)
{
	return n - range->off < range->len;
}

/* Whether the file has a hole at @off, and what is the same up to where. */
static void image_find_hole(struct image *image, um_u64 off)
{
	struct cow_range *hole = &image->hole;
	off_t end;

	if (in_range(hole, off))
		return;
	hole->off = off;
	end = lseek(image->fd, off, SEEK_DATA);
	/* No more data, up to the end. */
	if (end < 0 && errno == ENXIO)
		end = image->len;
	image->is_hole = end > (off_t)off;
	if (!image->is_hole) {
		end = lseek(image->fd, off, SEEK_HOLE);
		/* A file system, or device, without holes. */
		if (end <= (off_t)off)
			end = image->len;
	}
	hole->len = end - off;
}

/* Gets the part of the bitmap that begins with the bit of a sector. */
static int image_load_map(struct image *image, um_u64 sector)
{
	const struct cow *cow = &image->cow;
	struct cow_map *map = &image->map;
	struct cow_range bytes;
	um_u64 first = cow_round_down(sector, 8);
	long n;

	bytes = cow_bitmap_bytes(cow, first, cow->bits);
	image_find_hole(image, bytes.off);
	if (image->is_hole) {
		um_u64 hole = image->hole.off + image->hole.len - bytes.off;

		image->clear.off = first;
		image->clear.len = cow_min(hole * 8, cow->bits - first);
		return 0;
	}

	if (!map->map)
		map->map = malloc(IMAGE_MAP_BYTES);
	if (!map->map)
		return fail("%s: %m", image->path);
	bytes.len = cow_min(bytes.len, IMAGE_MAP_BYTES);
	map->end = 0;
	n = read_at(image->fd, map->map, bytes.len, bytes.off);
	if (n < 0)
		return fail("%s: bitmap: byte %lu: %m", image->path, bytes.off);
	if ((um_u64)n != bytes.len)
		return fail("%s: cut off: the file ends at byte %lu, in its bitmap",
			    image->path, bytes.off + n);
	map->first = first;
	map->end = cow_min(first + bytes.len * 8, cow->bits);
	return 0;
}

int image_segment(struct image *image, um_u64 off, um_u64 len,
		  struct cow_segment *seg)
{
	const struct cow *cow = &image->cow;
	um_u64 sector = off >> cow->shift;
	um_u64 end;

	if (!in_range(&image->clear, sector) && !cow_map_has(cow, &image->map, off) &&
	    image_load_map(image, sector) < 0)
		return -1;
	if (in_range(&image->clear, sector)) {
		end = (image->clear.off + image->clear.len) << cow->shift;
		seg->in_cow = 0;
		seg->off = off;
		seg->len = cow_min(len, cow_min(end, cow->size) - off);
		return 0;
	}
	*seg = cow_segment(cow, &image->map, off, len);
	return 0;
}

int image_extent(struct image *image, um_u64 off, um_u64 len, struct extent *extent)
{
	struct cow_segment seg = { .off = off };

	*extent = (struct extent) { .len = len };
	/* A backing file that is too short, which somebody asked to use all the same. */
	if (off >= image->size)
		return 0;
	seg.len = cow_min(len, image->size - off);
	if (image->is_cow) {
		if (image_segment(image, off, seg.len, &seg) < 0)
			return -1;
		if (!seg.in_cow)
			return image_extent(image->backing, off, seg.len, extent);
		if (seg.off + seg.len > image->len)
			return fail("%s: cut off: byte %lu of the disk is to be at %lu, the file ends at %lu",
				    image->path, off, seg.off, image->len);
	}
	image_find_hole(image, seg.off);
	extent->image = image->is_hole ? NULL : image;
	extent->off = seg.off;
	extent->len = cow_min(seg.len, image->hole.off + image->hole.len - seg.off);
	return 0;
}

/*
 * What runs on a COW file may write all that it likes to the first sector.  In plain data
 * that could be a header which names the file that is shown the next time.
 */
int image_check_disguise(struct image *image, const char *path)
{
	um_u8 head[8] = { };
	struct cow cow;
	struct extent e;
	um_u64 need;

	/* Sectors are larger: one file has all of it. */
	if (image_extent(image, 0, sizeof(head), &e) < 0)
		return -1;
	if (e.image && read_at(e.image->fd, head, e.len, e.off) < 0)
		return fail("%s: byte %lu: %m", e.image->path, e.off);
	/* What is no valid header would not be taken for plain data either. */
	if (cow_parse(&cow, head, sizeof(head), &need) == COW_NO_COW)
		return 0;
	return fail("%s: the disk begins with a COW header, so %s would be taken for a COW file (-f merges it all the same)",
		    image->path, path);
}
