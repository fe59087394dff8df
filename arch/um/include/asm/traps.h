/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_TRAPS_H
#define _ASM_UM_TRAPS_H

struct pt_regs;
struct stub_event;
struct task_struct;

/* Runs guest code, for ever (kernel/entry.c). */
void __noreturn guest_loop(void);
void __noreturn task_entry(struct task_struct *prev, int (*fn)(void *), void *arg);

/* An exception of guest code (kernel/traps.c). */
void guest_exception(struct pt_regs *regs, const struct stub_event *ev);
void die(struct pt_regs *regs, const char *what, long err);

#endif /* _ASM_UM_TRAPS_H */
