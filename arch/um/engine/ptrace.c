// SPDX-License-Identifier: GPL-2.0
/*
 * The ptrace engine: PTRACE_SYSEMU.
 *
 * Every host thread that runs guest code is a tracee of the virtual CPU's own
 * thread.  All come from the first stub, by a clone() that the kernel has it
 * do; CLONE_PTRACE makes the child ours from its first instruction on.
 *
 * The hand-over is cheapest when both sides are on one host CPU, so that the
 * CPU's thread is confined to the one that it is on while it runs guest code,
 * and the stub to the same.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <asm/cpu.h>
#include <asm/engine.h>
#include <asm/physmem.h>
#include <asm/unistd.h>
#include <asm/stub.h>
#include <asm/vdso.h>
#include <asm/x86.h>
#include <uapi/linux/audit.h>
#include <uapi/linux/sched.h>
#include <um/host.h>

DEFINE_PER_CPU(int, engine_running);

/* The stub that all others are cloned from; it never runs guest code. */
static struct stub_thread first_stub;
/* Its registers: selectors and flags as the host wants them. */
static struct host_regs template __ro_after_init;

/*
 * Stubs that nobody needs any more: to empty one costs the host a third of what
 * it costs to end it and to clone another.
 */
#define SPARE_STUBS	8

struct spare_stubs {
	unsigned int		nr;
	struct stub_thread	stub[SPARE_STUBS];
};

static DEFINE_PER_CPU(struct spare_stubs, spare_stubs);

static int make_first_stub(const char **why)
{
	const struct host_stub_layout layout = {
		.code		= STUB_CODE,
		.image		= stub_image,
		.code_len	= stub_image_end - stub_image,
		.entry		= stub_address(stub_image_entry),
		.start		= STUB_START,
		.end		= STUB_END,
		.vdso		= um_host_clock ? STUB_VDSO : 0,
		.fds		= &physmem_fd,
		.nr_fds		= 1,
	};
	int pid = host_stub_first(&layout, why);

	if (pid < 0)
		return pid;
	first_stub = (struct stub_thread) { .pid = pid, .cpu = -1 };
	return 0;
}

static int ptrace_start(const char **why)
{
	int err = make_first_stub(why);

	if (err)
		return err;
	*why = "PTRACE_GETREGS";
	return host_ptrace_getregs(first_stub.pid, &template);
}

static bool is_exception(int sig)
{
	return sig == SIGTRAP || sig == SIGSEGV || sig == SIGBUS ||
	       sig == SIGILL || sig == SIGFPE;
}

static int stub_lost(int pid, const char *what, int err, int sig)
{
	/* Whoever runs it tells. */
	pr_debug("stub %d: %s: %pe, signal %d\n", pid, what, ERR_PTR(err), sig);
	return err;
}

/*
 * Runs stub code until it stops by int3.  Its registers are lost.  -EPROTO: it
 * stopped by ud2; -ESRCH: the stub is gone, and reaped.
 */
static int run_stub_code(int pid, struct host_regs *regs)
{
	struct host_stop_info stop;
	struct host_fault fault;
	int err;

	regs->cs = template.cs;
	regs->ss = template.ss;
	regs->flags = template.flags;
	regs->orig_ax = -1;
	err = host_ptrace_setregs_code(pid, regs);
	if (err < 0) {
		host_stub_kill(pid);
		return stub_lost(pid, "PTRACE_SETREGS", -ESRCH, 0);
	}
	for (;;) {
		err = host_ptrace_cont(pid);
		if (err < 0) {
			host_stub_kill(pid);
			return stub_lost(pid, "PTRACE_CONT", -ESRCH, 0);
		}
		err = host_ptrace_wait(pid, &stop);
		if (err < 0)
			return stub_lost(pid, "wait", err, 0);
		if (stop.why == HOST_STOP_DEAD)
			return stub_lost(pid, "killed", -ESRCH, stop.sig);
		/* What somebody sent, or the host for a limit, does not matter. */
		if (stop.why != HOST_STOP_SIGNAL || !is_exception(stop.sig) ||
		    host_ptrace_fault(pid, &fault) < 0 || fault.code <= 0)
			continue;
		if (likely(stop.sig == SIGTRAP))
			return 0;
		if (stop.sig == SIGILL)
			return -EPROTO;
		/*
		 * A guest can bring it about, by forbidding itself memory with
		 * protection keys.
		 */
		host_stub_kill(pid);
		return stub_lost(pid, "fault in its own code", -ESRCH, stop.sig);
	}
}

/* A new host thread, stopped.  It has a copy of the registers of @from. */
static int stub_clone(struct stub_thread *from, unsigned long flags,
		      struct stub_thread *new)
{
	struct host_regs regs = template;
	struct host_stop_info stop;
	um_u64 ip, ax;
	int err;

