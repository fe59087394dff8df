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
 * guest code runs.  -errno: the host refuses, and the stub must not run.
 */
int stub_tlb_sync(struct task_struct *task, struct mm_struct *mm);

static inline bool stub_tlb_is_stale(struct mm_struct *mm)
{
	struct stub_mm *stub = &mm->context.stub;

	return stub->stale.nr || stub->readonly.nr || stub->fill;
}

/* The guest faulted at @addr and the fault is resolved: map it at the sync. */
static inline void stub_tlb_fill(struct mm_struct *mm, unsigned long addr)
{
	mm->context.stub.fill = addr | 1;
}

#endif /* _ASM_UM_TLB_H */
