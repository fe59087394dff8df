// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for descriptors: one thread in epoll.
 */
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "internal.h"

/**
 * struct poller - the thread that waits
 * @epoll:	what it waits on
 * @probe:	an epoll instance that nobody waits on
 * @kick:	eventfd that makes it go round once
 * @ready:	the callback
 * @want:	counts requests for a round
 * @done:	value of @want that it had seen when it last had no event in hand
 */
struct poller {
	int	epoll;
	int	probe;
	int	kick;
	void	(*ready)(void *cookie, int events);
	um_u32	want;
	um_u32	done;
};

static struct poller poller = { .epoll = -1, .probe = -1, .kick = -1 };

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

static void poll_thread(void *arg)
{
	struct poller *p = arg;
	struct epoll_event ev[32];

	for (;;) {
		um_u32 want = __atomic_load_n(&p->want, __ATOMIC_ACQUIRE);
		um_u64 count;
		long n;

		if (p->done != want) {
			__atomic_store_n(&p->done, want, __ATOMIC_RELEASE);
			host_futex_wake(&p->done, 1 << 30);
		}
		n = sys_retry(SYS_epoll_wait, p->epoll, ev, ARRAY_SIZE(ev), -1);
		for (long i = 0; i < n; i++) {
			if (ev[i].data.ptr == p)
				sys_retry(SYS_read, p->kick, &count,
					  sizeof(count));
			else
				p->ready(ev[i].data.ptr,
					 from_epoll(ev[i].events));
		}
	}
}

int host_poll_start(void (*ready)(void *cookie, int events))
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &poller };
	long err;

	if (poller.epoll >= 0)
		return -EBUSY;
	err = sys(SYS_epoll_create1, EPOLL_CLOEXEC);
	if (err < 0)
		return err;
	poller.epoll = err;
	err = sys(SYS_epoll_create1, EPOLL_CLOEXEC);
	if (err < 0)
		goto fail;
	poller.probe = err;
	err = sys(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (err < 0)
		goto fail;
	poller.kick = err;
	poller.ready = ready;
	err = sys(SYS_epoll_ctl, poller.epoll, EPOLL_CTL_ADD, poller.kick, &ev);
	if (err < 0)
		goto fail;
	err = host_thread_start(poll_thread, &poller, "um-poll");
	if (err < 0)
		goto fail;
	return 0;

fail:
	if (poller.kick >= 0)
		sys(SYS_close, poller.kick);
	if (poller.probe >= 0)
		sys(SYS_close, poller.probe);
	sys(SYS_close, poller.epoll);
	poller.kick = -1;
	poller.probe = -1;
	poller.epoll = -1;
	return err;
}

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
		poller.ready(cookie, events & (HOST_POLLIN | HOST_POLLOUT));
		err = 0;
	}
	return err;
}

/* When this returns no callback for the descriptor runs, nor will. */
int host_poll_del(int fd)
{
	um_u64 one = 1;
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
	sys_retry(SYS_write, poller.kick, &one, sizeof(one));
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
