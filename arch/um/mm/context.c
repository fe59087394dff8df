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
	struct stub_mm *stub = &mm->context.stub;
	int err;

	mm->context = (mm_context_t) { };
	spin_lock_init(&stub->lock);
	stub_tlb_fill_all(mm);

	stub->data = alloc_page(GFP_KERNEL_ACCOUNT);
	if (!stub->data)
		return -ENOMEM;

	err = engine->mm_init(mm);
	if (err) {
		__free_page(stub->data);
		stub->data = NULL;
	}
	return err;
}

void destroy_context(struct mm_struct *mm)
{
	struct stub_mm *stub = &mm->context.stub;

	if (!stub->data)
		return;
	engine->mm_exit(mm);
	__free_page(stub->data);
	stub->data = NULL;
}
