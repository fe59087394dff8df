// SPDX-License-Identifier: GPL-2.0
/*
 * The stub's mappings as a TLB.
 *
 * The guest's page tables are the truth, what the stub maps is a cache of them
 * that may lose any entry at any time.  An entry whose frame the stub maps
 * carries _PAGE_HOST, and _PAGE_HOST_RW and _PAGE_HOST_EXEC with the rights that
 * it maps it with; an entry that was changed is listed in the address space's ranges.  Before guest code runs,
 * stub_tlb_sync() compares the two and has the stub make the difference, in a
 * batch.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <asm/engine.h>
#include <asm/pgtable.h>
#include <asm/stub.h>
#include <asm/tlb.h>
#include <asm/unistd.h>
#include <um/host.h>

/* How much is mapped without waiting for a fault, in host mappings... */
#define REMAP_RUNS_MAX		48
/* ... and in entries that are looked at for it. */
#define FILL_ENTRIES_MAX	16384
/* Of a new address space, around its instruction and stack pointers... */
#define START_FILL		SZ_64K
/* ... and elsewhere. */
#define START_RUNS		8

#define NO_FAULT		ULONG_MAX

/* What nearly every instruction gets on with, where there is no room for more. */
#define STUB_FEW_FAULTS		4

/**
 * struct tlb_batch - operations for the stub, as they are put together
 * @task:	whose host thread will run them
 * @op:		the batch, on the address space's data page
 * @nr:		operations in it
 * @remaps:	mappings that were made so far, see REMAP_RUNS_MAX
 * @looked:	entries that were looked at for SYNC_FILL, see FILL_ENTRIES_MAX
 * @fault:	page that guest code will use at once; NO_FAULT: none is known
 * @in_turn:	that page follows what was mapped last: so may what is mapped now
 * @mapped:	end of the last run that was mapped
 * @served:	something was done about that page
 * @failed:	the host refused one: everything was dropped
 * @kind:	the run that grows at the moment; it becomes one operation
 */
struct tlb_batch {
	struct task_struct	*task;
	struct mm_struct	*mm;
	struct stub_op		*op;
	unsigned int		nr;
	unsigned int		remaps;
	unsigned int		looked;
	unsigned long		fault;
	bool			in_turn;
	unsigned long		mapped;
	bool			served;
	int			failed;

	enum { RUN_NONE, RUN_MAP, RUN_UNMAP, RUN_PROTECT } kind;
	unsigned long		start, end;
	unsigned long		pa;
	int			prot;
};

static void batch_run(struct tlb_batch *b, bool last)
{
	if (b->nr && !b->failed)
		b->failed = engine->run_batch(b->task, b->mm, b->nr, last);
	b->nr = 0;
}

static void batch_add(struct tlb_batch *b, const struct stub_op *op)
{
	b->op[b->nr++] = *op;
	if (b->nr == STUB_OPS_MAX)
		batch_run(b, false);
}

/*
 * Pages that are about to be written enter the host's page tables at once, and so
 * do those that are used one after the other.  For the rest the host has a way of
 * its own, which is cheap and takes but what is used.
 */
static int populate(struct tlb_batch *b)
{
	return (b->prot & PROT_WRITE || b->in_turn) && b->fault < b->end &&
	       b->end - b->start <= SZ_256K ? MAP_POPULATE : 0;
}

/* Ends the run that is growing. */
static void run_end(struct tlb_batch *b)
{
	unsigned long len = b->end - b->start;

	switch (b->kind) {
	case RUN_NONE:
		return;
	case RUN_MAP:
		batch_add(b, &(struct stub_op) {
			.nr = __NR_mmap,
			.args = { b->start, len, b->prot,
				  MAP_SHARED | MAP_FIXED | populate(b),
				  STUB_MEM_FD, b->pa },
		});
		b->mapped = b->end;
		break;
	case RUN_UNMAP:
		batch_add(b, &(struct stub_op) {
			.nr = __NR_munmap, .args = { b->start, len },
		});
		break;
	case RUN_PROTECT:
		batch_add(b, &(struct stub_op) {
			.nr = __NR_mprotect, .args = { b->start, len, b->prot },
		});
		break;
	}
	b->kind = RUN_NONE;
}

