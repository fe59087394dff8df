/* SPDX-License-Identifier: GPL-2.0 */
/* What timekeeping must know to keep the vDSO's data page up to date. */
#ifndef _ASM_UM_VDSO_VSYSCALL_H
#define _ASM_UM_VDSO_VSYSCALL_H

#ifndef __ASSEMBLY__

#include <vdso/datapage.h>
#include <asm/vdso.h>

static __always_inline struct vdso_data *um_get_k_vdso_data(void)
{
	return um_vdso_data;
}
#define __arch_get_k_vdso_data um_get_k_vdso_data

#include <asm-generic/vdso/vsyscall.h>

#endif /* __ASSEMBLY__ */
#endif /* _ASM_UM_VDSO_VSYSCALL_H */
