// SPDX-License-Identifier: GPL-2.0
/*
 * The balloon: pages that are allocated and never used, whose memory the host has.
 *
 * To make the guest smaller they are taken from the page allocator, which writes
 * out and drops what it must for that, and become holes in the physical memory
 * file.  To make it larger again they are freed; the first access fills a hole.
 */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <asm/physmem.h>

#include <um/balloon.h>
#include <um/host.h>

/*
 * Blocks are as large as they can be had.  No reserves, no killing for it, and no
 * long search: who is in need says so.
 */
#define BALLOON_ORDER	9
#define BALLOON_GFP	(GFP_HIGHUSER | __GFP_NOWARN | __GFP_NORETRY | __GFP_NOMEMALLOC)

static LIST_HEAD(balloon);
static unsigned long balloon_size;
/* One change at a time. */
static DEFINE_MUTEX(balloon_mutex);

unsigned long balloon_pages(void)
{
	return READ_ONCE(balloon_size);
}

/* A block of at most @max pages; NULL: there is none. */
static struct page *balloon_alloc(unsigned long max, unsigned int *order)
{
	struct page *page;

	*order = min_t(unsigned int, *order, ilog2(max));
	for (;;) {
		page = alloc_pages(BALLOON_GFP, *order);
		if (page || !*order)
			return page;
		/* Smaller ones from now on: what there is lies in pieces. */
		--*order;
	}
}

static void balloon_put(struct page *page, unsigned int order)
{
	set_page_private(page, order);
	list_add(&page->lru, &balloon);
	adjust_managed_page_count(page, -(1L << order));
	WRITE_ONCE(balloon_size, balloon_size + (1UL << order));
	/* If the host keeps it, it is lost to the guest all the same. */
	host_punch(physmem_fd, page_to_phys(page), PAGE_SIZE << order);
}

static void balloon_take(void)
{
	struct page *page = list_first_entry(&balloon, struct page, lru);
	unsigned int order = page_private(page);

	list_del(&page->lru);
	set_page_private(page, 0);
	WRITE_ONCE(balloon_size, balloon_size - (1UL << order));
	adjust_managed_page_count(page, 1L << order);
	__free_pages(page, order);
}

static int balloon_inflate(unsigned long pages)
{
	unsigned int order = BALLOON_ORDER;

	while (balloon_size < pages) {
		struct page *page = balloon_alloc(pages - balloon_size, &order);

		if (!page)
			return -ENOMEM;
		balloon_put(page, order);
		cond_resched();
	}
	return 0;
}

static void balloon_deflate(unsigned long pages)
{
	while (balloon_size > pages) {
		balloon_take();
		cond_resched();
	}
	/* The last block was too much by some; without them it is well, too. */
	balloon_inflate(pages);
}

int balloon_resize(u64 size)
{
	unsigned long all = PFN_DOWN(physmem_size), before, pages;
	int err = 0;

	if (PFN_UP(size) > all)
		return -EINVAL;
	pages = all - PFN_UP(size);
	mutex_lock(&balloon_mutex);
	before = balloon_size;
	if (pages > before)
		err = balloon_inflate(pages);
	if (err || pages < before)
		balloon_deflate(err ? before : pages);
	mutex_unlock(&balloon_mutex);
	return err;
}
