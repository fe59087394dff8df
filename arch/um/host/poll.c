// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for descriptors: one thread in epoll.  The first CPU waits there itself
 * while it is idle, so that what comes wakes no other thread before: the host wakes
 * who came last.
 */
#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "internal.h"

#define STR(x)	#x
#define XSTR(x)	STR(x)

/*
 * Where events follow one another so closely the thread rests behind each, in ns: one
 * that comes while the CPU is busy costs it an interrupt, and what an idle CPU finds
 * by itself wakes the thread as well, in vain.
 */
#define REST_OFTEN	(100 * 1000)
#define REST_MIN	(125 * 1000)
#define REST_MAX	(1000 * 1000)

/* After so many of these it rests the longest. */
#define LOOKS_MANY	8

/**
 * struct poller - the thread that waits
 * @epoll:	what it waits on
 * @probe:	an epoll instance that nobody waits on
 * @kick:	eventfd that makes it go round once
 * @wake:	eventfd that wakes the idle CPU
 * @ready:	the callback
 * @rest:	how long it rests before it waits again, in ns
 * @waits:	it waits, and was not told to rest
 * @looked:	counts looks of the idle CPU that found something
 * @seen:	what @looked was when it began to wait
 * @want:	counts requests for a round
 * @done:	value of @want that it had seen when it last had no event in hand
 */
struct poller {
	int	epoll;
	int	probe;
	int	kick;
	int	wake;
	void	(*ready)(void *cookie);
	um_u64	rest;
	um_u32	waits;
	um_u32	looked;
	um_u32	seen;
	um_u32	want;
	um_u32	done;
};

static struct poller poller = { .epoll = -1, .probe = -1, .kick = -1, .wake = -1 };

static int from_epoll(um_u32 ev)
{
	int events = 0;

	if (ev & EPOLLIN)
		events |= HOST_POLLIN;
	if (ev & EPOLLOUT)
		events |= HOST_POLLOUT;
	if (ev & (EPOLLHUP | EPOLLERR))
		events |= HOST_POLLHUP;
	return events;
}

