// SPDX-License-Identifier: GPL-2.0
/*
 * A COW file goes into the file below it while the disk is in use: the steps.
 *
 * Helper threads run this: it may call host functions, and nothing of the kernel.
 *
 * The order is that of uml_moo -d (Documentation/cow.md): as long as the mark is in
 * the COW file, whatever it has is what counts, and the file below may change.  In
 * the end all is there as well, on stable storage; then the bits go, the header gets
 * the other file's new time, the mark goes, and last the data, which nobody looks at.
 */
#include <linux/errno.h>
#include <linux/stddef.h>

#include "ubd_merge.h"

static int read_all(int fd, void *buf, um_u64 len, um_u64 off)
{
	while (len) {
		struct host_iovec iov = { .base = buf, .len = len };
		long n = host_preadv(fd, &iov, 1, off, 0);

		if (n <= 0)
			return n ? n : -EIO;
		buf = (char *)buf + n;
		off += n;
		len -= n;
	}
	return 0;
}

static int write_all(int fd, const void *buf, um_u64 len, um_u64 off)
{
	while (len) {
		struct host_iovec iov = { .base = (void *)buf, .len = len };
		long n = host_pwritev(fd, &iov, 1, off, 0);

		if (n <= 0)
			return n ? n : -EIO;
		buf = (const char *)buf + n;
		off += n;
		len -= n;
	}
	return 0;
}

/* ---- what is to be copied --------------------------------------------------- */

void ubd_merge_touch(struct ubd_image *image, um_u64 off, um_u64 len)
{
	struct cow_range r;

	if (!image->changes.todo || !len)
		return;
	r = cow_sectors(&image->layer[0].cow, off, len);
	/* Some of old versions lack bits for the last sectors, and have nothing there. */
	cow_set_bits(image->changes.todo, r.off,
		     cow_min(r.off + r.len, image->layer[0].cow.bits));
}

/*
 * The sectors from @first on that are to be copied, and are in the COW file: a
 * discard may touch others.
 */
static struct cow_range next_run(const struct ubd_image *image, um_u64 first)
{
	const struct ubd_layer *l = image->layer;
	um_u64 max = cow_min(UBD_MERGE_BUF >> l->cow.shift, l->cow.bits);
	struct cow_range r = { .off = first };
	int todo, there;

	while (r.off < l->cow.bits) {
		r.len = cow_run(image->changes.todo, r.off, l->cow.bits, &todo);
		if (!todo) {
			r.off += r.len;
			continue;
		}
		r.len = cow_run(l->map, r.off, r.off + r.len, &there);
		if (there) {
			r.len = cow_min(r.len, max);
			return r;
		}
		cow_clear_bits(image->changes.todo, r.off, r.off + r.len);
		r.off += r.len;
	}
	r.len = 0;
	return r;
}

/*
 * Whoever opens the file below next would take it for a COW file, and the guest
 * would choose what is shown.
 */
static int check_first(struct ubd_merge *merge, const void *sector)
{
	merge->disguised = ubd_is_cow_head(sector);
	return merge->disguised ? -EPERM : 0;
}

static int copy_run(struct ubd_merge *merge, struct cow_range r)
{
	struct ubd_image *image = merge->image;
	const struct ubd_layer *l = image->layer;
	um_u64 off = r.off << l->cow.shift;
	um_u64 len = cow_min(r.len << l->cow.shift, l->cow.size - off);
	int err;

	err = read_all(l->fd, merge->buf, len, l->cow.data_off + off);
	if (!err && !off)
		err = check_first(merge, merge->buf);
	if (err)
		return err;
	merge->written = 1;
	err = write_all(l[1].fd, merge->buf, len, off);
	if (err)
		return err;
	cow_clear_bits(image->changes.todo, r.off, r.off + r.len);
	merge->round += len;
	merge->copied += len;
	return 0;
}

int ubd_merge_copy(struct ubd_merge *merge)
{
	um_u64 before = merge->copied;
	struct cow_range r;
	int err;

	if (!merge->pos)
		merge->round = 0;
	while (merge->copied - before < UBD_MERGE_STEP) {
		r = next_run(merge->image, merge->pos);
		if (!r.len) {
			merge->pos = 0;
			return 0;
		}
		err = copy_run(merge, r);
		if (err)
			return err;
		merge->pos = r.off + r.len;
	}
	return 0;
}

int ubd_merge_sync(struct ubd_merge *merge)
{
	return host_datasync(merge->image->layer[1].fd);
}

/* ---- the files fit ------------------------------------------------------------ */

static int clear_mark(struct ubd_merge *merge)
{
	static const struct cow_merge_mark none;
	struct ubd_layer *l = merge->image->layer;
	int err = host_truncate(l->fd, l->cow.end);

	/* A block device has the size that it has. */
	if (err)
		err = write_all(l->fd, &none, sizeof(none), l->cow.end);
	return err ?: ubd_image_sync(merge->image);
}

static int set_mark(struct ubd_merge *merge)
{
	struct ubd_layer *l = merge->image->layer;
	struct cow_merge_mark mark;
	int err;

	cow_write_mark(&merge->cow, &mark);
	err = write_all(l->fd, &mark, sizeof(mark), l->cow.end) ?:
	      ubd_image_sync(merge->image);
	/* A part of it may be there; an old one is still true. */
	if (err && !merge->marked)
		clear_mark(merge);
	return err;
}

static int is_marked(const struct ubd_merge *merge)
{
	struct cow_merge_mark mark;

	return !read_all(merge->image->layer[0].fd, &mark, sizeof(mark),
			 merge->cow.end) &&
	       cow_is_mark(&merge->cow, &mark);
}

