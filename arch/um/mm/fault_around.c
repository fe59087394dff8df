// SPDX-License-Identifier: GPL-2.0
/*
 * What a page fault brings along.
 *
 * A fault of guest code costs as much as a hundred system calls of the host,
 * nearly all of it for the way there and back.  So it takes what is likely to be
 * wanted next, as far as that is in memory or can be had at once:
 *
 *   a file's page		all pages around it that are in memory
 *   anonymous memory		as many pages as were used right before it, so
 *				that memory in use at most doubles; the kernel's
 *				folios come on top (folios.c)
 *   a private copy of a page	likewise; around it, in areas of the size that a
 *				program's data has, which is written throughout
 *				when it starts; a small area as a whole
 *
 * Pages that follow each other in physical memory are one mapping of the host.  So
 * before many single pages are asked for, the allocator gets some that do.
 */
#include <linux/align.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/swap.h>
#include <linux/userfaultfd_k.h>
#include <linux/vmstat.h>
#include <asm/fault.h>
#include <asm/pgtable.h>
#include <asm/tlb.h>

#define FILE_AROUND	SZ_1M
#define COPY_WHOLE	SZ_64K
#define COPY_AROUND	SZ_128K
#define DATA_MAX	SZ_4M
#define FILL_AROUND	SZ_64K
#define AHEAD_PAGES	64
/* The page cache's readahead asks for that many one by one, or for its own number. */
#define READ_PAGES	VM_READAHEAD_PAGES

/* Memory that is there at once, or none. */
#define GFP_NO_EFFORT	((GFP_HIGHUSER_MOVABLE & ~__GFP_RECLAIM) | __GFP_NOWARN |	\
			 __GFP_NOMEMALLOC)

/**
 * struct page_run - physically consecutive pages: one mapping of the host
 *
 * @next:	the first that is not in use
 * @nr:		how many there are from it on
 * @wanted:	how many will be asked for
 */
struct page_run {
	struct page	*next;
	unsigned int	nr;
	unsigned int	wanted;
};

static struct stub_range around(const struct vm_area_struct *vma,
				unsigned long addr, unsigned long size)
{
	return (struct stub_range) {
		max(vma->vm_start, ALIGN_DOWN(addr, size)),
		min(vma->vm_end, ALIGN_DOWN(addr, size) + size),
	};
}

/* NULL: there is no table of normal pages. */
static pmd_t *find_pmd(struct mm_struct *mm, unsigned long addr)
{
	pud_t *pud = pud_offset(p4d_offset(pgd_offset(mm, addr), addr), addr);
	pmd_t *pmd;

	if (pud_none(*pud))
		return NULL;
	pmd = pmd_offset(pud, addr);
	return pmd_none(*pmd) || pmd_leaf(*pmd) ? NULL : pmd;
}

/* A look at an entry; it may change at any time. */
static pte_t peek_pte(struct mm_struct *mm, unsigned long addr)
{
	unsigned long flags, *entry;
	pte_t pte;

	local_irq_save(flags);
	entry = user_entry(mm, addr);
	pte = __pte(entry ? *entry : 0);
	local_irq_restore(flags);
	return pte;
}

/* Nobody is to be pushed out, or killed, for memory that nobody has asked for. */
static bool memory_to_spare(struct mm_struct *mm, unsigned int pages)
{
	bool spare = global_zone_page_state(NR_FREE_PAGES) >
		     totalreserve_pages + pages;
#ifdef CONFIG_MEMCG
	struct mem_cgroup *memcg, *m;

	memcg = get_mem_cgroup_from_mm(mm);
	for (m = memcg; spare && m; m = parent_mem_cgroup(m))
		spare = page_counter_read(&m->memory) + pages <
			min(READ_ONCE(m->memory.max), READ_ONCE(m->memory.high));
	mem_cgroup_put(memcg);
#endif
	return spare;
}

/* Pages in use right below @addr, with @bits in their entries. */
static unsigned int used_before(struct vm_area_struct *vma, unsigned long addr,
				unsigned long bits)
{
	unsigned int n = 0;

	while (n < AHEAD_PAGES && addr > vma->vm_start) {
		pte_t pte = peek_pte(vma->vm_mm, addr - PAGE_SIZE);

		if (!pte_present(pte) || (pte_val(pte) & bits) != bits)
			break;
		addr -= PAGE_SIZE;
		n++;
	}
	return n;
}

/*
 * The allocator keeps single pages as they were freed, the last one on top: mostly
 * backwards.  A block that is freed from its end on has it give out @nr in order.
 */
static void line_up_pages(unsigned int nr)
{
	unsigned int order = order_base_2(nr), i;
	struct page *page;

	if (nr < 2)
		return;
	page = alloc_pages(GFP_NO_EFFORT, order);
	if (!page)
		return;
	split_page(page, order);
	for (i = 1U << order; i > 0; i--)
		__free_page(page + i - 1);
}

/* ---- files ---------------------------------------------------------------- */

