// SPDX-License-Identifier: GPL-2.0
/*
 * What libc calls to learn the time.  lib/vdso/gettimeofday.c, which comes by
 * way of the Makefile, does it: by the data page and the host's clock.
 */
#include "vdso.h"

int __vdso_clock_gettime(clockid_t id, struct __kernel_timespec *now)
{
	return __cvdso_clock_gettime(id, now);
}

int __vdso_clock_getres(clockid_t id, struct __kernel_timespec *res)
{
	return __cvdso_clock_getres(id, res);
}

int __vdso_gettimeofday(struct __kernel_old_timeval *now, struct timezone *zone)
{
	return __cvdso_gettimeofday(now, zone);
}

__kernel_old_time_t __vdso_time(__kernel_old_time_t *now)
{
	return __cvdso_time(now);
}

VDSO_ALIAS(clock_gettime);
VDSO_ALIAS(clock_getres);
VDSO_ALIAS(gettimeofday);
VDSO_ALIAS(time);