/* A second is over within that. */
#define UBD_TICK_NS	100000000UL
#define UBD_TICKS	20

/*
 * A time of now, in another second than the COW file knows; *@time is what it got.
 * Who may write the file and does not own it cannot choose the time, and waits.
 */
static int change_time(struct ubd_merge *merge, int fd, um_s64 *time)
{
	struct host_stat st;
	um_u32 never = 0;
	int i, err;

	for (i = 0; i < UBD_TICKS; i++) {
		err = host_fstat(fd, &st);
		if (err)
			return err;
		*time = st.mtime;
		if (!cow_same_mtime(&merge->cow, st.mtime))
			return 0;
		err = host_set_mtime(fd, st.mtime + 1);
		if (err == -EPERM) {
			if (i)
				host_futex_wait(&never, 0, UBD_TICK_NS);
			err = host_touch(fd);
		}
		if (err)
			return err;
	}
	return -ETIME;
}

/* A new time for both files. */
static int renew_time(struct ubd_merge *merge)
{
	struct ubd_layer *l = merge->image->layer;
	um_s64 time;
	int err = change_time(merge, l[1].fd, &time) ?: host_sync(l[1].fd);

	if (err)
		return err;
	merge->cow.mtime = time;
	l->cow.mtime = time;
	return write_all(l->fd, merge->new_head,
			 cow_write_head(&merge->cow, merge->new_head), 0) ?:
	       ubd_image_sync(merge->image);
}

static int settle(struct ubd_merge *merge)
{
	return renew_time(merge) ?: clear_mark(merge);
}

static void end_merge(struct ubd_merge *merge)
{
	merge->image->changes.todo = NULL;
	if (merge->mem)
		host_unmap(merge->mem, merge->mem_len);
	merge->mem = NULL;
}

/* ---- from its begin to its end -------------------------------------------- */

static int has_nothing(const struct ubd_layer *l)
{
	int set;

	return cow_run(l->map, 0, l->cow.bits, &set) == l->cow.bits && !set;
}

/* Better said before anything is changed. */
static int check_disk(struct ubd_merge *merge)
{
	const struct ubd_layer *l = merge->image->layer;
	char sector[COW_SECTOR];

	if (!cow_test_bit(l->map, 0))
		return 0;
	return read_all(l->fd, sector, sizeof(sector), l->cow.data_off) ?:
	       check_first(merge, sector);
}

static int begin(struct ubd_merge *merge)
{
	struct ubd_image *image = merge->image;
	um_u64 map_len = image->changes.pages * UBD_MAP_PAGE;
	struct host_iovec iov = { .base = merge->head, .len = sizeof(merge->head) };
	um_u64 need;
	int err;
	long n;

	/* It may be shorter. */
	n = host_preadv(image->layer[0].fd, &iov, 1, 0, 0);
	if (n < 0)
		return n;
	if (cow_parse(&merge->cow, merge->head, n, &need) != COW_FINE)
		return -EIO;
	merge->marked = is_marked(merge);
	/* With a mark there is something to be set right. */
	merge->nothing = !merge->marked && has_nothing(image->layer);
	if (merge->nothing)
		return 0;
	err = check_disk(merge);
	if (err)
		return err;

	merge->mem_len = map_len + UBD_MERGE_BUF;
	n = host_reserve(merge->mem_len);
	if (n < 0 && n > -4096)
		return n;
	merge->mem = (void *)n;
	merge->buf = (um_u8 *)merge->mem + map_len;
	return ubd_image_flush(image) ?: set_mark(merge);
}

int ubd_merge_begin(struct ubd_merge *merge)
{
	struct ubd_image *image = merge->image;
	int err = begin(merge);

	if (err || merge->nothing) {
		end_merge(merge);
		return err;
	}
	/* From here on writes are noted. */
	image->changes.todo = merge->mem;
	cow_add_bits(merge->mem, image->layer[0].map, image->layer[0].cow.bitmap_len);
	return 0;
}

/* Nothing is in the COW file any more; the next flush tells it. */
static void forget_bits(struct ubd_image *image)
{
	struct ubd_changes *c = &image->changes;
	struct ubd_layer *l = image->layer;
	um_u64 page, i;

	um_lock(&c->lock);
	for (page = 0; page < c->pages; page++) {
		um_u64 *words = (um_u64 *)(l->map + page * UBD_MAP_PAGE);
		um_u64 any = 0;

		for (i = 0; i < UBD_MAP_PAGE / sizeof(*words); i++)
			any |= words[i];
		if (!any)
			continue;
		__builtin_memset(words, 0, UBD_MAP_PAGE);
		c->dirty[page / 64] |= 1UL << page % 64;
	}
	um_unlock(&c->lock);
}

int ubd_merge_finish(struct ubd_merge *merge)
{
	struct ubd_image *image = merge->image;
	struct ubd_layer *l = image->layer;
	int err = 0;

	merge->pos = 0;
	do {
		err = ubd_merge_copy(merge);
	} while (!err && merge->pos);
	err = err ?: ubd_merge_sync(merge);
	if (err)
		return err;

	forget_bits(image);
	merge->emptied = 1;
	/*
	 * A bit that stays in the file does no harm: its sector has what was written
	 * last, unless it is punched.
	 */
	err = ubd_image_flush(image) ?: settle(merge);
	end_merge(merge);
	if (!err)
		host_punch(l->fd, l->cow.data_off, l->cow.size);
	return err;
}

int ubd_merge_abort(struct ubd_merge *merge)
{
	int err;

	/* The file below is what it was: so is its time. */
	if (!merge->written && !merge->marked)
		err = clear_mark(merge);
	else
		err = ubd_merge_sync(merge) ?: settle(merge);
	end_merge(merge);
	return err;
}
