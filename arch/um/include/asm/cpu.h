/* SPDX-License-Identifier: GPL-2.0 */
/* A virtual CPU and the host CPU that it runs on (kernel/cpu.c). */
#ifndef _ASM_UM_CPU_H
#define _ASM_UM_CPU_H

/* Confines the caller's virtual CPU to one host CPU, and returns which. */
int um_cpu_confine(void);
/* Lets it go where the host wants, while it sleeps. */
void um_cpu_release(void);
/* To be called at every tick: moves on when the host CPU is contended. */
void um_cpu_balance(void);

#endif /* _ASM_UM_CPU_H */
