/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_CPUFEATURE_H
#define _ASM_UM_CPUFEATURE_H

#include <asm/cpufeatures.h>

/*
 * Features that x86's headers ask for where this port uses them.  Every x86-64
 * host that can run it has these.
 */
static __always_inline bool boot_cpu_has(unsigned int feature)
{
	return feature == X86_FEATURE_CX16 || feature == X86_FEATURE_CX8;
}

#define static_cpu_has(feature)		boot_cpu_has(feature)
#define cpu_feature_enabled(feature)	boot_cpu_has(feature)

#endif /* _ASM_UM_CPUFEATURE_H */
