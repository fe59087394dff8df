// SPDX-License-Identifier: GPL-2.0
/*
 * An idle virtual CPU sleeps on the host until a signal comes.
 */
#include <linux/cpu.h>
#include <linux/sched.h>
#include <asm/cpu.h>
#include <asm/irqflags.h>
#include <um/host.h>

void arch_cpu_idle(void)
{
	if (raw_cpu_read_4(irq_state.pending))
		return;
	um_cpu_release();
	host_irq_wait(raw_cpu_ptr(&irq_state.pending));
}
