/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page tables of the guest: four levels of 512 entries, 4 KiB pages and 2 MiB
 * huge pages.  No hardware reads them: the kernel walks them when it accesses
 * guest memory, and mm/tlb.c when it maps pages into a stub.
 */
#ifndef _ASM_UM_PGTABLE_H
#define _ASM_UM_PGTABLE_H

#include <linux/const.h>
#include <asm/page.h>

#define PMD_SHIFT	21
#define PMD_SIZE	(_AC(1, UL) << PMD_SHIFT)
#define PMD_MASK	(~(PMD_SIZE - 1))
#define PUD_SHIFT	30
#define PUD_SIZE	(_AC(1, UL) << PUD_SHIFT)
#define PUD_MASK	(~(PUD_SIZE - 1))
#define PGDIR_SHIFT	39
#define PGDIR_SIZE	(_AC(1, UL) << PGDIR_SHIFT)
#define PGDIR_MASK	(~(PGDIR_SIZE - 1))

#define PTRS_PER_PTE	512
#define PTRS_PER_PMD	512
#define PTRS_PER_PUD	512
#define PTRS_PER_PGD	512
#define USER_PTRS_PER_PGD	256

/*
 * An entry:  63 .. 52  unused
 *            51 .. 12  page frame
 *            11 ..  0  the bits below
 */
#define _PAGE_PRESENT	_AC(0x001, UL)
#define _PAGE_RW	_AC(0x002, UL)
#define _PAGE_USER	_AC(0x004, UL)
#define _PAGE_EXEC	_AC(0x008, UL)
#define _PAGE_PROTNONE	_AC(0x010, UL)	/* mapped, but no access is allowed */
#define _PAGE_ACCESSED	_AC(0x020, UL)
#define _PAGE_DIRTY	_AC(0x040, UL)
#define _PAGE_LEAF	_AC(0x080, UL)	/* a huge page, in a PMD */
#define _PAGE_SPECIAL	_AC(0x100, UL)
#define _PAGE_HOST	_AC(0x200, UL)	/* the stub maps the page ... */
#define _PAGE_HOST_RW	_AC(0x400, UL)	/* ... writable */
#define _PAGE_HOST_EXEC	_AC(0x800, UL)	/* ... executable */

#define _PFN_MASK	_AC(0x000ffffffffff000, UL)
#define PFN_PTE_SHIFT	PAGE_SHIFT

#define _PAGE_HOST_BITS	(_PAGE_HOST | _PAGE_HOST_RW | _PAGE_HOST_EXEC)
#define _PAGE_VALID	(_PAGE_PRESENT | _PAGE_PROTNONE)
#define _PAGE_TABLE	(_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED)
#define _PAGE_CHG_MASK	(_PFN_MASK | _PAGE_ACCESSED | _PAGE_DIRTY |	\
			 _PAGE_SPECIAL | _PAGE_LEAF)

#define _PAGE_BASE	(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED)
#define PAGE_NONE	__pgprot(_PAGE_PROTNONE | _PAGE_USER | _PAGE_ACCESSED)
#define PAGE_READONLY	__pgprot(_PAGE_BASE)
#define PAGE_READEXEC	__pgprot(_PAGE_BASE | _PAGE_EXEC)
#define PAGE_SHARED	__pgprot(_PAGE_BASE | _PAGE_RW)
#define PAGE_SHAREDEXEC	__pgprot(_PAGE_BASE | _PAGE_RW | _PAGE_EXEC)
#define PAGE_COPY	PAGE_READONLY
#define PAGE_COPYEXEC	PAGE_READEXEC
#define PAGE_KERNEL	__pgprot(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | \
				 _PAGE_DIRTY)
#define PAGE_KERNEL_EXEC __pgprot(pgprot_val(PAGE_KERNEL) | _PAGE_EXEC)
#define PAGE_KERNEL_RO	__pgprot(_PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_DIRTY)

#ifndef __ASSEMBLY__

#include <linux/mm_types.h>

extern pgd_t swapper_pg_dir[PTRS_PER_PGD];
extern unsigned long empty_zero_page;

#define ZERO_PAGE(vaddr)	virt_to_page(empty_zero_page)

