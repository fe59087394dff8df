/* SPDX-License-Identifier: GPL-2.0 */
/* See include/asm-generic/syscall.h for what these have to do. */
#ifndef _ASM_UM_SYSCALL_H
#define _ASM_UM_SYSCALL_H

#include <uapi/linux/audit.h>
#include <linux/err.h>
#include <asm/ptrace.h>
#include <asm/unistd.h>

struct task_struct;

typedef long (*sys_call_ptr_t)(unsigned long, unsigned long, unsigned long,
			       unsigned long, unsigned long, unsigned long);
extern const sys_call_ptr_t sys_call_table[];

/* -1 when @task did not come by a system call, or is done with it. */
static inline int syscall_get_nr(struct task_struct *task, struct pt_regs *regs)
{
	return (int)regs->orig_ax;
}

static inline void syscall_rollback(struct task_struct *task,
				    struct pt_regs *regs)
{
	regs_set_return_value(regs, regs->orig_ax);
}

static inline long syscall_get_error(struct task_struct *task,
				     struct pt_regs *regs)
{
	return IS_ERR_VALUE(regs->ax) ? (long)regs->ax : 0;
}

static inline long syscall_get_return_value(struct task_struct *task,
					    struct pt_regs *regs)
{
	return regs->ax;
}

static inline void syscall_set_return_value(struct task_struct *task,
					    struct pt_regs *regs,
					    int error, long val)
{
	regs_set_return_value(regs, (long)error ?: val);
}

static inline void syscall_get_arguments(struct task_struct *task,
					 struct pt_regs *regs,
					 unsigned long *args)
{
	args[0] = regs->di;
	args[1] = regs->si;
	args[2] = regs->dx;
	args[3] = regs->r10;
	args[4] = regs->r8;
	args[5] = regs->r9;
}

static inline int syscall_get_arch(struct task_struct *task)
{
	return AUDIT_ARCH_X86_64;
}

/* 64-bit signal handlers return through libc's restorer, not the vDSO's. */
static inline bool arch_syscall_is_vdso_sigreturn(struct pt_regs *regs)
{
	return false;
}

#endif /* _ASM_UM_SYSCALL_H */
