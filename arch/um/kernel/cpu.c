// SPDX-License-Identifier: GPL-2.0
/*
 * Where on the host a virtual CPU runs.
 *
 * Handing over between the kernel and a stub costs a tenth when both are on one
 * host CPU.  So the CPU's thread stays where it is while it runs guest code,
 * and is free to be placed anew whenever it sleeps.  A thread that waits for
 * its CPU a good part of the time, because others run there too, moves on.
 */
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <asm/cpu.h>
#include <um/host.h>

/**
 * struct host_place - where a virtual CPU is
 * @cpu:	host CPU that it is confined to
 * @confined:	it is
 * @checked:	when, in jiffies, contention was last looked at
 * @delay:	time in ns that it had waited for a CPU then
 */
struct host_place {
	int		cpu;
	bool		confined;
	unsigned long	checked;
	u64		delay;
};

static DEFINE_PER_CPU(struct host_place, host_place);

#define BALANCE_INTERVAL	(HZ / 10 ?: 1)

int um_cpu_confine(void)
{
	struct host_place *place = this_cpu_ptr(&host_place);

	if (unlikely(!place->confined)) {
		place->cpu = host_getcpu();
		host_set_cpu(0, place->cpu);
		place->confined = true;
	}
	return place->cpu;
}

void um_cpu_release(void)
{
	struct host_place *place = this_cpu_ptr(&host_place);

	if (!place->confined)
		return;
	host_set_cpu(0, -1);
	place->confined = false;
}

void um_cpu_balance(void)
{
	struct host_place *place = this_cpu_ptr(&host_place);
	unsigned long passed = jiffies - place->checked;
	u64 delay, waited;

	if (!place->confined || passed < BALANCE_INTERVAL)
		return;
	delay = host_run_delay_ns();
	waited = delay - place->delay;
	place->delay = delay;
	place->checked = jiffies;
	/* Waited a third of the time, in an interval that was not a pause. */
	if (passed < 4 * BALANCE_INTERVAL &&
	    waited > (u64)jiffies_to_nsecs(passed) / 3) {
		place->cpu = host_next_cpu(place->cpu);
		host_set_cpu(0, place->cpu);
	}
}
