// SPDX-License-Identifier: GPL-2.0
/*
 * arch_prctl(): segment bases, which hold a thread's local storage.
 */
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <uapi/asm/prctl.h>
#include <asm/engine.h>
#include <asm/processor.h>
#include <asm/ptrace.h>
#include <asm/syscalls.h>
#include <asm/x86.h>

/* The host refuses a base that is not a user address; so do we. */
static bool base_valid(unsigned long base)
{
	return base < TASK_SIZE_MAX;
}

int x86_set_tls(struct task_struct *task, unsigned long tls)
{
	struct pt_regs *regs = task_pt_regs(task);

	if (!base_valid(tls))
		return -EPERM;
	regs->fs_base = tls;
	regs->fs = 0;
	regs_segs_changed(regs);
	return 0;
}

static long set_gs(struct task_struct *task, unsigned long base)
{
	struct pt_regs *regs = task_pt_regs(task);

	if (!base_valid(base))
		return -EPERM;
	regs->gs_base = base;
	regs->gs = 0;
	regs_segs_changed(regs);
	return 0;
}

long do_arch_prctl(struct task_struct *task, int option, unsigned long arg2)
{
	struct pt_regs *regs = task_pt_regs(task);

	switch (option) {
	case ARCH_SET_FS:
		regs_fetch(task);
		return x86_set_tls(task, arg2);
	case ARCH_SET_GS:
		regs_fetch(task);
		return set_gs(task, arg2);
	case ARCH_GET_FS:
		regs_fetch(task);
		return put_user(regs->fs_base, (unsigned long __user *)arg2);
	case ARCH_GET_GS:
		regs_fetch(task);
		return put_user(regs->gs_base, (unsigned long __user *)arg2);

	/* CPUID is the CPU's own and cannot be made to trap. */
	case ARCH_GET_CPUID:
		return 1;
	case ARCH_SET_CPUID:
		return -ENODEV;

	/* All that is there may be used; nothing has to be asked for. */
	case ARCH_GET_XCOMP_SUPP:
	case ARCH_GET_XCOMP_PERM:
	case ARCH_GET_XCOMP_GUEST_PERM:
		return put_user(um_xstate_mask, (u64 __user *)arg2);
	case ARCH_REQ_XCOMP_PERM:
	case ARCH_REQ_XCOMP_GUEST_PERM:
		return arg2 > ARCH_XCOMP_TILEDATA ? -EINVAL : -EOPNOTSUPP;

	default:
		return -EINVAL;
	}
}

SYSCALL_DEFINE2(arch_prctl, int, option, unsigned long, arg2)
{
	return do_arch_prctl(current, option, arg2);
}
