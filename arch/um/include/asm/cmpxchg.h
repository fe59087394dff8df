/* SPDX-License-Identifier: GPL-2.0 */
/*
 * x86's, without the 16-byte one for slab freelists: disabling interrupts,
 * which is the alternative, costs less here than on hardware.
 */
#ifndef _ASM_UM_CMPXCHG_H
#define _ASM_UM_CMPXCHG_H

#include <../../x86/include/asm/cmpxchg.h>

#undef system_has_cmpxchg128

#endif /* _ASM_UM_CMPXCHG_H */
