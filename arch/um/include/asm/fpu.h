/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's extended state (x87, SSE, AVX and on) lives in the host thread;
 * these move a whole image of it, in the standard format of XSAVE.
 */
#ifndef _ASM_UM_FPU_H
#define _ASM_UM_FPU_H

#include <linux/types.h>
#include <asm/engine.h>
#include <asm/user.h>

struct task_struct;

/* Components of the state that every x86-64 CPU has. */
#define XSTATE_FP	1ULL
#define XSTATE_SSE	2ULL
#define XSTATE_FPSSE	(XSTATE_FP | XSTATE_SSE)
/* The upper halves of AVX's registers. */
#define XSTATE_AVX	4ULL

/* Size of the part that FXSAVE knows, and with the header that follows it. */
#define XSTATE_FX_SIZE	512
#define XSTATE_MIN_SIZE	576

/* Defaults of the control registers. */
#define FPU_CWD_INIT	0x037f
#define FPU_MXCSR_INIT	0x1f80

/* Bits of MXCSR that may be set without a fault. */
extern u32 um_mxcsr_mask;

/* @x has um_xstate_size bytes; @task is current, or is stopped. */
int fpu_get(struct task_struct *task, struct user_xstateregs *x);
/* Changes @x: what the CPU would refuse is masked out. */
int fpu_set(struct task_struct *task, struct user_xstateregs *x);
/* The state that exec starts with. */
int fpu_reset(struct task_struct *task);

#endif /* _ASM_UM_FPU_H */
