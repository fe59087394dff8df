// SPDX-License-Identifier: GPL-2.0
/*
 * What a guest's debugger sees of the registers, as do core dumps.
 */
#include <linux/audit.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/ptrace.h>
#include <linux/regset.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/asm/processor-flags.h>
#include <asm/fpu.h>
#include <asm/processor.h>
#include <asm/syscalls.h>
#include <asm/user.h>
#include <asm/x86.h>

#include "debugreg.h"

/* What a tracer may change of the flags. */
#define PTRACE_FLAGS	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | \
			 X86_EFLAGS_ZF | X86_EFLAGS_SF | X86_EFLAGS_TF | \
			 X86_EFLAGS_DF | X86_EFLAGS_OF | X86_EFLAGS_NT | \
			 X86_EFLAGS_RF | X86_EFLAGS_AC)

enum {
	REGSET_GENERAL,
	REGSET_FP,
	REGSET_XSTATE,
};

/* pt_regs starts with struct user_regs_struct: one index serves both. */
#define REG(name)	(offsetof(struct user_regs_struct, name) / sizeof(long))

static_assert(sizeof(struct user_regs_struct) == UM_NR_USER_REGS * sizeof(long));
static_assert(offsetof(struct user_regs_struct, gs) == offsetof(struct pt_regs, gs));
static_assert(offsetof(struct user_regs_struct, ip) == offsetof(struct pt_regs, ip));

/* ---- general registers --------------------------------------------------- */

static unsigned long *reg_word(struct task_struct *task, unsigned int nr)
{
	return (unsigned long *)task_pt_regs(task) + nr;
}

/* A selector is null or of the guest's privilege, or the host would refuse it. */
static bool selector_valid(unsigned int sel)
{
	return !sel || (sel & 3) == 3;
}

/*
 * The registers are to be full.  The flags need no care for a step that the
 * tracer asked for: the host's single step keeps TF out of what we see.
 */
static int putreg(struct task_struct *task, unsigned int nr, unsigned long val)
{
	unsigned long *reg = reg_word(task, nr);
	bool segs = false;

	switch (nr) {
	case REG(cs):
		val = (u16)val;
		if (val != GUEST_CS && val != *reg)
			return -EIO;
		break;
	case REG(ss):
		val = (u16)val;
		if (val != GUEST_SS && val != *reg)
			return -EIO;
		break;
	case REG(ds):
	case REG(es):
	case REG(fs):
	case REG(gs):
		val = (u16)val;
		if (!selector_valid(val))
			return -EIO;
		segs = true;
		break;
	case REG(flags):
		val = (*reg & ~PTRACE_FLAGS) | (val & PTRACE_FLAGS);
		break;
	case REG(fs_base):
	case REG(gs_base):
		if (val >= TASK_SIZE_MAX)
			return -EIO;
		segs = true;
		break;
	}

	/* A tracer writes back all that it read, to change one. */
	if (val == *reg)
		return 0;
	*reg = val;
	if (segs)
		regs_segs_changed(task_pt_regs(task));
	else
		regs_changed(task_pt_regs(task));
	return 0;
}

static int genregs_get(struct task_struct *target,
		       const struct user_regset *regset, struct membuf to)
{
	regs_fetch(target);
	return membuf_write(&to, reg_word(target, 0),
			    sizeof(struct user_regs_struct));
}

static int genregs_set(struct task_struct *target,
		       const struct user_regset *regset,
		       unsigned int pos, unsigned int count,
		       const void *kbuf, const void __user *ubuf)
{
	unsigned long words[UM_NR_USER_REGS];
	unsigned int nr = pos / sizeof(long);
	unsigned int end = (pos + count) / sizeof(long);
	int err;

	err = user_regset_copyin(&pos, &count, &kbuf, &ubuf, words, 0,
				 sizeof(words));
	if (err)
		return err;

	regs_fetch(target);
	for (; nr < min_t(unsigned int, end, UM_NR_USER_REGS) && !err; nr++)
		err = putreg(target, nr, words[nr]);
	return err;
}

/* ---- extended state ------------------------------------------------------ */

static struct user_i387_struct *fx_part(struct user_xstateregs *x)
{
	return (struct user_i387_struct *)x;
}

