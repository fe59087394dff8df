// SPDX-License-Identifier: GPL-2.0
/*
 * Merging a COW file.
 *
 * The order of the writes into a backing file is what makes it safe to end at any
 * time; each step is on stable storage before the next one begins:
 *
 * 1. The COW file gets the mark of a merge.  From here on the backing file's time is
 *    not compared.
 * 2. The sectors of the COW file are written into the backing file.  Nobody sees them
 *    there, as the disk has these sectors from the COW file.
 * 3. If the backing file is a COW file: its bits are set, as its data is there now.
 * 4. The backing file gets a new time, so that other COW files on it, whose disks did
 *    change, are refused.
 * 5. The COW file gets that time, and fits again.
 * 6. The mark goes.
 *
 * Ended before 1 or after 6 there is nothing to do; between, all can be done again.
 * What fails in 2 or 3 goes on with 4: the COW file still has all its sectors, so it
 * fits a backing file that has got some of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "io.h"
#include "merge.h"
#include "progress.h"

static int sync_image(const struct image *image)
{
	return fsync(image->fd) ? fail("%s: bringing it to stable storage: %m", image->path) : 0;
}

/* ---- into a new file ---------------------------------------------------- */

int merge_into_new(struct image *top, int fd, const char *path)
{
	um_u64 off = 0;
	struct extent e;

	if (ftruncate(fd, top->size))
		return fail("%s: %lu bytes: %m", path, top->size);
	for (; off < top->size; off += e.len) {
		if (image_extent(top, off, top->size - off, &e) < 0)
			return -1;
		if (progress(off, top->size) < 0)
			return -1;
		if (!e.image)
			continue;
		e.len = cow_min(e.len, IO_CHUNK);
		if (copy_at(e.image->fd, e.off, fd, off, e.len))
			return fail("copying byte %lu from %s to %s: %m", off,
				    e.image->path, path);
	}
	return 0;
}

/* ---- into the backing file: data ---------------------------------------- */

/* Part of the disk into the backing file, as whole sectors of that. */
static int merge_range(struct image *top, um_u64 off, um_u64 end)
{
	struct image *target = top->backing;
	um_u64 data_off = 0;
	struct extent e;

	if (target->is_cow) {
		um_u64 sector = 1UL << target->cow.shift;

		data_off = target->cow.data_off;
		off = cow_round_down(off, sector);
		end = cow_min(cow_round_up(end, sector), top->size);
	}
	for (; off < end; off += e.len) {
		if (image_extent(top, off, end - off, &e) < 0)
			return -1;
		if (progress(off, top->size) < 0)
			return -1;
		e.len = cow_min(e.len, IO_CHUNK);
		/* The rest of a sector that is already there. */
		if (e.image == target)
			continue;
		if (e.image ? copy_at(e.image->fd, e.off, target->fd, data_off + off, e.len) :
			      zero_at(target->fd, e.len, data_off + off))
			return fail("writing byte %lu of the disk to %s: %m", off, target->path);
	}
	return 0;
}

static int merge_bits(struct image *top, um_u64 off, um_u64 end)
{
	static um_u8 map[1 << 16];
	struct image *target = top->backing;
	struct cow_range sectors = cow_sectors(&target->cow, off, end - off);
	um_u64 first = sectors.off, last = first + sectors.len;

	while (first < last) {
		um_u64 base = cow_round_down(first, 8);
		um_u64 stop = cow_min(last, base + 8 * sizeof(map));
		struct cow_range bytes = cow_bitmap_bytes(&target->cow, base, stop);

		if (read_at(target->fd, map, bytes.len, bytes.off) != (long)bytes.len)
			return fail("%s: bitmap: byte %lu: %m", target->path, bytes.off);
		cow_set_bits(map, first - base, stop - base);
		if (write_at(target->fd, map, bytes.len, bytes.off))
			return fail("%s: bitmap: byte %lu: %m", target->path, bytes.off);
		first = stop;
	}
	return 0;
}

/* Does something for all that the COW file has. */
static int for_all_ranges(struct image *top,
			  int (*fn)(struct image *top, um_u64 off, um_u64 end))
{
	struct cow_segment seg;
	um_u64 off;

	for (off = 0; off < top->size; off += seg.len) {
		if (image_segment(top, off, top->size - off, &seg) < 0)
			return -1;
		if (seg.in_cow && fn(top, off, off + seg.len) < 0)
			return -1;
	}
	return 0;
}

static int merge_contents(struct image *top)
{
	struct image *target = top->backing;

	/* Too short, which somebody asked to use all the same. */
	if (S_ISREG(target->st.st_mode) && !target->is_cow && target->size < top->size) {
		if (ftruncate(target->fd, top->size))
			return fail("%s: %lu bytes: %m", target->path, top->size);
	}
	if (for_all_ranges(top, merge_range) < 0 || sync_image(target) < 0)
		return -1;
	if (!target->is_cow)
		return 0;
	return for_all_ranges(top, merge_bits) < 0 || sync_image(target) < 0 ? -1 : 0;
}

