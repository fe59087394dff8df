/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_SYSCALLS_H
#define _ASM_UM_SYSCALLS_H

#include <linux/linkage.h>
#include <linux/types.h>

struct task_struct;
struct __kernel_timespec;

asmlinkage long sys_rt_sigreturn(void);
asmlinkage long sys_arch_prctl(int option, unsigned long arg2);
asmlinkage long our_clock_gettime(const clockid_t which,
				  struct __kernel_timespec __user *tp);

/* arch_prctl() on @task, which is current or stopped. */
long do_arch_prctl(struct task_struct *task, int option, unsigned long arg2);

#endif /* _ASM_UM_SYSCALLS_H */