static bool maps_file(const struct vm_area_struct *vma)
{
	return vma->vm_ops && vma->vm_ops->map_pages &&
	       !(vma->vm_flags & VM_RAND_READ);
}

static struct folio *cached_folio(struct vm_area_struct *vma, unsigned long addr)
{
	return filemap_get_folio(vma->vm_file->f_mapping,
				 linear_page_index(vma, addr));
}

static bool in_memory(struct vm_area_struct *vma, unsigned long addr)
{
	struct folio *folio = cached_folio(vma, addr);
	bool good;

	if (IS_ERR(folio))
		return false;
	good = folio_test_uptodate(folio);
	folio_put(folio);
	return good;
}

/* Does a fault make the page cache read?  It may do so before it is out of pages. */
static bool reads_ahead(struct vm_area_struct *vma, unsigned long addr)
{
	struct folio *folio;
	bool reads;

	/* Not shared memory, whose pages come one by one. */
	if (!vma->vm_file->f_mapping->a_ops->readahead)
		return false;
	folio = cached_folio(vma, addr);
	if (IS_ERR(folio))
		return true;
	reads = folio_test_readahead(folio);
	folio_put(folio);
	return reads;
}

/* Enters the pages of the file that are in memory into the page tables. */
static void map_file(struct vm_area_struct *vma, unsigned long addr,
		     const struct stub_range *r)
{
	struct vm_fault vmf = {
		.vma = vma,
		.address = addr,
		.real_address = addr,
		.pgoff = linear_page_index(vma, addr),
		/* The fault has made the table, and it is that of all of @r. */
		.pmd = find_pmd(vma->vm_mm, addr),
	};

	if (!vmf.pmd)
		return;
	rcu_read_lock();
	vma->vm_ops->map_pages(&vmf, linear_page_index(vma, r->start),
			       linear_page_index(vma, r->end) - 1);
	rcu_read_unlock();
}

/* Pages that the area has copied, as far as one table tells. */
static unsigned int copied(struct vm_area_struct *vma, unsigned long addr)
{
	struct stub_range r = around(vma, addr, PMD_SIZE);
	unsigned int n = 0;
	unsigned long flags;
	pmd_t *pmd;
	pte_t *pte;

	/* So that the table does not go away. */
	local_irq_save(flags);
	pmd = find_pmd(vma->vm_mm, addr);
	if (pmd) {
		pte = (pte_t *)pmd_page_vaddr(*pmd) + pte_index(r.start);
		for (; r.start < r.end; r.start += PAGE_SIZE)
			n += pte_write(*pte++);
	}
	local_irq_restore(flags);
	return n;
}

static struct stub_range worth_copying(struct vm_area_struct *vma,
				       unsigned long addr)
{
	unsigned long size = vma->vm_end - vma->vm_start;
	struct stub_range r;

	if (size <= COPY_WHOLE)
		return around(vma, addr, PMD_SIZE);
	if (size <= DATA_MAX) {
		size = PAGE_SIZE * rounddown_pow_of_two(copied(vma, addr) ?: 1);
		return around(vma, addr, min(size, COPY_AROUND));
	}
	r.start = addr & PAGE_MASK;
	r.end = r.start + (used_before(vma, r.start, _PAGE_RW) + 1) * PAGE_SIZE;
	r.end = min3(r.end, vma->vm_end, ALIGN(addr + 1, PMD_SIZE));
	return r;
}

static bool wants_copy(struct vm_area_struct *vma, unsigned long addr)
{
	pte_t pte = peek_pte(vma->vm_mm, addr);

	return pte_present(pte) && !pte_write(pte);
}

static unsigned int copies_to_make(struct vm_area_struct *vma, const struct stub_range *r)
{
	unsigned int n = 0;
	unsigned long addr;

	for (addr = r->start; addr < r->end; addr += PAGE_SIZE)
		n += wants_copy(vma, addr);
	return n;
}

static void copy_file(struct vm_area_struct *vma, unsigned long addr,
		      struct stub_range *r)
{
	*r = worth_copying(vma, addr);
	map_file(vma, addr, r);
	if (!memory_to_spare(vma->vm_mm, (r->end - r->start) / PAGE_SIZE))
		return;
	line_up_pages(copies_to_make(vma, r));
	for (addr = r->start; addr < r->end; addr += PAGE_SIZE) {
		if (!wants_copy(vma, addr))
			continue;
		if (handle_mm_fault(vma, addr, FAULT_FLAG_WRITE, NULL) &
		    VM_FAULT_ERROR)
			return;
	}
}

void fault_line_up(struct vm_area_struct *vma, unsigned long addr)
{
	if (maps_file(vma) && !pte_present(peek_pte(vma->vm_mm, addr)) &&
	    reads_ahead(vma, addr))
		line_up_pages(READ_PAGES);
}

struct stub_range fault_copy(struct vm_area_struct *vma, unsigned long addr)
{
	struct stub_range r = { };

