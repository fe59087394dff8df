// SPDX-License-Identifier: GPL-2.0
/*
 * The seccomp engine: system calls as notifications, all else as signal frames.
 *
 * A stub is a host process with a worker and a thread for each guest thread
 * (see stub/seccomp.S).  A thread is stopped in a system call of its own, which
 * waits for an answer: either one of guest code, which takes a result and goes
 * on behind it, or that of the signal handler, which takes up the registers in
 * the frame that the host has made, as the kernel may have changed them.
 *
 * The frame lies where the process's other threads can write.  What is read
 * from it is what guest code might have in its registers anyhow, and is looked
 * at once; its place is never taken from there.
 */
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/string.h>
#include <asm/cpu.h>
#include <asm/engine.h>
#include <asm/fault.h>
#include <asm/unistd.h>
#include <asm/x86.h>
#include <uapi/asm/debugreg.h>
#include <uapi/asm/processor-flags.h>

#include "seccomp.h"

static DEFINE_PER_CPU(struct seccomp_thread *, running);

static struct seccomp_thread *thread_of(struct task_struct *task)
{
	return container_of(task->thread.stub, struct seccomp_thread, stub);
}

/* ---- the engine ---------------------------------------------------------- */

static int seccomp_mm_init(struct mm_struct *mm)
{
	struct stub_mm *stub = &mm->context.stub;
	struct seccomp_process *p = seccomp_get_spare() ?: seccomp_new_process();

	if (IS_ERR(p))
		return PTR_ERR(p);
	stub->process = p;
	stub->data = p->data;
	return 0;
}

static void seccomp_mm_exit(struct mm_struct *mm)
{
	struct seccomp_process *p = mm->context.stub.process;
	unsigned long flags;

	local_irq_save(flags);
	if (!seccomp_put_spare(p))
		seccomp_end_process(p);
	local_irq_restore(flags);
}

static struct seccomp_thread *get_idle(struct seccomp_process *p)
{
	struct seccomp_thread *t;
	unsigned long flags;

	local_irq_save(flags);
	t = list_first_entry_or_null(&p->idle, struct seccomp_thread, idle);
	if (t)
		list_del(&t->idle);
	local_irq_restore(flags);
	return t;
}

static void put_idle(struct seccomp_thread *t)
{
	unsigned long flags;

	local_irq_save(flags);
	list_add(&t->idle, &t->process->idle);
	local_irq_restore(flags);
}

static void copy_xstate(struct seccomp_thread *t, const void *from)
{
	memcpy(xstate_of(t), from, min(um_xstate_size, seccomp_layout.xstate_size));
}

static int seccomp_set_debugreg(struct task_struct *task, int n,
				unsigned long val);

static int seccomp_attach(struct task_struct *task, struct task_struct *like)
{
	struct stub_mm *mm = &task->mm->context.stub;
	struct seccomp_process *p = mm->process;
	struct seccomp_thread *t;
	unsigned long flags;
	int err;

	if (p->dead)
		return -EAGAIN;
	t = get_idle(p) ?: seccomp_new_thread(p);
	if (IS_ERR(t))
		return PTR_ERR(t) == -ENOMEM ? -ENOMEM : -EAGAIN;

	local_irq_save(flags);
	err = seccomp_trap(t);
	if (!err && like)
		err = seccomp_trap(thread_of(like));
	local_irq_restore(flags);
	if (err) {
		put_idle(t);
		return -EAGAIN;
	}
	copy_xstate(t, like ? xstate_of(thread_of(like)) : um_xstate_init);
	t->stepping = false;
	regs_segs_changed(task_pt_regs(task));
	mm->threads++;
	task->thread.stub = &t->stub;
	return 0;
}

/* The debug registers of its next task are all zero. */
static void clear_debugregs(struct task_struct *task)
{
	/* The host may have refused what the task wanted. */
	if (!thread_of(task)->debugged)
		return;
	if (seccomp_set_debugreg(task, DR_CONTROL, 0) &&
	    !thread_of(task)->process->dead)
		seccomp_lose(thread_of(task)->process);
}

static void seccomp_detach(struct task_struct *task)
{
	struct seccomp_thread *t = thread_of(task);

	if (!t->process->dead)
		clear_debugregs(task);
	task->thread.stub = NULL;
	put_idle(t);
	task->mm->context.stub.threads--;
}

/* All registers of a task that does not run are in its frame then. */
static int trap(struct task_struct *task)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = seccomp_trap(thread_of(task));
	local_irq_restore(flags);
	return err;
}

