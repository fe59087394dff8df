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
/* The timer's interrupt (kernel/time.c). */
void um_timer_interrupt(void);

#endif /* _ASM_UM_UM_IRQ_H */
