// SPDX-License-Identifier: GPL-2.0
/*
 * The part of the block driver that runs on helper threads of the host.
 *
 * A helper thread is no CPU of the kernel: there is no current task, no per-CPU
 * data, no interrupt, no lock.  This file may call host functions, and nothing
 * of the kernel; it touches plain memory only.
 */
#include <linux/errno.h>
#include <linux/stddef.h>

#include "ubd_job.h"

/* ---- one job ------------------------------------------------------------ */

static void ubd_job_advance(struct ubd_job *job, um_u64 bytes)
{
	job->off += bytes;
	job->len -= bytes;
	while (bytes) {
		struct host_iovec *v = &job->iov[job->seg];

		if (bytes < v->len) {
			v->base = (char *)v->base + bytes;
			v->len -= bytes;
			return;
		}
		bytes -= v->len;
		job->seg++;
	}
}

static long ubd_job_transfer(struct ubd_job *job, int flags)
{
	const struct host_iovec *iov = &job->iov[job->seg];
	int n = job->nr_segs - job->seg;

	if (job->op == UBD_OP_READ)
		return host_preadv(job->fd, iov, n, job->off, flags);
	return host_pwritev(job->fd, iov, n, job->off, flags);
}

static int ubd_job_transfer_all(struct ubd_job *job)
{
	while (job->len) {
		long n = ubd_job_transfer(job, 0);

		if (n < 0)
			return n;
		/* The file ends before the device does: it was truncated. */
		if (n == 0)
			return -EIO;
		ubd_job_advance(job, n);
	}
	return 0;
}

void ubd_job_run(struct ubd_job *job)
{
	int ret = 0;

	switch (job->op) {
	case UBD_OP_READ:
		ret = ubd_job_transfer_all(job);
		break;
	case UBD_OP_WRITE:
		ret = ubd_job_transfer_all(job);
		if (!ret && job->sync)
			ret = host_datasync(job->fd);
		break;
	case UBD_OP_FLUSH:
		ret = host_datasync(job->fd);
		break;
	case UBD_OP_PUNCH:
		ret = host_punch(job->fd, job->off, job->len);
		if (!ret && job->sync)
			ret = host_datasync(job->fd);
		break;
	}
	job->result = ret < 0 ? ret : 0;
}

int ubd_job_try_read(struct ubd_job *job)
{
	long n = ubd_job_transfer(job, HOST_NOWAIT);

	if (n == -EAGAIN)
		return 0;
	if (n <= 0) {
		job->result = n ? n : -EIO;
		return 1;
	}
	ubd_job_advance(job, n);
	return job->len == 0;
}

/* ---- the ring ----------------------------------------------------------- */

/*
 * A bounded queue of many producers and many consumers.  Each slot says by its
 * turn whether it is to be filled or emptied, and in which round; positions only
 * ever grow, and are claimed by compare and exchange.
 */

void ubd_pool_init(struct ubd_pool *pool, void (*raise)(void *cookie),
		   void *cookie, const char *name)
{
	um_u32 i;

	pool->head = 0;
	pool->tail = 0;
	pool->bell = 0;
	pool->sleepers = 0;
	pool->done = NULL;
	pool->raise = raise;
	pool->cookie = cookie;
	pool->name = name;
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

	if (!n)
		return;
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

	/* Where the list was not empty, its first job's thread does it. */
	if (!first)
		pool->raise(pool->cookie);
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

void ubd_pool_thread(void *arg)
{
	struct ubd_pool *pool = arg;

	for (;;) {
		struct ubd_job *job = ubd_pool_pop(pool);
		um_u32 bell;

		if (job) {
			ubd_job_run(job);
			ubd_pool_finish(pool, job);
			continue;
		}

		__atomic_add_fetch(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
		bell = __atomic_load_n(&pool->bell, __ATOMIC_SEQ_CST);
		/* What was put before the bell was read is seen by this look. */
		if (!ubd_pool_waiting(pool))
			host_futex_wait(&pool->bell, bell, 0);
		__atomic_sub_fetch(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
	}
}
