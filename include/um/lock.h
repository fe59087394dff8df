/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A lock among threads of the host, of which a CPU of the kernel is one.
 *
 * For what helper threads of drivers share.  They know no spinlocks, as they are
 * no CPUs.  Who holds it may wait for the host's input and output, but not for
 * the kernel, which may be waiting for the lock with interrupts disabled.
 */
#ifndef _UM_LOCK_H
#define _UM_LOCK_H

#include <um/host.h>

/**
 * struct um_lock - the lock
 * @state:	0 free, 1 held, 2 held and somebody waits for it
 *
 * All zero is a free one.
 */
struct um_lock {
	um_u32	state;
};

static inline void um_lock(struct um_lock *lock)
{
	um_u32 state = 0;

	if (__atomic_compare_exchange_n(&lock->state, &state, 1, 0,
					__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&lock->state, 2, __ATOMIC_ACQUIRE))
		host_futex_wait(&lock->state, 2, 0);
}

/* Not 0: it has the lock.  Waits for at most about @ns. */
static inline int um_lock_within(struct um_lock *lock, um_u64 ns)
{
	um_u64 end = host_monotonic_ns() + ns, now;

	while (__atomic_exchange_n(&lock->state, 2, __ATOMIC_ACQUIRE)) {
		now = host_monotonic_ns();
		if (now >= end)
			return 0;
		host_futex_wait(&lock->state, 2, end - now);
	}
	return 1;
}

static inline void um_unlock(struct um_lock *lock)
{
	if (__atomic_exchange_n(&lock->state, 0, __ATOMIC_RELEASE) == 2)
		host_futex_wake(&lock->state, 1);
}

#endif /* _UM_LOCK_H */
