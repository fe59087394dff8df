/* SPDX-License-Identifier: GPL-2.0 */
/* What a kernel says in its pipe, and the time that it has. */
#ifndef UML_WATCHDOG_WATCH_H
#define UML_WATCHDOG_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <um/abi/watchdog.h>

/**
 * struct watch - of a kernel
 * @timeout:	seconds between pings
 * @left:	milliseconds until it hangs; 0: it does, or nothing is waited for
 * @hangs:	there was no ping in time, and none since
 * @ended:	it is not to be watched any more
 * @odd:	messages that were not understood
 * @part:	bytes of a message that has not come as a whole
 * @have:	how many
 */
struct watch {
	unsigned int	timeout;
	int		left;
	bool		hangs;
	bool		ended;
	unsigned long	odd;
	unsigned char	part[sizeof(struct um_watchdog_message)];
	size_t		have;
};

/* @timeout is a valid one. */
void watch_begin(struct watch *watch, unsigned int timeout);

/* What came through the pipe, in any portions. */
void watch_take(struct watch *watch, const void *bytes, size_t len);

/* How long to wait for more before watch_pass(), in milliseconds; -1: for ever. */
int watch_wait(const struct watch *watch);

/* That long nothing came.  True: it hangs now. */
bool watch_pass(struct watch *watch);

#endif /* UML_WATCHDOG_WATCH_H */