#define pte_ERROR(e)	pr_err("%s:%d: bad pte %016lx\n", __FILE__, __LINE__, pte_val(e))
#define pmd_ERROR(e)	pr_err("%s:%d: bad pmd %016lx\n", __FILE__, __LINE__, pmd_val(e))
#define pud_ERROR(e)	pr_err("%s:%d: bad pud %016lx\n", __FILE__, __LINE__, pud_val(e))
#define pgd_ERROR(e)	pr_err("%s:%d: bad pgd %016lx\n", __FILE__, __LINE__, pgd_val(e))

/* ---- what the stub must be told (mm/tlb.c) ------------------------------ */

/* A page that the stub maps changes its frame or its rights, or goes away. */
void stub_mark_stale(struct mm_struct *mm, unsigned long start, unsigned long end);
/* It only loses the right to be written. */
void stub_mark_readonly(struct mm_struct *mm, unsigned long start, unsigned long end);

/*
 * The entry that maps @addr, of a page or of a huge page, or NULL.  To be called
 * with interrupts disabled, so that no table goes away meanwhile.
 */
unsigned long *user_entry(struct mm_struct *mm, unsigned long addr);

/* ---- PTE ----------------------------------------------------------------- */

static inline int pte_none(pte_t pte)		{ return !pte_val(pte); }
static inline int pte_present(pte_t pte)	{ return !!(pte_val(pte) & _PAGE_VALID); }
static inline int pte_write(pte_t pte)		{ return !!(pte_val(pte) & _PAGE_RW); }
static inline int pte_exec(pte_t pte)		{ return !!(pte_val(pte) & _PAGE_EXEC); }
static inline int pte_dirty(pte_t pte)		{ return !!(pte_val(pte) & _PAGE_DIRTY); }
static inline int pte_young(pte_t pte)		{ return !!(pte_val(pte) & _PAGE_ACCESSED); }
static inline int pte_special(pte_t pte)	{ return !!(pte_val(pte) & _PAGE_SPECIAL); }

/* For who pins guest memory without the lock: one that has no access has no right. */
static inline bool entry_permitted(unsigned long entry, bool write)
{
	unsigned long need = _PAGE_PRESENT | _PAGE_USER | (write ? _PAGE_RW : 0);

	return (entry & need) == need;
}

#define pte_access_permitted(pte, write)	entry_permitted(pte_val(pte), write)
#define pmd_access_permitted(pmd, write)	entry_permitted(pmd_val(pmd), write)

/* May guest code have used the entry since it was last looked at? */
static inline int pte_accessible(struct mm_struct *mm, pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_VALID);
}
#define pte_accessible pte_accessible

/* Whatever the stub maps of it.  Where nothing is mapped, the bits are others'. */
static inline int pte_same(pte_t a, pte_t b)
{
	unsigned long host = pte_val(a) & _PAGE_VALID ? _PAGE_HOST_BITS : 0;

	return !((pte_val(a) ^ pte_val(b)) & ~host);
}
#define __HAVE_ARCH_PTE_SAME

#define UM_PTE_SET(name, bits)						\
static inline pte_t pte_##name(pte_t pte) { return __pte(pte_val(pte) | (bits)); }
#define UM_PTE_CLEAR(name, bits)					\
static inline pte_t pte_##name(pte_t pte) { return __pte(pte_val(pte) & ~(bits)); }

UM_PTE_SET(mkwrite_novma, _PAGE_RW)
UM_PTE_SET(mkdirty, _PAGE_DIRTY)
UM_PTE_SET(mkyoung, _PAGE_ACCESSED)
UM_PTE_SET(mkspecial, _PAGE_SPECIAL)
UM_PTE_CLEAR(wrprotect, _PAGE_RW)
UM_PTE_CLEAR(mkclean, _PAGE_DIRTY)
UM_PTE_CLEAR(mkold, _PAGE_ACCESSED)

#undef UM_PTE_SET
#undef UM_PTE_CLEAR

static inline unsigned long pte_pfn(pte_t pte)
{
	return (pte_val(pte) & _PFN_MASK) >> PAGE_SHIFT;
}

#define pte_page(pte)	pfn_to_page(pte_pfn(pte))

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	return __pte((pfn << PAGE_SHIFT) | pgprot_val(prot));
}

#define mk_pte(page, prot)	pfn_pte(page_to_pfn(page), prot)

static inline pte_t pte_modify(pte_t pte, pgprot_t prot)
{
	return __pte((pte_val(pte) & _PAGE_CHG_MASK) |
		     (pgprot_val(prot) & ~_PAGE_CHG_MASK));
}