static bool mxcsr_valid(struct user_xstateregs *x)
{
	return !(fx_part(x)->mxcsr & ~um_mxcsr_mask);
}

static struct user_xstateregs *alloc_xstate(void)
{
	return kzalloc(um_xstate_size, GFP_KERNEL);
}

static int fpregs_get(struct task_struct *target,
		      const struct user_regset *regset, struct membuf to)
{
	struct user_xstateregs *x = alloc_xstate();
	int err;

	if (!x)
		return -ENOMEM;
	err = fpu_get(target, x);
	if (!err) {
		memset(x->i387.xstate_fx_sw, 0, sizeof(x->i387.xstate_fx_sw));
		membuf_write(&to, x, XSTATE_FX_SIZE);
	}
	kfree(x);
	return err;
}

static int fpregs_set(struct task_struct *target,
		      const struct user_regset *regset,
		      unsigned int pos, unsigned int count,
		      const void *kbuf, const void __user *ubuf)
{
	struct user_xstateregs *x;
	int err;

	if (pos || count != XSTATE_FX_SIZE)
		return -EINVAL;

	x = alloc_xstate();
	if (!x)
		return -ENOMEM;
	err = fpu_get(target, x);
	if (err)
		goto out;
	err = user_regset_copyin(&pos, &count, &kbuf, &ubuf, x, 0,
				 XSTATE_FX_SIZE);
	if (err)
		goto out;

	err = -EINVAL;
	if (!mxcsr_valid(x))
		goto out;
	x->header.xfeatures |= XSTATE_FPSSE;
	err = fpu_set(target, x);
out:
	kfree(x);
	return err;
}

static int xstateregs_get(struct task_struct *target,
			  const struct user_regset *regset, struct membuf to)
{
	struct user_xstateregs *x = alloc_xstate();
	int err;

	if (!x)
		return -ENOMEM;
	err = fpu_get(target, x);
	if (!err) {
		/* Debuggers learn the layout from XCR0. */
		memset(x->i387.xstate_fx_sw, 0, sizeof(x->i387.xstate_fx_sw));
		x->i387.xstate_fx_sw[USER_XSTATE_XCR0_WORD] = um_xstate_mask;
		membuf_write(&to, x, um_xstate_size);
	}
	kfree(x);
	return err;
}

static int xstateregs_set(struct task_struct *target,
			  const struct user_regset *regset,
			  unsigned int pos, unsigned int count,
			  const void *kbuf, const void __user *ubuf)
{
	struct user_xstateregs *x;
	int err;

	/* No half images. */
	if (pos || count != um_xstate_size)
		return -EFAULT;

	x = alloc_xstate();
	if (!x)
		return -ENOMEM;
	err = user_regset_copyin(&pos, &count, &kbuf, &ubuf, x, 0, -1);
	if (err)
		goto out;

	err = -EINVAL;
	if (x->header.xfeatures & ~um_xstate_mask)
		goto out;
	if (memchr_inv(x->header.reserved1, 0, sizeof(x->header.reserved1)) ||
	    memchr_inv(x->header.reserved2, 0, sizeof(x->header.reserved2)))
		goto out;
	/* MXCSR belongs to both of them. */
	if (!(x->header.xfeatures & (XSTATE_SSE | XSTATE_AVX)))
		fx_part(x)->mxcsr = FPU_MXCSR_INIT;
	if (!mxcsr_valid(x))
		goto out;
	err = fpu_set(target, x);
out:
	kfree(x);
	return err;
}

/* ---- the view ------------------------------------------------------------ */

static struct user_regset regsets[] __ro_after_init = {
	[REGSET_GENERAL] = {
		.core_note_type	= NT_PRSTATUS,
		.n		= UM_NR_USER_REGS,
		.size		= sizeof(long),
		.align		= sizeof(long),
		.regset_get	= genregs_get,
		.set		= genregs_set,
	},
	[REGSET_FP] = {
		.core_note_type	= NT_PRFPREG,
		.n		= XSTATE_FX_SIZE / sizeof(long),
		.size		= sizeof(long),
		.align		= sizeof(long),
		.regset_get	= fpregs_get,
		.set		= fpregs_set,
	},
	[REGSET_XSTATE] = {
		.core_note_type	= NT_X86_XSTATE,
		.n		= XSTATE_MIN_SIZE / sizeof(u64),
		.size		= sizeof(u64),
		.align		= sizeof(u64),
		.regset_get	= xstateregs_get,
		.set		= xstateregs_set,
	},
};

