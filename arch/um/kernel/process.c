// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a task.
 */
#include <linux/elf-randomize.h>
#include <asm/exec.h>
#include <asm/fault.h>
#include <linux/mm.h>
#include <linux/personality.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/engine.h>
#include <asm/fpu.h>
#include <asm/mmu_context.h>
#include <asm/stacktrace.h>
#include <asm/switch_to.h>
#include <asm/x86.h>

DEFINE_PER_CPU(struct task_struct *, current_task) = &init_task;
EXPORT_PER_CPU_SYMBOL(current_task);

struct task_struct *__switch_to_asm(struct task_struct *prev,
				    struct task_struct *next);
asmlinkage void task_start(void);

struct task_struct *__switch_to(struct task_struct *prev,
				struct task_struct *next)
{
	this_cpu_write(current_task, next);
	return __switch_to_asm(prev, next);
}

/* What __switch_to_asm() pops. */
struct switch_frame {
	unsigned long r15, r14, r13, r12, bx, bp, ip;
};

void regs_fetch(struct task_struct *task)
{
	struct pt_regs *regs = task_pt_regs(task), now;

	if (regs->state & REGS_FULL || !task->thread.stub)
		return;
	now.state = 0;
	engine->get_regs(task, &now);
	if (!(now.state & REGS_FULL))
		memset(&now, 0, sizeof(now));
	/* The stub does not know of the result yet. */
	/* The host told the low half of the number only; its registers, all. */
	if ((u32)now.orig_ax != (u32)regs->orig_ax)
		now.orig_ax = regs->orig_ax;
	now.ax = regs->ax;
	now.state = regs->state | REGS_FULL;
	*regs = now;
}

void instruction_pointer_set(struct pt_regs *regs, unsigned long ip)
{
	/* All are loaded with it. */
	regs_fetch(container_of(regs, struct task_struct, thread.regs));
	regs->ip = ip;
	regs_changed(regs);
}

int arch_dup_task_struct(struct task_struct *dst, struct task_struct *src)
{
	*dst = *src;
	dst->thread.stub = NULL;
	return 0;
}

static int copy_xstate(struct task_struct *to)
{
	void *buf = kmalloc(um_xstate_size, GFP_KERNEL);
	int err;

	if (!buf)
		return -ENOMEM;
	err = fpu_get(current, buf);
	if (err >= 0)
		err = fpu_set(to, buf);
	kfree(buf);
	return err < 0 ? -EAGAIN : 0;
}

int copy_thread(struct task_struct *p, const struct kernel_clone_args *args)
{
	struct switch_frame *frame;
	struct pt_regs *regs;
	int err;

	frame = task_stack_page(p) + THREAD_SIZE;
	/* As if it had been called: the ABI wants the stack aligned before. */
	frame = (void *)frame - 16 - sizeof(*frame);
	memset(frame, 0, sizeof(*frame) + 16);
	frame->ip = (unsigned long)task_start;
	p->thread.sp = (unsigned long)frame;
	p->thread.stub = NULL;
	p->thread.debug_set = 0;
	memset(p->thread.debugreg, 0, sizeof(p->thread.debugreg));

	regs = task_pt_regs(p);
	if (args->fn) {
		frame->bx = (unsigned long)args->fn;
		frame->r12 = (unsigned long)args->fn_arg;
		memset(regs, 0, sizeof(*regs));
		regs->state = REGS_FULL | REGS_LOAD;
		return 0;
	}

	regs_fetch(current);
	*regs = *current_pt_regs();
	regs->ax = 0;
	if (args->stack)
		regs->sp = args->stack;
	/* A tracer may have changed segments that the stub does not have yet. */
	regs->state = REGS_FULL | REGS_LOAD | (regs->state & REGS_SEGS);
	if (args->flags & CLONE_SETTLS) {
		err = x86_set_tls(p, args->tls);
		if (err)
			return err;
	}

	if (args->flags & CLONE_VM)
		return engine->attach(p, current);

	/*
	 * Both write to their stacks next, which they share now: what would be
	 * a fault of guest code a moment later costs a tenth here.
	 */
	guest_will_write(regs->sp);
	regs_segs_changed(regs);
	err = engine->attach(p, NULL);
	if (!err) {
		err = copy_xstate(p);
		if (err)
			engine->detach(p);
	}
	return err;
}

/* It was made, but never ran. */
void exit_thread(struct task_struct *tsk)
{
	if (tsk->thread.stub)
		engine->detach(tsk);
}

void um_leave_mm(struct task_struct *task)
{
	struct thread_struct *t = &task->thread;

	if (!t->stub)
		return;
	engine->detach(task);
	t->debug_set = 0;	/* the next host thread has none */
}

void flush_thread(void)
{
	x86_clear_debugregs(current);
	clear_thread_flag(TIF_SINGLESTEP);
	/* A tracer may look before it runs; if it fails, so does the first run. */
	engine->attach(current, NULL);
}

void start_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp)
{
	unsigned long orig_ax = regs->orig_ax;

	memset(regs, 0, sizeof(*regs));
	/* A tracer that looks at exec's return wants to see its number. */
	regs->orig_ax = orig_ax;
	regs->ip = ip;
	regs->sp = sp;
	regs->cs = GUEST_CS;
	regs->ss = GUEST_SS;
	regs->flags = 0x202;	/* interrupts enabled, and the bit that is always set */
	regs->state = REGS_FULL | REGS_LOAD | REGS_SEGS;
	expect_start(ip);
}
EXPORT_SYMBOL_GPL(start_thread);

unsigned long arch_align_stack(unsigned long sp)
{
	if (!(current->personality & ADDR_NO_RANDOMIZE) && randomize_va_space)
		sp -= get_random_u32_below(8192);
	return sp & ~0xf;
}

unsigned long arch_randomize_brk(struct mm_struct *mm)
{
	return randomize_page(mm->brk, SZ_32M);
}

static bool first_outside_scheduler(void *cookie, unsigned long addr)
{
	if (in_sched_functions(addr))
		return true;
	*(unsigned long *)cookie = addr;
	return false;
}

unsigned long __get_wchan(struct task_struct *p)
{
	unsigned long addr = 0;

	if (!try_get_task_stack(p))
		return 0;
	um_walk_stack(first_outside_scheduler, &addr, p, NULL);
	put_task_stack(p);
	return addr;
}
