/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_PROCESSOR_H
#define _ASM_UM_PROCESSOR_H

#ifndef __ASSEMBLY__

#include <linux/cache.h>
#include <linux/types.h>
#include <asm/page.h>
#include <asm/percpu.h>
#include <asm/ptrace.h>
#include <asm/layout.h>
#include <asm/stub_thread.h>
/* cpu_relax() */
#include <asm/vdso/processor.h>

struct page_run;
struct task_struct;

/**
 * struct fault_record - the last fault of guest code that was resolved
 * @ip:		of the instruction
 * @addr:	what it was about
 * @switches:	how often the task had been switched out by then
 * @times:	how often it came, one behind the other, with nothing in between
 * @drops:	how often all of the stub's mappings were dropped for that
 */
struct fault_record {
	unsigned long		ip;
	unsigned long		addr;
	unsigned long		switches;
	unsigned int		times;
	unsigned int		drops;
};

/**
 * struct thread_struct - what the architecture keeps of a task
 * @sp:		kernel stack pointer while the task is switched out
 * @stub:	host thread that runs the task's guest code, kept in @host; NULL
 *		for kernel threads, and until the task first runs in its address
 *		space
 * @regs:	the guest's registers, see struct pt_regs
 * @trap_nr:	x86 exception of the last fault, for signal frames
 * @error_code:	its error code (PF_*)
 * @cr2:	its address
 * @fault:	see mm/fault.c
 * @debugreg:	hardware breakpoints that the guest's tracer has set
 * @ahead:	pages that are being faulted in before they are used, see
 *		mm/fault_around.c
 * @debug_set:	bit n: @debugreg[n] is to be loaded before the guest runs
 */
struct thread_struct {
	unsigned long		sp;
	struct stub_thread	*stub;
	struct stub_thread	host;
	struct pt_regs		regs;
	unsigned long		trap_nr;
	unsigned long		error_code;
	unsigned long		cr2;
	struct fault_record	fault;
	unsigned long		debugreg[8];
	struct page_run		*ahead;
	unsigned int		debug_set;
};

#define INIT_THREAD {				\
	.regs = { .state = REGS_FULL },		\
}

#define task_pt_regs(task)	(&(task)->thread.regs)
#define current_pt_regs()	task_pt_regs(current)

#define KSTK_EIP(task)		(task_pt_regs(task)->ip)
#define KSTK_ESP(task)		(task_pt_regs(task)->sp)

/* No part of thread_struct is copied to or from the guest as it is. */
static inline void arch_thread_struct_whitelist(unsigned long *offset,
						unsigned long *size)
{
	*offset = 0;
	*size = 0;
}

void start_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp);
unsigned long __get_wchan(struct task_struct *p);

struct seq_operations;
extern const struct seq_operations cpuinfo_op;

#define ARCH_HAS_PREFETCH
#define ARCH_HAS_PREFETCHW

static inline void prefetch(const void *p)
{
	__builtin_prefetch(p, 0, 3);
}

static inline void prefetchw(const void *p)
{
	__builtin_prefetch(p, 1, 3);
}

#endif /* __ASSEMBLY__ */
#endif /* _ASM_UM_PROCESSOR_H */