static inline void set_pte(pte_t *ptep, pte_t pte)
{
	WRITE_ONCE(*ptep, pte);
}

/* How the stub should map what a valid entry has, in _PAGE_HOST_*; 0: not at all. */
static inline unsigned long entry_host_bits(unsigned long entry)
{
	unsigned long bits = _PAGE_HOST;

	if ((entry & (_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED)) !=
	    (_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED))
		return 0;
	if ((entry & (_PAGE_RW | _PAGE_DIRTY)) == (_PAGE_RW | _PAGE_DIRTY))
		bits |= _PAGE_HOST_RW;
	if (entry & _PAGE_EXEC)
		bits |= _PAGE_HOST_EXEC;
	return bits;
}

#define set_ptes set_ptes
static inline void set_ptes(struct mm_struct *mm, unsigned long addr,
			    pte_t *ptep, pte_t pte, unsigned int nr)
{
	for (;;) {
		unsigned long old = pte_val(*ptep), new = pte_val(pte);
		unsigned long has = old & _PAGE_VALID ? old & _PAGE_HOST_BITS : 0;
		bool valid = new & _PAGE_VALID;

		if (valid)
			new &= ~_PAGE_HOST_BITS;
		/* The same frame: it is a matter of rights at most. */
		if (has && valid && !((old ^ new) & _PFN_MASK)) {
			if (has != entry_host_bits(new))
				stub_mark_stale(mm, addr, addr + PAGE_SIZE);
			new |= has;
		} else if (has) {
			stub_mark_stale(mm, addr, addr + PAGE_SIZE);
		}
		set_pte(ptep, __pte(new));
		if (--nr == 0)
			break;
		ptep++;
		addr += PAGE_SIZE;
		pte = __pte(pte_val(pte) + PAGE_SIZE);
	}
}

#define __HAVE_ARCH_PTEP_GET_AND_CLEAR
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr,
				       pte_t *ptep)
{
	pte_t old = *ptep;

	set_pte(ptep, __pte(0));
	if (pte_val(old) & _PAGE_VALID) {
		if (pte_val(old) & _PAGE_HOST)
			stub_mark_stale(mm, addr, addr + PAGE_SIZE);
		old = __pte(pte_val(old) & ~_PAGE_HOST_BITS);
	}
	return old;
}

static inline void pte_clear(struct mm_struct *mm, unsigned long addr,
			     pte_t *ptep)
{
	ptep_get_and_clear(mm, addr, ptep);
}

#define __HAVE_ARCH_PTEP_SET_WRPROTECT
static inline void ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr,
				      pte_t *ptep)
{
	pte_t old = *ptep;

	set_pte(ptep, pte_wrprotect(old));
	if (pte_val(old) & _PAGE_HOST_RW)
		stub_mark_readonly(mm, addr, addr + PAGE_SIZE);
}

/*
 * The entry stays in between: nobody but the kernel changes one, and it holds
 * the lock.  So what the stub maps need not be mapped anew for other rights.
 */
#define __HAVE_ARCH_PTEP_MODIFY_PROT_TRANSACTION
static inline pte_t ptep_modify_prot_start(struct vm_area_struct *vma,
					   unsigned long addr, pte_t *ptep)
{
	return __pte(pte_val(*ptep) & ~_PAGE_HOST_BITS);
}

static inline void ptep_modify_prot_commit(struct vm_area_struct *vma,
					   unsigned long addr, pte_t *ptep,
					   pte_t old, pte_t pte)
{
	set_ptes(vma->vm_mm, addr, ptep, pte, 1);
}

#define __HAVE_ARCH_PTEP_TEST_AND_CLEAR_YOUNG
static inline int ptep_test_and_clear_young(struct vm_area_struct *vma,
					    unsigned long addr, pte_t *ptep)
{
	pte_t old = *ptep;

	if (!pte_young(old))
		return 0;
	set_ptes(vma->vm_mm, addr, ptep, pte_mkold(old), 1);
	return 1;
}

/* ---- PMD, and the huge page in it ---------------------------------------- */

static inline int pmd_none(pmd_t pmd)	{ return !pmd_val(pmd); }

static inline int pmd_present(pmd_t pmd)
{
	/* A huge page that is being split is still there. */
	return !!(pmd_val(pmd) & (_PAGE_VALID | _PAGE_LEAF));
}

