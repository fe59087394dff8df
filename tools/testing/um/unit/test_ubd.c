// SPDX-License-Identifier: GPL-2.0
/* What helper threads do for a disk, on a host whose files fail as they are told. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "unit.h"
#include <drivers/um/block/ubd_job.h>

/* ---- the host --------------------------------------------------------------- */

#define FILE_MAX	0x100000UL

/**
 * struct file - a file in memory; its index is its descriptor
 * @data:	what is in it
 * @size:	bytes of @data
 * @mtime:	time of its last change
 */
struct file {
	um_u8	data[FILE_MAX];
	um_u64	size;
	um_s64	mtime;
};

/**
 * struct mood - what the host does
 * @lose:	data is lost at the sync after so many, 1 being the next
 * @crowd:	but not before another flush waits for that one
 * @short_write: the next write is short by so much, and the one behind it fails
 * @nowait:	the result of a read that may not wait
 * @strangers:	files are not ours
 * @align:	what is punched has to be aligned to that
 * @change:	a word that changes to a COW header's when something is written
 */
struct mood {
	int		lose;
	int		crowd;
	um_u64		short_write;
	long		nowait;
	int		strangers;
	um_u64		align;
	um_u32		*change;
};

static struct ubd_image image;
static struct file files[2];
static struct mood mood;
static um_u64 now;
/* What happened: r, w, d (datasync), s (sync), t (time), each with the descriptor. */
static char story[256];

static void tell(char what, int fd)
{
	size_t len = strlen(story);

	if (len + 3 < sizeof(story))
		sprintf(story + len, "%c%d", what, fd);
}

long host_preadv(int fd, const struct host_iovec *iov, int n, um_u64 off, int flags)
{
	long done = 0;

	if (flags & HOST_NOWAIT)
		return mood.nowait;
	for (; n-- && off < files[fd].size; iov++) {
		um_u64 len = cow_min(iov->len, files[fd].size - off);

		memcpy(iov->base, files[fd].data + off, len);
		off += len;
		done += len;
	}
	return done;
}

long host_pwritev(int fd, const struct host_iovec *iov, int n, um_u64 off, int flags)
{
	long done = 0;

	if (mood.change)
		*mood.change = COW_MAGIC;
	if (mood.short_write == ~0UL)
		return -ENOSPC;
	tell('w', fd);
	for (; n--; iov++) {
		um_u64 len = iov->len;

		if (mood.short_write) {
			len -= mood.short_write;
			mood.short_write = ~0UL;
		}
		memcpy(files[fd].data + off, iov->base, len);
		off += len;
		done += len;
	}
	if (off > files[fd].size)
		files[fd].size = off;
	files[fd].mtime = now / 1000000000;
	return done;
}

static int synced(void)
{
	return mood.lose && !--mood.lose ? -EIO : 0;
}

int host_datasync(int fd)
{
	tell('d', fd);
	while (mood.crowd && __atomic_load_n(&image.flushes.lock.state, __ATOMIC_SEQ_CST) != 2)
		sched_yield();
	mood.crowd = 0;
	return synced();
}

int host_sync(int fd)
{
	tell('s', fd);
	return synced();
}

int host_set_mtime(int fd, um_s64 time)
{
	if (mood.strangers)
		return -EPERM;
	tell('t', fd);
	files[fd].mtime = time;
	return 0;
}

int host_touch(int fd)
{
	tell('t', fd);
	files[fd].mtime = now / 1000000000;
	return 0;
}

int host_fstat(int fd, struct host_stat *st)
{
	*st = (struct host_stat) { .size = files[fd].size, .mtime = files[fd].mtime };
	return 0;
}

int host_truncate(int fd, um_u64 size)
{
	files[fd].size = size;
	return 0;
}

int host_allocate(int fd, um_u64 off, um_u64 len)
{
	return 0;
}

int host_punch(int fd, um_u64 off, um_u64 len)
{
	if (mood.align && (off | len) % mood.align)
		return -EINVAL;
	if (off < files[fd].size)
		memset(files[fd].data + off, 0, cow_min(len, files[fd].size - off));
	return 0;
}

