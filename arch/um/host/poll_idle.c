// SPDX-License-Identifier: GPL-2.0
/*
 * The first CPU waits for descriptors itself while it is idle, so that what comes wakes
 * no other thread before: the host wakes who came last.
 */
#include <limits.h>

#include "poller.h"

#define STR(x)	#x
#define XSTR(x)	STR(x)

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

/* The thread was woken as well. */
static void tell_looked(struct poller *p)
{
	um_u32 looked = p->looked + 1;

	__atomic_store_n(&p->looked, looked, __ATOMIC_RELAXED);
	if (__atomic_load_n(&p->waits, __ATOMIC_ACQUIRE) &&
	    looked - __atomic_load_n(&p->seen, __ATOMIC_RELAXED) >= LOOKS_MANY &&
	    __atomic_exchange_n(&p->waits, 0, __ATOMIC_RELAXED))
		poll_kick(p);
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
