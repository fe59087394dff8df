// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors that are waited for: by the thread um-poll (poll_thread.c), and by the
 * first CPU while it is idle (poll_idle.c).
 */
#include <poll.h>
#include <sys/eventfd.h>

#include "poller.h"

struct poller poller = { .epoll = -1, .probe = -1, .kick = -1, .wake = -1 };

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
	poll_kick(&poller);
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
