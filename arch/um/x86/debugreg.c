// SPDX-License-Identifier: GPL-2.0
/*
 * Hardware breakpoints that a guest's tracer sets.  They are kept in the form
 * in which the tracer wrote them, but for DR6, where the bits that read as ones
 * are kept as zeros; the host's own breakpoint code does the rest.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/pid.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/string.h>
#include <uapi/asm/debugreg.h>
#include <asm/engine.h>
#include <asm/processor.h>
#include <asm/x86.h>

#include "debugreg.h"

#define NR_BREAKPOINTS		4
#define DR_ENABLE		(DR_LOCAL_ENABLE | DR_GLOBAL_ENABLE)

static bool slot_enabled(unsigned long control, int n)
{
	return control >> (n * DR_ENABLE_SIZE) & DR_ENABLE;
}

/* What the host would refuse is refused here, where the tracer can be told. */
static int check_slot(unsigned long control, int n, unsigned long addr)
{
	unsigned int bits = control >> (DR_CONTROL_SHIFT + n * DR_CONTROL_SIZE);
	unsigned int len;

	switch (bits & 0xc) {
	case DR_LEN_1:
		len = 1;
		break;
	case DR_LEN_2:
		len = 2;
		break;
	case DR_LEN_4:
		len = 4;
		break;
	default:
		len = 8;
		break;
	}

	switch (bits & 3) {
	case DR_RW_EXECUTE:
		if (len != 1)
			return -EINVAL;
		break;
	case DR_RW_WRITE:
	case DR_RW_READ:
		break;
	default:
		/* ports */
		return -EINVAL;
	}
	return addr & (len - 1) ? -EINVAL : 0;
}

unsigned long x86_get_debugreg(struct task_struct *task, int n)
{
	const struct thread_struct *thread = &task->thread;

	switch (n) {
	case 0 ... NR_BREAKPOINTS - 1:
	case DR_CONTROL:
		return thread->debugreg[n];
	case DR_STATUS:
		return thread->debugreg[n] ^ DR6_RESERVED;
	default:
		return 0;
	}
}

int x86_put_debugreg(struct task_struct *task, int n, unsigned long val)
{
	struct thread_struct *thread = &task->thread;
	unsigned long control = thread->debugreg[DR_CONTROL];
	int i, err;

	switch (n) {
	case 0 ... NR_BREAKPOINTS - 1:
		if (val >= TASK_SIZE)
			return -EINVAL;
		if (slot_enabled(control, n)) {
			err = check_slot(control, n, val);
			if (err)
				return err;
		}
		break;
	case DR_STATUS:
		/* For the tracer to look at; the CPU's is set anew at each trap. */
		thread->debugreg[n] = val ^ DR6_RESERVED;
		return 0;
	case DR_CONTROL:
		for (i = 0; i < NR_BREAKPOINTS; i++) {
			if (!slot_enabled(val, i))
				continue;
			err = check_slot(val, i, thread->debugreg[i]);
			if (err)
				return err;
		}
		break;
	default:
		/* There is no DR4, no DR5. */
		return -EIO;
	}

	thread->debugreg[n] = val;
	thread->debug_set |= BIT(n);
	return 0;
}

int x86_load_debugregs(struct task_struct *task)
{
	struct thread_struct *thread = &task->thread;
	unsigned long control = thread->debugreg[DR_CONTROL] & ~DR_CONTROL_RESERVED;
	bool any = false;
	int i, err;

	thread->debug_set = 0;

	/*
	 * All off first: the host checks an address against the length that its
	 * slot has at that time.
	 */
	err = engine->set_debugreg(task, DR_CONTROL, 0);
	for (i = 0; i < NR_BREAKPOINTS && !err; i++) {
		if (!slot_enabled(control, i))
			continue;
		any = true;
		err = engine->set_debugreg(task, i, thread->debugreg[i]);
	}
	if (!err && any)
		err = engine->set_debugreg(task, DR_CONTROL, control);

	if (err)
		pr_warn_ratelimited("%s[%d] hardware breakpoints are off: the host refused them (error %d)\n",
				    task->comm, task_pid_nr(task), err);
	return err;
}

void x86_clear_debugregs(struct task_struct *task)
{
	memset(task->thread.debugreg, 0, sizeof(task->thread.debugreg));
	task->thread.debug_set = 0;
}

void x86_debug_trap(struct task_struct *task, int si_code)
{
	struct thread_struct *thread = &task->thread;
	unsigned long status;

	if (si_code != TRAP_HWBKPT && si_code != TRAP_TRACE)
		return;

	/* A step may hit a breakpoint too. */
	if (thread->debugreg[DR_CONTROL] &&
	    !engine->get_debugreg(task, DR_STATUS, &status))
		thread->debugreg[DR_STATUS] = status ^ DR6_RESERVED;
	else
		thread->debugreg[DR_STATUS] = si_code == TRAP_TRACE ? DR_STEP : 0;
}
