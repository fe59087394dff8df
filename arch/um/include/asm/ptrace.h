/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_PTRACE_H
#define _ASM_UM_PTRACE_H

#include <asm/ptrace-abi.h>

#ifndef __ASSEMBLY__

#include <linux/types.h>

/*
 * What is known of a guest thread's registers.
 *
 * They live in the stub's host thread.  A system call brings only what it
 * needs (number, arguments, instruction and stack pointer); the rest is
 * fetched when somebody asks, and loaded back only when it was changed.
 */
#define REGS_FULL	1	/* every field is valid */
#define REGS_LOAD	2	/* all but segments go to the stub before it runs */
#define REGS_RESULT	4	/* only ax does */
#define REGS_KERNEL	8	/* not a guest's: the kernel's own, at a trap */
#define REGS_IRQS_OFF	16	/* ... that hit while interrupts were disabled */
#define REGS_SEGS	32	/* with REGS_LOAD: segments and their bases, too */

/*
 * The first 27 words are laid out as struct user_regs_struct, which is what
 * ptrace, core dumps and the host library use.
 */
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx;
	unsigned long r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax, ip, cs, flags, sp, ss;
	unsigned long fs_base, gs_base, ds, es, fs, gs;

	unsigned int state;
};

#define UM_NR_USER_REGS		27

struct task_struct;

/* Makes every field of task_pt_regs(@task) valid; @task must not be running. */
void regs_fetch(struct task_struct *task);

/*
 * To be called after a field of a guest's registers was changed, other than ds,
 * es, fs, gs and the bases.
 */
static inline void regs_changed(struct pt_regs *regs)
{
	regs->state |= REGS_LOAD;
}

/*
 * Likewise, and after those.  They are apart because the host takes no base
 * above its users' addresses, but lets programs set one (WRGSBASE): it stays in
 * the stub as long as nobody loads it.
 */
static inline void regs_segs_changed(struct pt_regs *regs)
{
	regs->state |= REGS_LOAD | REGS_SEGS;
}

static inline bool user_mode(const struct pt_regs *regs)
{
	return !(regs->state & REGS_KERNEL);
}

static inline bool regs_irqs_disabled(const struct pt_regs *regs)
{
	return !!(regs->state & REGS_IRQS_OFF);
}

static inline unsigned long instruction_pointer(const struct pt_regs *regs)
{
	return regs->ip;
}

/* Of a guest's registers. */
void instruction_pointer_set(struct pt_regs *regs, unsigned long ip);

static inline unsigned long user_stack_pointer(const struct pt_regs *regs)
{
	return regs->sp;
}

static inline unsigned long kernel_stack_pointer(const struct pt_regs *regs)
{
	return regs->sp;
}

static inline unsigned long frame_pointer(const struct pt_regs *regs)
{
	return regs->bp;
}

static inline bool is_syscall_success(const struct pt_regs *regs)
{
	return regs->ax < -4095UL;
}

static inline unsigned long regs_return_value(const struct pt_regs *regs)
{
	return regs->ax;
}

static inline void regs_set_return_value(struct pt_regs *regs, unsigned long val)
{
	regs->ax = val;
	regs->state |= REGS_RESULT;
}

#define profile_pc(regs)	instruction_pointer(regs)

#define arch_has_single_step()	(1)
#define ARCH_HAS_USER_SINGLE_STEP_REPORT

struct task_struct;
void user_enable_single_step(struct task_struct *task);
void user_disable_single_step(struct task_struct *task);

/* A guest's tracer sees registers of a stopped task: they are fetched here. */
#define arch_ptrace_stop_needed()	(1)
#define arch_ptrace_stop()		regs_fetch(current)

#endif /* __ASSEMBLY__ */
#endif /* _ASM_UM_PTRACE_H */
