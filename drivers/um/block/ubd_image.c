// SPDX-License-Identifier: GPL-2.0
/*
 * What is where in a disk's files, and when it is on stable storage.
 *
 * Helper threads run this: it may call host functions, and nothing of the kernel.
 *
 * Of a COW file the data is written first, then the bits are set in memory, and a
 * flush writes them to the file, when the data that they tell of is on stable
 * storage.  So whenever the host may end, a sector is either what it was or what
 * was written last.
 */
#include <linux/errno.h>
#include <linux/stddef.h>

#include "ubd_image.h"

#define WORD_BITS	64

static struct cow_map layer_map(const struct ubd_layer *l)
{
	return (struct cow_map) { .map = l->map, .end = l->cow.bits };
}

struct ubd_extent ubd_image_find(const struct ubd_image *image, um_u64 off,
				 um_u64 len)
{
	struct ubd_extent e = { .off = off, .len = len };

	for (;; e.layer++) {
		const struct ubd_layer *l = &image->layer[e.layer];
		struct cow_map map = layer_map(l);
		struct cow_segment seg;

		if (!l->is_cow)
			return e;
		seg = cow_segment(&l->cow, &map, off, e.len);
		e.len = seg.len;
		if (seg.in_cow) {
			e.off = seg.off;
			return e;
		}
	}
}

um_u64 ubd_image_write_off(const struct ubd_image *image, um_u64 off)
{
	const struct ubd_layer *l = image->layer;

	return l->is_cow ? off + l->cow.data_off : off;
}

/* ---- writes to a COW file --------------------------------------------------- */

static int all_there(const struct ubd_layer *l, um_u64 off, um_u64 len)
{
	struct cow_range r = cow_sectors(&l->cow, off, len);
	int set;

	return cow_run(l->map, r.off, r.off + r.len, &set) == r.len && set;
}

/* What the disk has at [@off, +@len), which lies in one sector, to the COW file. */
static int copy_up(const struct ubd_image *image, um_u64 off, um_u64 len,
		   int *layer)
{
	char buf[1024];

	while (len) {
		struct ubd_extent e = ubd_image_find(image, off,
						     cow_min(len, sizeof(buf)));
		struct host_iovec iov = { .base = buf, .len = e.len };
		long n = host_preadv(image->layer[e.layer].fd, &iov, 1, e.off, 0);

		*layer = e.layer;
		/* The file ends before the disk does: it was truncated. */
		if (n <= 0)
			return n ? n : -EIO;
		*layer = 0;
		iov.len = n;
		n = host_pwritev(image->layer[0].fd, &iov, 1,
				 ubd_image_write_off(image, off), 0);
		if (n <= 0)
			return n ? n : -EIO;
		off += n;
		len -= n;
	}
	return 0;
}

static um_u64 page_len(const struct ubd_image *image, um_u64 page)
{
	return cow_min(image->layer[0].cow.bitmap_len - page * UBD_MAP_PAGE,
		       UBD_MAP_PAGE);
}

/*
 * When the host's disk is full it is this write that fails, not a flush that
 * tells of others.
 */
static int have_room(struct ubd_image *image, um_u64 off, um_u64 len)
{
	struct ubd_changes *c = &image->changes;
	const struct ubd_layer *l = image->layer;
	struct cow_range r = cow_sectors(&l->cow, off, len);
	um_u64 page = r.off / 8 / UBD_MAP_PAGE;
	int err;

	for (; page <= (r.off + r.len - 1) / 8 / UBD_MAP_PAGE; page++) {
		um_u64 *word = &c->room[page / WORD_BITS];
		um_u64 bit = 1UL << page % WORD_BITS;

		if (__atomic_load_n(word, __ATOMIC_RELAXED) & bit)
			continue;
		err = host_allocate(l->fd, l->cow.bitmap_off + page * UBD_MAP_PAGE,
				    page_len(image, page));
		if (err && err != -EOPNOTSUPP)
			return err;
		__atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
	}
	return 0;
}

int ubd_image_write_begin(struct ubd_image *image, um_u64 off, um_u64 len,
			  int *locked, int *layer)
{
	const struct ubd_layer *l = image->layer;
	struct cow_map map = layer_map(l);
	struct cow_range parts[2];
	int n, err;

	*locked = 0;
	if (!l->is_cow || all_there(l, off, len))
		return 0;
	/* Old versions lack bits for the last sectors of some disks. */
	if (((off + len - 1) >> l->cow.shift) >= l->cow.bits)
		return -EIO;
	err = have_room(image, off, len);
	if (err || l->cow.shift <= 9)
		return err;
	um_lock(&image->copy_lock);
	*locked = 1;
	n = cow_copy_up(&l->cow, &map, off, len, parts);
	while (n-- && !err)
		err = copy_up(image, parts[n].off, parts[n].len, layer);
	return err;
}

static void set_bits(struct ubd_image *image, um_u64 first, um_u64 end)
{
	struct ubd_changes *c = &image->changes;
	um_u64 page = first / 8 / UBD_MAP_PAGE;

	um_lock(&c->lock);
	cow_set_bits(image->layer[0].map, first, end);
	for (; page <= (end - 1) / 8 / UBD_MAP_PAGE; page++)
		c->dirty[page / WORD_BITS] |= 1UL << page % WORD_BITS;
	um_unlock(&c->lock);
}

