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

/*
 * Sleeps until an interrupt is pending, or until @until of host_monotonic_ns() unless
 * that is 0.  True: one is.  With interrupts disabled.
 */
bool um_irq_sleep(u64 until);
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
