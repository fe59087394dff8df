// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's extended state: what the CPU has of it, and moving it as a whole.
 */
#include <linux/bits.h>
#include <linux/cache.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/engine.h>
#include <asm/fpu.h>
#include <asm/x86.h>

#include "cpuid.h"

/*
 * AMX: 8 KiB that no program of a guest may use, since permission for it would
 * have to be asked of the host for each stub, before its first thread.
 */
#define XSTATE_AMX	(BIT_ULL(17) | BIT_ULL(18))

/* The bits that CPUs without a mask in their FXSAVE image allow. */
#define MXCSR_MASK_DEFAULT	0xffbf

/* Far more than all of AVX-512 and protection keys: 2,696 bytes. */
#define XSTATE_MAX	4096

unsigned int um_xstate_size __ro_after_init = XSTATE_MIN_SIZE;
u64 um_xstate_mask __ro_after_init = XSTATE_FPSSE;
u32 um_mxcsr_mask __ro_after_init = MXCSR_MASK_DEFAULT;

static u8 init_image[XSTATE_MAX] __aligned(64);
void *um_xstate_init = init_image;

static u32 __init read_mxcsr_mask(void)
{
	struct user_i387_struct fx __aligned(16) = {};

	asm volatile("fxsaveq %0" : "+m" (fx));
	return fx.mxcsr_mask ?: MXCSR_MASK_DEFAULT;
}

static u64 __init read_xcr0(void)
{
	u32 low, high;

	asm volatile("xgetbv" : "=a" (low), "=d" (high) : "c" (0));
	return low | (u64)high << 32;
}

void __init x86_xstate_init(void)
{
	struct user_i387_struct *fx = (void *)init_image;
	u64 mask = XSTATE_FPSSE;
	unsigned int size = XSTATE_MIN_SIZE;
	int i;

	um_mxcsr_mask = read_mxcsr_mask();

	if (x86_cpuid_max() >= 0xd && (x86_cpuid(1, 0).c & CPUID1_C_OSXSAVE)) {
		u64 xcr0 = read_xcr0() & ~XSTATE_AMX;

		/* The standard format has a fixed place for each component. */
		for (i = 2; i < 63; i++) {
			struct x86_cpuid leaf;

			if (!(xcr0 & BIT_ULL(i)))
				continue;
			leaf = x86_cpuid(0xd, i);
			/* a: bytes, b: offset */
			if (!leaf.a || leaf.b + leaf.a > XSTATE_MAX) {
				pr_warn("xstate: component %d (%u bytes at %u) is not kept for the guest\n",
					i, leaf.a, leaf.b);
				continue;
			}
			mask |= BIT_ULL(i);
			size = max(size, leaf.b + leaf.a);
		}
	}
	um_xstate_mask = mask;
	um_xstate_size = round_up(size, 8);

	fx->cwd = FPU_CWD_INIT;
	fx->mxcsr = FPU_MXCSR_INIT;
	fx->mxcsr_mask = um_mxcsr_mask;
	/* Given in full: MXCSR of a component that is left out might stay. */
	((struct user_xstateregs *)init_image)->header.xfeatures = XSTATE_FPSSE;
}

int fpu_get(struct task_struct *task, struct user_xstateregs *x)
{
	int len;

	if (!task->thread.stub) {
		/* It has not run yet. */
		memcpy(x, um_xstate_init, um_xstate_size);
		return 0;
	}

	len = engine->get_xstate(task, x, um_xstate_size);
	if (len < 0)
		return len;
	if (len < XSTATE_MIN_SIZE)
		return -EIO;
	if (len < um_xstate_size)
		memset((void *)x + len, 0, um_xstate_size - len);

	x->header.xfeatures &= um_xstate_mask;
	return 0;
}

int fpu_set(struct task_struct *task, struct user_xstateregs *x)
{
	struct user_i387_struct *fx = (void *)x;
	u64 present = x->header.xfeatures & um_xstate_mask;

	if (!task->thread.stub)
		return -EIO;

	/*
	 * XRSTOR takes MXCSR from the image even when SSE is said to be in its
	 * initial state; ptrace() on the host does not.
	 */
	if (!(present & XSTATE_SSE)) {
		memset(fx->xmm_space, 0, sizeof(fx->xmm_space));
		present |= XSTATE_SSE;
	}
	fx->mxcsr &= um_mxcsr_mask;
	memset(x->i387.xstate_fx_sw, 0, sizeof(x->i387.xstate_fx_sw));
	memset(&x->header, 0, sizeof(x->header));
	x->header.xfeatures = present;

	return engine->set_xstate(task, x, um_xstate_size);
}

int fpu_reset(struct task_struct *task)
{
	if (!task->thread.stub)
		return 0;
	return engine->set_xstate(task, um_xstate_init, um_xstate_size);
}
