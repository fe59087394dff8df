// SPDX-License-Identifier: GPL-2.0
/*
 * um-poll: the thread that waits for descriptors, for a CPU that runs something.
 */
#include "poller.h"

/*
 * Where events follow one another so closely the thread rests behind each, in ns: one
 * that comes while the CPU is busy costs it an interrupt, and what an idle CPU finds
 * by itself wakes the thread as well, in vain.
 */
#define REST_OFTEN	(100 * 1000)
#define REST_MIN	(125 * 1000)
#define REST_MAX	(1000 * 1000)

void poll_kick(struct poller *p)
{
	um_u64 one = 1;

	sys_retry(SYS_write, p->kick, &one, sizeof(one));
	host_futex_wake(&p->want, 1);
}

static void unkick(struct poller *p)
{
	um_u64 count;

	sys_retry(SYS_read, p->kick, &count, sizeof(count));
}

/* Longer where the idle CPU finds something meanwhile; ends when a round is wanted. */
static void rest(struct poller *p)
{
	um_u32 looked = __atomic_load_n(&p->looked, __ATOMIC_RELAXED), before;

	do {
		unkick(p);
		before = looked;
		host_futex_wait(&p->want, p->done, p->rest);
		p->rest = REST_MAX;
		looked = __atomic_load_n(&p->looked, __ATOMIC_RELAXED);
	} while (looked != before && __atomic_load_n(&p->want, __ATOMIC_RELAXED) == p->done);
}

/* Not but one who wants a round. */
static int came(struct poller *p, const struct epoll_event *ev, long n)
{
	return n > 1 || (n == 1 && ev[0].data.ptr != p);
}

/* Until there is one. */
static long sleep_for_events(struct poller *p, struct epoll_event *ev, int max)
{
	um_u64 start = host_monotonic_ns();
	um_u32 looks;
	long n;

	__atomic_store_n(&p->seen, __atomic_load_n(&p->looked, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
	__atomic_store_n(&p->waits, 1, __ATOMIC_RELEASE);
	n = sys_retry(SYS_epoll_wait, p->epoll, ev, max, -1);
	__atomic_store_n(&p->waits, 0, __ATOMIC_RELEASE);

	looks = __atomic_load_n(&p->looked, __ATOMIC_RELAXED) - p->seen;
	if (looks >= LOOKS_MANY)
		p->rest = REST_MAX;
	else if (came(p, ev, n) && host_monotonic_ns() - start < REST_OFTEN)
		p->rest = REST_MIN;
	return n;
}

static long wait_for_events(struct poller *p, struct epoll_event *ev, int max)
{
	long n = 0;

	/* What came meanwhile came closely; if nothing did the next one comes alone. */
	if (p->rest)
		n = sys_retry(SYS_epoll_wait, p->epoll, ev, max, 0);
	p->rest = came(p, ev, n) ? REST_MIN : 0;
	return n > 0 ? n : sleep_for_events(p, ev, max);
}

void poll_thread(void *arg)
{
	struct poller *p = arg;
	struct epoll_event ev[32];

	for (;;) {
		um_u32 want;
		long n;

		if (p->rest)
			rest(p);
		want = __atomic_load_n(&p->want, __ATOMIC_ACQUIRE);
		if (p->done != want) {
			__atomic_store_n(&p->done, want, __ATOMIC_RELEASE);
			host_futex_wake(&p->done, 1 << 30);
		}
		n = wait_for_events(p, ev, ARRAY_SIZE(ev));
		for (long i = 0; i < n; i++) {
			if (ev[i].data.ptr == p)
				unkick(p);
			else if (ev[i].data.ptr == &p->wake)
				p->ready(NULL);
			else
				p->ready(ev[i].data.ptr);
		}
	}
}
