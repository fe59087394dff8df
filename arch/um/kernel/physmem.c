// SPDX-License-Identifier: GPL-2.0
/*
 * Physical memory: a sparse file of the host, mapped at PAGE_OFFSET.  What the
 * guest has not used yet takes no memory of the host.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mm_types.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <asm/options.h>
#include <asm/physmem.h>
#include <um/host.h>

#define MEM_MIN		SZ_32M

unsigned long physmem_size __ro_after_init =
	(unsigned long)CONFIG_UM_MEM_DEFAULT * SZ_1M;
int physmem_fd __ro_after_init = -1;

static int __init mem_option(char *arg)
{
	unsigned long long size, max;
	char *end;

	size = memparse(arg, &end);
	if (end == arg || *end || *arg == '-')
		return um_option_error("mem=%s: not a size; write e.g. mem=512M", arg);
	size &= PAGE_MASK;
	if (size < MEM_MIN)
		return um_option_error("mem=%s: too small, at least 32M are needed", arg);
	/* What describes the pages is used from the start. */
	max = host_mem_total() / 4 * (PAGE_SIZE / sizeof(struct page));
	max = min_t(unsigned long long, max, PHYSMEM_MAX);
	if (size > max)
		return um_option_error("mem=%s: too large, this host can carry %lluM",
				       arg, max >> 20);
	physmem_size = size;
	return 0;
}

UM_OPTION(mem, "mem=", mem_option, "mem=SIZE",
	  "Physical memory, with a suffix K, M or G; " __stringify(CONFIG_UM_MEM_DEFAULT) "M if not given.  Memory\n"
	  "is taken from the host when it is first used.\n");

int __init physmem_create(void)
{
	int err;

	physmem_fd = host_mem_create("um-physmem", physmem_size);
	if (physmem_fd < 0) {
		um_option_error("mem=%luM: the host gives no memory file: %s",
				physmem_size >> 20, um_strerror(physmem_fd));
		return physmem_fd;
	}
	err = host_map((void *)PAGE_OFFSET, physmem_size,
		       HOST_PROT_READ | HOST_PROT_WRITE, physmem_fd, 0);
	if (err < 0)
		um_option_error("mem=%luM: the host does not map it: %s",
				physmem_size >> 20, um_strerror(err));
	return err;
}
