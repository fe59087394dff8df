/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_STUB_THREAD_H
#define _ASM_UM_STUB_THREAD_H

#include <linux/types.h>

/**
 * struct stub_thread - a host thread that runs guest code
 * @pid:	its id on the host; 0: none
 * @cpu:	host CPU it is confined to, -1 none
 * @dead:	it was killed from outside, and reaped
 */
struct stub_thread {
	int	pid;
	int	cpu;
	bool	dead;
};

#endif /* _ASM_UM_STUB_THREAD_H */
