// SPDX-License-Identifier: GPL-2.0
/* Time: clocks and timers.  Only lower bounds are asserted. */
#include "tap.h"
#include <poll.h>
#include <sys/times.h>
#include <sys/timerfd.h>
#include <sys/timex.h>

static int64_t ns(struct timespec *ts)
{
	return ts->tv_sec * 1000000000LL + ts->tv_nsec;
}

static void check_monotonic(void)
{
	struct timespec last, now;
	int i, back = 0;

	clock_gettime(CLOCK_MONOTONIC, &last);
	for (i = 0; i < 20000; i++) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		back += ns(&now) < ns(&last);
		last = now;
	}
	is(back, 0, "monotonic time never goes back");
	clock_gettime(CLOCK_REALTIME, &now);
	ok(now.tv_sec > 1700000000, "the real time is after 2023");
	clock_getres(CLOCK_MONOTONIC, &now);
	ok(now.tv_sec == 0 && now.tv_nsec == 1, "high resolution (%ld ns)", now.tv_nsec);
}

static void check_sleep(void)
{
	struct timespec ts = { 0, 50000000 }, a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	nanosleep(&ts, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	ok(ns(&b) - ns(&a) >= 50000000, "nanosleep sleeps long enough (%lld us)",
	   (long long)(ns(&b) - ns(&a)) / 1000);
	ts = b;
	ts.tv_nsec += 30000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_nsec -= 1000000000;
		ts.tv_sec++;
	}
	is(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL), 0,
	   "clock_nanosleep to a point in time");
	clock_gettime(CLOCK_MONOTONIC, &b);
	ok(ns(&b) >= ns(&ts), "not before it");
	ts.tv_nsec = 1000000000;
	is_err(nanosleep(&ts, NULL), EINVAL, "a bad timespec");
	clock_gettime(CLOCK_MONOTONIC, &a);
	poll(NULL, 0, 40);
	clock_gettime(CLOCK_MONOTONIC, &b);
	ok(ns(&b) - ns(&a) >= 40000000, "poll's timeout");
	clock_gettime(CLOCK_MONOTONIC, &a);
	usleep(100);
	clock_gettime(CLOCK_MONOTONIC, &b);
	diag("usleep(100) took %lld us", (long long)(ns(&b) - ns(&a)) / 1000);
}

static volatile int ticks;
static siginfo_t last_info;

static void tick(int sig, siginfo_t *si, void *uc)
{
	last_info = *si;
	ticks++;
}

static bool wait_ticks(int n, double limit)
{
	double end = seconds() + limit;

	while (ticks < n && seconds() < end)
		usleep(1000);
	return ticks >= n;
}