#define pmd_leaf pmd_leaf
static inline bool pmd_leaf(pmd_t pmd)
{
	return !!(pmd_val(pmd) & _PAGE_LEAF);
}

static inline int pmd_bad(pmd_t pmd)
{
	return (pmd_val(pmd) & ~_PFN_MASK) != _PAGE_TABLE;
}

static inline unsigned long pmd_pfn(pmd_t pmd)
{
	return (pmd_val(pmd) & _PFN_MASK) >> PAGE_SHIFT;
}

static inline unsigned long pmd_page_vaddr(pmd_t pmd)
{
	return (unsigned long)__va(pmd_val(pmd) & _PFN_MASK);
}

#define pmd_page(pmd)		pfn_to_page(pmd_pfn(pmd))

static inline void set_pmd(pmd_t *pmdp, pmd_t pmd)
{
	WRITE_ONCE(*pmdp, pmd);
}

static inline void pmd_clear(pmd_t *pmdp)
{
	set_pmd(pmdp, __pmd(0));
}

static inline pte_t pmd_pte(pmd_t pmd)	{ return __pte(pmd_val(pmd)); }
static inline pmd_t pte_pmd(pte_t pte)	{ return __pmd(pte_val(pte)); }

#define pmd_write(pmd)		pte_write(pmd_pte(pmd))
#define pmd_dirty(pmd)		pte_dirty(pmd_pte(pmd))
#define pmd_young(pmd)		pte_young(pmd_pte(pmd))
#define pmd_pgprot(pmd)		__pgprot(pmd_val(pmd) & ~_PFN_MASK)

#ifdef CONFIG_TRANSPARENT_HUGEPAGE

static inline int pmd_trans_huge(pmd_t pmd)
{
	return pmd_leaf(pmd);
}

#define has_transparent_hugepage()	1

#define pmd_mkwrite_novma(pmd)	pte_pmd(pte_mkwrite_novma(pmd_pte(pmd)))
#define pmd_mkdirty(pmd)	pte_pmd(pte_mkdirty(pmd_pte(pmd)))
#define pmd_mkyoung(pmd)	pte_pmd(pte_mkyoung(pmd_pte(pmd)))
#define pmd_wrprotect(pmd)	pte_pmd(pte_wrprotect(pmd_pte(pmd)))
#define pmd_mkclean(pmd)	pte_pmd(pte_mkclean(pmd_pte(pmd)))
#define pmd_mkold(pmd)		pte_pmd(pte_mkold(pmd_pte(pmd)))
#define pmd_mkhuge(pmd)		__pmd(pmd_val(pmd) | _PAGE_LEAF)
#define pmd_mkinvalid(pmd)	__pmd(pmd_val(pmd) & ~(_PAGE_VALID | _PAGE_HOST_BITS))

#define pfn_pmd(pfn, prot)	pte_pmd(pfn_pte(pfn, prot))
#define mk_pmd(page, prot)	pfn_pmd(page_to_pfn(page), prot)
#define pmd_modify(pmd, prot)	pte_pmd(pte_modify(pmd_pte(pmd), prot))

static inline void set_pmd_at(struct mm_struct *mm, unsigned long addr,
			      pmd_t *pmdp, pmd_t pmd)
{
	if (pmd_val(*pmdp) & _PAGE_HOST)
		stub_mark_stale(mm, addr, addr + PMD_SIZE);
	set_pmd(pmdp, __pmd(pmd_val(pmd) & ~_PAGE_HOST_BITS));
}

#define __HAVE_ARCH_PMDP_HUGE_GET_AND_CLEAR
static inline pmd_t pmdp_huge_get_and_clear(struct mm_struct *mm,
					    unsigned long addr, pmd_t *pmdp)
{
	pmd_t old = *pmdp;

	/* It may be a table whose pages are about to become a huge one. */
	if (!pmd_none(old) && !pmd_leaf(old))
		stub_mark_stale(mm, addr, addr + PMD_SIZE);
	set_pmd_at(mm, addr, pmdp, __pmd(0));
	return __pmd(pmd_val(old) & ~_PAGE_HOST_BITS);
}

#define pmdp_collapse_flush pmdp_collapse_flush
pmd_t pmdp_collapse_flush(struct vm_area_struct *vma, unsigned long addr,
			  pmd_t *pmdp);

#define __HAVE_ARCH_PMD_SAME
static inline int pmd_same(pmd_t a, pmd_t b)
{
	return pte_same(pmd_pte(a), pmd_pte(b));
}

