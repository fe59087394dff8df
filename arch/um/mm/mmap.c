// SPDX-License-Identifier: GPL-2.0
/*
 * Where a mapping goes that does not say where: as generic code chooses, but for
 * x86-64's own flags.  MAP_32BIT is for code whose pointers have 31 bits, and
 * MAP_ABOVE4G for what they are not to find.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/mm.h>
#include <linux/security.h>
#include <linux/sizes.h>

static unsigned long find_between(unsigned long low, unsigned long high,
				  unsigned long len, unsigned long flags)
{
	struct vm_unmapped_area_info info = {
		.flags = flags,
		.length = len,
		.low_limit = low,
		.high_limit = high,
	};

	return vm_unmapped_area(&info);
}

/* Is the place that is asked for below @high, and free? */
static bool is_free(unsigned long addr, unsigned long len, unsigned long high)
{
	struct vm_area_struct *vma, *prev;

	if (!addr || addr < mmap_min_addr || addr > high - len)
		return false;
	vma = find_vma_prev(current->mm, addr, &prev);
	return (!vma || addr + len <= vm_start_gap(vma)) &&
	       (!prev || addr >= vm_end_gap(prev));
}

/* 0: @flags say nothing. */
static unsigned long find_by_flags(unsigned long addr, unsigned long len,
				   unsigned long flags)
{
	unsigned long high = flags & MAP_32BIT ? SZ_2G : TASK_SIZE;

	if (likely(!(flags & (MAP_32BIT | MAP_ABOVE4G))) || flags & MAP_FIXED)
		return 0;
	if (len > high)
		return -ENOMEM;
	addr = PAGE_ALIGN(addr);
	if (is_free(addr, len, high))
		return addr;
	/* The second GiB: what is below is likely to be the program's. */
	if (flags & MAP_32BIT)
		return find_between(SZ_1G, high, len, 0);
	return find_between(SZ_4G, current->mm->mmap_base, len,
			    VM_UNMAPPED_AREA_TOPDOWN);
}

unsigned long arch_get_unmapped_area(struct file *filp, unsigned long addr,
				     unsigned long len, unsigned long pgoff,
				     unsigned long flags, vm_flags_t vm_flags)
{
	return find_by_flags(addr, len, flags) ?:
	       generic_get_unmapped_area(filp, addr, len, pgoff, flags, vm_flags);
}

unsigned long arch_get_unmapped_area_topdown(struct file *filp, unsigned long addr,
					     unsigned long len, unsigned long pgoff,
					     unsigned long flags, vm_flags_t vm_flags)
{
	return find_by_flags(addr, len, flags) ?:
	       generic_get_unmapped_area_topdown(filp, addr, len, pgoff, flags, vm_flags);
}
