/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_IDLE_H
#define _ASM_UM_IDLE_H

#include <linux/percpu-defs.h>
#include <linux/types.h>

/**
 * struct um_idle_offer - work that a CPU does itself if it is idle at once
 * @run:	does it.  RCU takes the CPU for idle: host functions only.
 * @pass_on:	the CPU has other things to do: hands it to somebody else
 *
 * Both are called with interrupts disabled.  To do what is waited for costs less than
 * to wake another thread of the host for it, and it is done where its data is cached.
 */
struct um_idle_offer {
	void	(*run)(struct um_idle_offer *offer);
	void	(*pass_on)(struct um_idle_offer *offer);
};

DECLARE_PER_CPU(struct um_idle_offer *, idle_offer);

/*
 * From any context of the kernel.  One of the two functions is called soon, once,
 * unless it is withdrawn; an earlier offer is passed on.
 */
void um_idle_make_offer(struct um_idle_offer *offer);
/* The CPU that made it; nothing happens if there is none. */
void um_idle_withdraw(struct um_idle_offer *offer);
/* The CPU is not idle: guest code runs next, or the kernel is busy. */
void um_idle_pass_on(void);

#endif /* _ASM_UM_IDLE_H */
