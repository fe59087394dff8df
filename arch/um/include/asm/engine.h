/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine: how guest code runs, and how the kernel learns why it stopped.
 *
 * A guest address space has a host process, its stub; a guest thread has a host
 * thread in it.  Nothing above this interface knows which engine runs.
 */
#ifndef _ASM_UM_ENGINE_H
#define _ASM_UM_ENGINE_H

#include <linux/cache.h>
#include <linux/init.h>
#include <linux/percpu.h>
#include <linux/types.h>

struct mm_struct;
struct pt_regs;
struct task_struct;

enum stub_event_type {
	STUB_SYSCALL,		/* regs has the number and the arguments */
	STUB_FAULT,		/* an exception: .sig, .code, .addr */
	STUB_INTERRUPT,		/* an interrupt is pending */
	STUB_REFUSED,		/* the batch before failed: .code, an -errno */
	STUB_DEAD,		/* the host killed the stub: .sig */
};

/**
 * struct stub_event - why guest code stopped
 * @type:	see enum stub_event_type
 * @sig:	host signal of the exception, e.g. SIGSEGV, SIGFPE
 * @code:	its si_code
 * @addr:	its si_addr
 * @error:	the CPU's error code of a page fault (PF_*), when @has_error
 */
struct stub_event {
	enum stub_event_type	type;
	int			sig;
	int			code;
	unsigned long		addr;
	unsigned long		error;
	bool			has_error;
};

/**
 * struct engine - operations of an engine
 *
 * All are called on the virtual CPU that owns the stub, with the stub stopped.
 *
 * @name:	as in engine=
 * @start:	makes the engine ready; -errno and *why when the host forbids it
 * @mm_init:	gives a new address space its stub, and its data page
 * @mm_exit:	takes it away
 * @attach:	gives @task, which has none, a host thread in @task->mm.  @like:
 *		current, when it runs in that address space too: the new thread
 *		starts with a copy of its extended state; else NULL
 * @detach:	takes the host thread away
 * @run:	runs guest code until an event; called, and returns, with
 *		interrupts disabled: one that comes in meanwhile ends it
 * @kick:	called by the handler of a host signal while @run is in progress
 *		on this CPU: makes it return soon
 * @get_regs:	fetches all general registers
 * @get_xstate:	extended state, XSAVE standard format; returns its length
 * @set_xstate:	likewise; -EINVAL when the host refuses the image
 * @run_batch:	runs the first @n operations of the data page in the stub of
 *		@task, or, when @last, may put it off until @run, which then
 *		reports STUB_REFUSED.  -errno of the first that failed
 */
struct engine {
	const char *name;
	int (*start)(const char **why);
	int (*mm_init)(struct mm_struct *mm);
	void (*mm_exit)(struct mm_struct *mm);
	int (*attach)(struct task_struct *task, struct task_struct *like);
	void (*detach)(struct task_struct *task);
	void (*run)(struct task_struct *task, struct pt_regs *regs,
		    struct stub_event *ev);
	void (*kick)(void);
	void (*get_regs)(struct task_struct *task, struct pt_regs *regs);
	int (*get_xstate)(struct task_struct *task, void *buf, unsigned int len);
	int (*set_xstate)(struct task_struct *task, const void *buf,
			  unsigned int len);
	int (*get_debugreg)(struct task_struct *task, int n, unsigned long *val);
	int (*set_debugreg)(struct task_struct *task, int n, unsigned long val);
	int (*run_batch)(struct task_struct *task, struct mm_struct *mm,
			 unsigned int n, bool last);
};

extern const struct engine *engine;
extern const struct engine ptrace_engine;
extern const struct engine seccomp_engine;

/* The host thread that @run runs on this CPU at the moment, 0 none. */
DECLARE_PER_CPU(int, engine_running);

/* Bytes of the extended state image (XSAVE standard format, no AMX). */
extern unsigned int um_xstate_size;
/* XCR0-like mask of what it holds. */
extern u64 um_xstate_mask;
/* The state that exec starts with. */
extern void *um_xstate_init;

/* Chooses and starts the engine, before the kernel starts. */
int engine_start(void);

#endif /* _ASM_UM_ENGINE_H */
