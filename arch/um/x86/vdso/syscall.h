/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UM_VDSO_SYSCALL_H
#define _UM_VDSO_SYSCALL_H

#include <linux/types.h>
#include <uapi/asm/unistd_64.h>

/*
 * Guest code can read no clock of the guest by itself: the host's TSC is not
 * what the guest kernel's time derives from, and the vDSO shares no data page
 * with the kernel.  Each function ends here until an engine offers better.
 */
static inline long vdso_syscall(long nr, const void *a, const void *b,
				const void *c)
{
	long ret;

	asm volatile("syscall"
		     : "=a" (ret)
		     : "0" (nr), "D" (a), "S" (b), "d" (c)
		     : "rcx", "r11", "memory");
	return ret;
}

/* The second name that libraries look for. */
#define VDSO_ALIAS(name)						\
	extern typeof(__vdso_##name) name				\
		__attribute__((weak, alias("__vdso_" #name)))

#endif /* _UM_VDSO_SYSCALL_H */
