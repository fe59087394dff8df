// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions of the kernel that may fault, and where they go on.
 */
#include <linux/bitfield.h>
#include <linux/extable.h>
#include <linux/uaccess.h>
#include <asm/asm.h>
#include <asm/ptrace.h>

bool fixup_exception(struct pt_regs *regs)
{
	const struct exception_table_entry *e;

	e = search_exception_tables(regs->ip);
	if (!e || FIELD_GET(EX_DATA_TYPE_MASK, e->data) != EX_TYPE_DEFAULT)
		return false;
	regs->ip = (unsigned long)&e->fixup + e->fixup;
	return true;
}

#define um_try(insn, operands...)				\
({								\
	asm goto("1: " insn "\n"				\
		 _ASM_EXTABLE(1b, %l[bad])			\
		 : : operands : "memory", "rax" : bad);	\
})

int um_peek_kernel(void *dst, const void *src, unsigned long size)
{
	switch (size) {
	case 1:
		um_try("movb (%0), %%al; movb %%al, (%1)", "r" (src), "r" (dst));
		return 0;
	case 2:
		um_try("movw (%0), %%ax; movw %%ax, (%1)", "r" (src), "r" (dst));
		return 0;
	case 4:
		um_try("movl (%0), %%eax; movl %%eax, (%1)", "r" (src), "r" (dst));
		return 0;
	case 8:
		um_try("movq (%0), %%rax; movq %%rax, (%1)", "r" (src), "r" (dst));
		return 0;
	}
bad:
	return -EFAULT;
}
EXPORT_SYMBOL(um_peek_kernel);

int um_poke_kernel(void *dst, const void *src, unsigned long size)
{
	switch (size) {
	case 1:
		um_try("movb %b0, (%1)", "q" (*(u8 *)src), "r" (dst));
		return 0;
	case 2:
		um_try("movw %w0, (%1)", "r" (*(u16 *)src), "r" (dst));
		return 0;
	case 4:
		um_try("movl %k0, (%1)", "r" (*(u32 *)src), "r" (dst));
		return 0;
	case 8:
		um_try("movq %q0, (%1)", "r" (*(u64 *)src), "r" (dst));
		return 0;
	}
bad:
	return -EFAULT;
}
EXPORT_SYMBOL(um_poke_kernel);
