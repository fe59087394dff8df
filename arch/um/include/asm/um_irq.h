/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_UM_IRQ_H
#define _ASM_UM_UM_IRQ_H

#include <linux/types.h>

struct pt_regs;

/* Handles what is pending; interrupts disabled, state entered. */
void irq_dispatch(struct pt_regs *regs);
/*
 * Looks for interrupts until the host's monotonic clock says @until, without
 * sleeping.  True: there is one.  With interrupts disabled.
 */
bool um_irq_poll(u64 until);

/**
 * enum um_woken - why a CPU sleeps no more
 * @UM_WOKEN_NOT:	it has slept long enough, there is no interrupt
 * @UM_WOKEN:		there is one, a signal's or that of a helper thread
 * @UM_WOKEN_BY_FD:	a descriptor is ready, which is an interrupt as well
 */
enum um_woken {
	UM_WOKEN_NOT,
	UM_WOKEN,
	UM_WOKEN_BY_FD,
};

/*
 * Sleeps until an interrupt is pending, or until @until of host_monotonic_ns() unless
 * that is 0.  With interrupts disabled.
 */
enum um_woken um_irq_sleep(u64 until);
/* The timer's interrupt is pending, although no signal says so. */
void um_irq_timer_due(void);
/*
 * Has the host know when this CPU's timer is to expire, which it may have been told
 * lazily, and nothing earlier.  That time, of host_monotonic_ns(); 0: never (time.c).
 */
u64 um_timer_settle(void);
/* It should have come by @now: a debugger may have kept the signal to itself. */
bool um_timer_is_overdue(u64 now);

#endif /* _ASM_UM_UM_IRQ_H */
