// SPDX-License-Identifier: GPL-2.0
/*
 * What libc calls to learn the time.
 */
#include "syscall.h"
#include "vdso.h"

int __vdso_clock_gettime(__kernel_clockid_t id, struct __kernel_timespec *now)
{
	return vdso_syscall(__NR_clock_gettime, (void *)(long)id, now, NULL);
}

int __vdso_clock_getres(__kernel_clockid_t id, struct __kernel_timespec *res)
{
	return vdso_syscall(__NR_clock_getres, (void *)(long)id, res, NULL);
}

int __vdso_gettimeofday(struct __kernel_old_timeval *now, struct timezone *zone)
{
	return vdso_syscall(__NR_gettimeofday, now, zone, NULL);
}

__kernel_old_time_t __vdso_time(__kernel_old_time_t *now)
{
	return vdso_syscall(__NR_time, now, NULL, NULL);
}

VDSO_ALIAS(clock_gettime);
VDSO_ALIAS(clock_getres);
VDSO_ALIAS(gettimeofday);
VDSO_ALIAS(time);
