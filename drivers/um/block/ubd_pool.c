// SPDX-License-Identifier: GPL-2.0
/*
 * Jobs on their way to helper threads of the host, and back.
 *
 * A helper thread is no CPU of the kernel: there is no current task, no per-CPU
 * data, no interrupt, no lock.  This file may call host functions, and nothing
 * of the kernel; it touches plain memory only.
 */
#include <linux/stddef.h>

#include "ubd_job.h"

/* ---- the ring ----------------------------------------------------------- */

/*
 * A bounded queue of many producers and many consumers.  Each slot says by its
 * turn whether it is to be filled or emptied, and in which round; positions only
 * ever grow, and are claimed by compare and exchange.
 */

void ubd_pool_init(struct ubd_pool *pool, void (*raise)(void *cookie),
		   void *cookie, const char *name, um_u32 batch)
{
	um_u32 i;

	pool->head = 0;
	pool->tail = 0;
	pool->bell = 0;
	pool->sleepers = 0;
	pool->stop = 0;
	pool->running = 0;
	pool->lookers = 0;
	/* Who looks is in the way of those who work, on the only CPU. */
	pool->may_look = host_nr_cpus() > 1;
	pool->done = NULL;
	pool->raise = raise;
	pool->cookie = cookie;
	pool->name = name;
	pool->batch = batch;
	for (i = 0; i < UBD_RING; i++)
		pool->slots[i].turn = i;
}