	regs.ip = stub_address(stub_image_syscall);
	regs.ax = __NR_clone;
	regs.di = flags | CLONE_FS | CLONE_FILES | CLONE_PTRACE | CLONE_PARENT;
	regs.si = 0;
	regs.dx = 0;
	regs.r10 = 0;
	regs.r8 = 0;
	err = run_stub_code(from->pid, &regs);
	if (err < 0) {
		from->dead = err == -ESRCH;
		return err;
	}
	err = host_ptrace_get_ax_ip(from->pid, &ax, &ip);
	if (err < 0 || (long)ax < 0)
		return err ?: (long)ax;
	*new = (struct stub_thread) { .pid = ax, .cpu = from->cpu };
	err = host_ptrace_wait(new->pid, &stop);
	if (err < 0)
		return err;
	return stop.why == HOST_STOP_DEAD ? -ECHILD : 0;
}

static int clone_first(struct stub_thread *new)
{
	const char *why;
	int err;

	if (likely(!first_stub.dead)) {
		err = stub_clone(&first_stub, 0, new);
		if (err != -ESRCH)
			return err;
	}
	/* Somebody has ended it. */
	err = make_first_stub(&why);
	if (err) {
		pr_warn_ratelimited("no stub can be made: %s: %pe\n", why,
				    ERR_PTR(err));
		return err;
	}
	return stub_clone(&first_stub, 0, new);
}

/* Makes a stub the first of @mm. */
static int stub_adopt(struct stub_thread *stub, struct mm_struct *mm)
{
	struct host_regs regs = template;
	um_u64 ax, ip;
	int err;

	regs.ip = stub_address(stub_image_adopt);
	regs.bx = __pa(mm->context.stub.data);
	err = run_stub_code(stub->pid, &regs);
	/* What it has may be that of a program: the next starts like any. */
	if (!err)
		err = host_ptrace_setregs(stub->pid, &template);
	if (!err)
		err = host_ptrace_setxstate(stub->pid, um_xstate_init, um_xstate_size);
	else if (err == -EPROTO)
		err = host_ptrace_get_ax_ip(stub->pid, &ax, &ip) ?: (long)ax;
	if (err < 0 && err != -ESRCH)
		host_stub_kill(stub->pid);
	return err;
}

/* With interrupts disabled, as all that works on stubs which are shared. */
static int stub_get(struct mm_struct *mm, struct stub_thread *stub)
{
	struct spare_stubs *spare = this_cpu_ptr(&spare_stubs);
	int err;

	while (spare->nr) {
		*stub = spare->stub[--spare->nr];
		if (!stub_adopt(stub, mm))
			return 0;
		/* Ended by somebody, like any process of the user's. */
	}
	err = clone_first(stub);
	return err ?: stub_adopt(stub, mm);
}

/* Nobody else runs in its address space. */
static void stub_put(struct stub_thread *stub)
{
	struct spare_stubs *spare = this_cpu_ptr(&spare_stubs);

	if (spare->nr < SPARE_STUBS)
		spare->stub[spare->nr++] = *stub;
	else
		host_stub_kill(stub->pid);
}

static int ptrace_mm_init(struct mm_struct *mm)
{
	struct stub_mm *stub = &mm->context.stub;
	unsigned long flags;
	int err;

	stub->data = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!stub->data)
		return -ENOMEM;

	/* Nothing sleeps meanwhile, so that nothing else runs on this CPU. */
	local_irq_save(flags);
	err = stub_get(mm, &stub->spare);
	local_irq_restore(flags);
	if (!err)
		return 0;

	stub->spare.pid = 0;
	free_page((unsigned long)stub->data);
	stub->data = NULL;
	pr_warn_ratelimited("the host refuses another process: %pe\n",
			    ERR_PTR(err));
	return err == -ENOMEM ? -ENOMEM : -EAGAIN;
}

static void ptrace_mm_exit(struct mm_struct *mm)
{
	struct stub_mm *stub = &mm->context.stub;
	unsigned long flags;

	if (stub->spare.pid) {
		local_irq_save(flags);
		stub_put(&stub->spare);
		local_irq_restore(flags);
	}
	free_page((unsigned long)stub->data);
}

static int ptrace_attach(struct task_struct *task, struct task_struct *like)
{
	struct stub_thread *stub = &task->thread.host;
	struct stub_mm *mm = &task->mm->context.stub;
	unsigned long flags;
	int err = 0;

	if (like) {
		/* The clone uses the registers of the one that is cloned. */
		regs_fetch(like);
		regs_changed(task_pt_regs(like));
		local_irq_save(flags);
		err = stub_clone(like->thread.stub, CLONE_VM, stub);
		local_irq_restore(flags);
	} else {
		*stub = mm->spare;
		mm->spare.pid = 0;
		if (!stub->pid)
			err = -ESRCH;
	}
	if (err)
		return err == -ENOMEM ? -ENOMEM : -EAGAIN;
	mm->threads++;
	task->thread.stub = stub;
	return 0;
}

