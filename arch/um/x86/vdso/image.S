/* SPDX-License-Identifier: GPL-2.0 */
#include <linux/linkage.h>

	.section .rodata, "a", @progbits
	.balign 16
SYM_DATA_START(vdso_image_start)
	.incbin "arch/um/x86/vdso/vdso.so"
SYM_DATA_END_LABEL(vdso_image_start, SYM_L_GLOBAL, vdso_image_end)
