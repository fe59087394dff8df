// SPDX-License-Identifier: GPL-2.0
/*
 * More separate mappings than a host allows one of its processes
 * (vm.max_map_count, 65530): the port must make do with what it has.  The
 * guest's own limit is raised first, for the same number applies there.
 */
#include "tap.h"

#define N 70000L

/* Mappings, and the pages of the file that they show. */
#define SEPARATE 200000L
#define SHOWN 512L

static long page_of(long i)
{
	return SHOWN - 1 - i % SHOWN;
}

/*
 * Backwards in the file, so that no two neighbours can be one mapping: neither
 * for the guest nor for the host below it.
 */
static int separate(void *arg)
{
	int fd = memfd_create("umtest", 0);
	volatile uint32_t *v;
	char *p, *q;
	long i, bad = 0;

	if (fd < 0 || ftruncate(fd, SHOWN * PAGE))
		return 1;
	p = mmap(NULL, SEPARATE * PAGE, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	q = mmap(NULL, SHOWN * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED || q == MAP_FAILED)
		return 2;
	for (i = 0; i < SHOWN; i++)
		*(uint32_t *)(q + i * PAGE) = i;
	for (i = 0; i < SEPARATE; i++)
		if (mmap(p + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, page_of(i) * PAGE) == MAP_FAILED)
			return 3;
	for (i = 0; i < SEPARATE; i++) {
		v = (void *)(p + i * PAGE);
		bad += *v != page_of(i);
	}
	if (bad)
		return 4;
	/* Each page is written through one mapping, and seen through all. */
	for (i = 0; i < SHOWN; i++) {
		v = (void *)(p + (i + i * 389 % 390 * SHOWN) * PAGE);
		*v += 1000;
	}
	for (i = SEPARATE - 1; i >= 0; i--) {
		v = (void *)(p + i * PAGE);
		bad += *v != page_of(i) + 1000;
	}
	if (bad)
		return 5;
	return munmap(p, SEPARATE * PAGE) ? 6 : 0;
}

/* One mapping, of which every third page is used, in no order. */
static int scattered(void *arg)
{
	volatile uint32_t *v;
	long i, j, bad = 0;
	char *p;

	p = mmap(NULL, 3 * N * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return 1;
	madvise(p, 3 * N * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < N; i++) {
		j = i * 7919 % N;
		v = (void *)(p + 3 * j * PAGE);
		*v = j + 1;
	}
	for (i = 0; i < N; i++) {
		v = (void *)(p + 3 * i * PAGE);
		bad += *v != i + 1;
	}
	if (bad)
		return 2;
	return munmap(p, 3 * N * PAGE) ? 3 : 0;
}

static int protections(void *arg)
{
	long i, bad = 0, made = 0;
	char *p, *q;

	p = mmap(NULL, N * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return 2;
	madvise(p, N * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < N; i++) {
		if (i % 2) {
			*(uint32_t *)(p + i * PAGE) = i * 3 + 1;
			if (mprotect(p + i * PAGE, PAGE, PROT_READ))
				break;
		} else {
			*(uint32_t *)(p + i * PAGE) = i * 3 + 1;
		}
		made++;
	}
	if (made != N)
		return 3;
	for (i = 0; i < N; i++)
		bad += *(volatile uint32_t *)(p + i * PAGE) != (uint32_t)(i * 3 + 1);
	if (bad)
		return 4;
	/* Backwards, and by jumps: entries that were dropped come back. */
	for (i = N - 1; i >= 0; i--)
		bad += *(volatile uint32_t *)(p + i * PAGE) != (uint32_t)(i * 3 + 1);
	for (i = 0; i < N; i++) {
		long j = i * 7919 % N;

		if (j % 2 == 0)
			*(uint32_t *)(p + j * PAGE) += 5;
	}
	for (i = 0; i < N; i++)
		bad += *(volatile uint32_t *)(p + i * PAGE) !=
			(uint32_t)(i * 3 + 1 + (i % 2 ? 0 : 5));
	if (bad)
		return 5;
	/* The system call path reaches them too. */
	q = malloc(PAGE);
	for (i = 0; i < N; i += 1111) {
		int z[2];

		if (pipe(z) || write(z[1], p + i * PAGE, 64) != 64 ||
		    read(z[0], q, 64) != 64 || memcmp(q, p + i * PAGE, 64))
			bad++;
		close(z[0]);
		close(z[1]);
	}
	if (bad)
		return 6;
	/* fork with all of that, and look from the child. */
	{
		pid_t pid = fork();
		int st;

		if (!pid) {
			for (i = 0; i < N; i += 7)
				bad += *(volatile uint32_t *)(p + i * PAGE) !=
					(uint32_t)(i * 3 + 1 + (i % 2 ? 0 : 5));
			_exit(bad ? 1 : 0);
		}
		st = reap(pid);
		if (!exited(st, 0))
			return 7;
	}
	return munmap(p, N * PAGE) ? 8 : 0;
}

TEST_AREA(manymaps, 240)
{
	char old[64] = "";
	double t;

	read_file("/proc/sys/vm/max_map_count", old, sizeof(old));
	if (!in_guest() || !write_file("/proc/sys/vm/max_map_count", "300000\n")) {
		if (atol(old) < SEPARATE + 100) {
			skip("vm.max_map_count cannot be raised",
			     "200,000 separate mappings");
			return;
		}
	}
	t = seconds();
	is(in_child(separate, NULL), 0,
	   "200,000 separate mappings of a file show it");
	diag("%.1f s", seconds() - t);
	t = seconds();
	is(in_child(scattered, NULL), 0, "70,000 scattered pages keep their content");
	diag("%.1f s", seconds() - t);
	t = seconds();
	is(in_child(protections, NULL), 0,
	   "70,000 pages of alternating protection keep their content");
	diag("%.1f s", seconds() - t);
	if (in_guest())
		write_file("/proc/sys/vm/max_map_count", old);
}
