// SPDX-License-Identifier: GPL-2.0
/*
 * stop and go: the guest stands still, and its clocks with it.
 *
 * As in a suspended machine CLOCK_MONOTONIC does not go on, while the time of day
 * and CLOCK_BOOTTIME are right afterwards.
 */
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/string.h>
#include <linux/sched/clock.h>
#include <linux/utsname.h>
#include <um/host.h>
#include <um/watchdog.h>

#include "mconsole.h"

/* Of kernel/time/timekeeping.h, which is not for drivers: a suspend's two halves. */
int timekeeping_suspend(void);
void timekeeping_resume(void);

/* Nothing is allocated: it has a text of its own. */
static void mconsole_tell(int fd, const struct host_address *to, int err, const char *text)
{
	static struct um_mconsole_reply reply;
	um_u64 len = strlen(text);
	um_u32 n = mconsole_reply(&reply, err, &text, &len, 1);

	host_dgram_send(fd, to, &reply, n);
}

static void mconsole_tell_version(int fd, const struct host_address *to)
{
	static char text[5 * (__NEW_UTS_LEN + 1)];

	mconsole_version(text, sizeof(text));
	mconsole_tell(fd, to, 0, text);
}

void mconsole_stand_still(int fd, struct mconsole_answer *go)
{
	static struct um_mconsole_request datagram;
	static struct mconsole_request request;
	unsigned long flags;
	const char *why;
	long n;

	local_irq_save(flags);
	um_watchdog_pause();
	timekeeping_suspend();
	for (;;) {
		n = host_dgram_receive(fd, &datagram, sizeof(datagram), &go->to);
		if (n < 0) {
			host_poll_one(fd, HOST_POLLIN, 1000);
			continue;
		}
		why = mconsole_parse(&request, &datagram, min_t(u64, n, sizeof(datagram)));
		if (!why && request.verb == MCONSOLE_GO)
			break;
		if (why)
			mconsole_tell(fd, &go->to, -EINVAL, why);
		else if (request.verb == MCONSOLE_VERSION)
			mconsole_tell_version(fd, &go->to);
		else
			mconsole_tell(fd, &go->to, -EBUSY, "the guest is stopped: go lets it go on");
	}
	timekeeping_resume();
	um_watchdog_go();
	local_irq_restore(flags);
}