/* ---- into the backing file: the mark and the time ----------------------- */

/*
 * A COW file on this one goes by its time, and what it sees here does not change.  At
 * once, as the time is not known any more to who does it again.  Where we may not set
 * times it has to be told (-i).
 */
static void restore_time(const struct image *top)
{
	const struct timespec times[2] = { top->st.st_atim, top->st.st_mtim };

	futimens(top->fd, times);
}

static int set_mark(const struct image *top)
{
	struct cow_merge_mark mark;

	cow_write_mark(&top->cow, &mark);
	if (write_at(top->fd, &mark, sizeof(mark), top->cow.end))
		return fail("%s: marking the merge: %m", top->path);
	restore_time(top);
	return sync_image(top);
}

static int clear_mark(const struct image *top)
{
	static const struct cow_merge_mark none;

	if (S_ISREG(top->st.st_mode) ? ftruncate(top->fd, top->cow.end) :
	    write_at(top->fd, &none, sizeof(none), top->cow.end))
		return fail("%s: clearing the mark of the merge: %m", top->path);
	restore_time(top);
	return sync_image(top);
}

/* A time of now, in another second than the COW file knows. */
static int renew_time(struct image *top)
{
	static const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	struct image *target = top->backing;

	for (;;) {
		if (futimens(target->fd, NULL) || fstat(target->fd, &target->st))
			return fail("%s: time: %m", target->path);
		if (!cow_same_mtime(&top->cow, target->st.st_mtime))
			return sync_image(target);
		nanosleep(&pause, NULL);
	}
}

static int adopt_time(struct image *top)
{
	um_u8 head[COW_HEAD_MAX];

	top->cow.mtime = top->backing->st.st_mtime;
	if (write_at(top->fd, head, cow_write_head(&top->cow, head), 0))
		return fail("%s: header: %m", top->path);
	restore_time(top);
	return sync_image(top);
}

static int was_written(const struct image *image)
{
	struct stat st;

	return fstat(image->fd, &st) || st.st_mtim.tv_sec != image->st.st_mtim.tv_sec ||
	       st.st_mtim.tv_nsec != image->st.st_mtim.tv_nsec;
}

/* The files fit again, for programs too that do not know the mark. */
static int settle(struct image *top)
{
	if (renew_time(top) < 0 || adopt_time(top) < 0)
		return -1;
	return clear_mark(top);
}

/* The same after an error, which has been told; if this fails the mark stays. */
static void settle_after_error(struct image *top)
{
	char *why = strdup(failure());

	if (top->merging || was_written(top->backing))
		settle(top);
	else
		clear_mark(top);
	fail("%s", why ?: "out of memory");
	free(why);
}

/* ---- into the backing file ---------------------------------------------- */

static int has_something(struct image *top)
{
	struct cow_segment seg;
	um_u64 off;

	for (off = 0; off < top->size; off += seg.len) {
		if (image_segment(top, off, top->size - off, &seg) < 0)
			return -1;
		if (seg.in_cow)
			return 1;
	}
	return 0;
}

/* Versions 1 and 2 can lack bits for the last sectors. */
static int check_last_bits(struct image *top)
{
	const struct cow *cow = &top->backing->cow;
	um_u64 off = cow->bits << cow->shift;
	struct cow_segment seg;

	for (; off < top->size; off += seg.len) {
		if (image_segment(top, off, top->size - off, &seg) < 0)
			return -1;
		if (seg.in_cow)
			return fail("%s: cannot have byte %lu of the disk: it is of version %d and lacks bits: merge into a new file",
				    top->backing->path, off, cow_version(cow));
	}
	return 0;
}

/* Of plain data that was there before, whoever has put it there knows how it begins. */
static int check_first_sector(struct image *top)
{
	struct cow_segment seg;

	if (image_segment(top, 0, 1, &seg) < 0)
		return -1;
	return seg.in_cow ? image_check_disguise(top, top->backing->path) : 0;
}

/* What cannot be written to the backing file. */
static int check_target(struct image *top, int force)
{
	const struct image *target = top->backing;

	if (!target->is_cow)
		return force ? 0 : check_first_sector(top);
	if (target->size != top->size)
		return fail("%s: cannot be merged into the COW file %s, whose disk has %lu bytes instead of %lu",
			    top->path, target->path, target->size, top->size);
	return check_last_bits(top);
}

int merge_into_backing(struct image *top, int force)
{
	int something;

	if (check_target(top, force) < 0)
		return -1;
	something = has_something(top);
	if (something < 0 || (!something && !top->merging))
		return something;
	if (set_mark(top) < 0)
		return -1;
	if (merge_contents(top) < 0) {
		settle_after_error(top);
		return -1;
	}
	return settle(top);
}
