/* SPDX-License-Identifier: GPL-2.0 */
/*
 * x86's per-CPU operations, without those that depend on patching at boot.
 */
#ifndef _ASM_UM_PERCPU_H
#define _ASM_UM_PERCPU_H

#include <../../x86/include/asm/percpu.h>

#undef raw_cpu_cmpxchg128
#undef raw_cpu_try_cmpxchg128
#undef this_cpu_cmpxchg128
#undef this_cpu_try_cmpxchg128

/* Disabling interrupts is cheaper here than a 16-byte cmpxchg. */
#define raw_cpu_cmpxchg128	raw_cpu_generic_cmpxchg
#define raw_cpu_try_cmpxchg128	raw_cpu_generic_try_cmpxchg
#define this_cpu_cmpxchg128	this_cpu_generic_cmpxchg
#define this_cpu_try_cmpxchg128	this_cpu_generic_try_cmpxchg

#endif /* _ASM_UM_PERCPU_H */
