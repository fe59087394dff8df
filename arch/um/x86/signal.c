// SPDX-License-Identifier: GPL-2.0
/*
 * Signal frames of x86-64, and system call restart.
 */
#include <linux/audit.h>
#include <linux/entry-common.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/rseq.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <uapi/asm/processor-flags.h>
#include <asm/fpu.h>
#include <asm/sigframe.h>
#include <asm/syscall.h>
#include <asm/syscalls.h>
#include <asm/x86.h>

/* Below the stack pointer, leaf functions keep data without moving it. */
#define RED_ZONE	128
#define FRAME_ALIGN	16UL
#define XSTATE_ALIGN	64UL
/* syscall is a two-byte instruction. */
#define SYSCALL_INSN	2

/* What sigreturn may change of the flags. */
#define SIGRETURN_FLAGS	(X86_EFLAGS_AC | X86_EFLAGS_OF | X86_EFLAGS_DF | \
			 X86_EFLAGS_TF | X86_EFLAGS_SF | X86_EFLAGS_ZF | \
			 X86_EFLAGS_AF | X86_EFLAGS_PF | X86_EFLAGS_CF | \
			 X86_EFLAGS_RF)

/* Where the software's bytes lie in the part that FXSAVE knows. */
#define SW_BYTES	offsetof(struct _fpstate_64, sw_reserved)

static_assert(SW_BYTES == 464);
static_assert(sizeof(struct _fpx_sw_bytes) == 48);
static_assert(offsetof(struct user_xstateregs, header) == XSTATE_FX_SIZE);
static_assert(offsetof(struct rt_sigframe, info) == 312);
static_assert(sizeof(struct rt_sigframe) == 440);

static unsigned int fpstate_size(void)
{
	return um_xstate_size + FP_XSTATE_MAGIC2_SIZE;
}

/* AT_MINSIGSTKSZ: the frame, the state, and what alignment may cost. */
unsigned long get_sigframe_size(void)
{
	return round_up(sizeof(struct rt_sigframe) + FRAME_ALIGN - 1 +
			fpstate_size() + XSTATE_ALIGN - 1, FRAME_ALIGN);
}

#ifdef CONFIG_DYNAMIC_SIGFRAME
static bool strict_sas_size __ro_after_init;

static int __init strict_sas_size_setup(char *arg)
{
	return kstrtobool(arg, &strict_sas_size) == 0;
}
__setup("strict_sas_size", strict_sas_size_setup);

/*
 * MINSIGSTKSZ is a constant of 2048, and AVX-512 needs more.  Programs with
 * such a stack that never take a signal on it are to go on working.
 */
bool sigaltstack_size_valid(size_t ss_size)
{
	return !strict_sas_size || ss_size > get_sigframe_size();
}
#endif

/* ---- delivery ------------------------------------------------------------ */

/*
 * The handler starts with the control registers' defaults and an empty x87
 * stack.  Vector registers are a caller's to save, so that a handler cannot
 * tell what is in them: they alone are not worth a call of the host.
 */
static bool fpu_needs_reset(const struct user_xstateregs *x)
{
	const struct user_i387_struct *fx = (const void *)x;

	return fx->cwd != FPU_CWD_INIT || fx->swd || (fx->twd & 0xff) ||
	       (fx->mxcsr & um_mxcsr_mask) != FPU_MXCSR_INIT;
}

static int save_fpstate(void __user *to)
{
	struct user_xstateregs *x;
	struct _fpx_sw_bytes *sw;
	bool reset;
	int err;

	x = kmalloc(fpstate_size(), GFP_KERNEL);
	if (!x)
		return -ENOMEM;

	err = fpu_get(current, x);
	if (err)
		goto out;
	reset = fpu_needs_reset(x);

	sw = (void *)x + SW_BYTES;
	memset(sw, 0, sizeof(*sw));
	sw->magic1 = FP_XSTATE_MAGIC1;
	sw->extended_size = fpstate_size();
	sw->xfeatures = um_xstate_mask;
	sw->xstate_size = um_xstate_size;
	/* For handlers that change registers and do not know the header. */
	x->header.xfeatures |= XSTATE_FPSSE;
	*(u32 *)((void *)x + um_xstate_size) = FP_XSTATE_MAGIC2;

	err = -EFAULT;
	if (copy_to_user(to, x, fpstate_size()))
		goto out;

	err = reset ? fpu_reset(current) : 0;
out:
	kfree(x);
	return err;
}

/* Where the frame goes, and the extended state: 0 when there is no room. */
static unsigned long place_frame(struct ksignal *ksig, unsigned long user_sp,
				 unsigned long *fpstate)
{
	unsigned long top = user_sp - RED_ZONE;
	unsigned long sp = sigsp(top, ksig);
	bool altstack = sp != top || on_sig_stack(user_sp);

	*fpstate = round_down(sp - fpstate_size(), XSTATE_ALIGN);
	sp = round_down(*fpstate - sizeof(struct rt_sigframe), FRAME_ALIGN);
	/* As after a call: aligned but for the return address. */
	sp -= sizeof(long);

	if (altstack && !__on_sig_stack(sp)) {
		if (show_unhandled_signals && printk_ratelimit())
			pr_info("%s[%d] overflowed sigaltstack\n",
				current->comm, task_pid_nr(current));
		return 0;
	}
	return sp;
}

