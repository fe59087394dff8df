/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_IRQFLAGS_H
#define _ASM_UM_IRQFLAGS_H

#ifndef __ASSEMBLY__

#include <asm/percpu.h>

/**
 * struct irq_state - whether this virtual CPU takes interrupts
 * @enabled:	the flag that local_irq_disable() clears
 * @pending:	bit n: interrupt n (enum host_irq) came while it was clear
 *
 * An interrupt is a host signal on the CPU's own thread, so that plain stores
 * are enough here: disabling costs no system call.
 */
struct irq_state {
	unsigned int enabled;
	unsigned int pending;
};

DECLARE_PER_CPU(struct irq_state, irq_state);

/* Runs what came in while interrupts were disabled (kernel/irq.c). */
void irq_run_pending(void);

static __always_inline unsigned long arch_local_save_flags(void)
{
	return raw_cpu_read_4(irq_state.enabled);
}

static __always_inline void arch_local_irq_disable(void)
{
	raw_cpu_write_4(irq_state.enabled, 0);
	barrier();
}

static __always_inline void arch_local_irq_enable(void)
{
	barrier();
	raw_cpu_write_4(irq_state.enabled, 1);
	barrier();
	if (unlikely(raw_cpu_read_4(irq_state.pending)))
		irq_run_pending();
}

static __always_inline bool arch_irqs_disabled_flags(unsigned long flags)
{
	return !flags;
}

static __always_inline void arch_local_irq_restore(unsigned long flags)
{
	if (flags)
		arch_local_irq_enable();
	else
		arch_local_irq_disable();
}

static __always_inline unsigned long arch_local_irq_save(void)
{
	unsigned long flags = arch_local_save_flags();

	arch_local_irq_disable();
	return flags;
}

static __always_inline bool arch_irqs_disabled(void)
{
	return arch_irqs_disabled_flags(arch_local_save_flags());
}

#endif /* __ASSEMBLY__ */
#endif /* _ASM_UM_IRQFLAGS_H */
