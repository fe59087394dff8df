// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping the vDSO and its data into a new program.
 */
#include <linux/binfmts.h>
#include <linux/elf.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/mman.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/time_namespace.h>
#include <vdso/datapage.h>
#include <asm/options.h>
#include <asm/processor.h>
#include <asm/vdso.h>
#include <um/host.h>

unsigned long um_host_clock __ro_after_init;
struct vdso_data *um_vdso_data __ro_after_init;

/* Why there is no host clock. */
static const char *no_clock __initdata;
static int no_clock_err __initdata;

static unsigned int vdso_nr_pages __ro_after_init;
static bool vdso_enabled __ro_after_init = true;

static int __init vdso_setup(char *arg)
{
	return kstrtobool(arg, &vdso_enabled) == 0;
}
__setup("vdso=", vdso_setup);

void __init um_vdso_start(void)
{
	um_u64 clock;

	no_clock_err = host_vdso_start(STUB_START, STUB_END, STUB_VDSO,
				       STUB_VDSO_ROOM, &clock, &no_clock);
	if (!no_clock_err)
		um_host_clock = clock;
}

void __init um_vdso_data_init(void)
{
	int i;

	um_vdso_data = memblock_alloc(PAGE_SIZE, PAGE_SIZE);
	if (!um_vdso_data)
		panic("no memory for the vDSO's data");
	for (i = 0; i < CS_BASES; i++) {
		um_vdso_data[i].arch_data.host_clock = um_host_clock;
		um_vdso_data[i].arch_data.cpu = IS_ENABLED(CONFIG_SMP) ? -1 : 0;
	}
}

/* ---- the data ------------------------------------------------------------- */

/*
 * A time namespace has a page of its own, which comes first and holds only what
 * is added to the real one, which then comes second.
 */
static vm_fault_t vvar_fault(const struct vm_special_mapping *sm,
			     struct vm_area_struct *vma, struct vm_fault *vmf)
{
	struct page *page = virt_to_page(um_vdso_data);
	struct page *timens = find_timens_vvar_page(vma);

	if (vmf->pgoff >= VVAR_PAGES)
		return VM_FAULT_SIGBUS;
	if (timens && vmf->pgoff == VVAR_DATA)
		page = timens;
	else if (!timens && vmf->pgoff == VVAR_TIMENS)
		return VM_FAULT_SIGBUS;
	return vmf_insert_pfn(vma, vmf->address, page_to_pfn(page));
}

static const struct vm_special_mapping vvar_mapping = {
	.name	= "[vvar]",
	.fault	= vvar_fault,
};

#ifdef CONFIG_TIME_NS
struct vdso_data *arch_get_vdso_data(void *vvar_page)
{
	return vvar_page;
}

/* What is mapped is the old namespace's; faults bring the new one's. */
int vdso_join_timens(struct task_struct *task, struct time_namespace *ns)
{
	struct mm_struct *mm = task->mm;
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, 0);

	mmap_read_lock(mm);
	for_each_vma(vmi, vma)
		if (vma_is_special_mapping(vma, &vvar_mapping))
			zap_vma_pages(vma);
	mmap_read_unlock(mm);
	return 0;
}
#endif

/* ---- the code ------------------------------------------------------------- */

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

	if (!vdso_enabled) {
		pr_info("vdso: none (vdso=0)\n");
		return 0;
	}
	if (um_host_clock)
		pr_info("vdso: reads the host's clock\n");
	else
		pr_info("vdso: asks the kernel for the time: %s: %s\n",
			no_clock, um_strerror(no_clock_err));

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
	unsigned long len = (VVAR_PAGES + vdso_nr_pages) * PAGE_SIZE;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long addr;
	int err = 0;

	if (!vdso_nr_pages)
		return 0;
	if (mmap_write_lock_killable(mm))
		return -EINTR;

	addr = get_unmapped_area(NULL, vdso_hint(mm->start_stack, len), len, 0, 0);
	if (IS_ERR_VALUE(addr)) {
		err = addr;
		goto out;
	}

	/* No memory of the program's: nothing but its own code is to read it. */
	vma = _install_special_mapping(mm, addr, VVAR_PAGES * PAGE_SIZE,
				       VM_READ | VM_MAYREAD | VM_IO |
				       VM_DONTDUMP | VM_PFNMAP, &vvar_mapping);
	if (IS_ERR(vma)) {
		err = PTR_ERR(vma);
		goto out;
	}
	addr += VVAR_PAGES * PAGE_SIZE;

	/* Writable for a debugger's breakpoints, which get a copy. */
	vma = _install_special_mapping(mm, addr, vdso_nr_pages * PAGE_SIZE,
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
