/* SPDX-License-Identifier: GPL-2.0 */
/* The stub's code page (stub/stub.S): addresses in a stub. */
#ifndef _ASM_UM_STUB_H
#define _ASM_UM_STUB_H

#include <asm/layout.h>

extern const char stub_image[], stub_image_end[];
extern const char stub_image_entry[], stub_image_syscall[];
extern const char stub_image_adopt[], stub_image_batch[];

static inline unsigned long stub_address(const char *label)
{
	return STUB_CODE + (label - stub_image);
}

#endif /* _ASM_UM_STUB_H */