static const struct user_regset_view regset_view = {
	.name		= "x86_64",
	.e_machine	= EM_X86_64,
	.regsets	= regsets,
	.n		= ARRAY_SIZE(regsets),
};

static int __init regset_init(void)
{
	regsets[REGSET_XSTATE].n = um_xstate_size / sizeof(u64);
	return 0;
}
arch_initcall(regset_init);

const struct user_regset_view *task_user_regset_view(struct task_struct *task)
{
	return &regset_view;
}

/* ---- requests ------------------------------------------------------------ */

void user_enable_single_step(struct task_struct *task)
{
	set_tsk_thread_flag(task, TIF_SINGLESTEP);
	/* A system call that is left is a step of its own. */
	set_task_syscall_work(task, SYSCALL_EXIT_TRAP);
}

void user_disable_single_step(struct task_struct *task)
{
	clear_tsk_thread_flag(task, TIF_SINGLESTEP);
	clear_task_syscall_work(task, SYSCALL_EXIT_TRAP);
}

#ifdef ARCH_HAS_USER_SINGLE_STEP_REPORT
void user_single_step_report(struct pt_regs *regs)
{
	force_sig_fault(SIGTRAP, TRAP_BRKPT, (void __user *)regs->ip);
}
#endif

void ptrace_disable(struct task_struct *task)
{
	user_disable_single_step(task);
}

/* The number of the debug register at an offset into struct user, or -1. */
static int debugreg_nr(unsigned long offset)
{
	unsigned long first = offsetof(struct user, u_debugreg[0]);

	if (offset < first || offset > offsetof(struct user, u_debugreg[7]))
		return -1;
	return (offset - first) / sizeof(long);
}

static int peek_user(struct task_struct *task, unsigned long offset,
		     unsigned long __user *to)
{
	unsigned long val = 0;

	if (offset % sizeof(long) || offset >= sizeof(struct user))
		return -EIO;

	if (offset < sizeof(struct user_regs_struct)) {
		regs_fetch(task);
		val = *reg_word(task, offset / sizeof(long));
	} else if (debugreg_nr(offset) >= 0) {
		val = x86_get_debugreg(task, debugreg_nr(offset));
	}
	return put_user(val, to);
}

static int poke_user(struct task_struct *task, unsigned long offset,
		     unsigned long val)
{
	if (offset % sizeof(long) || offset >= sizeof(struct user))
		return -EIO;

	if (offset < sizeof(struct user_regs_struct)) {
		regs_fetch(task);
		return putreg(task, offset / sizeof(long), val);
	}
	if (debugreg_nr(offset) >= 0)
		return x86_put_debugreg(task, debugreg_nr(offset), val);
	return -EIO;
}

long arch_ptrace(struct task_struct *child, long request,
		 unsigned long addr, unsigned long data)
{
	void __user *datap = (void __user *)data;

	switch (request) {
	case PTRACE_PEEKUSR:
		return peek_user(child, addr, datap);
	case PTRACE_POKEUSR:
		return poke_user(child, addr, data);
	case PTRACE_GETREGS:
		return copy_regset_to_user(child, &regset_view, REGSET_GENERAL, 0,
					   sizeof(struct user_regs_struct), datap);
	case PTRACE_SETREGS:
		return copy_regset_from_user(child, &regset_view, REGSET_GENERAL, 0,
					     sizeof(struct user_regs_struct), datap);
	case PTRACE_GETFPREGS:
		return copy_regset_to_user(child, &regset_view, REGSET_FP, 0,
					   XSTATE_FX_SIZE, datap);
	case PTRACE_SETFPREGS:
		return copy_regset_from_user(child, &regset_view, REGSET_FP, 0,
					     XSTATE_FX_SIZE, datap);
	case PTRACE_ARCH_PRCTL:
		/* The arguments come the other way round. */
		return do_arch_prctl(child, data, addr);
	default:
		return ptrace_request(child, request, addr, data);
	}
}
