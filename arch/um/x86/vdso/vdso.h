/* SPDX-License-Identifier: GPL-2.0 */
/* What the vDSO exports.  Each has a second name, without the prefix. */
#ifndef _UM_VDSO_VDSO_H
#define _UM_VDSO_VDSO_H

#include <uapi/linux/time.h>
#include <uapi/linux/time_types.h>
#include <uapi/linux/types.h>

__kernel_old_time_t __vdso_time(__kernel_old_time_t *now);
long __vdso_getcpu(unsigned int *cpu, unsigned int *node, void *unused);
int __vdso_gettimeofday(struct __kernel_old_timeval *now, struct timezone *zone);
int __vdso_clock_getres(__kernel_clockid_t id, struct __kernel_timespec *res);
int __vdso_clock_gettime(__kernel_clockid_t id, struct __kernel_timespec *now);

#endif /* _UM_VDSO_VDSO_H */
