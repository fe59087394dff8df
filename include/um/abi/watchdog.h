/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a kernel tells uml_watchdog, the program of the host that watches it: messages
 * of 4 bytes in a pipe, which is the program's standard input.
 *
 *	verb	0 u8
 *	zero	1 u8
 *	timeout	2 u16
 *
 * Numbers have the byte order of the host.  The kernel never waits for room.  What
 * finds none is lost, which does no harm: there are thousands of pings to be read then,
 * and each message has the timeout that holds from then on.  The end of the pipe is
 * that of the kernel, about which nothing is to be done.
 *
 * The program has a pipe as standard output, too, to which it writes one byte,
 * UM_WATCHDOG_READY, once it watches.
 */
#ifndef _UM_ABI_WATCHDOG_H
#define _UM_ABI_WATCHDOG_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#else
#include <assert.h>
#endif
#include <um/types.h>

/* Seconds. */
#define UM_WATCHDOG_TIMEOUT_MIN		1
#define UM_WATCHDOG_TIMEOUT_MAX		3600
#define UM_WATCHDOG_TIMEOUT_DEFAULT	60

#define UM_WATCHDOG_READY		'r'

/* Letters, so that who traces a program can read them. */
enum um_watchdog_verb {
	UM_WATCHDOG_PING = 'p',		/* the time begins anew */
	UM_WATCHDOG_PAUSE = 'h',	/* the guest was told to stand still */
	UM_WATCHDOG_GO = 'g',		/* it goes on; a ping */
	UM_WATCHDOG_STOP = 's',		/* nothing is to be watched any more */
};

/**
 * struct um_watchdog_message - a message
 * @verb:	enum um_watchdog_verb
 * @zero:	0
 * @timeout:	seconds after a ping within which the next one comes
 */
struct um_watchdog_message {
	um_u8	verb;
	um_u8	zero;
	um_u16	timeout;
};

static_assert(sizeof(struct um_watchdog_message) == 4, "message");
static_assert(__builtin_offsetof(struct um_watchdog_message, timeout) == 2, "message");
static_assert(UM_WATCHDOG_TIMEOUT_MAX <= 65535, "timeout");

#endif /* _UM_ABI_WATCHDOG_H */
