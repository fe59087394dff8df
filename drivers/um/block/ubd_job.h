/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work that the block driver hands to helper threads of the host.
 *
 * The kernel and helper threads share these structures, so they hold nothing but
 * plain types, and are touched with the compiler's atomic operations.
 */
#ifndef _UM_UBD_JOB_H
#define _UM_UBD_JOB_H

#include <um/host.h>

#include "ubd_image.h"
#include "ubd_merge.h"

#define UBD_MAX_SEGS	128
/* Of a pool, where the host's disk does the work, and where its memory does. */
#define UBD_MAX_THREADS	16
#define UBD_SOME_THREADS 4

/* Power of two, and more than a device ever has in flight. */
#define UBD_RING	256

#define UBD_CACHELINE	64

enum ubd_op {
	UBD_OP_READ,
	UBD_OP_WRITE,
	UBD_OP_FLUSH,
	UBD_OP_DISCARD,
	UBD_OP_ZERO,
	UBD_OP_MERGE,
};

/**
 * struct ubd_job - one request, or a step of a merge
 * @next:	list of finished jobs
 * @op:		what to do
 * @image:	of which disk
 * @sync:	a write is on stable storage before it is done
 * @keep:	what becomes zeros keeps its room on the host
 * @refused:	a COW header was to become the first sector of plain data
 * @result:	0, or -errno; valid once the job is done
 * @layer:	the file that an error came from
 * @off:	where on the disk the rest starts, bytes
 * @len:	bytes that are still to be done
 * @seg:	first element of @iov that is not done; it is cut at its front
 *		when it is done in part
 * @nr_segs:	elements of @iov
 * @iov:	the memory
 * @merge:	of UBD_OP_MERGE, which is no request
 * @step:	what is to be done of it
 *
 * Its owner is the kernel, then from ubd_pool_push() on one helper thread, then
 * from ubd_pool_take_done() on the kernel again.
 */
struct ubd_job {
	struct ubd_job		*next;
	enum ubd_op		op;
	struct ubd_image	*image;
	int			sync;
	int			keep;
	int			refused;
	int			result;
	int			layer;
	um_u64			off;
	um_u64			len;
	int			seg;
	int			nr_segs;
	struct ubd_merge	*merge;
	int			(*step)(struct ubd_merge *merge);
	struct host_iovec	iov[UBD_MAX_SEGS];
};

/**
 * struct ubd_slot - place for a job on its way to a helper thread
 * @turn:	whose turn it is: equal to the position when the slot is free for
 *		it, one more when it is filled
 * @job:	the job
 */
struct ubd_slot {
	um_u32		turn;
	struct ubd_job	*job;
};

/**
 * struct ubd_pool - jobs of one device and the threads that do them
 * @head:	position where the next job is put
 * @tail:	position where the next job is taken
 * @bell:	futex: changes when jobs were put
 * @sleepers:	threads that wait, or are about to wait, for the bell
 * @lookers:	threads that look for jobs without sleeping
 * @stop:	threads are to end
 * @running:	futex: threads that there are
 * @may_look:	a thread may look for jobs for a while before it sleeps
 * @done:	finished jobs, the last one first
 * @raise:	called on a helper thread when there are jobs in @done
 * @cookie:	for @raise
 * @name:	of the threads
 * @batch:	a thread that has more to do raises it after so many jobs
 * @slots:	the ring
 *
 * Words that different sides write have cache lines of their own.
 */
struct ubd_pool {
	um_u32		head __aligned(UBD_CACHELINE);
	um_u32		tail __aligned(UBD_CACHELINE);
	um_u32		bell __aligned(UBD_CACHELINE);
	um_u32		sleepers;
	um_u32		lookers;
	um_u32		stop;
	um_u32		running;
	int		may_look;
	struct ubd_job	*done __aligned(UBD_CACHELINE);
	void		(*raise)(void *cookie);
	void		*cookie;
	const char	*name;
	um_u32		batch;
	struct ubd_slot	slots[UBD_RING];
};

/* All of these may be called on any thread. */

void ubd_pool_init(struct ubd_pool *pool, void (*raise)(void *cookie),
		   void *cookie, const char *name, um_u32 batch);
/* Puts a job into the ring; 0 when the ring is full. */
int ubd_pool_push(struct ubd_pool *pool, struct ubd_job *job);
/* Jobs that wait for a thread; a snapshot. */
um_u32 ubd_pool_waiting(struct ubd_pool *pool);
/* Wakes as many threads as there are jobs that wait. */
void ubd_pool_ring_bell(struct ubd_pool *pool);
/* All finished jobs, the first one first. */
struct ubd_job *ubd_pool_take_done(struct ubd_pool *pool);
/* Does the next job, if one waits, and does not raise; 0: none does. */
int ubd_pool_help(struct ubd_pool *pool);
/* Does jobs until it is to stop: the function of a helper thread. */
void ubd_pool_thread(void *pool);
/* Ends all threads, and returns when they no longer use the pool. */
void ubd_pool_stop(struct ubd_pool *pool);

/* Does all of a job, blocking; sets its result. */
void ubd_job_run(struct ubd_job *job);
/*
 * Does what can be done of a read without blocking.  1: it is over, see the
 * result; 0: something is left.
 */
int ubd_job_try_read(struct ubd_job *job);

#endif /* _UM_UBD_JOB_H */