static void check_timers(void)
{
	struct sigaction sa = { .sa_sigaction = tick, .sa_flags = SA_SIGINFO };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN,
			       .sigev_value.sival_int = 321 };
	struct itimerspec its = { { 0, 5000000 }, { 0, 5000000 } }, now;
	struct itimerval it = { { 0, 5000 }, { 0, 5000 } };
	struct pollfd pfd;
	uint64_t n = 0;
	timer_t t;
	double start;

	sigaction(SIGRTMIN, &sa, NULL);
	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGVTALRM, &sa, NULL);
	sigaction(SIGPROF, &sa, NULL);
	is(timer_create(CLOCK_MONOTONIC, &ev, &t), 0, "timer_create");
	ticks = 0;
	is(timer_settime(t, 0, &its, NULL), 0, "timer_settime");
	ok(wait_ticks(5, 30), "it ticks");
	is(timer_gettime(t, &now), 0, "timer_gettime");
	ok(now.it_interval.tv_nsec == 5000000 && now.it_value.tv_sec == 0,
	   "tells its interval");
	ok(last_info.si_code == SI_TIMER && last_info.si_value.sival_int == 321,
	   "si_code SI_TIMER with our value");
	ok(timer_getoverrun(t) >= 0, "timer_getoverrun");
	is(timer_delete(t), 0, "timer_delete");
	is_err(timer_delete(t), EINVAL, "once");
	ticks = 0;
	setitimer(ITIMER_REAL, &it, NULL);
	ok(wait_ticks(5, 30), "setitimer ticks");
	memset(&it, 0, sizeof(it));
	setitimer(ITIMER_REAL, &it, NULL);
	ticks = 0;
	start = seconds();
	alarm(1);
	wait_ticks(1, 30);
	ok(ticks == 1 && seconds() - start >= 0.99, "alarm(1)");
	/* CPU time */
	ticks = 0;
	it.it_value.tv_usec = it.it_interval.tv_usec = 20000;
	setitimer(ITIMER_VIRTUAL, &it, NULL);
	start = seconds();
	while (ticks < 3 && seconds() - start < 30)
		;
	ok(ticks >= 3, "ITIMER_VIRTUAL ticks while it computes");
	memset(&it, 0, sizeof(it));
	setitimer(ITIMER_VIRTUAL, &it, NULL);
	if (timer_create(CLOCK_PROCESS_CPUTIME_ID, &ev, &t) == 0) {
		ticks = 0;
		its.it_value.tv_nsec = its.it_interval.tv_nsec = 20000000;
		timer_settime(t, 0, &its, NULL);
		start = seconds();
		while (ticks < 2 && seconds() - start < 30)
			;
		ok(ticks >= 2, "a POSIX CPU timer ticks");
		timer_delete(t);
	} else {
		skip("no CPU timers", "a POSIX CPU timer ticks");
	}
	pfd.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	pfd.events = POLLIN;
	is_err(read(pfd.fd, &n, 8), EAGAIN, "timerfd: not yet");
	its.it_value.tv_nsec = its.it_interval.tv_nsec = 10000000;
	is(timerfd_settime(pfd.fd, 0, &its, NULL), 0, "timerfd_settime");
	is(poll(&pfd, 1, 30000), 1, "poll tells");
	is(read(pfd.fd, &n, 8), 8, "read");
	ok(n >= 1, "%llu expirations", (unsigned long long)n);
	close(pfd.fd);
}

static void *burn(void *arg)
{
	struct timespec a, b;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	while (ns(&b) - ns(&a) < 50000000);
	return NULL;
}

static void check_cputime(void)
{
	struct timespec a, b;
	struct tms tms;
	pthread_t t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	pthread_create(&t, NULL, burn, NULL);
	pthread_join(t, NULL);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	ok(ns(&b) - ns(&a) >= 50000000, "a thread's CPU time counts for its process");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	usleep(200000);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	ok(ns(&b) - ns(&a) < 150000000, "sleep costs no CPU time (%lld us)",
	   (long long)(ns(&b) - ns(&a)) / 1000);
	ok(times(&tms) > 0 && tms.tms_utime + tms.tms_stime > 0, "times() counts");
}

static void check_set(void)
{
	struct timespec ts, old;
	struct timex tx = { .modes = 0 };

	ok(adjtimex(&tx) >= 0, "adjtimex reads");
	if (!in_guest() || geteuid())
		return;
	clock_gettime(CLOCK_REALTIME, &old);
	ts.tv_sec = 1000000000;
	ts.tv_nsec = 0;
	is(clock_settime(CLOCK_REALTIME, &ts), 0, "the time can be set");
	clock_gettime(CLOCK_REALTIME, &ts);
	ok(ts.tv_sec >= 1000000000 && ts.tv_sec < 1000000100, "and is");
	clock_settime(CLOCK_REALTIME, &old);
	is_err(clock_settime(CLOCK_MONOTONIC, &old), EINVAL, "monotonic time cannot");
}

TEST_AREA(clocks, 120)
{
	check_monotonic();
	check_sleep();
	check_timers();
	check_cputime();
	check_set();
}
