// SPDX-License-Identifier: GPL-2.0
/*
 * setup_arch() and what else the boot asks of an architecture.
 */
#include <linux/auxvec.h>
#include <linux/cpu.h>
#include <linux/fs.h>
#include <uapi/linux/mount.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/initrd.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/panic.h>
#include <linux/random.h>
#include <linux/root_dev.h>
#include <linux/seq_file.h>
#include <linux/utsname.h>
#include <asm/cacheflush.h>
#include <asm/pgtable.h>
#include <asm/physmem.h>
#include <asm/sections.h>
#include <asm/setup.h>
#include <asm/vdso.h>
#include <asm/x86.h>
#include <um/host.h>

unsigned long um_hwcap __ro_after_init, um_hwcap2 __ro_after_init;

static struct resource ram = {
	.name	= "System RAM",
	.flags	= IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
};

static void __init seed_random(void)
{
	u8 seed[64];

	if (host_getrandom(seed, sizeof(seed)) == sizeof(seed))
		add_bootloader_randomness(seed, sizeof(seed));
	memzero_explicit(seed, sizeof(seed));
}

void __init setup_arch(char **cmdline_p)
{
	um_early_console();
	setup_initial_init_mm(_stext, _etext, _edata, _end);

	/* The first page stays unused: page 0 is nobody's. */
	memblock_add(0, physmem_size);
	memblock_reserve(0, PAGE_SIZE);
	min_low_pfn = 0;
	max_low_pfn = max_pfn = PFN_DOWN(physmem_size);
	max_mapnr = max_pfn;

	um_hwcap = host_auxval(AT_HWCAP);
	um_hwcap2 = host_auxval(AT_HWCAP2);

	ram.end = physmem_size - 1;
	insert_resource(&iomem_resource, &ram);

	*cmdline_p = boot_command_line;
	parse_early_param();

	um_initrd_load();
	x86_xstate_init();
	um_vdso_data_init();
	um_kmap_init();
	paging_init();

	/* A panic ends the program, unless panic= says to wait and reboot. */
	set_arch_panic_timeout(-1, 0);
	root_mountflags &= ~MS_RDONLY;
	seed_random();
}
