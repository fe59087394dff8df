/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_MMU_H
#define _ASM_UM_MMU_H

#include <linux/spinlock_types.h>
#include <asm/stub_thread.h>

struct seccomp_process;
struct stub_data;

/**
 * struct stub_range - guest addresses whose host mappings are out of date
 */
struct stub_range {
	unsigned long start;
	unsigned long end;
};

#define STUB_NR_RANGES	16
/* Pages that one instruction can need, and some more; a power of two. */
#define STUB_NR_FAULTS	16

/**
 * struct stub_ranges - a small set of ranges; what does not fit is merged, so
 * that it may cover more than was asked for, never less
 */
struct stub_ranges {
	unsigned int		nr;
	struct stub_range	range[STUB_NR_RANGES];
};

/**
 * struct stub_mm - the host side of a guest address space
 * @spare:	host thread that waits to become its first one; .pid 0: taken
 *		(ptrace engine)
 * @process:	host process (seccomp engine)
 * @threads:	how many host threads run in it
 * @data:	the page that is mapped read-only at STUB_DATA
 * @lock:	for what follows
 * @stale:	the stub may map something else there than the page tables say
 * @readonly:	the stub may map something writable that no longer is
 * @fill:	what the page tables have here the stub should map, as far as that
 *		is cheap; empty: nothing
 * @ahead:	likewise, but this alone is not worth a batch
 * @fault:	address in @fill that must be mapped, or guest code only faults
 *		again; 0 none
 * @next:	where what was mapped for the last fault ends
 * @faults:	pages that guest code has faulted on lately, in a ring
 * @nr_faults:	counts them
 *
 * The stub's mappings are a cache of the page tables.  The primitives that
 * change an entry which the stub has mapped add it to @stale or @readonly;
 * mm/tlb.c brings the stub up to date before guest code runs again.
 */
struct stub_mm {
	struct stub_thread	spare;
	struct seccomp_process	*process;
	unsigned int		threads;
	struct stub_data	*data;
	spinlock_t		lock;
	struct stub_ranges	stale;
	struct stub_ranges	readonly;
	struct stub_range	fill;
	struct stub_ranges	ahead;
	unsigned long		fault;
	unsigned long		next;
	unsigned long		faults[STUB_NR_FAULTS];
	unsigned int		nr_faults;
};

typedef struct {
	struct stub_mm	stub;
	void __user	*vdso;
} mm_context_t;

#endif /* _ASM_UM_MMU_H */
