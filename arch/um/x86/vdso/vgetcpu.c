// SPDX-License-Identifier: GPL-2.0
/*
 * The virtual CPU that the caller runs on.  RDTSCP and RDPID would tell the
 * host's.
 */
#include "syscall.h"
#include "vdso.h"

long __vdso_getcpu(unsigned int *cpu, unsigned int *node, void *unused)
{
	return vdso_syscall(__NR_getcpu, cpu, node, NULL);
}

VDSO_ALIAS(getcpu);
