// SPDX-License-Identifier: GPL-2.0
/* Many of everything at once, for a few seconds, everything checked. */
#include "tap.h"
#include <sys/syscall.h>

static double end_time;

static int forker(void *arg)
{
	int n = 0;

	while (seconds() < end_time) {
		pid_t pid = fork();

		if (!pid)
			_exit(n & 0x7f);
		if (!exited(reap(pid), n & 0x7f))
			return 1;
		n++;
	}
	return 0;
}

static int execer(void *arg)
{
	while (seconds() < end_time) {
		pid_t pid = vfork();

		if (!pid) {
			execl(self_path, self_path, "--helper", "status", "3", NULL);
			_exit(1);
		}
		if (!exited(reap(pid), 3))
			return 1;
	}
	return 0;
}

static int mapper(void *arg)
{
	uint64_t seed = (long)arg * 1000;

	while (seconds() < end_time) {
		size_t n = 1 + seed % 200;
		char *p = pages(n);
		size_t i;

		if (!p)
			return 1;
		fill(p, n * PAGE, seed);
		for (i = 0; i < n; i += 3)
			mprotect(p + i * PAGE, PAGE, PROT_READ);
		if (!filled(p, n * PAGE, seed))
			return 2;
		munmap(p, n * PAGE);
		seed++;
	}
	return 0;
}

static void *thread_body(void *arg)
{
	volatile double x = 1;
	int i;

	for (i = 0; i < 1000; i++)
		x = x * 1.001;
	return (void *)(long)(x > 2.71 && x < 2.72);
}

static int threader(void *arg)
{
	while (seconds() < end_time) {
		pthread_t t[8];
		int i, n;
		void *r;

		for (n = 0; n < 8; n++)
			if (pthread_create(&t[n], NULL, thread_body, NULL))
				return 1;
		for (i = 0; i < n; i++) {
			pthread_join(t[i], &r);
			if (!r)
				return 2;
		}
	}
	return 0;
}

static volatile int got;

static void bump(int sig)
{
	got++;
}

static int signaller(void *arg)
{
	pid_t pid;
	int n = 0;

	signal(SIGUSR1, bump);
	pid = fork();
	if (!pid) {
		while (seconds() < end_time + 30)
			pause();
		_exit(1);
	}
	while (seconds() < end_time) {
		kill(pid, SIGUSR1);
		raise(SIGUSR1);
		n++;
	}
	kill(pid, SIGKILL);
	reap(pid);
	return got == n ? 0 : 1;
}

static int piper(void *arg)
{
	int a[2], b[2];
	long v = 0, r;
	pid_t pid;

	if (pipe(a) || pipe(b))
		return 1;
	pid = fork();
	if (!pid) {
		close(a[1]);
		while (read(a[0], &v, 8) == 8) {
			v++;
			if (write(b[1], &v, 8) != 8)
				_exit(1);
		}
		_exit(0);
	}
	close(a[0]);
	while (seconds() < end_time) {
		if (write(a[1], &v, 8) != 8 || read(b[0], &r, 8) != 8 || r != v + 1)
			return 2;
		v = r;
	}
	close(a[1]);
	return exited(reap(pid), 0) ? 0 : 3;
}

TEST_AREA(stress, 120)
{
	static int (*const work[])(void *) = {
		forker, execer, mapper, mapper, threader, signaller, piper, piper,
	};
	static const char *const name[] = {
		"fork", "exec", "mmap", "mmap again", "threads", "signals",
		"pipes", "pipes again",
	};
	const char *secs = getenv("UMTEST_STRESS");
	pid_t pid[8];
	int i;

	end_time = seconds() + (secs ? atof(secs) : 5);
	for (i = 0; i < 8; i++) {
		pid[i] = fork();
		if (!pid[i])
			_exit(work[i]((void *)(long)(i + 1)));
	}
	for (i = 0; i < 8; i++) {
		int st = reap(pid[i]);

		ok(exited(st, 0), "%s (0x%x)", name[i], st);
	}
}