static um_u32 to_epoll(int events)
{
	um_u32 ev = EPOLLONESHOT;

	if (events & HOST_POLLIN)
		ev |= EPOLLIN;
	if (events & HOST_POLLOUT)
		ev |= EPOLLOUT;
	return ev;
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

static void poll_thread(void *arg)
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

#define NR_FDS	4

static void all_fds(struct poller *p, int *fds[NR_FDS])
{
	fds[0] = &p->epoll;
	fds[1] = &p->probe;
	fds[2] = &p->kick;
	fds[3] = &p->wake;
}

static void close_all(struct poller *p)
{
	int *fds[NR_FDS];

	all_fds(p, fds);
	for (unsigned int i = 0; i < NR_FDS; i++) {
		if (*fds[i] >= 0)
			sys(SYS_close, *fds[i]);
		*fds[i] = -1;
	}
}

static long open_all(struct poller *p)
{
	struct epoll_event kick = { .events = EPOLLIN, .data.ptr = p };
	/* Nobody need read it. */
	struct epoll_event wake = { .events = EPOLLIN | EPOLLET, .data.ptr = &p->wake };
	int *fds[NR_FDS];

	p->epoll = sys(SYS_epoll_create1, EPOLL_CLOEXEC);
	p->probe = sys(SYS_epoll_create1, EPOLL_CLOEXEC);
	p->kick = sys(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
	p->wake = sys(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
	all_fds(p, fds);
	for (unsigned int i = 0; i < NR_FDS; i++)
		if (*fds[i] < 0)
			return *fds[i];
	return sys(SYS_epoll_ctl, p->epoll, EPOLL_CTL_ADD, p->kick, &kick) ?:
	       sys(SYS_epoll_ctl, p->epoll, EPOLL_CTL_ADD, p->wake, &wake);
}

int host_poll_start(void (*ready)(void *cookie))
{
	long err;

	if (poller.epoll >= 0)
		return -EBUSY;
	poller.ready = ready;
	err = open_all(&poller);
	if (!err)
		err = host_thread_start(poll_thread, &poller, "um-poll");
	if (err < 0) {
		close_all(&poller);
		return err;
	}
	return 0;
}

/* ---- the idle CPU --------------------------------------------------------- */

/*
 * epoll_wait(), unless *pending is set.  A handler that sets it before the host has
 * seen the system call goes on behind that: poll_handler_return().
 */
long poll_sleep(int epoll, struct epoll_event *ev, int max, int ms,
		volatile um_u32 *pending);
extern const char poll_sleep_begin[], poll_sleep_end[], poll_sleep_skip[];

asm("	.text\n"
"	.type	poll_sleep, @function\n"
"poll_sleep:\n"
"	mov	%rcx, %r10\n"
"	mov	$" XSTR(SYS_epoll_wait) ", %eax\n"
"poll_sleep_begin:\n"
"	cmpl	$0, (%r8)\n"
"	jne	poll_sleep_skip\n"
"	syscall\n"
"poll_sleep_end:\n"
"	ret\n"
"poll_sleep_skip:\n"
"	mov	$-" XSTR(EINTR) ", %rax\n"
"	ret\n"
"	.size	poll_sleep, . - poll_sleep\n");

um_u64 poll_handler_return(um_u64 ip)
{
	if (ip - (um_u64)poll_sleep_begin < (um_u64)(poll_sleep_end - poll_sleep_begin))
		return (um_u64)poll_sleep_skip;
	return ip;
}

static int cookies(const struct epoll_event *ev, long n, void *ready[HOST_READY_MAX])
{
	int count = 0;

	for (long i = 0; i < n; i++) {
		void *cookie = ev[i].data.ptr;

		/* The thread sees the one, and the other has done its work. */
		if (cookie != &poller && cookie != &poller.wake)
			ready[count++] = cookie;
	}
	return count;
}

/* It goes round, whether it waits or rests. */
static void kick(struct poller *p)
{
	um_u64 one = 1;

	sys_retry(SYS_write, p->kick, &one, sizeof(one));
	host_futex_wake(&p->want, 1);
}

/* The thread was woken as well. */
static void tell_looked(struct poller *p)
{
	um_u32 looked = p->looked + 1;

	__atomic_store_n(&p->looked, looked, __ATOMIC_RELAXED);
	if (__atomic_load_n(&p->waits, __ATOMIC_ACQUIRE) &&
	    looked - __atomic_load_n(&p->seen, __ATOMIC_RELAXED) >= LOOKS_MANY &&
	    __atomic_exchange_n(&p->waits, 0, __ATOMIC_RELAXED))
		kick(p);
}

int host_poll_look(void *ready[HOST_READY_MAX])
{
	struct epoll_event ev[HOST_READY_MAX];
	long n = sys(SYS_epoll_wait, poller.epoll, ev, ARRAY_SIZE(ev), 0);
	int count = cookies(ev, n, ready);

	/* Who is looked for may want this very CPU. */
	if (!n)
		sys(SYS_sched_yield);
	if (count)
		tell_looked(&poller);
	return count;
}

int host_poll_wait(void *ready[HOST_READY_MAX], volatile um_u32 *pending, um_u64 ns)
{
	struct epoll_event ev[HOST_READY_MAX];
	int ms = -1;
	long n;

	if (ns) {
		um_u64 now = host_monotonic_ns();
		um_u64 left = ns > now ? (ns - now + 999999) / 1000000 : 0;

		ms = left < INT_MAX ? left : INT_MAX;
	}
	n = poll_sleep(poller.epoll, ev, ARRAY_SIZE(ev), ms, pending);
	/* Some hosts let one whose time is over take the wake-up, and not the event. */
	if (!n)
		n = sys(SYS_epoll_wait, poller.epoll, ev, ARRAY_SIZE(ev), 0);
	if (!n)
		return -ETIMEDOUT;
	if (n < 0)
		return n == -EINTR ? 0 : n;
	return cookies(ev, n, ready);
}

void host_poll_wake(void)
{
	um_u64 one = 1;

	sys_retry(SYS_write, poller.wake, &one, sizeof(one));
}

/* ---- descriptors ---------------------------------------------------------- */

/* Registers nothing yet: what is registered is watched for hang-ups at once. */
int host_poll_add(int fd, void *cookie)
{
	struct epoll_event ev = {
		.events = EPOLLONESHOT,
		.data.ptr = cookie,
	};
	long err;

	if (poller.epoll < 0)
		return -EINVAL;
	err = sys(SYS_epoll_ctl, poller.probe, EPOLL_CTL_ADD, fd, &ev);
	if (err == -EPERM)
		return 0;	/* always ready */
	if (!err)
		sys(SYS_epoll_ctl, poller.probe, EPOLL_CTL_DEL, fd, NULL);
	return err;
}

int host_poll_arm(int fd, void *cookie, int events)
{
	struct epoll_event ev = {
		.events = to_epoll(events),
		.data.ptr = cookie,
	};
	long err;

	if (poller.epoll < 0)
		return -EINVAL;
	err = sys(SYS_epoll_ctl, poller.epoll, EPOLL_CTL_MOD, fd, &ev);
	if (err == -ENOENT)
		err = sys(SYS_epoll_ctl, poller.epoll, EPOLL_CTL_ADD, fd, &ev);
	if (err == -EPERM) {
		/* A file, or the like of /dev/null. */
		poller.ready(cookie);
		err = 0;
	}
	return err;
}

/* When this returns no callback for the descriptor runs on the thread, nor will. */
int host_poll_del(int fd)
{
	um_u32 ticket, done;
	long err;

	if (poller.epoll < 0)
		return -EINVAL;
	err = sys(SYS_epoll_ctl, poller.epoll, EPOLL_CTL_DEL, fd, NULL);
	if (err == -ENOENT || err == -EPERM)
		return 0;
	if (err)
		return err;

	/* The thread may have an event of it in hand: see it go round. */
	ticket = __atomic_add_fetch(&poller.want, 1, __ATOMIC_ACQ_REL);
	kick(&poller);
	while ((um_s32)((done = __atomic_load_n(&poller.done,
						__ATOMIC_ACQUIRE)) -
			ticket) < 0)
		host_futex_wait(&poller.done, done, 0);
	return 0;
}

int host_poll_one(int fd, int events, int ms)
{
	um_u64 end = 0;
	struct pollfd p = { .fd = fd };
	long n;

	if (events & HOST_POLLIN)
		p.events |= POLLIN;
	if (events & HOST_POLLOUT)
		p.events |= POLLOUT;
	if (ms > 0)
		end = host_monotonic_ns() + ms * 1000000UL;
	while ((n = sys(SYS_poll, &p, 1, ms)) == -EINTR) {
		um_u64 now;

		if (ms <= 0)
			continue;
		now = host_monotonic_ns();
		ms = now < end ? (end - now + 999999) / 1000000 : 0;
	}
	if (n <= 0)
		return n;
	if (p.revents & POLLNVAL)
		return -EBADF;
	return from_epoll(p.revents);
}
