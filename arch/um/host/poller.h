/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Waiting for descriptors: one epoll instance in which a thread waits, and the first
 * CPU while it is idle.
 */
#ifndef HOST_POLLER_H
#define HOST_POLLER_H

#include <sys/epoll.h>

#include "internal.h"

/* After so many looks of the idle CPU that found something the thread rests. */
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

extern struct poller poller;

/* poll_thread.c: the thread itself; has it go round, whether it waits or rests. */
void poll_thread(void *arg);
void poll_kick(struct poller *p);

#endif /* HOST_POLLER_H */
