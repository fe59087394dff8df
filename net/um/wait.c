// SPDX-License-Identifier: GPL-2.0
/* Waiting for the host without keeping the guest's CPU from others. */
#include <linux/delay.h>
#include <linux/ktime.h>

#include "net.h"

#define LONGEST_US	5000

int um_net_wait(int fd, int pidfd, unsigned int ms)
{
	ktime_t end = ktime_add_ms(ktime_get(), ms);
	unsigned int us = 50;

	for (;;) {
		/* In this order: a program may answer and end. */
		bool ended = pidfd >= 0 && host_poll_one(pidfd, HOST_POLLIN, 0) > 0;
		int ready = host_poll_one(fd, HOST_POLLIN, 0);

		if (ready)
			return min(ready, 0);
		if (ended)
			return -EPIPE;
		if (ktime_after(ktime_get(), end))
			return -ETIMEDOUT;
		usleep_range(us, 2 * us);
		us = min(2 * us, LONGEST_US);
	}
}