static void seccomp_get_regs(struct task_struct *task, struct pt_regs *regs)
{
	if (!trap(task))
		seccomp_read_frame(thread_of(task), regs);
}

/*
 * Results in [-HOST_RESTARTS, -512], -ERESTART*, would have the host restart a
 * call when a signal comes with them.
 */
#define HOST_RESTARTS	516UL

/* Puts what the kernel has changed where the thread takes it up. */
static int load_regs(struct task_struct *task, struct pt_regs *regs)
{
	struct seccomp_thread *t = thread_of(task);
	bool step = task_thread_info(task)->flags & _TIF_SINGLESTEP;
	struct sigcontext *sc;
	int err;

	if (likely(!t->trapped)) {
		if (likely(!(regs->state & REGS_LOAD) && !step && !t->stepping &&
			   !task->thread.debug_set &&
			   regs->ax + HOST_RESTARTS > HOST_RESTARTS - 512))
			return 0;
		regs_fetch(task);
		err = seccomp_trap(t);
		if (err)
			return err;
	}
	sc = &frame_of(t)->uc.uc_mcontext;
	t->bases_loading = false;
	t->area->load = 0;
	if (regs->state & REGS_LOAD) {
		seccomp_write_frame(t, regs);
	} else {
		if (regs->state & REGS_RESULT)
			sc->ax = regs->ax;
		if (t->stepping)
			sc->flags &= ~X86_EFLAGS_TF;
	}
	if (step)
		sc->flags |= X86_EFLAGS_TF;
	t->stepping = step;
	if (unlikely(task->thread.debug_set))
		x86_load_debugregs(task);
	return 0;
}

static void interrupt_event(struct stub_event *ev)
{
	ev->type = STUB_INTERRUPT;
}

static void syscall_event(struct pt_regs *regs, const struct host_notify *n,
			  struct stub_event *ev)
{
	regs->orig_ax = n->nr;
	regs->ax = -ENOSYS;
	regs->di = n->args[0];
	regs->si = n->args[1];
	regs->dx = n->args[2];
	regs->r10 = n->args[3];
	regs->r8 = n->args[4];
	regs->r9 = n->args[5];
	regs->ip = n->ip;
	ev->type = STUB_SYSCALL;
}

static bool is_exception(int sig)
{
	return sig == SIGTRAP || sig == SIGSEGV || sig == SIGBUS ||
	       sig == SIGILL || sig == SIGFPE;
}

/* Was the thread in the handler, with an answer, when the signal came? */
static bool was_answered(const struct host_notify *n)
{
	return n->args[3] >= seccomp_address(seccomp_image_trapped) &&
	       n->args[3] < STUB_CODE + PAGE_SIZE;
}

/*
 * Is it a frame below the one that counts, of a signal that came when the thread
 * had been answered?  If it had not, that one is still to be told of.
 */
static bool came_late(struct seccomp_thread *t, const struct host_notify *n)
{
	return seccomp_check_frame(t, n) && was_answered(n);
}

/*
 * Guest code has gone into the handler, with a stack of its own: the host has
 * put the frame over the one that was to be taken up.
 */
static bool pretended(struct seccomp_thread *t, const struct host_notify *n)
{
	return !seccomp_check_frame(t, n) && was_answered(n);
}

/*
 * A host without memory for what it knows of a signal delivers it all the same.  What
 * the CPU has said of a page fault is in the frame.
 */
static bool is_untold_fault(int sig, const struct kernel_siginfo *info,
			    const struct sigcontext *sc)
{
	return (sig == SIGSEGV || sig == SIGBUS) && info->si_code == SI_USER &&
	       !info->si_pid && sc->trapno == 14;
}

static void untold_fault(int sig, const struct sigcontext *sc, struct stub_event *ev)
{
	ev->code = sig == SIGBUS ? BUS_ADRERR :
		   sc->err & PF_PROT ? SEGV_ACCERR : SEGV_MAPERR;
	ev->addr = sc->cr2;
}