int host_zero(int fd, um_u64 off, um_u64 len)
{
	return host_punch(fd, off, len);
}

long host_reserve(unsigned long len)
{
	return (long)calloc(1, len);
}

int host_unmap(void *p, unsigned long len)
{
	free(p);
	return 0;
}

um_u64 host_monotonic_ns(void)
{
	return now;
}

int host_futex_wait(volatile um_u32 *word, um_u32 val, um_u64 ns)
{
	if (ns)
		now += ns;
	else
		sched_yield();
	return 0;
}

int host_futex_wake(volatile um_u32 *word, int n)
{
	return 0;
}

/* ---- disks ---------------------------------------------------------------------- */

#define SECTOR	512
#define SIZE	(64UL << 10)

static um_u8 map[2 * UBD_MAP_PAGE];
static um_u64 words[3];

static void begin(void)
{
	memset(files, 0, sizeof(files));
	memset(map, 0, sizeof(map));
	memset(words, 0, sizeof(words));
	mood = (struct mood) { };
	now = 5000000000UL;
	files[0].size = SIZE;
	files[1].size = SIZE;
	files[0].mtime = 5;
	files[1].mtime = 5;
	image = (struct ubd_image) { .size = SIZE, .nr_layers = 1, .guarded = 1 };
	image.layer[0] = (struct ubd_layer) { .direct = -1 };
	story[0] = '\0';
}

/* File 0 on file 1. */
static void begin_cow(void)
{
	struct ubd_layer *l = image.layer;

	begin();
	image.guarded = 0;
	image.nr_layers = 2;
	l[1] = (struct ubd_layer) { .fd = 1, .direct = -1 };
	cow_init(&l->cow, COW_V3, "/backing", 5, SIZE, COW_SECTOR, COW_ALIGN);
	cow_write_head(&l->cow, files[0].data);
	files[0].size = l->cow.end;
	l->is_cow = 1;
	l->map = map;
	image.changes.stable = map + UBD_MAP_PAGE;
	image.changes.dirty = words;
	image.changes.writing = words + 1;
	image.changes.room = words + 2;
	image.changes.pages = 1;
}

static int run(enum ubd_op op, void *buf, um_u64 off, um_u64 len)
{
	struct ubd_job job = {
		.op = op, .image = &image, .off = off, .len = len, .nr_segs = 1,
		.iov[0] = { .base = buf, .len = len },
	};

	ubd_job_run(&job);
	return job.result;
}

static int write_byte(int byte, um_u64 off, um_u64 len)
{
	static um_u8 buf[SIZE];

	memset(buf, byte, len);
	return run(UBD_OP_WRITE, buf, off, len);
}

static int first_bits(void)
{
	return files[0].data[image.layer[0].cow.bitmap_off];
}

/* ---- flushes -------------------------------------------------------------------- */

static void test_lost(void)
{
	begin_cow();
	is(write_byte('a', 0, SECTOR), 0, "a write to a COW file");
	mood.lose = 1;
	is(run(UBD_OP_FLUSH, NULL, 0, 0), -EIO, "data is lost: so says the flush");
	is(run(UBD_OP_FLUSH, NULL, 0, 0), -EIO, "and the next one");
	is(first_bits(), 0, "no bit tells of the data");

	begin_cow();
	write_byte('a', 0, SECTOR);
	mood.lose = 2;
	is(run(UBD_OP_FLUSH, NULL, 0, 0), -EIO, "lost while bits are written: so says the flush");
	write_byte('b', SECTOR, SECTOR);
	is(run(UBD_OP_FLUSH, NULL, 0, 0), -EIO, "and the next one");
	is(first_bits() & 2, 0, "no more bits are written");
}

static struct ubd_merge *begin_merge(int *err)
{
	static struct ubd_merge merge;

	merge = (struct ubd_merge) { .image = &image };
	*err = ubd_merge_begin(&merge);
	return &merge;
}

static int has_mark(void)
{
	struct cow_merge_mark mark;

	memcpy(&mark, files[0].data + image.layer[0].cow.end, sizeof(mark));
	return files[0].size >= image.layer[0].cow.end + sizeof(mark) &&
	       cow_is_mark(&image.layer[0].cow, &mark);
}