static bool has_debugregs(const struct thread_struct *t)
{
	return t->debug_set || memchr_inv(t->debugreg, 0, sizeof(t->debugreg));
}

static void ptrace_detach(struct task_struct *task)
{
	struct stub_thread *stub = task->thread.stub;
	struct stub_mm *mm = &task->mm->context.stub;
	unsigned long flags;

	local_irq_save(flags);
	task->thread.stub = NULL;
	mm->threads--;
	if (stub->dead)
		;
	else if (mm->threads || mm->spare.pid || has_debugregs(&task->thread))
		host_stub_kill(stub->pid);
	else
		stub_put(stub);
	local_irq_restore(flags);
}

/* Keeps the stub on the host CPU that this virtual CPU is confined to. */
static void follow_cpu(struct stub_thread *stub)
{
	int cpu = um_cpu_confine();

	if (likely(stub->cpu == cpu))
		return;
	if (host_set_cpu(stub->pid, cpu) >= 0)
		stub->cpu = cpu;
}

static int load_regs(struct task_struct *task, struct pt_regs *regs)
{
	int pid = task->thread.stub->pid, err = 0;

	if (regs->state & REGS_LOAD) {
		struct host_regs image;

		memcpy(&image, regs, sizeof(image));
		/* The host is to restart no system call of its own. */
		image.orig_ax = -1;
		if (regs->state & REGS_SEGS)
			err = host_ptrace_setregs(pid, &image);
		else
			err = host_ptrace_setregs_code(pid, &image);
	} else if (regs->state & REGS_RESULT) {
		err = host_ptrace_poke(pid, offsetof(struct host_regs, ax),
				       regs->ax);
	}
	if (unlikely(task->thread.debug_set))
		x86_load_debugregs(task);
	return err;
}

/*
 * Guest code can go to a 32-bit segment, and an Intel CPU's SYSENTER leads there.
 * The host would take the next set of registers for one of 32 bits.  Should this
 * fail the stub is gone, as the next attempt to run it tells.
 */
static void leave_32bit(int pid, struct pt_regs *regs)
{
	if (likely(regs->cs == template.cs))
		return;
	host_ptrace_poke(pid, offsetof(struct host_regs, cs), template.cs);
	regs_changed(regs);
}

static void fetch_all(struct task_struct *task, struct pt_regs *regs)
{
	int pid = task->thread.stub->pid;

	if (host_ptrace_getregs(pid, (struct host_regs *)regs) < 0)
		return;
	regs->state |= REGS_FULL;
	leave_32bit(pid, regs);
}

/* Neither a system call nor an exception of the guest's. */
static void other_event(struct task_struct *task, struct pt_regs *regs,
			struct stub_event *ev)
{
	/* A signal, or the end of a restartable sequence, may follow. */
	fetch_all(task, regs);
	regs->orig_ax = -1;
	ev->type = STUB_INTERRUPT;
}

static void syscall_event(struct task_struct *task, struct pt_regs *regs,
			  struct stub_event *ev)
{
	struct host_syscall sc;
	int err;

	err = host_ptrace_syscall(task->thread.stub->pid, &sc);
	if (unlikely(err < 0)) {
		/* Gone in between; the next attempt to run it will tell. */
		other_event(task, regs, ev);
		return;
	}
	if (unlikely(sc.arch != AUDIT_ARCH_X86_64)) {
		/* There is no 32-bit system call. */
		fetch_all(task, regs);
		regs->orig_ax = -1;
		regs->ax = -ENOSYS;
		ev->type = STUB_SYSCALL;
		return;
	}
	regs->orig_ax = sc.nr;
	regs->ax = -ENOSYS;
	regs->di = sc.args[0];
	regs->si = sc.args[1];
	regs->dx = sc.args[2];
	regs->r10 = sc.args[3];
	regs->r8 = sc.args[4];
	regs->r9 = sc.args[5];
	regs->ip = sc.ip;
	regs->sp = sc.sp;
	ev->type = STUB_SYSCALL;
}

static void signal_event(struct task_struct *task, struct pt_regs *regs,
			 struct stub_event *ev, int sig)
{
	struct host_fault fault;

	other_event(task, regs, ev);
	if (!is_exception(sig) || host_ptrace_fault(task->thread.stub->pid, &fault) < 0)
		return;
	/* Sent by some process of the host: no business of the guest's. */
	if (fault.code <= 0 || !(regs->state & REGS_FULL))
		return;
	ev->type = STUB_FAULT;
	ev->sig = fault.sig;
	ev->code = fault.code;
	ev->addr = fault.addr;
	ev->has_error = false;
}