static void run_map(struct tlb_batch *b, unsigned long addr, unsigned long len,
		    unsigned long pa, int prot)
{
	if (b->kind == RUN_MAP && b->end == addr && b->prot == prot &&
	    b->pa + (b->end - b->start) == pa) {
		b->end += len;
		return;
	}
	run_end(b);
	b->kind = RUN_MAP;
	b->start = addr;
	b->end = addr + len;
	b->pa = pa;
	b->prot = prot;
	b->remaps++;
}

static void run_other(struct tlb_batch *b, int kind, unsigned long addr,
		      unsigned long end, int prot)
{
	if (b->kind == kind && b->end == addr && b->prot == prot) {
		b->end = end;
		return;
	}
	run_end(b);
	b->kind = kind;
	b->start = addr;
	b->end = end;
	b->prot = prot;
}

static int prot_of(unsigned long host_bits)
{
	return (host_bits & _PAGE_HOST ? PROT_READ : 0) |
	       (host_bits & _PAGE_HOST_RW ? PROT_WRITE : 0) |
	       (host_bits & _PAGE_HOST_EXEC ? PROT_EXEC : 0);
}

enum sync_mode {
	SYNC_STALE,	/* the stub may map anything, but where an entry says what */
	SYNC_READONLY,	/* it may only map writable what no longer is */
	SYNC_FILL,	/* it lacks what it could have, or needs */
};

/* What may be mapped, but need not be: has there been enough of it? */
static bool fill_enough(struct tlb_batch *b)
{
	return b->remaps >= REMAP_RUNS_MAX || b->looked >= FILL_ENTRIES_MAX;
}

/* Will guest code use it, as far as can be told?  If no fault is known it will. */
static bool near_fault(struct tlb_batch *b, unsigned long addr)
{
	return b->fault == NO_FAULT || (addr ^ b->fault) < SZ_64K;
}

/*
 * One entry: a page, or a huge page.  Returns the entry with the bits that say
 * what the stub maps once the batch has run.
 */
static unsigned long sync_entry(struct tlb_batch *b, enum sync_mode mode,
				unsigned long addr, unsigned long size,
				unsigned long entry)
{
	bool valid = entry & (_PAGE_VALID | _PAGE_LEAF);
	unsigned long has = valid ? entry & _PAGE_HOST_BITS : 0;
	bool faults = b->fault - addr < size;
	unsigned long want;

	/* A fork's entries are old, and so is what a file's fault brings. */
	if (mode == SYNC_FILL && near_fault(b, addr) && entry & _PAGE_PRESENT)
		entry |= _PAGE_ACCESSED;
	want = entry_host_bits(entry);

	switch (mode) {
	case SYNC_READONLY:
		if (!(has & _PAGE_HOST_RW) || want & _PAGE_HOST_RW)
			return entry;
		run_other(b, want ? RUN_PROTECT : RUN_UNMAP, addr, addr + size,
			  prot_of(want));
		return (entry & ~_PAGE_HOST_BITS) | want;
	case SYNC_FILL:
		b->looked++;
		if (!want)
			return entry;
		/* Whatever it maps there, it is not good enough. */
		if (faults && !b->served) {
			has = has == want ? 0 : has;
			break;
		}
		if (has == want || (!has && fill_enough(b)))
			return entry;
		break;
	case SYNC_STALE:
		if (want && has == want)
			return entry;
		if (!want || (!has && b->remaps >= REMAP_RUNS_MAX)) {
			run_other(b, RUN_UNMAP, addr, addr + size, 0);
			return valid ? entry & ~_PAGE_HOST_BITS : entry;
		}
		break;
	}
	b->served |= faults;
	/* What it maps already gets other rights, whatever frames these are. */
	if (has)
		run_other(b, RUN_PROTECT, addr, addr + size, prot_of(want));
	else
		run_map(b, addr, size, entry & _PFN_MASK, prot_of(want));
	return (entry & ~_PAGE_HOST_BITS) | want;
}

