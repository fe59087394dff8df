// SPDX-License-Identifier: GPL-2.0
/*
 * An idle virtual CPU sleeps on the host until an interrupt comes.
 *
 * To sleep and to be woken costs more than much of what is waited for, most of all
 * where the host is a virtual machine: a disk whose file the host has in memory
 * answers in less, and so does a program of the host by a network.  So it looks for
 * interrupts for a while before, as long as that has paid lately, and as the host has
 * another CPU on which the answer can be made.
 */
#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/time64.h>
#include <asm/cpu.h>
#include <asm/idle.h>
#include <asm/irqflags.h>
#include <asm/um_irq.h>
#include <um/host.h>

/*
 * So long the host's timer stays as it is: most sleeps are shorter, and to set it to
 * and fro would be some of what they cost.
 */
#define SHORT_SLEEP	NSEC_PER_MSEC

#define POLL_MIN	(10 * NSEC_PER_USEC)
#define POLL_MAX	(120 * NSEC_PER_USEC)

/* How long it looks, in ns; 0: not at all. */
static DEFINE_PER_CPU(u32, poll_time);
static bool may_poll __ro_after_init;

DEFINE_PER_CPU(struct um_idle_offer *, idle_offer);

void um_idle_make_offer(struct um_idle_offer *offer)
{
	unsigned long flags;

	local_irq_save(flags);
	if (this_cpu_read(idle_offer) != offer) {
		um_idle_pass_on();
		this_cpu_write(idle_offer, offer);
	}
	local_irq_restore(flags);
}

void um_idle_withdraw(struct um_idle_offer *offer)
{
	unsigned long flags;

	local_irq_save(flags);
	if (this_cpu_read(idle_offer) == offer)
		this_cpu_write(idle_offer, NULL);
	local_irq_restore(flags);
}

void um_idle_pass_on(void)
{
	struct um_idle_offer *offer = this_cpu_read(idle_offer);

	if (!offer)
		return;
	this_cpu_write(idle_offer, NULL);
	offer->pass_on(offer);
}

static void run_offer(void)
{
	struct um_idle_offer *offer = raw_cpu_read(idle_offer);

	if (!offer)
		return;
	raw_cpu_write(idle_offer, NULL);
	offer->run(offer);
}

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

static void sleep(u64 now)
{
	u64 due;

	um_cpu_release();
	if (um_irq_sleep(now + SHORT_SLEEP))
		return;
	due = um_timer_settle();
	/* The timer's signal is at hand earlier than that, unless it is lost. */
	um_irq_sleep(due ? due + NSEC_PER_MSEC : 0);
}

void arch_cpu_idle(void)
{
	u32 time = this_cpu_read(poll_time);
	u64 start;

	run_offer();
	if (raw_cpu_read_4(irq_state.pending))
		return;
	start = host_monotonic_ns();
	if (time && um_irq_poll(start + time))
		return;
	sleep(start);
	if (um_timer_is_overdue(host_monotonic_ns()))
		um_irq_timer_due();
	if (may_poll)
		this_cpu_write(poll_time, next_poll_time(time, host_monotonic_ns() - start));
}
