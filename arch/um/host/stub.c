// SPDX-License-Identifier: GPL-2.0
/*
 * What is the same for stubs of all engines.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "internal.h"

/* glibc's registration of restartable sequences uses this signature. */
#define RSEQ_SIGNATURE	0x53053053
#define RSEQ_UNREGISTER	1

/* The host must not write to memory that will be the guest's. */
int stub_forget_thread_areas(void)
{
	const long *rseq_offset;

	sys(SYS_set_robust_list, NULL, 3 * sizeof(long));
	sys(SYS_set_tid_address, NULL);

	/* By the GOT, so that it is not copied into the executable. */
	asm("mov __rseq_offset@GOTPCREL(%%rip), %0" : "=r" (rseq_offset));

	/* The length must be what it was registered with. */
	for (unsigned int len = 32; len <= 256; len += 4) {
		long err = sys(SYS_rseq, thread_pointer() + *rseq_offset, len,
			       RSEQ_UNREGISTER, RSEQ_SIGNATURE);

		if (!err || err == -ENOSYS)
			return 0;
	}
	/* Switched off by a tunable, or something that we do not know. */
	return 0;
}

void stub_name_and_limit(void)
{
	struct rlimit no_core = { 0, 0 }, cpu;

	sys(SYS_prctl, PR_SET_NAME, "um-stub", 0, 0, 0);
	sys(SYS_prlimit64, 0, RLIMIT_CORE, &no_core, NULL);
	/* Limits for a session's processes are not for a guest's. */
	if (!sys(SYS_prlimit64, 0, RLIMIT_CPU, NULL, &cpu)) {
		cpu.rlim_cur = cpu.rlim_max;
		sys(SYS_prlimit64, 0, RLIMIT_CPU, &cpu, NULL);
	}
}

/* Every stub is a process of its own, though some share their memory. */
void host_stub_kill(int pid)
{
	struct host_stop_info info;

	/* Those are not processes, but many. */
	if (pid <= 0)
		return;
	sys(SYS_kill, pid, SIGKILL);
	do {
		if (host_ptrace_wait(pid, &info) < 0)
			return;
	} while (info.why != HOST_STOP_DEAD);
}