static void sync_ptes(struct tlb_batch *b, enum sync_mode mode, pmd_t *pmd,
		      unsigned long addr, unsigned long end)
{
	pte_t *pte = (pte_t *)pmd_page_vaddr(*pmd) + pte_index(addr);

	for (; addr < end; addr += PAGE_SIZE, pte++) {
		unsigned long old = pte_val(*pte);
		unsigned long new = sync_entry(b, mode, addr, PAGE_SIZE, old);

		if (new != old)
			set_pte(pte, __pte(new));
	}
}

/* Nothing is there: what the stub may still have goes. */
static void sync_hole(struct tlb_batch *b, enum sync_mode mode,
		      unsigned long addr, unsigned long end)
{
	if (mode == SYNC_STALE)
		run_other(b, RUN_UNMAP, addr, end, 0);
}

static void sync_pmds(struct tlb_batch *b, enum sync_mode mode, pud_t *pud,
		      unsigned long addr, unsigned long end)
{
	pmd_t *pmd = pmd_offset(pud, addr);
	unsigned long next;

	for (; addr < end; addr = next, pmd++) {
		unsigned long old = pmd_val(*pmd);

		if (mode == SYNC_FILL && fill_enough(b))
			break;
		next = pmd_addr_end(addr, end);
		if (!old) {
			sync_hole(b, mode, addr, next);
		} else if (!(old & _PAGE_LEAF)) {
			sync_ptes(b, mode, pmd, addr, next);
		} else {
			/* A huge page is mapped as a whole. */
			unsigned long new = sync_entry(b, mode, addr & PMD_MASK,
						       PMD_SIZE, old);

			if (new != old)
				set_pmd(pmd, __pmd(new));
		}
	}
}

static void sync_range(struct tlb_batch *b, enum sync_mode mode,
		       unsigned long addr, unsigned long end)
{
	unsigned long next;

	end = min(end, TASK_SIZE);
	for (; addr < end; addr = next) {
		pgd_t *pgd = pgd_offset(b->mm, addr);
		p4d_t *p4d = p4d_offset(pgd, addr);
		pud_t *pud;

		if (mode == SYNC_FILL && fill_enough(b))
			break;
		if (p4d_none(*p4d)) {
			next = pgd_addr_end(addr, end);
			sync_hole(b, mode, addr, next);
			continue;
		}
		next = pud_addr_end(addr, end);
		pud = pud_offset(p4d, addr);
		if (pud_none(*pud))
			sync_hole(b, mode, addr, next);
		else
			sync_pmds(b, mode, pud, addr, next);
	}
	run_end(b);
}

/* Forgets what the stub maps, in the page tables. */
static void forget_all(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, 0);

	/*
	 * No lock is taken: interrupts are off and this is the only CPU, see
	 * asm/tlbflush.h.
	 */
	rcu_read_lock();
	for_each_vma(vmi, vma) {
		unsigned long addr, next;

		for (addr = vma->vm_start; addr < vma->vm_end; addr = next) {
			pgd_t *pgd = pgd_offset(mm, addr);
			p4d_t *p4d = p4d_offset(pgd, addr);
			pud_t *pud;
			pmd_t *pmd;
			pte_t *pte;

			next = pgd_addr_end(addr, vma->vm_end);
			if (p4d_none(*p4d))
				continue;
			next = pud_addr_end(addr, vma->vm_end);
			pud = pud_offset(p4d, addr);
			if (pud_none(*pud))
				continue;
			next = pmd_addr_end(addr, vma->vm_end);
			pmd = pmd_offset(pud, addr);
			if (pmd_none(*pmd))
				continue;
			if (pmd_leaf(*pmd)) {
				set_pmd(pmd, __pmd(pmd_val(*pmd) & ~_PAGE_HOST_BITS));
				continue;
			}
			pte = (pte_t *)pmd_page_vaddr(*pmd) + pte_index(addr);
			for (; addr < next; addr += PAGE_SIZE, pte++)
				if (pte_val(*pte) & _PAGE_VALID)
					set_pte(pte, __pte(pte_val(*pte) & ~_PAGE_HOST_BITS));
		}
	}
	rcu_read_unlock();
}

