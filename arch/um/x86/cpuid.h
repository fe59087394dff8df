/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UM_X86_CPUID_H
#define _UM_X86_CPUID_H

#include <linux/types.h>

struct x86_cpuid {
	u32 a, b, c, d;
};

/* Instructions on strings, and one for CRC32C. */
#define CPUID1_C_SSE4_2		(1u << 20)
/* The kernel has the XSAVE instructions enabled. */
#define CPUID1_C_OSXSAVE	(1u << 27)
/* Instructions for segment bases, if the kernel has them enabled. */
#define CPUID7_B_FSGSBASE	(1u << 0)

static inline struct x86_cpuid x86_cpuid(u32 leaf, u32 sub)
{
	struct x86_cpuid r;

	asm volatile("cpuid"
		     : "=a" (r.a), "=b" (r.b), "=c" (r.c), "=d" (r.d)
		     : "a" (leaf), "c" (sub));
	return r;
}

/* The highest leaf of the basic range. */
static inline u32 x86_cpuid_max(void)
{
	return x86_cpuid(0, 0).a;
}

/* The highest leaf of the extended range, which starts at 0x80000000. */
static inline u32 x86_cpuid_ext_max(void)
{
	return x86_cpuid(0x80000000, 0).a;
}

#endif /* _UM_X86_CPUID_H */
