/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_VDSO_DATA_H
#define _ASM_UM_VDSO_DATA_H

#include <linux/types.h>

/**
 * struct arch_vdso_data - what guest code is told besides the time
 * @host_clock:	the host's clock_gettime(), in every stub at the same place
 * @cpu:	the only CPU that there is; -1: ask the kernel
 */
struct arch_vdso_data {
	__u64	host_clock;
	__s32	cpu;
};

#endif /* _ASM_UM_VDSO_DATA_H */
