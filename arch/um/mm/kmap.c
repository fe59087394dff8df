// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own mappings beside the linear one: vmalloc and modules.
 *
 * Generic code keeps them in init_mm's page tables; the host is told when a
 * range was filled (flush_cache_vmap) and when it was emptied
 * (flush_tlb_kernel_range).
 *
 * Neither can fail, but the host maps no more than so many runs of pages for a
 * process.  So vmalloc has no more pages than that: it is generic code that finds no
 * room, which guests bring about as they like, and lives with it.
 */
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <asm/cacheflush.h>
#include <asm/pgtable.h>
#include <asm/physmem.h>
#include <asm/tlbflush.h>
#include <um/host.h>

/* What the host's administrator has not changed (vm.max_map_count). */
#define MAPPINGS_USUAL	65530
/* Of these, one in so many is for all else that the kernel's process maps. */
#define MAPPINGS_OTHER	16

unsigned long um_vmalloc_end __ro_after_init = VMALLOC_START + VMALLOC_MAX;
EXPORT_SYMBOL(um_vmalloc_end);

void __init um_kmap_init(void)
{
	unsigned long n = host_max_mappings() ?: MAPPINGS_USUAL;

	n -= n / MAPPINGS_OTHER;
	if (n < VMALLOC_MAX / PAGE_SIZE)
		um_vmalloc_end = VMALLOC_START + n * PAGE_SIZE;
}

static pte_t *kernel_pte(unsigned long addr, unsigned long *next,
			 unsigned long end)
{
	pgd_t *pgd = pgd_offset_k(addr);
	p4d_t *p4d = p4d_offset(pgd, addr);
	pud_t *pud;
	pmd_t *pmd;

	*next = pgd_addr_end(addr, end);
	if (p4d_none(*p4d))
		return NULL;
	*next = pud_addr_end(addr, end);
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud))
		return NULL;
	*next = pmd_addr_end(addr, end);
	pmd = pmd_offset(pud, addr);
	if (pmd_none(*pmd))
		return NULL;
	*next = addr + PAGE_SIZE;
	return (pte_t *)pmd_page_vaddr(*pmd) + pte_index(addr);
}

static void map_run(unsigned long start, unsigned long end, unsigned long pa)
{
	int err;

	if (start == end)
		return;
	err = host_map((void *)start, end - start,
		       HOST_PROT_READ | HOST_PROT_WRITE | HOST_PROT_EXEC,
		       physmem_fd, pa);
	if (err)
		panic("the host refuses to map kernel memory at %#lx: %pe",
		      start, ERR_PTR(err));
}

void um_map_kernel(unsigned long start, unsigned long end)
{
	unsigned long addr, next, pa, run = start, run_pa = 0;
	unsigned long run_end = start;

	for (addr = start; addr < end; addr = next) {
		pte_t *pte = kernel_pte(addr, &next, end);

		if (!pte || !pte_present(*pte))
			continue;
		pa = pte_val(*pte) & _PFN_MASK;
		if (run_end != addr || run_pa + (addr - run) != pa) {
			map_run(run, run_end, run_pa);
			run = addr;
			run_pa = pa;
		}
		run_end = addr + PAGE_SIZE;
	}
	map_run(run, run_end, run_pa);
}
EXPORT_SYMBOL(um_map_kernel);

static void unmap_holes(unsigned long start, unsigned long end)
{
	unsigned long addr, next, hole = start, hole_end = start;

	/* What generic code left mapped in between stays mapped. */
	for (addr = start; addr < end; addr = next) {
		pte_t *pte = kernel_pte(addr, &next, end);

		if (pte && pte_present(*pte))
			continue;
		if (hole_end != addr) {
			if (hole_end > hole)
				host_unmap((void *)hole, hole_end - hole);
			hole = addr;
		}
		hole_end = next;
	}
	if (hole_end > hole)
		host_unmap((void *)hole, hole_end - hole);
}

/*
 * The range may be wide: when executable memory is freed it spans the linear
 * mapping too, which stays as it is.
 */
void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	if (start < MODULES_END && end > MODULES_VADDR)
		unmap_holes(max(start, MODULES_VADDR), min(end, MODULES_END));
	if (start < VMALLOC_END && end > VMALLOC_START)
		unmap_holes(max(start, VMALLOC_START), min(end, VMALLOC_END));
}