static void test_lost_in_merge(void)
{
	struct ubd_merge *merge;
	int err;

	begin_cow();
	write_byte('a', 0, SECTOR);
	merge = begin_merge(&err);
	is(err, 0, "a merge begins");
	ubd_merge_copy(merge);
	write_byte('c', 2 * SECTOR, SECTOR);
	/* The data below, its time, and the header. */
	mood.lose = 3;
	is(ubd_merge_abort(merge), -EIO, "data is lost while the header is written");
	is(run(UBD_OP_FLUSH, NULL, 0, 0), -EIO, "the next flush says so");
	is(first_bits(), 1, "no bit tells of it");

	begin_cow();
	write_byte('a', 0, SECTOR);
	run(UBD_OP_FLUSH, NULL, 0, 0);
	/* A flush without changes is one sync; the mark's is the next. */
	mood.lose = 2;
	write_byte('b', 0, SECTOR);
	begin_merge(&err);
	is(err, -EIO, "data is lost while the mark is written: no merge");
	ok(!has_mark(), "there is no mark");
	write_byte('c', SECTOR, SECTOR);
	is(run(UBD_OP_FLUSH, NULL, 0, 0), -EIO, "and the next flush says so");
	is(first_bits(), 1, "no bit tells of what was written since");
}

static void *flush_again(void *arg)
{
	*(int *)arg = run(UBD_OP_FLUSH, NULL, 0, 0);
	return NULL;
}

/* Two flushes wait, and the host tells one of them. */
static void test_plain_flushes(void)
{
	pthread_t threads[2];
	int results[2], i;

	begin();
	mood.lose = 1;
	mood.crowd = 1;
	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, flush_again, &results[i]);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	ok(results[0] == -EIO && results[1] == -EIO, "plain data is lost: two flushes say so");
	is(run(UBD_OP_FLUSH, NULL, 0, 0), 0, "a later one does not");
}

/* ---- merging ---------------------------------------------------------------------- */

static int merge_all(struct ubd_merge **merge)
{
	int err;

	*merge = begin_merge(&err);
	return err ?: (*merge)->nothing ? err : ubd_merge_finish(*merge);
}

static void test_merge(void)
{
	struct ubd_merge *merge;

	begin_cow();
	write_byte('a', SECTOR, SECTOR);
	is(merge_all(&merge), 0, "a merge");
	is(files[1].data[SECTOR], 'a', "the data is below");
	ok(files[1].mtime != 5, "with another time than the COW file knew");
	is(image.layer[0].cow.mtime, files[1].mtime, "which it knows by now");
	ok(!has_mark(), "there is no mark");
	/* The time, its sync, the header and its sync, the sync without the mark. */
	is_str(strrchr(story, 't'), "t1s1w0d0d0", "times are synced, too");
}

static void test_merge_nothing(void)
{
	struct ubd_merge *merge;
	int err;

	begin_cow();
	now = 9000000000UL;
	is(merge_all(&merge), 0, "a merge of nothing");
	ok(merge->nothing, "says so");
	is_str(story, "", "and does nothing");

	begin_cow();
	now = 9000000000UL;
	write_byte('a', 0, SECTOR);
	merge = begin_merge(&err);
	ok(!err && has_mark(), "a merge that has copied nothing yet");
	is(ubd_merge_abort(merge), 0, "ends");
	ok(!has_mark(), "without a mark");
	is(files[1].mtime, 5, "the file below has its time");
}

static void test_merge_strangers(void)
{
	struct ubd_merge *merge;

	begin_cow();
	write_byte('a', 0, SECTOR);
	mood.strangers = 1;
	is(merge_all(&merge), 0, "a merge into a file of somebody else");
	is(files[1].mtime, 6, "in the next second");
	is(image.layer[0].cow.mtime, 6, "is known by its time");
}