void ubd_image_write_end(struct ubd_image *image, um_u64 off, um_u64 len,
			 int locked, int err)
{
	const struct ubd_layer *l = image->layer;
	struct cow_range r;

	if (!l->is_cow)
		return;
	if (!err && !all_there(l, off, len)) {
		r = cow_sectors(&l->cow, off, len);
		set_bits(image, r.off, r.off + r.len);
	}
	if (locked)
		um_unlock(&image->copy_lock);
}

/* ---- flushes ---------------------------------------------------------------- */

/* Takes what has changed; 0: nothing has. */
static int take_changes(struct ubd_image *image)
{
	struct ubd_changes *c = &image->changes;
	um_u64 i, page;
	int any = 0;

	um_lock(&c->lock);
	for (i = 0; i * WORD_BITS < c->pages; i++) {
		um_u64 word = c->dirty[i];

		/* What is zero has no memory, and is to have none. */
		if (!(word | c->writing[i]))
			continue;
		c->writing[i] = word;
		c->dirty[i] = 0;
		for (; word; word &= word - 1) {
			page = i * WORD_BITS + __builtin_ctzl(word);
			__builtin_memcpy(c->stable + page * UBD_MAP_PAGE,
					 image->layer[0].map + page * UBD_MAP_PAGE,
					 page_len(image, page));
			any = 1;
		}
	}
	um_unlock(&c->lock);
	return any;
}

static void put_changes_back(struct ubd_changes *c)
{
	um_u64 i;

	um_lock(&c->lock);
	for (i = 0; i * WORD_BITS < c->pages; i++)
		if (c->writing[i])
			c->dirty[i] |= c->writing[i];
	um_unlock(&c->lock);
}

static int write_changes(const struct ubd_image *image)
{
	const struct ubd_changes *c = &image->changes;
	const struct ubd_layer *l = image->layer;
	um_u64 i, word, off, len;

	for (i = 0; i * WORD_BITS < c->pages; i++) {
		for (word = c->writing[i]; word; word &= word - 1) {
			um_u64 page = i * WORD_BITS + __builtin_ctzl(word);

			off = page * UBD_MAP_PAGE;
			len = page_len(image, page);
			while (len) {
				struct host_iovec iov = {
					.base = c->stable + off, .len = len,
				};
				long n = host_pwritev(l->fd, &iov, 1,
						      l->cow.bitmap_off + off, 0);

				if (n <= 0)
					return n ? n : -EIO;
				off += n;
				len -= n;
			}
		}
	}
	return 0;
}

/*
 * The host tells of data that it has lost once; what follows would not know.  So
 * whatever syncs the file comes here.
 */
static int sync_data(struct ubd_changes *c, int fd)
{
	if (!c->lost)
		c->lost = host_datasync(fd);
	return c->lost;
}

static int flush_locked(struct ubd_image *image)
{
	struct ubd_changes *c = &image->changes;
	int fd = image->layer[0].fd;
	int any = take_changes(image);
	int err = sync_data(c, fd);

	if (!any)
		return err;
	if (!err)
		err = write_changes(image) ?: sync_data(c, fd);
	if (err)
		put_changes_back(c);
	return err;
}

int ubd_image_sync(struct ubd_image *image)
{
	struct ubd_changes *c = &image->changes;
	int err;

	um_lock(&c->flush_lock);
	err = sync_data(c, image->layer[0].fd);
	um_unlock(&c->flush_lock);
	return err;
}

/*
 * All flushes that wait at the same time hear of data that the host has lost, and
 * one that begins while they do is for all of them.
 */
static int flush_plain(struct ubd_image *image)
{
	struct ubd_flushes *f = &image->flushes;
	um_u32 begun = __atomic_load_n(&f->begun, __ATOMIC_SEQ_CST);
	um_u32 failed = __atomic_load_n(&f->failed, __ATOMIC_SEQ_CST);
	int err = 0;

	um_lock(&f->lock);
	if (f->begun == begun) {
		__atomic_store_n(&f->begun, begun + 1, __ATOMIC_SEQ_CST);
		err = host_datasync(image->layer[0].fd);
		if (err) {
			f->err = err;
			__atomic_store_n(&f->failed, f->failed + 1, __ATOMIC_SEQ_CST);
		}
	}
	if (f->failed != failed)
		err = f->err;
	um_unlock(&f->lock);
	return err;
}

int ubd_image_flush(struct ubd_image *image)
{
	struct ubd_changes *c = &image->changes;
	int err;

	if (!c->pages)
		return flush_plain(image);
	um_lock(&c->flush_lock);
	err = flush_locked(image);
	um_unlock(&c->flush_lock);
	return err;
}

int ubd_image_last_flush(struct ubd_image *image, um_u64 ns)
{
	struct ubd_changes *c = &image->changes;
	int err;

	if (!c->pages)
		return 0;
	if (!um_lock_within(&c->flush_lock, ns))
		return -ETIMEDOUT;
	/* Who panics may have it. */
	err = -ETIMEDOUT;
	if (um_lock_within(&c->lock, ns)) {
		um_unlock(&c->lock);
		err = flush_locked(image);
	}
	um_unlock(&c->flush_lock);
	return err;
}