static void fill_sigcontext(struct sigcontext *sc, const struct pt_regs *regs,
			    unsigned long fpstate, const sigset_t *set)
{
	const struct thread_struct *thread = &current->thread;

	sc->r8 = regs->r8;
	sc->r9 = regs->r9;
	sc->r10 = regs->r10;
	sc->r11 = regs->r11;
	sc->r12 = regs->r12;
	sc->r13 = regs->r13;
	sc->r14 = regs->r14;
	sc->r15 = regs->r15;
	sc->di = regs->di;
	sc->si = regs->si;
	sc->bp = regs->bp;
	sc->bx = regs->bx;
	sc->dx = regs->dx;
	sc->ax = regs->ax;
	sc->cx = regs->cx;
	sc->sp = regs->sp;
	sc->ip = regs->ip;
	sc->flags = regs->flags;
	sc->cs = regs->cs;
	sc->ss = regs->ss;
	sc->err = thread->error_code;
	sc->trapno = thread->trap_nr;
	sc->oldmask = set->sig[0];
	sc->cr2 = thread->cr2;
	sc->fpstate = fpstate;
}

static int setup_rt_frame(struct ksignal *ksig, struct pt_regs *regs)
{
	sigset_t *set = sigmask_to_save();
	struct rt_sigframe frame = {};
	struct rt_sigframe __user *to;
	unsigned long sp, fpstate;
	int err;

	rseq_signal_deliver(ksig, regs);

	/* There is no other way back from a handler. */
	if (!(ksig->ka.sa.sa_flags & SA_RESTORER))
		return -EFAULT;

	sp = place_frame(ksig, regs->sp, &fpstate);
	to = (struct rt_sigframe __user *)sp;
	if (!sp || !access_ok(to, fpstate + fpstate_size() - sp))
		return -EFAULT;

	err = save_fpstate((void __user *)fpstate);
	if (err)
		return err;

	frame.pretcode = (void __user *)ksig->ka.sa.sa_restorer;
	frame.uc.uc_flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS |
			    UC_STRICT_RESTORE_SS;
	frame.uc.uc_stack.ss_sp = (void __user *)current->sas_ss_sp;
	frame.uc.uc_stack.ss_flags = current->sas_ss_flags;
	frame.uc.uc_stack.ss_size = current->sas_ss_size;
	fill_sigcontext(&frame.uc.uc_mcontext, regs, fpstate, set);
	frame.uc.uc_sigmask = *set;
	memcpy(&frame.info, &ksig->info, sizeof(ksig->info));

	if (copy_to_user(to, &frame, sizeof(frame)))
		return -EFAULT;

	regs->di = ksig->sig;
	/* Where the handler was declared without a prototype: no vector arguments. */
	regs->ax = 0;
	regs->si = (unsigned long)&to->info;
	regs->dx = (unsigned long)&to->uc;
	regs->ip = (unsigned long)ksig->ka.sa.sa_handler;
	regs->sp = sp;
	regs->cs = GUEST_CS;
	regs->ss = GUEST_SS;
	regs->flags &= ~(X86_EFLAGS_DF | X86_EFLAGS_RF | X86_EFLAGS_TF);
	return 0;
}

static void restart_syscall_insn(struct pt_regs *regs, unsigned long nr)
{
	regs->ax = nr;
	regs->ip -= SYSCALL_INSN;
}

static void handle_signal(struct ksignal *ksig, struct pt_regs *regs)
{
	bool stepping;
	int err;

	if (syscall_get_nr(current, regs) != -1) {
		switch (syscall_get_error(current, regs)) {
		case -ERESTART_RESTARTBLOCK:
		case -ERESTARTNOHAND:
			regs->ax = -EINTR;
			break;
		case -ERESTARTSYS:
			if (!(ksig->ka.sa.sa_flags & SA_RESTART)) {
				regs->ax = -EINTR;
				break;
			}
			fallthrough;
		case -ERESTARTNOINTR:
			restart_syscall_insn(regs, regs->orig_ax);
			break;
		}
	}

	/* The tracer sees the first instruction of the handler as a step. */
	stepping = test_thread_flag(TIF_SINGLESTEP);
	if (stepping)
		user_disable_single_step(current);

	err = setup_rt_frame(ksig, regs);
	/* Another signal must not find a system call to restart. */
	regs->orig_ax = -1;
	signal_setup_done(err, ksig, stepping);
}

