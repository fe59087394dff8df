// SPDX-License-Identifier: GPL-2.0
/*
 * How much anonymous memory a fault brings.
 *
 * A page fault of guest code costs several system calls of the host, whatever
 * its size, and a mapping of the host takes as many pages as follow each other
 * in physical memory.  So the kernel's folios of several pages, which it has
 * off by default, are on here for up to 64 KiB.  thp_anon= on the command line
 * and /sys/kernel/mm/transparent_hugepage/hugepages-*kB/enabled decide as on
 * any machine.
 */
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>

static int __init anon_folios_default(void)
{
	unsigned long size;

	if (strstr(saved_command_line, "thp_anon="))
		return 0;
	for (size = SZ_16K; size <= SZ_64K; size *= 2)
		huge_anon_orders_always |= BIT(get_order(size));
	return 0;
}
subsys_initcall_sync(anon_folios_default);
