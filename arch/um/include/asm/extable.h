/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_EXTABLE_H
#define _ASM_UM_EXTABLE_H

#include <asm/extable_fixup_types.h>

/*
 * The format is x86's, as the build sorts the table of an x86-64 ELF file.
 */
struct exception_table_entry {
	int insn, fixup, data;
};

struct pt_regs;

#define ARCH_HAS_RELATIVE_EXTABLE

#define swap_ex_entry_fixup(a, b, tmp, delta)			\
do {								\
	(a)->fixup = (b)->fixup + (delta);			\
	(b)->fixup = (tmp).fixup - (delta);			\
	(a)->data = (b)->data;					\
	(b)->data = (tmp).data;					\
} while (0)

/* Moves @regs behind an instruction that was expected to fault. */
bool fixup_exception(struct pt_regs *regs);

#endif /* _ASM_UM_EXTABLE_H */
