/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_FUTEX_H
#define _ASM_UM_FUTEX_H

#include <linux/futex.h>

/*
 * Both work on the kernel's mapping of the word (mm/uaccess.c), do not sleep,
 * and fail with -EFAULT where the page is not there: the caller faults it in.
 */

/* *@word = *@word @op @arg, with the old value in *@old. */
int um_futex_modify(u32 __user *word, int op, u32 arg, u32 *old);
/* If *@word == @old then *@word = @new; *@found is what was there. */
int um_futex_replace(u32 __user *word, u32 old, u32 new, u32 *found);

#define arch_futex_atomic_op_inuser(op, arg, old, word)	\
	um_futex_modify(word, op, arg, (u32 *)(old))

#define futex_atomic_cmpxchg_inatomic(found, word, old, new)	\
	um_futex_replace(word, old, new, found)

#endif /* _ASM_UM_FUTEX_H */
