/* SPDX-License-Identifier: GPL-2.0 */
/* What the vDSO exports.  Each has a second name, without the prefix. */
#ifndef _UM_VDSO_VDSO_H
#define _UM_VDSO_VDSO_H

#include <uapi/linux/time.h>
#include <uapi/linux/time_types.h>
#include <uapi/linux/types.h>
#include <vdso/datapage.h>

struct getcpu_cache;

__kernel_old_time_t __vdso_time(__kernel_old_time_t *now);
long __vdso_getcpu(unsigned int *cpu, unsigned int *node,
		   struct getcpu_cache *unused);
int __vdso_gettimeofday(struct __kernel_old_timeval *now, struct timezone *zone);
int __vdso_clock_getres(clockid_t id, struct __kernel_timespec *res);
int __vdso_clock_gettime(clockid_t id, struct __kernel_timespec *now);

/* The second name that libraries look for. */
#define VDSO_ALIAS(name)						\
	extern typeof(__vdso_##name) name				\
		__attribute__((weak, alias("__vdso_" #name)))

#endif /* _UM_VDSO_VDSO_H */
