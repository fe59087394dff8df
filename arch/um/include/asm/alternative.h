/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Code of x86 that offers alternatives for the boot to choose from: here the
 * first is taken, as nothing patches the kernel's text.
 */
#ifndef _ASM_UM_ALTERNATIVE_H
#define _ASM_UM_ALTERNATIVE_H

#include <linux/stringify.h>
#include <asm/asm.h>
#include <asm/bug.h>
#include <asm/cpufeatures.h>

#ifdef __ASSEMBLY__

.macro ALTERNATIVE old, new, feature
	\old
.endm

.macro ALTERNATIVE_2 old, new1, feature1, new2, feature2
	\old
.endm

#ifdef CONFIG_SMP
#define LOCK_PREFIX	lock
#else
#define LOCK_PREFIX
#endif

#else /* __ASSEMBLY__ */

#define ALTERNATIVE(old, new, feature)	old
#define alternative(old, new, feature)	asm volatile(old : : : "memory")

#ifdef CONFIG_SMP
#define LOCK_PREFIX_HERE	""
#define LOCK_PREFIX		"lock "
#else
#define LOCK_PREFIX_HERE	""
#define LOCK_PREFIX		""
#endif

#endif /* __ASSEMBLY__ */
#endif /* _ASM_UM_ALTERNATIVE_H */
