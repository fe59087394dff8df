/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UM_X86_DEBUGREG_H
#define _UM_X86_DEBUGREG_H

struct task_struct;

/* DR@n of a stopped task as its tracer sees and sets it. */
unsigned long x86_get_debugreg(struct task_struct *task, int n);
int x86_put_debugreg(struct task_struct *task, int n, unsigned long val);

#endif /* _UM_X86_DEBUGREG_H */
