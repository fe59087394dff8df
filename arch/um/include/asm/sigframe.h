/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_SIGFRAME_H
#define _ASM_UM_SIGFRAME_H

#include <asm/siginfo.h>
#include <asm/ucontext.h>
#include <uapi/asm/sigcontext.h>

/*
 * What a signal handler finds at its stack pointer.  The extended state lies
 * above, where uc_mcontext.fpstate says.
 */
struct rt_sigframe {
	void __user	*pretcode;	/* return address: sa_restorer */
	struct ucontext	uc;
	struct siginfo	info;
};

/* The largest that a frame can be, alignment included. */
unsigned long get_sigframe_size(void);

#endif /* _ASM_UM_SIGFRAME_H */