static void trap_event(struct seccomp_thread *t, struct pt_regs *regs,
		       const struct host_notify *n, struct stub_event *ev)
{
	struct rt_sigframe *f = frame_of(t);
	const struct sigcontext *sc = &f->uc.uc_mcontext;
	struct kernel_siginfo info;
	bool untold;
	int sig;

	seccomp_read_frame(t, regs);
	memcpy(&info, &f->info, sizeof(info));
	barrier();
	sig = info.si_signo;

	if (unlikely(came_late(t, n))) {
		seccomp_wipe_late(t);
		/* It may not have got to the bases. */
		if (t->bases_loading) {
			regs->fs_base = t->fs_wanted;
			regs->gs_base = t->gs_wanted;
			regs_segs_changed(regs);
		}
		/* The registers that were given were of no use: bad selectors. */
		if (is_exception(n->args[0])) {
			ev->type = STUB_FAULT;
			ev->sig = SIGSEGV;
			ev->code = SI_KERNEL;
			ev->addr = 0;
			ev->has_error = false;
			return;
		}
		interrupt_event(ev);
		return;
	}

	untold = is_untold_fault(sig, &info, sc);
	if (sig == SIGSYS && info.si_code == SYS_SECCOMP) {
		regs->orig_ax = (int)regs->ax;
		regs->ax = -ENOSYS;
		ev->type = STUB_SYSCALL;
	} else if (is_exception(sig) && (info.si_code > 0 || untold)) {
		ev->type = STUB_FAULT;
		ev->sig = sig;
		ev->code = info.si_code;
		ev->addr = (unsigned long)info.si_addr;
		ev->has_error = sc->trapno == 14;
		ev->error = sc->err;
		if (unlikely(untold))
			untold_fault(sig, sc, ev);
	} else {
		interrupt_event(ev);
	}
}

/* Answers, once the worker has done what was put off. */
static int resume(struct seccomp_thread *t, long val)
{
	struct seccomp_process *p = t->process;
	struct stub_control *ctl = &p->data->ctl;
	struct host_answer a = { .id = t->id };
	unsigned int nr = p->deferred;

	/* The handler wants to know where its area is. */
	a.val = likely(!t->trapped) ? val : area_address(t);
	if (likely(!nr))
		return seccomp_answer(t, a.val);

	p->deferred = 0;
	memcpy(ctl->resp, &a, sizeof(a));
	ctl->then = (struct stub_op) {
		.nr = __NR_ioctl,
		.args = { t->stub_listener, host_notify_answer_nr(),
			  STUB_DATA + offsetof(struct stub_data, ctl.resp) },
	};
	/* It is not to get to guest code: a kick that is there already does. */
	if (t->trapped) {
		a.val |= SECCOMP_ANSWER_REFUSED;
		memcpy(ctl->refused, &a, sizeof(a));
		ctl->orelse[0] = ctl->then;
		ctl->orelse[0].args[2] = STUB_DATA +
					 offsetof(struct stub_data, ctl.refused);
		ctl->orelse[1].nr = 0;
	} else {
		ctl->orelse[0] = (struct stub_op) {
			.nr = __NR_tgkill,
			.args = { p->pid, t->stub.pid, SECCOMP_KICK },
		};
		ctl->orelse[1] = ctl->then;
	}
	ctl->report = FD_EVENT;
	seccomp_command(p, nr);
	return 1;
}

/**
 * struct answer - what a system call of guest code was answered
 * @ip:		behind it
 * @val:	the result
 * @early:	the signal was there before the answer
 */
struct answer {
	unsigned long	ip;
	long		val;
	bool		early;
};

/* As long as the instruction is. */
#define SYSCALL_LEN	2

/*
 * Some hosts restart a call that is answered while a signal is on its way: it is
 * over all the same, and guest code has not run since.
 */
static void finish_answered(struct seccomp_thread *t, const struct answer *a)
{
	struct sigcontext *sc = &frame_of(t)->uc.uc_mcontext;

	if (sc->ip != a->ip - SYSCALL_LEN)
		return;
	sc->ip = a->ip;
	sc->ax = a->val;
}

static void seccomp_run(struct task_struct *task, struct pt_regs *regs,
			struct stub_event *ev)
{
	struct seccomp_thread *t = thread_of(task);
	struct seccomp_process *p = t->process;
	struct answer answer = {};
	struct host_notify n;
	int cpu = um_cpu_confine();
	int err, chained;
	long failed;

	if (unlikely(t->stub.cpu != cpu) && host_set_cpu(t->stub.pid, cpu) >= 0)
		t->stub.cpu = cpu;
	seccomp_worker_follow(p, cpu);
	err = load_regs(task, regs);
	if (unlikely(err < 0 || p->dead))
		goto dead;

