/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_WORD_AT_A_TIME_H
#define _ASM_UM_WORD_AT_A_TIME_H

#include <asm-generic/word-at-a-time.h>
#include <linux/compiler.h>
#include <asm/asm.h>

/**
 * load_unaligned_zeropad - a word of which only the beginning need be there
 * @addr:	the kernel's address of its first byte
 *
 * Where the word reaches into a page that is not mapped, its bytes there are 0.
 */
static inline unsigned long load_unaligned_zeropad(const void *addr)
{
	unsigned long word, within;

	asm_goto_output("1: mov %[from], %[word]\n"
			_ASM_EXTABLE(1b, %l[cut_off])
			: [word] "=r" (word)
			: [from] "m" (*(const unsigned long *)addr)
			: : cut_off);
	return word;

cut_off:
	/* The word around it is in one page. */
	within = (unsigned long)addr % sizeof(word);
	return *(const unsigned long *)(addr - within) >> (8 * within);
}

#endif /* _ASM_UM_WORD_AT_A_TIME_H */
