// SPDX-License-Identifier: GPL-2.0
/*
 * An idle virtual CPU sleeps on the host until an interrupt comes.
 *
 * To sleep and to be woken costs more than much of what is waited for: a disk
 * whose file the host has in memory answers in less.  So it looks for interrupts
 * for a while before, as long as that has paid lately, and as the host has
 * another CPU on which the answer can be made.
 */
#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/time64.h>
#include <asm/cpu.h>
#include <asm/irqflags.h>
#include <asm/um_irq.h>
#include <um/host.h>

#define POLL_MIN	(10 * NSEC_PER_USEC)
#define POLL_MAX	(60 * NSEC_PER_USEC)

/* How long it looks, in ns; 0: not at all. */
static DEFINE_PER_CPU(u32, poll_time);
static bool may_poll __ro_after_init;

static int __init idle_init(void)
{
	may_poll = host_nr_cpus() > 1;
	return 0;
}
early_initcall(idle_init);

/* What it was, for the next time: @idle is how long nothing came. */
static u32 next_poll_time(u32 was, u64 idle)
{
	if (idle <= was)
		return was;
	/* A longer look would have seen it; so long a look is not worth it. */
	if (idle <= POLL_MAX)
		return clamp(2 * was, POLL_MIN, POLL_MAX);
	return was / 2 < POLL_MIN ? 0 : was / 2;
}

void arch_cpu_idle(void)
{
	u32 time = this_cpu_read(poll_time);
	u64 start;

	if (raw_cpu_read_4(irq_state.pending))
		return;
	if (!may_poll) {
		um_cpu_release();
		um_irq_sleep(um_timer_due());
		return;
	}
	start = host_monotonic_ns();
	if (time && um_irq_poll(start + time))
		return;
	um_cpu_release();
	um_irq_sleep(um_timer_due());
	this_cpu_write(poll_time, next_poll_time(time, host_monotonic_ns() - start));
}