	/*
	 * An interrupt that comes from here on kicks the thread; one that came
	 * before is seen here.
	 */
	this_cpu_write(running, t);
	this_cpu_write(engine_running, t->stub.pid);
	barrier();
	if (unlikely(raw_cpu_read(irq_state.pending))) {
		this_cpu_write(engine_running, 0);
		failed = p->deferred ? seccomp_batch_run(p, p->deferred) : 0;
		p->deferred = 0;
		ev->type = failed ? STUB_REFUSED : STUB_INTERRUPT;
		ev->code = failed;
		/* What is in the frame by now is put there once more. */
		regs->orig_ax = -1;
		return;
	}
	if (unlikely(t->kicked && !t->trapped))
		answer = (struct answer) {
			.ip = t->ip, .val = regs->ax, .early = true,
		};
	chained = resume(t, regs->ax);
	err = chained < 0 ? chained : seccomp_wait(t, &n);
	this_cpu_write(engine_running, 0);
	if (unlikely(err))
		goto dead;

	if (unlikely(t->trapped && pretended(t, &n)))
		goto dead;

	if (unlikely(answer.early && t->trapped && n.args[0] == SECCOMP_KICK))
		finish_answered(t, &answer);

	regs->state = 0;
	if (likely(!t->trapped))
		syscall_event(regs, &n, ev);
	else
		trap_event(t, regs, &n, ev);

	/* If so these are the handler's own: guest code has not run since. */
	if (unlikely(chained && t->trapped &&
		     (n.args[0] == SECCOMP_KICK || !n.args[0]))) {
		failed = host_event_take(seccomp_event_fd);
		if (failed > 0) {
			ev->type = STUB_REFUSED;
			ev->code = -failed;
		}
	}
	return;
dead:
	if (!p->dead)
		seccomp_lose(p);
	t->stub.dead = true;
	regs->state = REGS_FULL;
	ev->type = STUB_DEAD;
	ev->sig = SIGKILL;
}

static void seccomp_kick(void)
{
	seccomp_kick_thread(this_cpu_read(running));
}

static int seccomp_get_xstate(struct task_struct *task, void *buf,
			      unsigned int len)
{
	int err = trap(task);

	if (err)
		return err;
	len = min(len, seccomp_layout.xstate_size);
	memcpy(buf, xstate_of(thread_of(task)), len);
	return len;
}

static int seccomp_set_xstate(struct task_struct *task, const void *buf,
			      unsigned int len)
{
	int err = trap(task);

	if (!err)
		copy_xstate(thread_of(task), buf);
	return err;
}

static int seccomp_get_debugreg(struct task_struct *task, int n,
				unsigned long *val)
{
	unsigned long flags;
	int err;

	regs_fetch(task);
	local_irq_save(flags);
	err = seccomp_peek_debugreg(thread_of(task), n, val);
	local_irq_restore(flags);
	return err;
}

static int seccomp_set_debugreg(struct task_struct *task, int n,
				unsigned long val)
{
	unsigned long flags;
	int err;

	regs_fetch(task);
	local_irq_save(flags);
	err = seccomp_poke_debugreg(thread_of(task), n, val);
	local_irq_restore(flags);
	return err;
}

static int seccomp_run_batch(struct task_struct *task, struct mm_struct *mm,
			     unsigned int n, bool last)
{
	struct seccomp_process *p = mm->context.stub.process;

	if (p->dead)
		return -ESRCH;
	if (last) {
		p->deferred = n;
		return 0;
	}
	seccomp_worker_follow(p, um_cpu_confine());
	return seccomp_batch_run(p, n);
}

static int __init seccomp_start(const char **why)
{
	int err;

	*why = "seccomp notifications";
	err = host_notify_allowed();
	if (!err)
		err = seccomp_processes_start(why);
	if (err)
		seccomp_processes_end();
	return err;
}

const struct engine seccomp_engine = {
	.name		= "seccomp",
	.start		= seccomp_start,
	.mm_init	= seccomp_mm_init,
	.mm_exit	= seccomp_mm_exit,
	.attach		= seccomp_attach,
	.detach		= seccomp_detach,
	.run		= seccomp_run,
	.kick		= seccomp_kick,
	.get_regs	= seccomp_get_regs,
	.get_xstate	= seccomp_get_xstate,
	.set_xstate	= seccomp_set_xstate,
	.get_debugreg	= seccomp_get_debugreg,
	.set_debugreg	= seccomp_set_debugreg,
	.run_batch	= seccomp_run_batch,
};