/* Unmaps all, but the pages of the last @nr faults, which are mapped one by one. */
static int keep_faults(struct tlb_batch *b, unsigned int nr)
{
	const struct stub_mm *stub = &b->mm->context.stub;
	unsigned int i;

	b->failed = 0;
	b->nr = 0;
	b->remaps = 0;
	b->looked = 0;
	b->fault = NO_FAULT;
	forget_all(b->mm);
	batch_add(b, &(struct stub_op) {
		.nr = __NR_munmap, .args = { 0, TASK_SIZE },
	});
	for (i = 1; i <= nr; i++) {
		unsigned long addr = stub->faults[(stub->nr_faults - i) % STUB_NR_FAULTS];

		sync_range(b, SYNC_FILL, addr, addr + PAGE_SIZE);
	}
	batch_run(b, false);
	return b->failed;
}

/*
 * The host has no more room for mappings (vm.max_map_count), or no memory for
 * them: all are dropped, and the pages that are needed now are tried once more, one
 * by one.  Those that guest code has faulted on before are among them: one
 * instruction can need several, and would not get on with any one alone.
 */
static int drop_all(struct tlb_batch *b, int why)
{
	int err = keep_faults(b, STUB_NR_FAULTS);

	if (err && err != -ESRCH)
		err = keep_faults(b, STUB_FEW_FAULTS);
	if (!err)
		return 0;
	if (err != -ESRCH)
		pr_err_ratelimited("%s[%d]: killed, the host refuses to map guest memory (%pe, then %pe)\n",
				   b->task->comm, task_pid_nr(b->task), ERR_PTR(why),
				   ERR_PTR(err));
	/* Others may go on in this address space: it may map anything. */
	forget_all(b->mm);
	stub_mark_stale(b->mm, 0, TASK_SIZE);
	return err;
}

int stub_tlb_drop(struct task_struct *task, struct mm_struct *mm, int why)
{
	struct tlb_batch b = {
		.task = task,
		.mm = mm,
		.op = mm->context.stub.data->op,
	};

	return drop_all(&b, why);
}

/* Where it is needed first; the rest may be more than is cheap. */
static void fill(struct tlb_batch *b, const struct stub_range *r)
{
	const struct pt_regs *regs = task_pt_regs(b->task);
	struct stub_mm *stub = &b->mm->context.stub;
	unsigned long at[] = { regs->ip, regs->sp }, middle = r->start;
	int i;

	if (b->fault != NO_FAULT) {
		middle = max(r->start, b->fault);
		b->in_turn = b->fault == stub->next;
	} else if (regs->state & REGS_FULL) {
		/* A new address space: a program's, or what is left of another's. */
		for (i = 0; i < ARRAY_SIZE(at); i++)
			sync_range(b, SYNC_FILL, ALIGN_DOWN(at[i], START_FILL),
				   ALIGN_DOWN(at[i], START_FILL) + START_FILL);
		b->remaps = max(b->remaps, REMAP_RUNS_MAX - START_RUNS);
	}
	sync_range(b, SYNC_FILL, middle, r->end);
	stub->next = b->mapped;
	b->in_turn = false;
	sync_range(b, SYNC_FILL, r->start, middle);
}

int stub_tlb_sync(struct task_struct *task, struct mm_struct *mm, bool put_off)
{
	struct stub_mm *stub = &mm->context.stub;
	struct tlb_batch b = {
		.task = task,
		.mm = mm,
		.op = stub->data->op,
		.fault = stub->fault ? stub->fault & PAGE_MASK : NO_FAULT,
	};
	int i;

	for (i = 0; i < stub->stale.nr; i++)
		sync_range(&b, SYNC_STALE, stub->stale.range[i].start,
			   stub->stale.range[i].end);
	stub->stale.nr = 0;

	for (i = 0; i < stub->readonly.nr; i++)
		sync_range(&b, SYNC_READONLY, stub->readonly.range[i].start,
			   stub->readonly.range[i].end);
	stub->readonly.nr = 0;

	if (stub->fill.end) {
		b.remaps = 0;
		fill(&b, &stub->fill);
	}
	b.remaps /= 2;
	for (i = 0; i < stub->ahead.nr; i++)
		sync_range(&b, SYNC_FILL, stub->ahead.range[i].start,
			   stub->ahead.range[i].end);
	stub->ahead.nr = 0;
	stub->fault = 0;
	stub->fill = (struct stub_range) { };

	batch_run(&b, put_off);
	if (unlikely(b.failed))
		return drop_all(&b, b.failed);
	return 0;
}
