/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_ENTRY_COMMON_H
#define _ASM_UM_ENTRY_COMMON_H

#include <asm/current.h>
#include <asm/processor.h>

static __always_inline bool on_thread_stack(void)
{
	return !((current_stack_pointer ^ current->thread.sp) & ~(THREAD_SIZE - 1));
}

#endif /* _ASM_UM_ENTRY_COMMON_H */
