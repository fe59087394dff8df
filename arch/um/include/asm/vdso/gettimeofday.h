/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What lib/vdso/ wants to know: where the clock is, and the system calls.  The
 * guest's time is made of the host's CLOCK_MONOTONIC, in nanoseconds.
 */
#ifndef _ASM_UM_VDSO_GETTIMEOFDAY_H
#define _ASM_UM_VDSO_GETTIMEOFDAY_H

#ifndef __ASSEMBLY__

#include <uapi/linux/time.h>
#include <uapi/linux/time_types.h>
#include <uapi/asm/unistd_64.h>

#define VDSO_HAS_TIME		1
#define VDSO_HAS_CLOCK_GETRES	1

/* No counter of the host has this value; but the host's clock may fail. */
#define VDSO_NO_CYCLES		(~0ULL)

static __always_inline long vdso_syscall(long nr, const void *a, const void *b,
					 const void *c)
{
	long ret;

	asm volatile("syscall"
		     : "=a" (ret)
		     : "0" (nr), "D" (a), "S" (b), "d" (c)
		     : "rcx", "r11", "memory");
	return ret;
}

static __always_inline long clock_gettime_fallback(clockid_t clock,
						   struct __kernel_timespec *ts)
{
	return vdso_syscall(__NR_clock_gettime, (void *)(long)clock, ts, NULL);
}

static __always_inline long clock_getres_fallback(clockid_t clock,
						  struct __kernel_timespec *ts)
{
	return vdso_syscall(__NR_clock_getres, (void *)(long)clock, ts, NULL);
}

static __always_inline long gettimeofday_fallback(struct __kernel_old_timeval *tv,
						  struct timezone *tz)
{
	return vdso_syscall(__NR_gettimeofday, tv, tz, NULL);
}

static __always_inline u64 __arch_get_hw_counter(s32 mode,
						 const struct vdso_data *vd)
{
	int (*host_clock)(clockid_t clock, struct __kernel_timespec *ts);
	struct __kernel_timespec ts;

	host_clock = (void *)vd->arch_data.host_clock;
	if (unlikely(host_clock(CLOCK_MONOTONIC, &ts)))
		return VDSO_NO_CYCLES;
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static inline bool um_vdso_cycles_ok(u64 cycles)
{
	return cycles != VDSO_NO_CYCLES;
}
#define vdso_cycles_ok um_vdso_cycles_ok

/*
 * The host's CPUs may disagree by some nanoseconds, so that a clock that the
 * kernel has just read seems to run backwards: it stands still then, as it does
 * for the kernel.  A guest that was stopped may find that it is long ago.
 */
static __always_inline u64 vdso_calc_ns(const struct vdso_data *vd, u64 cycles,
					u64 base)
{
	u64 delta = cycles - vd->cycle_last;

	if (likely(delta <= vd->max_cycles))
		return (delta * vd->mult + base) >> vd->shift;
	if ((s64)delta < 0)
		return base >> vd->shift;
	return mul_u64_u32_add_u64_shr(delta, vd->mult, base, vd->shift);
}
#define vdso_calc_ns vdso_calc_ns

static __always_inline const struct vdso_data *__arch_get_vdso_data(void)
{
	return _vdso_data;
}

#ifdef CONFIG_TIME_NS
static __always_inline
const struct vdso_data *__arch_get_timens_vdso_data(const struct vdso_data *vd)
{
	return _timens_data;
}
#endif

#endif /* __ASSEMBLY__ */
#endif /* _ASM_UM_VDSO_GETTIMEOFDAY_H */