static void test_mark(void)
{
	int err;

	begin_cow();
	write_byte('a', 0, SECTOR);
	run(UBD_OP_FLUSH, NULL, 0, 0);
	mood.short_write = 4;
	begin_merge(&err);
	is(err, -ENOSPC, "no room for the mark");
	is(files[0].size, image.layer[0].cow.end, "nothing of it is left");
}

static void test_disguise(void)
{
	struct ubd_merge *merge;
	um_u32 magic = COW_MAGIC;
	um_u8 sector[SECTOR];
	int err;

	begin_cow();
	memset(sector, 0, sizeof(sector));
	memcpy(sector, &magic, sizeof(magic));
	is(run(UBD_OP_WRITE, sector, 0, SECTOR), 0, "a COW header goes to a disk on a COW file");
	run(UBD_OP_FLUSH, NULL, 0, 0);
	story[0] = '\0';
	merge = begin_merge(&err);
	is(err, -EPERM, "it does not go below");
	ok(merge->disguised, "for that reason");
	ok(!strchr(story, 'w'), "nothing was written");

	begin_cow();
	write_byte('a', 0, SECTOR);
	merge = begin_merge(&err);
	is(err, 0, "a merge begins");
	run(UBD_OP_WRITE, sector, 0, SECTOR);
	is(ubd_merge_finish(merge), -EPERM, "a COW header that is written meanwhile ends it");
	is(ubd_merge_abort(merge), 0, "then it is given up");
	ok(!ubd_is_cow_head(files[1].data), "the file below has no COW header");

	/* The guest's memory changes while it is written. */
	begin();
	memset(sector, 0, sizeof(sector));
	mood.change = (um_u32 *)sector;
	is(run(UBD_OP_WRITE, sector, 0, SECTOR), 0, "memory becomes a COW header meanwhile");
	ok(!ubd_is_cow_head(files[0].data), "the file does not");
	is(run(UBD_OP_WRITE, sector, 0, SECTOR), -EPERM, "it is not written to plain data then");
}

/* ---- reads, and zeros --------------------------------------------------------------- */

static void test_nowait(void)
{
	um_u8 buf[SECTOR];
	struct ubd_job job = {
		.op = UBD_OP_READ, .image = &image, .len = SECTOR, .nr_segs = 1,
		.iov[0] = { .base = buf, .len = SECTOR },
	};

	begin();
	is(ubd_job_try_read(&job), 0, "a read that gets nothing is not over");
	ubd_job_run(&job);
	is(job.result, 0, "and is done when it may wait");
	files[0].size = 0;
	job.len = SECTOR;
	job.iov[0].len = SECTOR;
	job.iov[0].base = buf;
	job.off = 0;
	job.seg = 0;
	ubd_job_run(&job);
	is(job.result, -EIO, "unless the file ends there");
}

static void test_zeros(void)
{
	static const um_u64 parts[][2] = {
		{ 0, 4096 }, { 512, 512 }, { 512, 4096 }, { 3584, 9216 }, { 4096, 4608 },
	};
	unsigned int i, j, wrong = 0, refused = 0;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		um_u64 off = parts[i][0], len = parts[i][1];

		begin();
		write_byte('x', 0, SIZE);
		mood.align = 4096;
		refused += run(UBD_OP_ZERO, NULL, off, len) != 0;
		for (j = 0; j < SIZE; j++)
			wrong += files[0].data[j] != (j >= off && j < off + len ? 0 : 'x');
		refused += run(UBD_OP_DISCARD, NULL, off, len) != 0;
		/* Larger than any sector. */
		mood.align = 0x100000;
		refused += run(UBD_OP_ZERO, NULL, off + 8192, len) != 0;
		wrong += files[0].data[off + 8192] || files[0].data[off + 8192 + len - 1];
		refused += run(UBD_OP_DISCARD, NULL, off, len) != 0;
	}
	is(refused, 0, "a device with large sectors: zeros and discards");
	is(wrong, 0, "zeros are where they are to be");
}

int main(void)
{
	test_lost();
	test_lost_in_merge();
	test_plain_flushes();
	test_merge();
	test_merge_nothing();
	test_merge_strangers();
	test_mark();
	test_disguise();
	test_nowait();
	test_zeros();
	return done();
}
