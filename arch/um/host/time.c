// SPDX-License-Identifier: GPL-2.0
/*
 * Clocks and timers.
 */
#include <signal.h>
#include <time.h>

#include "internal.h"

static um_u64 clock_ns(clockid_t clock)
{
	struct timespec ts;

	/* libc's, because that one does not enter the host's kernel. */
	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

um_u64 host_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

um_u64 host_realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

um_u64 host_run_delay_ns(void)
{
	int fd = irq_schedstat_fd();
	um_u64 ns = 0;
	char buf[80];
	char *p = buf;
	long n;

	if (fd < 0)
		return 0;
	n = sys_retry(SYS_pread64, fd, buf, sizeof(buf) - 1, 0);
	if (n <= 0)
		return 0;
	buf[n] = 0;

	/* "<time on a CPU> <time waiting for one> <number of slices>" */
	while (*p && *p != ' ')
		p++;
	while (*p == ' ')
		p++;
	while (*p >= '0' && *p <= '9')
		ns = ns * 10 + (*p++ - '0');
	return ns;
}

int host_timer_create(void)
{
	struct sigevent ev = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGALRM,
	};
	int id, err;

	ev._sigev_un._tid = host_gettid();
	/* libc's timer_t is not always the number that the kernel gave. */
	err = sys(SYS_timer_create, CLOCK_MONOTONIC, &ev, &id);
	return err < 0 ? err : id;
}

int host_timer_set(int timer, um_u64 ns)
{
	struct itimerspec its = {
		.it_value.tv_sec = ns / NSEC_PER_SEC,
		.it_value.tv_nsec = ns % NSEC_PER_SEC,
	};

	return sys(SYS_timer_settime, timer, TIMER_ABSTIME, &its, NULL);
}