void arch_do_signal_or_restart(struct pt_regs *regs)
{
	struct ksignal ksig;

	if (get_signal(&ksig)) {
		regs_fetch(current);
		handle_signal(&ksig, regs);
		regs_changed(regs);
		return;
	}

	if (syscall_get_nr(current, regs) != -1) {
		unsigned long nr;

		switch (syscall_get_error(current, regs)) {
		case -ERESTARTNOHAND:
		case -ERESTARTSYS:
		case -ERESTARTNOINTR:
			nr = regs->orig_ax;
			break;
		case -ERESTART_RESTARTBLOCK:
			nr = __NR_restart_syscall;
			break;
		default:
			nr = -1UL;
			break;
		}
		if (nr != -1UL) {
			regs_fetch(current);
			restart_syscall_insn(regs, nr);
			regs->orig_ax = -1;
			regs_changed(regs);
		}
	}

	restore_saved_sigmask();
}

/* ---- return -------------------------------------------------------------- */

/*
 * Whether the frame holds an extended image: else it is one that was copied,
 * or made up, by code that knows only FXSAVE.
 */
static bool has_xstate(const struct _fpx_sw_bytes *sw)
{
	return sw->magic1 == FP_XSTATE_MAGIC1 &&
	       sw->xstate_size >= XSTATE_MIN_SIZE &&
	       sw->xstate_size <= um_xstate_size &&
	       sw->xstate_size <= sw->extended_size;
}

static int restore_fpstate(void __user *from)
{
	struct user_xstateregs *x;
	struct _fpx_sw_bytes sw;
	u64 present = XSTATE_FPSSE;
	int err = -EFAULT;

	if (!from)
		return fpu_reset(current);

	x = kzalloc(fpstate_size(), GFP_KERNEL);
	if (!x)
		return -ENOMEM;
	if (copy_from_user(x, from, XSTATE_FX_SIZE))
		goto out;

	/* A copy: what was checked cannot change any more. */
	memcpy(&sw, (void *)x + SW_BYTES, sizeof(sw));
	if (has_xstate(&sw)) {
		unsigned int rest = sw.xstate_size + FP_XSTATE_MAGIC2_SIZE -
				    XSTATE_FX_SIZE;
		u32 *magic2 = (void *)x + sw.xstate_size;

		if (copy_from_user((void *)x + XSTATE_FX_SIZE,
				   from + XSTATE_FX_SIZE, rest))
			goto out;
		if (*magic2 == FP_XSTATE_MAGIC2)
			present = x->header.xfeatures & sw.xfeatures;
		*magic2 = 0;
	}
	/* What is not present goes to its initial state. */
	x->header.xfeatures = present;
	err = fpu_set(current, x);
out:
	kfree(x);
	return err;
}

static void restore_sigcontext(struct pt_regs *regs, const struct sigcontext *sc,
			       unsigned long uc_flags)
{
	regs->r8 = sc->r8;
	regs->r9 = sc->r9;
	regs->r10 = sc->r10;
	regs->r11 = sc->r11;
	regs->r12 = sc->r12;
	regs->r13 = sc->r13;
	regs->r14 = sc->r14;
	regs->r15 = sc->r15;
	regs->di = sc->di;
	regs->si = sc->si;
	regs->bp = sc->bp;
	regs->bx = sc->bx;
	regs->dx = sc->dx;
	regs->ax = sc->ax;
	regs->cx = sc->cx;
	regs->sp = sc->sp;
	regs->ip = sc->ip;
	/* Where the host has no such segments it says so when the thread goes there. */
	regs->cs = sc->cs | 3;
	regs->ss = sc->ss | 3;
	/* Old programs leave something else there. */
	if (!(uc_flags & UC_STRICT_RESTORE_SS) && regs->cs == GUEST_CS)
		regs->ss = GUEST_SS;
	regs->flags = (regs->flags & ~SIGRETURN_FLAGS) |
		      (sc->flags & SIGRETURN_FLAGS);
}

static void bad_frame(const struct pt_regs *regs, const void __user *frame)
{
	if (show_unhandled_signals && printk_ratelimit()) {
		pr_info("%s[%d] bad frame in rt_sigreturn frame:%lx ip:%lx sp:%lx orax:%lx",
			current->comm, task_pid_nr(current), (unsigned long)frame,
			regs->ip, regs->sp, regs->orig_ax);
		print_vma_addr(KERN_CONT " in ", regs->ip);
		pr_cont("\n");
	}
	force_sig(SIGSEGV);
}

SYSCALL_DEFINE0(rt_sigreturn)
{
	struct pt_regs *regs = current_pt_regs();
	struct rt_sigframe __user *frame;
	struct ucontext uc;

	regs_fetch(current);

	/* The handler's return took the first word off the stack. */
	frame = (struct rt_sigframe __user *)(regs->sp - sizeof(long));
	if (copy_from_user(&uc, &frame->uc, sizeof(uc)))
		goto bad;

	/* A restarted system call that waits in this context is over. */
	current->restart_block.fn = do_no_restart_syscall;

	set_current_blocked(&uc.uc_sigmask);
	if (restore_altstack(&frame->uc.uc_stack))
		goto bad;
	if (restore_fpstate((void __user *)uc.uc_mcontext.fpstate))
		goto bad;

	restore_sigcontext(regs, &uc.uc_mcontext, uc.uc_flags);
	regs->orig_ax = -1;
	regs_changed(regs);
	return regs->ax;

bad:
	bad_frame(regs, frame);
	return 0;
}
