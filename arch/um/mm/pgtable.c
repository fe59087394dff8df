// SPDX-License-Identifier: GPL-2.0
/*
 * The page tables, and what the stub must be told of changes to them.
 */
#include <linux/mm.h>
#include <asm/pgtable.h>
#include <asm/tlb.h>

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

void stub_tlb_ahead(struct mm_struct *mm, const struct stub_range *r)
{
	mark(mm, &mm->context.stub.ahead, r->start, r->end);
}

unsigned long *user_entry(struct mm_struct *mm, unsigned long addr)
{
	p4d_t *p4d = p4d_offset(pgd_offset(mm, addr), addr);
	pud_t *pud;
	pmd_t *pmd;

	if (unlikely(p4d_none(*p4d)))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (unlikely(pud_none(*pud)))
		return NULL;
	pmd = pmd_offset(pud, addr);
	if (unlikely(pmd_none(*pmd)))
		return NULL;
	if (pmd_leaf(*pmd))
		return (unsigned long *)pmd;
	return (unsigned long *)pmd_page_vaddr(*pmd) + pte_index(addr);
}

#ifdef CONFIG_TRANSPARENT_HUGEPAGE

/*
 * The table may come back, when its pages do not become a huge one after all.
 * The stub maps none of them any more then.
 */
pmd_t pmdp_collapse_flush(struct vm_area_struct *vma, unsigned long addr,
			  pmd_t *pmdp)
{
	pmd_t table = pmdp_huge_get_and_clear(vma->vm_mm, addr, pmdp);
	pte_t *pte = (pte_t *)pmd_page_vaddr(table);
	int i;

	for (i = 0; i < PTRS_PER_PTE; i++)
		if (pte_present(pte[i]))
			set_pte(&pte[i], __pte(pte_val(pte[i]) & ~_PAGE_HOST_BITS));
	return table;
}

#endif
