// SPDX-License-Identifier: GPL-2.0
/*
 * The page cache of a calm guest.
 *
 * What a guest has read of its disks the host has as well, in a page cache of
 * its own.  The second copy is worth its memory as long as it is used: it costs
 * no hand-over.  Where nothing happens it is not, and nothing else would ever
 * take it away, since the guest has memory enough.
 *
 * So when hardly anything was allocated for some seconds, the kernel's own
 * reclaim takes what it finds unused, a part at a time, from files and from what
 * the kernel remembers of them; anonymous memory and what is dirty stay.  What it
 * frees is given back by reporting.c.  Then there is peace until the guest has
 * been busy again.
 */
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/swap.h>
#include <linux/vmstat.h>
#include <linux/workqueue.h>
#include <asm/options.h>

#include "reporting.h"

/* Between looks; while a busy guest is waited for, an idle CPU is not woken. */
#define LOOK		(2 * HZ)
/* So many calm looks come first. */
#define CALM_LOOKS	2
/* Of the cache that there is, so much in one round... */
#define PART		2
/* ... in so many rounds at most. */
#define ROUNDS		8

static bool enabled __initdata = true;

static int __init trim_option(char *arg)
{
	return um_option_on_off("page_cache_trim", arg, &enabled);
}

UM_OPTION(page_cache_trim, "page_cache_trim=", trim_option,
	  "page_cache_trim=on|off",
	  "Whether a guest that is calm for some seconds drops what it keeps of files\n"
	  "and does not use (default: on; off with free_page_reporting=off).\n");

static void busy_look(struct work_struct *work);
static void calm_look(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(wait_busy, busy_look);
static DECLARE_DELAYED_WORK(wait_calm, calm_look);

/* Since the guest was busy: looks that found it calm, and rounds that were done. */
static struct {
	unsigned int	calm;
	unsigned int	rounds;
} state;

static void busy_look(struct work_struct *work)
{
	if (pages_allocated_lately() < WORTH_PAGES) {
		queue_delayed_work(system_freezable_wq, &wait_busy, LOOK);
		return;
	}
	memset(&state, 0, sizeof(state));
	queue_delayed_work(system_freezable_wq, &wait_calm, LOOK);
}

/* False when there is no more to be had. */
static bool trim(void)
{
	unsigned long cache = global_node_page_state(NR_ACTIVE_FILE) +
			      global_node_page_state(NR_INACTIVE_FILE);
	int files_only = 0;
	unsigned long got;

	if (cache < WORTH_PAGES)
		return false;
	got = try_to_free_mem_cgroup_pages(root_mem_cgroup, cache / PART,
					   GFP_KERNEL, MEMCG_RECLAIM_PROACTIVE,
					   &files_only);
	return got >= cache / PART / 8 && ++state.rounds < ROUNDS;
}

static void calm_look(struct work_struct *work)
{
	bool more = true;

	if (pages_allocated_lately() >= WORTH_PAGES)
		memset(&state, 0, sizeof(state));
	else if (++state.calm > CALM_LOOKS)
		more = trim();
	if (more)
		queue_delayed_work(system_freezable_wq, &wait_calm,
				   state.rounds ? LOOK / 2 : LOOK);
	else
		queue_delayed_work(system_freezable_wq, &wait_busy, LOOK);
}

static int __init trim_init(void)
{
	if (enabled && page_reporting_is_on())
		queue_delayed_work(system_freezable_wq, &wait_calm, LOOK);
	return 0;
}
late_initcall(trim_init);
