/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_STACKTRACE_H
#define _ASM_UM_STACKTRACE_H

#include <linux/types.h>

struct pt_regs;
struct task_struct;

/* Calls @fn for each return address; stops when it returns false. */
void um_walk_stack(bool (*fn)(void *cookie, unsigned long addr), void *cookie,
		   struct task_struct *task, struct pt_regs *regs);

/* As show_stack(), from @regs on. */
void show_stack_regs(struct task_struct *task, struct pt_regs *regs,
		     const char *loglvl);

#endif /* _ASM_UM_STACKTRACE_H */
