// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a guest address space, as far as the host is concerned.
 */
#include <linux/mm.h>
#include <asm/engine.h>
#include <asm/mmu_context.h>
#include <asm/tlb.h>

int init_new_context(struct task_struct *task, struct mm_struct *mm)
{
	mm->context = (mm_context_t) { };
	spin_lock_init(&mm->context.stub.lock);
	stub_tlb_fill_all(mm);
	return engine->mm_init(mm);
}

void destroy_context(struct mm_struct *mm)
{
	if (mm->context.stub.data)
		engine->mm_exit(mm);
	mm->context.stub.data = NULL;
}
