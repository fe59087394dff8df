// SPDX-License-Identifier: GPL-2.0
/*
 * What the stub must be told of changes to the page tables.
 */
#include <linux/mm.h>
#include <asm/pgtable.h>

/*
 * Adds a range to the set.  Neighbours are joined; when the set is full the
 * range joins the one that grows least by it.
 */
static void ranges_add(struct stub_ranges *set, unsigned long start,
		       unsigned long end)
{
	unsigned long growth, least = ULONG_MAX;
	struct stub_range *r, *best = NULL;
	int i;

	/* The last one first: most changes walk upwards. */
	for (i = set->nr - 1; i >= 0; i--) {
		r = &set->range[i];
		if (start <= r->end && end >= r->start) {
			r->start = min(r->start, start);
			r->end = max(r->end, end);
			return;
		}
		growth = start > r->end ? end - r->end : r->start - start;
		if (growth < least) {
			least = growth;
			best = r;
		}
	}
	if (set->nr < STUB_NR_RANGES) {
		set->range[set->nr++] = (struct stub_range) { start, end };
		return;
	}
	best->start = min(best->start, start);
	best->end = max(best->end, end);
}

static void mark(struct mm_struct *mm, struct stub_ranges *set,
		 unsigned long start, unsigned long end)
{
	unsigned long flags;

	spin_lock_irqsave(&mm->context.stub.lock, flags);
	ranges_add(set, start, end);
	spin_unlock_irqrestore(&mm->context.stub.lock, flags);
}

void stub_mark_stale(struct mm_struct *mm, unsigned long start,
		     unsigned long end)
{
	mark(mm, &mm->context.stub.stale, start, end);
}

void stub_mark_readonly(struct mm_struct *mm, unsigned long start,
			unsigned long end)
{
	mark(mm, &mm->context.stub.readonly, start, end);
}