#define pmdp_establish generic_pmdp_establish

#endif /* CONFIG_TRANSPARENT_HUGEPAGE */

/* ---- PUD, P4D (folded), PGD ---------------------------------------------- */

static inline int pud_none(pud_t pud)		{ return !pud_val(pud); }
static inline int pud_present(pud_t pud)	{ return !!(pud_val(pud) & _PAGE_PRESENT); }
static inline int pud_bad(pud_t pud)		{ return (pud_val(pud) & ~_PFN_MASK) != _PAGE_TABLE; }
static inline void set_pud(pud_t *pudp, pud_t pud)	{ WRITE_ONCE(*pudp, pud); }
static inline void pud_clear(pud_t *pudp)	{ set_pud(pudp, __pud(0)); }

static inline pmd_t *pud_pgtable(pud_t pud)
{
	return __va(pud_val(pud) & _PFN_MASK);
}

#define pud_page(pud)	pfn_to_page((pud_val(pud) & _PFN_MASK) >> PAGE_SHIFT)

#include <asm-generic/pgtable-nop4d.h>

static inline void set_p4d(p4d_t *p4dp, p4d_t p4d)	{ WRITE_ONCE(*p4dp, p4d); }
static inline int p4d_none(p4d_t p4d)		{ return !p4d_val(p4d); }
static inline int p4d_present(p4d_t p4d)	{ return !!(p4d_val(p4d) & _PAGE_PRESENT); }
static inline int p4d_bad(p4d_t p4d)		{ return (p4d_val(p4d) & ~_PFN_MASK) != _PAGE_TABLE; }
static inline void p4d_clear(p4d_t *p4dp)	{ set_p4d(p4dp, __p4d(0)); }

static inline pud_t *p4d_pgtable(p4d_t p4d)
{
	return __va(p4d_val(p4d) & _PFN_MASK);
}

#define p4d_page(p4d)	pfn_to_page((p4d_val(p4d) & _PFN_MASK) >> PAGE_SHIFT)

/* ---- swap entries --------------------------------------------------------- */

/*
 * Not valid (bits 0 and 4 clear), and not empty:
 *   56 .. 52  type
 *   51 .. 12  offset
 *        11  exclusive
 */
#define _PAGE_SWP_EXCLUSIVE	_AC(0x800, UL)
#define _SWP_TYPE_SHIFT		52

#define __swp_type(x)		((x).val >> _SWP_TYPE_SHIFT)
#define __swp_offset(x)		(((x).val & _PFN_MASK) >> PAGE_SHIFT)
#define __swp_entry(type, off)						\
	((swp_entry_t) { ((unsigned long)(type) << _SWP_TYPE_SHIFT) |	\
			 ((unsigned long)(off) << PAGE_SHIFT) })
#define __pte_to_swp_entry(pte)						\
	((swp_entry_t) { pte_val(pte) & ~_PAGE_SWP_EXCLUSIVE })
#define __swp_entry_to_pte(x)	__pte((x).val)
#define __pmd_to_swp_entry(pmd)	((swp_entry_t) { pmd_val(pmd) })
#define __swp_entry_to_pmd(x)	__pmd((x).val)

static inline int pte_swp_exclusive(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_SWP_EXCLUSIVE);
}

static inline pte_t pte_swp_mkexclusive(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_SWP_EXCLUSIVE);
}

static inline pte_t pte_swp_clear_exclusive(pte_t pte)
{
	return __pte(pte_val(pte) & ~_PAGE_SWP_EXCLUSIVE);
}

/* ---- the rest -------------------------------------------------------------- */

static inline void update_mmu_cache_range(struct vm_fault *vmf,
					  struct vm_area_struct *vma,
					  unsigned long addr, pte_t *ptep,
					  unsigned int nr)
{
}

#define update_mmu_cache(vma, addr, ptep)	\
	update_mmu_cache_range(NULL, vma, addr, ptep, 1)
#define update_mmu_cache_pmd(vma, addr, pmdp)	do { } while (0)

#define pgprot_noncached(prot)	(prot)

/* mm/mmap.c */
#define HAVE_ARCH_UNMAPPED_AREA
#define HAVE_ARCH_UNMAPPED_AREA_TOPDOWN

void paging_init(void);

#endif /* __ASSEMBLY__ */
#endif /* _ASM_UM_PGTABLE_H */
