/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_FAULT_H
#define _ASM_UM_FAULT_H

#include <linux/types.h>

struct pt_regs;
struct stub_event;

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
 * Makes a guest page accessible to the kernel.  May sleep, unless page faults
 * are disabled: then it fails.  -EFAULT: the guest has no such page.
 */
int fault_in_user(unsigned long addr, enum access access);

#endif /* _ASM_UM_FAULT_H */
