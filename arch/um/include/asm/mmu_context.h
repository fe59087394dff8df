/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_MMU_CONTEXT_H
#define _ASM_UM_MMU_CONTEXT_H

#include <linux/mm_types.h>
#include <asm-generic/mm_hooks.h>

/* Makes the address space's stub on the host; -errno when the host refuses. */
#define init_new_context init_new_context
int init_new_context(struct task_struct *task, struct mm_struct *mm);

#define destroy_context destroy_context
void destroy_context(struct mm_struct *mm);

/*
 * An exec or an exit leaves the address space, while it is still there: the
 * host thread in it goes.
 */
#define deactivate_mm deactivate_mm
void um_leave_mm(struct task_struct *task);
static inline void deactivate_mm(struct task_struct *tsk, struct mm_struct *mm)
{
	um_leave_mm(tsk);
}

/* The kernel has one address space of its own: nothing is to be switched. */
static inline void switch_mm(struct mm_struct *prev, struct mm_struct *next,
			     struct task_struct *tsk)
{
}

#include <asm-generic/mmu_context.h>

#endif /* _ASM_UM_MMU_CONTEXT_H */
