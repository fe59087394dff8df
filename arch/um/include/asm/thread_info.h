/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_THREAD_INFO_H
#define _ASM_UM_THREAD_INFO_H

#include <asm/page.h>

/*
 * A host signal's frame lies on the kernel stack too, up to 3 KiB with AVX-512.
 * There can be four: an interrupt, one that only leaves its bit during its
 * handler, and again these two in its softirqs.
 */
#define THREAD_SIZE_ORDER	3
#define THREAD_SIZE		(PAGE_SIZE << THREAD_SIZE_ORDER)

#ifndef __ASSEMBLY__

struct thread_info {
	unsigned long	flags;		/* TIF_* */
	unsigned long	syscall_work;	/* SYSCALL_WORK_* */
	int		preempt_count;
	u32		cpu;
};

#define INIT_THREAD_INFO(tsk)			\
{						\
	.flags		= 0,			\
	.preempt_count	= INIT_PREEMPT_COUNT,	\
}

#endif /* __ASSEMBLY__ */

#define TIF_NOTIFY_RESUME	1	/* callback before return to the guest */
#define TIF_SIGPENDING		2
#define TIF_NEED_RESCHED	3
#define TIF_SINGLESTEP		4	/* the guest's tracer steps this thread */
#define TIF_NOTIFY_SIGNAL	5
#define TIF_MEMDIE		6	/* chosen by the OOM killer */
#define TIF_POLLING_NRFLAG	7
#define TIF_NOCPUID		9
#define TIF_RESTORE_SIGMASK	10
#define TIF_UPROBE		12

#define _TIF_NOTIFY_RESUME	(1 << TIF_NOTIFY_RESUME)
#define _TIF_SIGPENDING		(1 << TIF_SIGPENDING)
#define _TIF_NEED_RESCHED	(1 << TIF_NEED_RESCHED)
#define _TIF_SINGLESTEP		(1 << TIF_SINGLESTEP)
#define _TIF_NOTIFY_SIGNAL	(1 << TIF_NOTIFY_SIGNAL)
#define _TIF_POLLING_NRFLAG	(1 << TIF_POLLING_NRFLAG)
#define _TIF_UPROBE		(1 << TIF_UPROBE)

#endif /* _ASM_UM_THREAD_INFO_H */
