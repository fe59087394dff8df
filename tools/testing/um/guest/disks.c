// SPDX-License-Identifier: GPL-2.0
/*
 * A load for disks: the same writes, at random places, to several of them.
 *
 *	guest-tests --helper disk_load SEED COUNT DISK...
 *
 * Single sectors and more, with and without the page cache, zeros by the disk's
 * own means, and flushes.
 *
 *	guest-tests --helper disk_stamp DISK ROUND
 *
 * Stamps blocks of 4 KiB, the n-th with ROUND and n, for ever, and prints
 * "@@SYNCED n@@" for each that fsync() has confirmed.
 *
 *	guest-tests --helper disk_zeros DISK OFF LEN
 *
 * Zeros that keep their room.
 *
 *	guest-tests --helper disk_batch DISK
 *
 * For each line of input one batch of two reads and a write behind them, each of a
 * block that was not used yet; prints "@@BATCH n@@", how many were done within 10 s.
 *
 *	guest-tests --helper disk_disguise DISK COUNT
 *
 * Writes the first block so often, while a thread has it begin like a COW file and
 * not, by turns.  Fails when the disk does.
 */
#define _GNU_SOURCE
#include "tap.h"
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECTOR		512
#define MOST		(256 * 1024)
#define MAX_DISKS	4

static uint64_t state;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static int fail(const char *what)
{
	fprintf(stderr, "disk load: %s: %s\n", what, strerror(errno));
	return 1;
}

static size_t some_len(void)
{
	switch (next() % 4) {
	case 0:
		return SECTOR;
	case 1:
		return SECTOR * (1 + next() % 16);
	case 2:
		return 4096 * (1 + next() % 8);
	default:
		return SECTOR * (1 + next() % (MOST / SECTOR));
	}
}

TEST_HELPER(disk_load)
{
	int cached[MAX_DISKS], direct[MAX_DISKS], n = argc - 3, count, i, d;
	uint64_t size = 0, *buf;

	if (n < 1 || n > MAX_DISKS || posix_memalign((void **)&buf, 4096, MOST))
		return 2;
	state = strtoull(argv[1], NULL, 0) * 2 + 1;
	count = atoi(argv[2]);
	for (d = 0; d < n; d++) {
		cached[d] = open(argv[d + 3], O_RDWR);
		direct[d] = open(argv[d + 3], O_RDWR | O_DIRECT);
		if (cached[d] < 0 || direct[d] < 0 ||
		    ioctl(cached[d], BLKGETSIZE64, &size))
			return fail(argv[d + 3]);
	}
	for (i = 0; i < count; i++) {
		size_t len = some_len(), j;
		uint64_t at = next() % (size / SECTOR) * SECTOR;
		unsigned int how = next() % 10;

		if (at + len > size)
			len = size - at;
		for (j = 0; j < len / sizeof(*buf); j++)
			buf[j] = next();
		for (d = 0; d < n; d++) {
			uint64_t range[] = { at, len };

			if (how == 0 && ioctl(cached[d], BLKZEROOUT, range))
				return fail("BLKZEROOUT");
			if (how > 0 && how < 6 &&
			    pwrite(direct[d], buf, len, at) != (ssize_t)len)
				return fail("pwrite, O_DIRECT");
			if (how >= 6 && pwrite(cached[d], buf, len, at) != (ssize_t)len)
				return fail("pwrite");
			if (next() % 16 == 0 && fsync(cached[d]))
				return fail("fsync");
		}
	}
	for (d = 0; d < n; d++)
		if (fsync(cached[d]))
			return fail("fsync");
	return 0;
}

TEST_HELPER(disk_stamp)
{
	uint64_t size, *buf, n;
	int fd, i;

	fd = argc == 3 ? open(argv[1], O_RDWR | O_DIRECT) : -1;
	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &size) ||
	    posix_memalign((void **)&buf, 4096, 4096))
		return 2;
	for (n = 0; n < size / 4096; n++) {
		/* Each block once, in no order that a disk would like. */
		uint64_t at = n * 7919 % (size / 4096);

		for (i = 0; i < 512; i += 2) {
			buf[i] = strtoull(argv[2], NULL, 0);
			buf[i + 1] = n;
		}
		if (pwrite(fd, buf, 4096, at * 4096) != 4096)
			return fail("pwrite");
		if (n % 8 == 7) {
			if (fsync(fd))
				return fail("fsync");
			printf("@@SYNCED %lu@@\n", (unsigned long)n);
			fflush(stdout);
		}
	}
	return 0;
}

