// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping the vDSO into a new program.
 */
#include <linux/binfmts.h>
#include <linux/elf.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/mman.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <asm/processor.h>
#include <asm/vdso.h>

static unsigned int vdso_nr_pages __ro_after_init;
static bool vdso_enabled __ro_after_init = true;

static int __init vdso_setup(char *arg)
{
	return kstrtobool(arg, &vdso_enabled) == 0;
}
__setup("vdso=", vdso_setup);

static int vdso_mremap(const struct vm_special_mapping *sm,
		       struct vm_area_struct *new_vma)
{
	current->mm->context.vdso = (void __user *)new_vma->vm_start;
	return 0;
}

static struct vm_special_mapping vdso_mapping __ro_after_init = {
	.name	= "[vdso]",
	.mremap	= vdso_mremap,
};

/*
 * The kernel's image is no part of physical memory, which is all that a guest
 * can have mapped: the vDSO is copied there.
 */
static int __init vdso_init(void)
{
	unsigned long left = vdso_image_end - vdso_image_start;
	unsigned int i, n = DIV_ROUND_UP(left, PAGE_SIZE);
	const char *from = vdso_image_start;
	struct page **pages;

	if (!vdso_enabled)
		return 0;

	/* NULL ends the list. */
	pages = kcalloc(n + 1, sizeof(*pages), GFP_KERNEL | __GFP_NOFAIL);
	for (i = 0; i < n; i++) {
		unsigned long len = min(left, PAGE_SIZE);

		pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO | __GFP_NOFAIL);
		memcpy(page_address(pages[i]), from, len);
		from += len;
		left -= len;
	}
	vdso_mapping.pages = pages;
	vdso_nr_pages = n;
	return 0;
}
arch_initcall(vdso_init);

/*
 * Somewhere in what the stack leaves of its last 2 MiB, so that both share a
 * page of page table entries.
 */
static unsigned long vdso_hint(unsigned long stack_top, unsigned long len)
{
	unsigned long start = PAGE_ALIGN(stack_top);
	unsigned long end = min(ALIGN(start + 1, PMD_SIZE), TASK_SIZE) - len;

	if (start > TASK_SIZE - len)
		return 0;
	if (end <= start || !(current->flags & PF_RANDOMIZE))
		return start;
	return start + ((unsigned long)
		get_random_u32_below((end - start) / PAGE_SIZE + 1) << PAGE_SHIFT);
}

int arch_setup_additional_pages(struct linux_binprm *bprm, int uses_interp)
{
	unsigned long len = vdso_nr_pages * PAGE_SIZE;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long addr;
	int err = 0;

	if (!len)
		return 0;
	if (mmap_write_lock_killable(mm))
		return -EINTR;

	addr = get_unmapped_area(NULL, vdso_hint(mm->start_stack, len), len, 0, 0);
	if (IS_ERR_VALUE(addr)) {
		err = addr;
		goto out;
	}

	/* Writable for a debugger's breakpoints, which get a copy. */
	vma = _install_special_mapping(mm, addr, len,
				       VM_READ | VM_EXEC | VM_MAYREAD |
				       VM_MAYWRITE | VM_MAYEXEC, &vdso_mapping);
	if (IS_ERR(vma)) {
		err = PTR_ERR(vma);
		goto out;
	}
	mm->context.vdso = (void __user *)addr;
out:
	mmap_write_unlock(mm);
	return err;
}