int ubd_pool_push(struct ubd_pool *pool, struct ubd_job *job)
{
	um_u32 pos = __atomic_load_n(&pool->head, __ATOMIC_RELAXED);
	struct ubd_slot *slot;

	for (;;) {
		int ahead;

		slot = &pool->slots[pos % UBD_RING];
		ahead = (int)(__atomic_load_n(&slot->turn, __ATOMIC_ACQUIRE) - pos);
		if (ahead < 0)
			return 0;
		if (ahead > 0)
			pos = __atomic_load_n(&pool->head, __ATOMIC_RELAXED);
		else if (__atomic_compare_exchange_n(&pool->head, &pos, pos + 1, 1,
						     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			break;
	}
	slot->job = job;
	__atomic_store_n(&slot->turn, pos + 1, __ATOMIC_RELEASE);
	return 1;
}

static struct ubd_job *ubd_pool_pop(struct ubd_pool *pool)
{
	um_u32 pos = __atomic_load_n(&pool->tail, __ATOMIC_RELAXED);
	struct ubd_slot *slot;
	struct ubd_job *job;

	for (;;) {
		int ahead;

		slot = &pool->slots[pos % UBD_RING];
		ahead = (int)(__atomic_load_n(&slot->turn, __ATOMIC_ACQUIRE) - (pos + 1));
		if (ahead < 0)
			return NULL;
		if (ahead > 0)
			pos = __atomic_load_n(&pool->tail, __ATOMIC_RELAXED);
		else if (__atomic_compare_exchange_n(&pool->tail, &pos, pos + 1, 1,
						     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			break;
	}
	job = slot->job;
	__atomic_store_n(&slot->turn, pos + UBD_RING, __ATOMIC_RELEASE);
	return job;
}

um_u32 ubd_pool_waiting(struct ubd_pool *pool)
{
	um_u32 tail = __atomic_load_n(&pool->tail, __ATOMIC_RELAXED);

	return __atomic_load_n(&pool->head, __ATOMIC_RELAXED) - tail;
}

void ubd_pool_ring_bell(struct ubd_pool *pool)
{
	um_u32 n = ubd_pool_waiting(pool);
	um_u32 lookers = __atomic_load_n(&pool->lookers, __ATOMIC_SEQ_CST);

	/* One that stops looking has another look before it sleeps. */
	if (n <= lookers)
		return;
	n -= lookers;
	/*
	 * Pairs with ubd_pool_thread(): a thread that does not see the new value
	 * of the bell has counted itself before this looks.
	 */
	__atomic_add_fetch(&pool->bell, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&pool->sleepers, __ATOMIC_SEQ_CST))
		host_futex_wake(&pool->bell, n < UBD_MAX_THREADS ? n : UBD_MAX_THREADS);
}

/* ---- finished jobs ------------------------------------------------------ */

static void ubd_pool_finish(struct ubd_pool *pool, struct ubd_job *job)
{
	struct ubd_job *first = __atomic_load_n(&pool->done, __ATOMIC_RELAXED);

	do {
		job->next = first;
	} while (!__atomic_compare_exchange_n(&pool->done, &first, job, 1,
					      __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

struct ubd_job *ubd_pool_take_done(struct ubd_pool *pool)
{
	struct ubd_job *job, *list = NULL;

	job = __atomic_exchange_n(&pool->done, NULL, __ATOMIC_ACQUIRE);
	while (job) {
		struct ubd_job *next = job->next;

		job->next = list;
		list = job;
		job = next;
	}
	return list;
}

/* A job that comes so soon is worth looking for; to be woken costs about that. */
#define LOOK_NS		50000

/* Looks for a while; not 0: there is something to do. */
static int ubd_pool_look(struct ubd_pool *pool)
{
	um_u64 end = host_monotonic_ns() + LOOK_NS;
	int i, found = 0;

	__atomic_add_fetch(&pool->lookers, 1, __ATOMIC_SEQ_CST);
	do {
		for (i = 0; i < 16 && !found; i++) {
			found = ubd_pool_waiting(pool) ||
				__atomic_load_n(&pool->stop, __ATOMIC_RELAXED);
			__builtin_ia32_pause();
		}
	} while (!found && host_monotonic_ns() < end);
	__atomic_sub_fetch(&pool->lookers, 1, __ATOMIC_SEQ_CST);
	return found;
}

static void ubd_pool_sleep(struct ubd_pool *pool)
{
	um_u32 bell;

	__atomic_add_fetch(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
	bell = __atomic_load_n(&pool->bell, __ATOMIC_SEQ_CST);
	/* What was put before the bell was read is seen by this look. */
	if (!ubd_pool_waiting(pool) &&
	    !__atomic_load_n(&pool->stop, __ATOMIC_SEQ_CST))
		host_futex_wait(&pool->bell, bell, 0);
	__atomic_sub_fetch(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
}

int ubd_pool_help(struct ubd_pool *pool)
{
	struct ubd_job *job = ubd_pool_pop(pool);

	if (!job)
		return 0;
	ubd_job_run(job);
	ubd_pool_finish(pool, job);
	return 1;
}

void ubd_pool_thread(void *arg)
{
	struct ubd_pool *pool = arg;
	um_u32 untold = 0;
	int soon = 0;

	while (!__atomic_load_n(&pool->stop, __ATOMIC_SEQ_CST)) {
		um_u64 start;

		if (ubd_pool_help(pool)) {
			if (++untold >= pool->batch || !ubd_pool_waiting(pool)) {
				pool->raise(pool->cookie);
				untold = 0;
			}
			continue;
		}
		if (soon && ubd_pool_look(pool))
			continue;
		start = host_monotonic_ns();
		ubd_pool_sleep(pool);
		soon = pool->may_look && host_monotonic_ns() - start < LOOK_NS;
	}
	/* The pool may be gone behind this; a futex's address does no harm then. */
	__atomic_sub_fetch(&pool->running, 1, __ATOMIC_SEQ_CST);
	host_futex_wake(&pool->running, 1);
}

void ubd_pool_stop(struct ubd_pool *pool)
{
	um_u32 n;

	__atomic_store_n(&pool->stop, 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&pool->bell, 1, __ATOMIC_SEQ_CST);
	host_futex_wake(&pool->bell, UBD_MAX_THREADS);
	while ((n = __atomic_load_n(&pool->running, __ATOMIC_SEQ_CST)))
		host_futex_wait(&pool->running, n, 0);
}
