// SPDX-License-Identifier: GPL-2.0
#include <linux/elf.h>
#include <linux/string.h>
#include <uapi/asm/processor-flags.h>
#include <asm/ptrace.h>
#include <asm/x86.h>

/*
 * Nothing of the old program shows in the registers of the new one, other than
 * the number of the system call, which a tracer looks at.
 */
void elf_plat_init(struct pt_regs *regs)
{
	unsigned long nr = regs->orig_ax;

	memset(regs, 0, sizeof(*regs));
	regs->orig_ax = nr;
	regs->cs = GUEST_CS;
	regs->ss = GUEST_SS;
	regs->flags = X86_EFLAGS_IF | X86_EFLAGS_FIXED;
	regs->state = REGS_FULL | REGS_LOAD | REGS_SEGS;
}
