// SPDX-License-Identifier: GPL-2.0
/*
 * Physical memory: one zone, mapped linearly at PAGE_OFFSET from a host file.
 */
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/swap.h>
#include <linux/execmem.h>
#include <asm/page.h>
#include <asm/pgtable.h>
#include <asm/physmem.h>
#include <asm/sections.h>
#include <um/host.h>

pgd_t swapper_pg_dir[PTRS_PER_PGD] __aligned(PAGE_SIZE);

unsigned long empty_zero_page __ro_after_init;
EXPORT_SYMBOL(empty_zero_page);

void __init paging_init(void)
{
	unsigned long max_zone_pfn[MAX_NR_ZONES] = { };

	empty_zero_page = (unsigned long)memblock_alloc(PAGE_SIZE, PAGE_SIZE);
	if (!empty_zero_page)
		panic("no memory for the zero page");

	max_zone_pfn[ZONE_NORMAL] = max_low_pfn;
	free_area_init(max_zone_pfn);
}

void __init mem_init(void)
{
	high_memory = __va(physmem_size);
	memblock_free_all();
}

/*
 * The image is not part of physical memory: its boot sections cannot go to the
 * page allocator.  They stay mapped, as a debugger may have breakpoints there.
 */
void free_initmem(void)
{
}

void mark_rodata_ro(void)
{
	host_protect(__start_rodata, __end_rodata - __start_rodata,
		     HOST_PROT_READ);
}

static pgprot_t protection_map[16] __ro_after_init = {
	[VM_NONE]					= PAGE_NONE,
	[VM_READ]					= PAGE_READONLY,
	[VM_WRITE]					= PAGE_COPY,
	[VM_WRITE | VM_READ]				= PAGE_COPY,
	[VM_EXEC]					= PAGE_READEXEC,
	[VM_EXEC | VM_READ]				= PAGE_READEXEC,
	[VM_EXEC | VM_WRITE]				= PAGE_COPYEXEC,
	[VM_EXEC | VM_WRITE | VM_READ]			= PAGE_COPYEXEC,
	[VM_SHARED]					= PAGE_NONE,
	[VM_SHARED | VM_READ]				= PAGE_READONLY,
	[VM_SHARED | VM_WRITE]				= PAGE_SHARED,
	[VM_SHARED | VM_WRITE | VM_READ]		= PAGE_SHARED,
	[VM_SHARED | VM_EXEC]				= PAGE_READEXEC,
	[VM_SHARED | VM_EXEC | VM_READ]			= PAGE_READEXEC,
	[VM_SHARED | VM_EXEC | VM_WRITE]		= PAGE_SHAREDEXEC,
	[VM_SHARED | VM_EXEC | VM_WRITE | VM_READ]	= PAGE_SHAREDEXEC,
};
DECLARE_VM_GET_PAGE_PROT

#ifdef CONFIG_EXECMEM
static struct execmem_info execmem_info __ro_after_init;

struct execmem_info __init *execmem_arch_setup(void)
{
	execmem_info = (struct execmem_info) {
		.ranges = {
			[EXECMEM_DEFAULT] = {
				.start		= MODULES_VADDR,
				.end		= MODULES_END,
				.pgprot		= PAGE_KERNEL_EXEC,
				.alignment	= 1,
			},
		},
	};
	return &execmem_info;
}
#endif
