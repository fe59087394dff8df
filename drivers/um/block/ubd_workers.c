// SPDX-License-Identifier: GPL-2.0
/*
 * The helper threads of a disk: started when there is more to do than those that
 * there are can take.
 */
#define pr_fmt(fmt) "ubd: " fmt

#include <linux/compiler.h>
#include <linux/printk.h>
#include <linux/spinlock.h>

#include "ubd.h"

/* One more, if there may be.  True when there is at least one afterwards. */
static bool ubd_start_thread(struct ubd_workers *w)
{
	unsigned long flags;
	int err;

	spin_lock_irqsave(&w->start_lock, flags);
	if (w->nr_threads < w->max_threads) {
		__atomic_add_fetch(&w->pool.running, 1, __ATOMIC_SEQ_CST);
		err = host_thread_start(ubd_pool_thread, &w->pool, w->pool.name);
		/* Where one cannot be had, the next one is not tried either. */
		if (err < 0) {
			__atomic_sub_fetch(&w->pool.running, 1, __ATOMIC_SEQ_CST);
			w->max_threads = w->nr_threads;
		} else {
			WRITE_ONCE(w->nr_threads, w->nr_threads + 1);
		}
	}
	spin_unlock_irqrestore(&w->start_lock, flags);
	return w->nr_threads;
}

bool ubd_workers_push(struct ubd_workers *w, struct ubd_job *job)
{
	/* The first thread before the first job: there may be none to be had. */
	if (unlikely(!READ_ONCE(w->nr_threads)) && !ubd_start_thread(w)) {
		pr_warn_once("no helper threads: a CPU waits for its own I/O\n");
		return false;
	}
	return ubd_pool_push(&w->pool, job);
}

void ubd_workers_kick(struct ubd_workers *w)
{
	um_u32 waiting = ubd_pool_waiting(&w->pool);

	if (!waiting)
		return;
	if (waiting > READ_ONCE(w->pool.sleepers) + READ_ONCE(w->pool.lookers) &&
	    READ_ONCE(w->nr_threads) < READ_ONCE(w->max_threads))
		ubd_start_thread(w);
	ubd_pool_ring_bell(&w->pool);
}

/* Runs on a helper thread. */
static void ubd_raise(void *cookie)
{
	struct ubd *dev = cookie;

	um_irq_source_raise(&dev->irq);
}

void ubd_workers_init(struct ubd *dev, struct ubd_workers *w, unsigned int threads,
		      unsigned int batch)
{
	w->max_threads = threads;
	spin_lock_init(&w->start_lock);
	ubd_pool_init(&w->pool, ubd_raise, dev, dev->name, batch);
}
