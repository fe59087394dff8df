// SPDX-License-Identifier: GPL-2.0
/*
 * Memory given back: what is free and not about to be used again becomes a hole
 * in the physical memory file, and the host has the pages.
 *
 * Generic code (mm/page_reporting.c) takes free blocks off the page
 * allocator, some in each of its rounds, has them reported here, and remembers
 * which ones were.  A round comes two seconds after something was freed.
 *
 * A hole reads as zeros, and the first access fills it.  The host unmaps it in
 * all processes; a stub that still maps such a page as a stale entry does not
 * run before that entry is gone (tlb.c), so that nobody but the next owner of
 * the page can make the host allocate it again.
 *
 * A page that comes back costs more than one that stayed.  So as much stays as
 * the guest allocated lately: one that is busy keeps what it works with, one
 * that has become calm gives all back.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page_reporting.h>
#include <linux/printk.h>
#include <linux/proc_fs.h>
#include <linux/scatterlist.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmstat.h>
#include <linux/workqueue.h>
#include <asm/options.h>
#include <asm/page.h>
#include <asm/physmem.h>
#include <um/balloon.h>
#include <um/host.h>

#include "reporting.h"

/* Less than this is not worth a round of giving back. */
#define WORTH_RETURNING	(SZ_1M / PAGE_SIZE)
/* For how long what was allocated counts, and when to look again. */
#define LATELY		(2 * HZ)
/* Between rounds while there is more. */
#define NEXT_ROUND	(HZ / 2)

static bool enabled __initdata = true;
static bool running __initdata;
static unsigned long returned;	/* pages, since the start */

static int __init reporting_option(char *arg)
{
	return um_option_on_off("free_page_reporting", arg, &enabled);
}

UM_OPTION(free_page_reporting, "free_page_reporting=", reporting_option,
	  "free_page_reporting=on|off",
	  "Whether memory that the guest no longer uses goes back to the host\n"
	  "(default: on).\n");

/* Pages that guest memory takes of the host; 0 where it does not tell. */
static unsigned long host_pages(void)
{
	struct host_stat st;

	return host_fstat(physmem_fd, &st) < 0 ? 0 : st.blocks >> (PAGE_SHIFT - 9);
}

/* Works that ask at once may spoil it, until the next look. */
unsigned long pages_allocated_lately(void)
{
	static unsigned long since, before, lately;
	unsigned long events[NR_VM_EVENT_ITEMS] = { };
	unsigned long now;

	all_vm_events(events);
	now = events[PGALLOC_NORMAL] + events[PGALLOC_MOVABLE];
	if (time_after_eq(jiffies, since + LATELY)) {
		lately = now - before;
		before = now;
		since = jiffies;
	}
	return max(lately, now - before);
}

static int report(struct page_reporting_dev_info *dev, struct scatterlist *sgl,
		  unsigned int nents)
{
	unsigned long taken = host_pages(), left;
	unsigned long used, blocks = 0, idle;
	struct scatterlist *sg;
	unsigned int i;
	int err;

	/* The blocks themselves are not counted as free at the moment. */
	for_each_sg(sgl, sg, nents, i)
		blocks += sg->length >> PAGE_SHIFT;
	used = PFN_DOWN(physmem_size) - balloon_pages() -
		(global_zone_page_state(NR_FREE_PAGES) + blocks);
	idle = taken > used ? taken - used : 0;
	if (idle < WORTH_RETURNING)
		return -EAGAIN;
	if (idle <= pages_allocated_lately()) {
		queue_delayed_work(system_freezable_wq, &dev->work, LATELY);
		return -EAGAIN;
	}

	for_each_sg(sgl, sg, nents, i) {
		err = host_punch(physmem_fd, page_to_phys(sg_page(sg)),
				 sg->length);
		if (err < 0) {
			pr_warn_once("free memory is not given back to the host: %pe\n",
				     ERR_PTR(err));
			return err;
		}
	}
	left = host_pages();
	returned += taken > left ? taken - left : 0;
	/* Generic code would go on at a pace for hosts that must be asked. */
	queue_delayed_work(system_freezable_wq, &dev->work, NEXT_ROUND);
	return 0;
}

/* Free pages that a CPU keeps for itself, up to an eighth of all there are. */
static unsigned long kept_by_cpus(void)
{
	unsigned long kept = 0;
	struct zone *zone;
	int cpu;

	for_each_populated_zone(zone)
		for_each_online_cpu(cpu)
			kept += READ_ONCE(per_cpu_ptr(zone->per_cpu_pageset,
						      cpu)->count);
	return kept;
}

static void watch_cpus(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(watch, watch_cpus);

/*
 * With one CPU nothing else makes it give them up.  What it gives goes to the
 * free blocks, and so to report().  An idle CPU is not woken for this.
 */
static void watch_cpus(struct work_struct *work)
{
	unsigned long lately = pages_allocated_lately(), kept = kept_by_cpus();

	if (kept > max(lately, WORTH_RETURNING))
		drain_all_pages(NULL);
	queue_delayed_work(system_freezable_wq, &watch, LATELY);
}

static struct page_reporting_dev_info reporting = {
	.report	= report,
};

static int __init reporting_init(void)
{
	int err;

	if (!enabled)
		return 0;
	/* What poison was written into free pages is looked for later. */
	if (page_poisoning_enabled_static()) {
		pr_info("free memory is not given back to the host: page poisoning is on\n");
		return 0;
	}
	/* The first page is nobody's. */
	err = host_punch(physmem_fd, 0, PAGE_SIZE);
	if (err < 0) {
		pr_info("free memory is not given back to the host: the file of guest memory takes no holes: %pe\n",
			ERR_PTR(err));
		return 0;
	}
	/*
	 * What a calm guest has free is in small pieces for a good part: single
	 * pages go as well, for which reporting.order has no value.
	 */
	if (page_reporting_order > MAX_PAGE_ORDER)
		page_reporting_order = 0;
	err = page_reporting_register(&reporting);
	running = !err;
	if (!err)
		queue_delayed_work(system_freezable_wq, &watch, LATELY);
	return err;
}
device_initcall(reporting_init);

bool __init page_reporting_is_on(void)
{
	return running;
}

/* More lines of /proc/meminfo. */
void arch_report_meminfo(struct seq_file *m)
{
	seq_printf(m, "HostMemory:     %8lu kB\n",
		   host_pages() << (PAGE_SHIFT - 10));
	seq_printf(m, "HostReturned:   %8lu kB\n",
		   READ_ONCE(returned) << (PAGE_SHIFT - 10));
}