static void ptrace_run(struct task_struct *task, struct pt_regs *regs,
		       struct stub_event *ev)
{
	struct stub_thread *stub = task->thread.stub;
	struct host_stop_info stop = { .why = HOST_STOP_DEAD };

	follow_cpu(stub);
	if (unlikely(load_regs(task, regs) < 0)) {
		/* Killed, or of no use: the wait below finds it dead. */
		host_kill(stub->pid, SIGKILL);
		goto wait;
	}

	/*
	 * An interrupt that comes from here on finds the stub, and stops it as
	 * soon as it runs; one that came before is seen here.
	 */
	this_cpu_write(engine_running, stub->pid);
	barrier();
	if (unlikely(raw_cpu_read(irq_state.pending))) {
		this_cpu_write(engine_running, 0);
		regs->state &= ~(REGS_LOAD | REGS_RESULT | REGS_SEGS);
		if (regs->state & REGS_FULL)
			leave_32bit(stub->pid, regs);
		regs->orig_ax = -1;
		ev->type = STUB_INTERRUPT;
		return;
	}
	regs->state = 0;
	do {
		host_ptrace_run(stub->pid,
				task_thread_info(task)->flags & _TIF_SINGLESTEP);
wait:
		if (host_ptrace_wait(stub->pid, &stop) < 0)
			stop.why = HOST_STOP_DEAD;
		/*
		 * It may have been interrupted between an exception and its
		 * report, which would come in the midst of what the stub is
		 * made to do next.
		 */
	} while (stop.why == HOST_STOP_INTERRUPT &&
		 host_ptrace_pending(stub->pid));
	this_cpu_write(engine_running, 0);

	switch (stop.why) {
	case HOST_STOP_SYSCALL:
		syscall_event(task, regs, ev);
		break;
	case HOST_STOP_SIGNAL:
		signal_event(task, regs, ev, stop.sig);
		break;
	case HOST_STOP_INTERRUPT:
		other_event(task, regs, ev);
		break;
	case HOST_STOP_DEAD:
		stub->dead = true;
		regs->state = REGS_FULL;
		ev->type = STUB_DEAD;
		ev->sig = stop.sig;
		break;
	}
}

static void ptrace_kick(void)
{
	host_ptrace_interrupt(this_cpu_read(engine_running));
}

static int ptrace_get_xstate(struct task_struct *task, void *buf,
			     unsigned int len)
{
	return host_ptrace_getxstate(task->thread.stub->pid, buf, len);
}

static int ptrace_set_xstate(struct task_struct *task, const void *buf,
			     unsigned int len)
{
	unsigned long flags;
	int err;

	/* The host library has one buffer for it. */
	local_irq_save(flags);
	err = host_ptrace_setxstate(task->thread.stub->pid, buf, len);
	local_irq_restore(flags);
	return err;
}

static int ptrace_get_debugreg(struct task_struct *task, int n,
			       unsigned long *val)
{
	um_u64 v = 0;
	int err = host_ptrace_peek_debug(task->thread.stub->pid, n, &v);

	*val = v;
	return err;
}

static int ptrace_set_debugreg(struct task_struct *task, int n,
			       unsigned long val)
{
	return host_ptrace_poke_debug(task->thread.stub->pid, n, val);
}

static int ptrace_run_batch(struct task_struct *task, struct mm_struct *mm,
			    unsigned int n, bool last)
{
	struct host_regs regs = template;
	int pid = task->thread.stub->pid, err;

	regs_fetch(task);
	regs_changed(task_pt_regs(task));

	regs.ip = stub_address(stub_image_batch);
	regs.bx = n;
	regs.bp = STUB_DATA;
	err = run_stub_code(pid, &regs);
	if (err == -EPROTO)
		return host_ptrace_getregs(pid, &regs) ?: (int)regs.ax;
	task->thread.stub->dead = err == -ESRCH;
	return err;
}

const struct engine ptrace_engine = {
	.name		= "ptrace",
	.start		= ptrace_start,
	.mm_init	= ptrace_mm_init,
	.mm_exit	= ptrace_mm_exit,
	.attach		= ptrace_attach,
	.detach		= ptrace_detach,
	.run		= ptrace_run,
	.kick		= ptrace_kick,
	.get_regs	= fetch_all,
	.get_xstate	= ptrace_get_xstate,
	.set_xstate	= ptrace_set_xstate,
	.get_debugreg	= ptrace_get_debugreg,
	.set_debugreg	= ptrace_set_debugreg,
	.run_batch	= ptrace_run_batch,
};
