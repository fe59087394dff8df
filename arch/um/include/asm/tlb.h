/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_TLB_H
#define _ASM_UM_TLB_H

#include <asm/tlbflush.h>

struct mmu_gather;

/* See asm/tlbflush.h. */
#define tlb_flush tlb_flush
static inline void tlb_flush(struct mmu_gather *tlb)
{
}

#include <asm-generic/tlb.h>

struct task_struct;
struct mm_struct;

/*
 * Brings the stub up to date; to be called with interrupts disabled before
 * guest code runs.  @put_off: the engine may do it as late as that.  -errno: the
 * host refuses, and the stub must not run.
 */
int stub_tlb_sync(struct task_struct *task, struct mm_struct *mm, bool put_off);

/*
 * The host refused (@why, -errno) what the sync had put off: drops all of the
 * stub's mappings, but those of the last faults.  -errno: the host refuses that, too.
 * With interrupts disabled.
 */
int stub_tlb_drop(struct task_struct *task, struct mm_struct *mm, int why);

static inline bool stub_tlb_is_stale(struct mm_struct *mm)
{
	struct stub_mm *stub = &mm->context.stub;

	return stub->stale.nr || stub->readonly.nr || stub->fill.end;
}

/* The address space is new: the sync maps some of what the tables have by then. */
static inline void stub_tlb_fill_all(struct mm_struct *mm)
{
	mm->context.stub.fill = (struct stub_range) { 0, TASK_SIZE };
}

/*
 * The guest faulted at @addr and the fault is resolved: the sync maps it, and
 * what the page tables have in @around.
 */
static inline void stub_tlb_fill(struct mm_struct *mm, unsigned long addr,
				 const struct stub_range *around)
{
	struct stub_mm *stub = &mm->context.stub;

	stub->fault = addr | 1;
	stub->fill = *around;
	stub->faults[stub->nr_faults++ % STUB_NR_FAULTS] = addr & PAGE_MASK;
}

/* What the page tables have in @r is soon used: the next sync maps it. */
void stub_tlb_ahead(struct mm_struct *mm, const struct stub_range *r);

#endif /* _ASM_UM_TLB_H */
