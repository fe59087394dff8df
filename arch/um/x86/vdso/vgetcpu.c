// SPDX-License-Identifier: GPL-2.0
/*
 * The virtual CPU that the caller runs on.  RDTSCP and RDPID would tell the
 * host's.
 */
#include "vdso.h"

long __vdso_getcpu(unsigned int *cpu, unsigned int *node,
		   struct getcpu_cache *unused)
{
	const struct vdso_data *vd = __arch_get_vdso_data();
	int this;

#ifdef CONFIG_TIME_NS
	if (vd->clock_mode == VDSO_CLOCKMODE_TIMENS)
		vd = __arch_get_timens_vdso_data(vd);
#endif
	this = READ_ONCE(vd->arch_data.cpu);
	if (unlikely(this < 0))
		return vdso_syscall(__NR_getcpu, cpu, node, NULL);
	if (cpu)
		*cpu = this;
	if (node)
		*node = 0;
	return 0;
}

VDSO_ALIAS(getcpu);