TEST_HELPER(disk_zeros)
{
	uint64_t range[2];
	int fd;

	fd = argc == 4 ? open(argv[1], O_RDWR) : -1;
	if (fd < 0)
		return 2;
	range[0] = strtoull(argv[2], NULL, 0);
	range[1] = strtoull(argv[3], NULL, 0);
	if (ioctl(fd, BLKZEROOUT, range) || fsync(fd))
		return fail("BLKZEROOUT");
	return 0;
}

TEST_HELPER(disk_batch)
{
	enum { BATCH = 3 };
	struct iocb iocb[BATCH], *p[BATCH];
	struct timespec patience = { 10 };
	struct io_event event[BATCH];
	aio_context_t ctx = 0;
	char line[16], *buf;
	long off = 0;
	int fd, i;

	fd = argc == 2 ? open(argv[1], O_RDWR | O_DIRECT) : -1;
	if (fd < 0 || posix_memalign((void **)&buf, 4096, BATCH * 4096) ||
	    syscall(SYS_io_setup, BATCH, &ctx))
		return 2;
	memset(buf, 'b', BATCH * 4096);
	while (fgets(line, sizeof(line), stdin)) {
		for (i = 0; i < BATCH; i++) {
			iocb[i] = (struct iocb) {
				.aio_fildes = fd,
				.aio_lio_opcode = i == BATCH - 1 ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
				.aio_buf = (uintptr_t)buf + i * 4096,
				.aio_nbytes = 4096,
				.aio_offset = off,
			};
			p[i] = &iocb[i];
			off += 64 << 10;
		}
		/* Nobody else is to be running. */
		usleep(20000);
		if (syscall(SYS_io_submit, ctx, BATCH, p) != BATCH)
			return fail("io_submit");
		printf("@@BATCH %ld@@\n",
		       syscall(SYS_io_getevents, ctx, BATCH, BATCH, event, &patience));
		fflush(stdout);
	}
	return 0;
}

#define COW_MAGIC	0x4f4f4f4dU

static void *change_first(void *arg)
{
	volatile uint32_t *word = arg;

	for (;;) {
		*word = COW_MAGIC;
		*word = 0;
	}
	return NULL;
}

/* What is written meanwhile waits. */
static void *keep_busy(void *arg)
{
	void *buf = aligned_alloc(4096, MOST);
	int fd = open(arg, O_RDWR | O_DIRECT);

	while (buf && pwrite(fd, buf, MOST, MOST) == MOST)
		;
	return NULL;
}

TEST_HELPER(disk_disguise)
{
	int fd, i, written = 0, refused = 0;
	uint32_t *buf, *back;
	pthread_t thread;

	fd = argc == 3 ? open(argv[1], O_RDWR | O_DIRECT) : -1;
	if (fd < 0 || posix_memalign((void **)&buf, 4096, 4096) ||
	    posix_memalign((void **)&back, 4096, 4096))
		return 2;
	memset(buf, 0, 4096);
	if (pthread_create(&thread, NULL, change_first, buf) ||
	    pthread_create(&thread, NULL, keep_busy, argv[1]))
		return fail("pthread_create");
	for (i = 0; i < atoi(argv[2]); i++) {
		/* What is submitted is no header yet. */
		*(volatile uint32_t *)buf = 0;
		if (pwrite(fd, buf, 4096, 0) != 4096) {
			refused++;
			continue;
		}
		written++;
		if (pread(fd, back, 4096, 0) != 4096)
			return fail("pread");
		if (back[0] == COW_MAGIC) {
			fprintf(stderr, "a COW header after %d writes\n", i + 1);
			return 1;
		}
	}
	printf("%d written, %d refused\n", written, refused);
	return 0;
}
