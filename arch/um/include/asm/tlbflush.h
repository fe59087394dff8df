/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_TLBFLUSH_H
#define _ASM_UM_TLBFLUSH_H

#include <linux/mm_types.h>

/*
 * A guest's TLB is the set of mappings of its stub.  Every change of an entry
 * that the stub maps is noted when it is made (see asm/pgtable.h), and the stub
 * is brought up to date before it runs again, so that there is nothing left to
 * do here as long as no other CPU can be running the stub meanwhile.
 */
#ifdef CONFIG_SMP
#error "flush_tlb_*() must stop other CPUs that run the address space"
#endif

static inline void flush_tlb_mm(struct mm_struct *mm)
{
}

static inline void flush_tlb_range(struct vm_area_struct *vma,
				   unsigned long start, unsigned long end)
{
}

static inline void flush_tlb_page(struct vm_area_struct *vma,
				  unsigned long addr)
{
}

/* The kernel's own mappings, in this process (mm/kmap.c). */
void flush_tlb_kernel_range(unsigned long start, unsigned long end);

static inline void flush_tlb_all(void)
{
}

#endif /* _ASM_UM_TLBFLUSH_H */
