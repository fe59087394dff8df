/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_FAULT_H
#define _ASM_UM_FAULT_H

#include <linux/types.h>
#include <asm/mmu.h>

struct pt_regs;
struct stub_event;
struct vm_area_struct;

/* x86's page fault error code, as guest signal frames show it. */
#define PF_PROT		1	/* the page was there */
#define PF_WRITE	2
#define PF_USER		4
#define PF_INSTR	16

/**
 * enum access - what an access wants; a stub does not always tell
 */
enum access {
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_EXEC,
	ACCESS_UNKNOWN,		/* a read, or a write */
};

/* A fault of guest code, resolved or turned into a signal. */
void guest_fault(struct pt_regs *regs, const struct stub_event *ev);

/*
 * Before a fault at @addr is resolved, @vma's lock held: has what it makes the page
 * cache read come in the order of physical addresses.
 */
void fault_line_up(struct vm_area_struct *vma, unsigned long addr);

/*
 * Before a write fault at @addr is resolved, @vma's lock held: copies what of a file is
 * likely to be written next as fault_around() does, but all of it in the order of
 * physical addresses, @addr's own page included.  The pages that it has been through;
 * an end of 0: it is fault_around()'s as ever.
 */
struct stub_range fault_copy(struct vm_area_struct *vma, unsigned long addr);

/*
 * A fault at @addr is resolved, @vma's lock still held: brings in what is likely
 * to be wanted next.  Returns what is worth being mapped in the stub.
 */
struct stub_range fault_around(struct vm_area_struct *vma, unsigned long addr,
			       enum access access);

/*
 * The current task starts a program at @ip, or its dynamic linker has mapped a
 * part of a file at @addr: brings in what they use first, as far as it is in
 * memory.  May sleep.
 */
void expect_start(unsigned long ip);
void expect_use(unsigned long addr);

/*
 * Guest code of the current task is known to write at @addr at once: resolves
 * the fault beforehand, if it can be.  May sleep.
 */
void guest_will_write(unsigned long addr);

/*
 * Makes a guest page accessible to the kernel.  May sleep, unless page faults
 * are disabled: then it fails.  -EFAULT: the guest has no such page.
 */
int fault_in_user(unsigned long addr, enum access access);

#endif /* _ASM_UM_FAULT_H */
