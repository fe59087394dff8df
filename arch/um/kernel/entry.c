// SPDX-License-Identifier: GPL-2.0
/*
 * From guest code into the kernel, and back.
 */
#include <linux/entry-common.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/syscalls.h>
#include <asm/engine.h>
#include <asm/fault.h>
#include <asm/idle.h>
#include <asm/irq_regs.h>
#include <asm/syscall.h>
#include <asm/tlb.h>
#include <asm/traps.h>
#include <asm/um_irq.h>

static void handle_syscall(struct pt_regs *regs)
{
	unsigned long nr;

	/* What faults behind it does so for a reason of its own. */
	current->thread.fault.ip = 0;
	/* Only the low half of a number counts. */
	nr = syscall_enter_from_user_mode(regs, (int)regs->orig_ax);
	if (likely(nr < NR_syscalls)) {
		nr = array_index_nospec(nr, NR_syscalls);
		regs->ax = sys_call_table[nr](regs->di, regs->si, regs->dx,
					      regs->r10, regs->r8, regs->r9);
	} else if (nr != -1UL) {
		/* A tracer may have changed the default result. */
		regs->ax = -ENOSYS;
	}
	regs->state |= REGS_RESULT;
	syscall_exit_to_user_mode(regs);
}

static void handle_fault(struct pt_regs *regs, const struct stub_event *ev)
{
	irqentry_enter_from_user_mode(regs);
	local_irq_enable();
	guest_exception(regs, ev);
	local_irq_disable();
	irqentry_exit_to_user_mode(regs);
}

static void handle_interrupt(struct pt_regs *regs)
{
	irqentry_enter_from_user_mode(regs);
	irq_dispatch(regs);
	irqentry_exit_to_user_mode(regs);
}

/*
 * The host took the stub away, or does not give what it needs.  @ev->sig: signal
 * that ended it, 0 not known, -1 has been told.
 */
static void handle_dead(struct pt_regs *regs, const struct stub_event *ev)
{
	irqentry_enter_from_user_mode(regs);
	local_irq_enable();
	if (ev->sig < 0)
		;
	else if (ev->sig)
		pr_warn_ratelimited("%s[%d]: killed on the host by signal %d\n",
				    current->comm, task_pid_nr(current), ev->sig);
	else
		pr_warn_ratelimited("%s[%d]: killed, the host gives it no process or memory\n",
				    current->comm, task_pid_nr(current));
	do_group_exit(SIGKILL);
}

/* For handle_dead(): the stub has ended, or there is a message already. */
static int tlb_error_signal(int err)
{
	return err == -ESRCH ? SIGKILL : -1;
}

/*
 * Behind an exec for which the host refused a thread: it is asked once more.  That
 * may wait for memory.
 */
static bool attach(struct task_struct *task)
{
	int err;

	local_irq_enable();
	err = engine->attach(task, NULL);
	local_irq_disable();
	return !err;
}

/*
 * Runs guest code until something happens.  @refused: the host has just refused
 * to map memory, and is to be asked again before.
 */
static void run(struct task_struct *task, struct pt_regs *regs,
		struct stub_event *ev, bool refused)
{
	ev->type = STUB_DEAD;
	ev->sig = 0;
	if (unlikely(!task->thread.stub)) {
		/* There may be work to do before it runs. */
		if (attach(task))
			ev->type = STUB_INTERRUPT;
		return;
	}
	if (unlikely(stub_tlb_is_stale(task->mm))) {
		int err = stub_tlb_sync(task, task->mm, !refused);

		if (unlikely(err)) {
			ev->sig = tlb_error_signal(err);
			return;
		}
	}
	if (unlikely(task->thread.stub->dead)) {
		ev->sig = SIGKILL;
		return;
	}
	if (unlikely(this_cpu_read(idle_offer)))
		um_idle_pass_on();
	engine->run(task, regs, ev);
}

void __noreturn guest_loop(void)
{
	struct task_struct *task = current;
	struct pt_regs *regs = task_pt_regs(task);
	/* Events for which mappings are made at once: the fault, and what is behind. */
	enum { WARY = 16 };
	unsigned int wary = 0;
	struct stub_event ev;

	for (;;) {
		run(task, regs, &ev, wary);
		wary -= !!wary;
		switch (ev.type) {
		case STUB_SYSCALL:
			handle_syscall(regs);
			break;
		case STUB_FAULT:
			handle_fault(regs, &ev);
			break;
		case STUB_INTERRUPT:
			handle_interrupt(regs);
			break;
		case STUB_REFUSED:
			wary = WARY;
			ev.code = stub_tlb_drop(task, task->mm, ev.code);
			if (!ev.code)
				break;
			ev.sig = tlb_error_signal(ev.code);
			fallthrough;
		case STUB_DEAD:
			handle_dead(regs, &ev);
			break;
		}
	}
}

/*
 * The first C code of a new task, on its own stack: @prev is who ran before.
 */
void __noreturn task_entry(struct task_struct *prev, int (*fn)(void *), void *arg)
{
	schedule_tail(prev);
	if (fn) {
		fn(arg);
		/* A kernel thread comes back only if it has done an exec. */
	} else {
		guest_will_write(current_pt_regs()->sp - sizeof(long));
	}
	syscall_exit_to_user_mode(current_pt_regs());
	guest_loop();
}
