/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the x86-64 part of the port (arch/um/x86/) offers to the rest of it.
 */
#ifndef _ASM_UM_X86_H
#define _ASM_UM_X86_H

#include <linux/init.h>
#include <linux/types.h>

struct pt_regs;
struct task_struct;

/* Selectors of 64-bit guest code; the host's are the same. */
#define GUEST_CS	0x33
#define GUEST_SS	0x2b

/* Sizes the extended state and makes the image that exec starts with. */
void __init x86_xstate_init(void);

/* A guest thread's TLS base, as clone() is given it; -EPERM when it is bad. */
int x86_set_tls(struct task_struct *task, unsigned long tls);

/*
 * Loads the breakpoint registers that the tracer of @task has changed into the
 * host thread.  To be called before @task runs when thread.debug_set is not 0.
 * An error of the host leaves the breakpoints off.
 */
int x86_load_debugregs(struct task_struct *task);
/* All breakpoint registers go to zero: for a new thread, and at exec. */
void x86_clear_debugregs(struct task_struct *task);
/* Keeps DR6 for the tracer of @task, which had a SIGTRAP with @si_code. */
void x86_debug_trap(struct task_struct *task, int si_code);

/*
 * Whether the memory operand of the instruction at @insn is written: 1 yes,
 * 0 it is only read, -1 not known.  @len bytes of it can be looked at.
 */
int x86_insn_writes(const u8 *insn, unsigned int len);

#endif /* _ASM_UM_X86_H */
