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
 * Sleeps until an interrupt is pending, or should be: @due is when the timer's is,
 * of host_monotonic_ns(); 0: never.  With interrupts disabled.
 */
void um_irq_sleep(u64 due);
/* When this CPU's timer is to expire, of host_monotonic_ns(); 0: it is not (time.c). */
u64 um_timer_due(void);

#endif /* _ASM_UM_UM_IRQ_H */