	if (maps_file(vma) && !(vma->vm_flags & VM_SHARED) &&
	    !userfaultfd_armed(vma) && find_pmd(vma->vm_mm, addr) &&
	    (pte_present(peek_pte(vma->vm_mm, addr)) || in_memory(vma, addr)))
		copy_file(vma, addr, &r);
	return r;
}

/* ---- anonymous memory ----------------------------------------------------- */

static struct page *run_take(struct page_run *run)
{
	unsigned int order;
	struct page *page;

	if (!run->nr) {
		if (!run->wanted)
			return NULL;
		order = ilog2(run->wanted);
		page = alloc_pages(GFP_NO_EFFORT, order);
		if (!page)
			return NULL;
		split_page(page, order);
		run->next = page;
		run->nr = 1U << order;
	}
	run->nr--;
	run->wanted--;
	return run->next++;
}

struct folio *um_alloc_anon_folio(struct vm_area_struct *vma, unsigned long addr)
{
	struct page_run *run = current->thread.ahead;
	struct folio *folio;

	if (unlikely(run)) {
		struct page *page = run_take(run);

		folio = page ? page_folio(page) : NULL;
	} else {
		folio = vma_alloc_folio(GFP_HIGHUSER_MOVABLE, 0, vma, addr, false);
	}
	if (folio)
		clear_user_highpage(&folio->page, addr);
	return folio;
}

static void fault_ahead(struct vm_area_struct *vma, unsigned long addr,
			struct stub_range *r)
{
	struct page_run run = { };
	unsigned long end;

	addr &= PAGE_MASK;
	run.wanted = used_before(vma, addr, 0);
	addr += PAGE_SIZE;
	/* One block of the page allocator's. */
	if (run.wanted)
		run.wanted = rounddown_pow_of_two(run.wanted);
	/* What the next table covers may become a huge page yet. */
	end = min3(vma->vm_end, ALIGN(addr, PMD_SIZE),
		   addr + run.wanted * PAGE_SIZE);
	if (addr >= end)
		return;
	run.wanted = (end - addr) / PAGE_SIZE;
	if (!memory_to_spare(vma->vm_mm, run.wanted))
		return;

	current->thread.ahead = &run;
	for (; addr < end; addr += PAGE_SIZE) {
		if (pte_val(peek_pte(vma->vm_mm, addr)))
			continue;
		if (handle_mm_fault(vma, addr, FAULT_FLAG_WRITE, NULL) &
		    VM_FAULT_ERROR)
			break;
	}
	current->thread.ahead = NULL;
	while (run.nr--)
		__free_page(run.next++);
	r->end = max(r->end, end);
}

struct stub_range fault_around(struct vm_area_struct *vma, unsigned long addr,
			       enum access access)
{
	struct stub_range r = around(vma, addr, FILL_AROUND);

	if (userfaultfd_armed(vma))
		return r;
	if (vma_is_anonymous(vma)) {
		if (access == ACCESS_WRITE && !(vma->vm_flags & VM_RAND_READ))
			fault_ahead(vma, addr, &r);
	} else if (maps_file(vma) && access != ACCESS_WRITE) {
		r = around(vma, addr, FILE_AROUND);
		map_file(vma, addr, &r);
	} else if (maps_file(vma) && !(vma->vm_flags & VM_SHARED)) {
		copy_file(vma, addr, &r);
	}
	return r;
}

/* ---- what nobody has asked for yet ------------------------------------------ */

static void expect(struct vm_area_struct *vma, unsigned long addr)
{
	bool copies = vma->vm_flags & VM_WRITE;
	struct stub_range r = around(vma, addr, FILL_AROUND);

	if (!maps_file(vma) || vma->vm_flags & VM_SHARED ||
	    userfaultfd_armed(vma) || !in_memory(vma, addr))
		return;
	if (copies && (vma->vm_end - vma->vm_start > COPY_WHOLE ||
		       !memory_to_spare(vma->vm_mm, COPY_WHOLE / PAGE_SIZE)))
		return;
	if (handle_mm_fault(vma, addr, copies ? FAULT_FLAG_WRITE : 0, NULL) &
	    VM_FAULT_ERROR)
		return;
	if (copies)
		copy_file(vma, addr, &r);
	else
		map_file(vma, addr, &r);
	stub_tlb_ahead(vma->vm_mm, &r);
}

void expect_start(unsigned long ip)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, 0);

	mmap_read_lock(mm);
	for_each_vma(vmi, vma) {
		if (ip - vma->vm_start < vma->vm_end - vma->vm_start)
			expect(vma, ip);
		else if (vma->vm_flags & VM_WRITE || !vma->vm_pgoff)
			expect(vma, vma->vm_start);
	}
	mmap_read_unlock(mm);
}

void expect_use(unsigned long addr)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	/* Of code nobody knows where it begins. */
	if (vma && (vma->vm_flags & VM_WRITE || !vma->vm_pgoff))
		expect(vma, addr);
	mmap_read_unlock(mm);
}
