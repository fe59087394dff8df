// SPDX-License-Identifier: GPL-2.0
/*
 * Walking the kernel's stack along its frame pointers.
 */
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/sched/debug.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <asm/stacktrace.h>
#include <asm/traps.h>

struct stack_frame {
	unsigned long bp;
	unsigned long ip;
};

void um_walk_stack(bool (*fn)(void *cookie, unsigned long addr), void *cookie,
		   struct task_struct *task, struct pt_regs *regs)
{
	unsigned long low, high, bp;

	if (regs) {
		if (!fn(cookie, regs->ip))
			return;
		bp = regs->bp;
	} else if (!task || task == current) {
		bp = (unsigned long)__builtin_frame_address(0);
	} else {
		/* What __switch_to_asm() pushed: rbp is the last but one. */
		bp = ((unsigned long *)task->thread.sp)[5];
		if (!fn(cookie, ((unsigned long *)task->thread.sp)[6]))
			return;
	}

	low = (unsigned long)task_stack_page(task ?: current);
	high = low + THREAD_SIZE;
	while (bp >= low && bp <= high - sizeof(struct stack_frame) &&
	       !(bp & 7)) {
		struct stack_frame frame = *(struct stack_frame *)bp;

		if (!__kernel_text_address(frame.ip) ||
		    !fn(cookie, frame.ip))
			return;
		if (frame.bp <= bp)
			return;
		bp = frame.bp;
	}
}

void arch_stack_walk(stack_trace_consume_fn consume_entry, void *cookie,
		     struct task_struct *task, struct pt_regs *regs)
{
	um_walk_stack(consume_entry, cookie, task, regs);
}

static bool show_entry(void *cookie, unsigned long addr)
{
	printk("%s %pB\n", (const char *)cookie, (void *)addr);
	return true;
}

void show_stack_regs(struct task_struct *task, struct pt_regs *regs,
		     const char *loglvl)
{
	printk("%sCall Trace:\n", loglvl);
	um_walk_stack(show_entry, (void *)loglvl, task, regs);
}

void show_stack(struct task_struct *task, unsigned long *sp, const char *loglvl)
{
	if (task && !try_get_task_stack(task))
		return;
	show_stack_regs(task, NULL, loglvl);
	if (task)
		put_task_stack(task);
}
