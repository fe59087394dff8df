/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_VDSO_H
#define _ASM_UM_VDSO_H

#ifndef __ASSEMBLY__

/* The image as built (arch/um/x86/vdso/), on pages of its own. */
extern const char vdso_image_start[], vdso_image_end[];

#endif /* __ASSEMBLY__ */
#endif /* _ASM_UM_VDSO_H */
