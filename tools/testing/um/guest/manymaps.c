// SPDX-License-Identifier: GPL-2.0
/*
 * More separate mappings than a host allows one of its processes
 * (vm.max_map_count, 65530): the port must make do with what it has.  The
 * guest's own limit is raised first, for the same number applies there.
 */
#include "tap.h"

#define N 70000L

static int go(void *arg)
{
	long i, bad = 0, made = 0;
	char *p, *q;
	int fd = memfd_create("umtest", 0);

	/*
	 * Backwards in the file, so that no two neighbours can be one
	 * mapping: neither for the guest nor for the host below it.
	 */
	if (fd < 0 || ftruncate(fd, 512 * PAGE))
		return 1;
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

	read_file("/proc/sys/vm/max_map_count", old, sizeof(old));
	if (!in_guest() || !write_file("/proc/sys/vm/max_map_count", "300000\n")) {
		if (atol(old) < 2 * N) {
			skip("vm.max_map_count cannot be raised",
			     "70,000 separate mappings");
			return;
		}
	}
	is(in_child(go, NULL), 0,
	   "70,000 pages of alternating protection keep their content");
	if (in_guest())
		write_file("/proc/sys/vm/max_map_count", old);
}
