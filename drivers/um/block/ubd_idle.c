// SPDX-License-Identifier: GPL-2.0
/*
 * Short writes that the CPU does itself, when somebody waits for them and it has
 * nothing else to do: to hand one to a thread and back takes as long as some of
 * them.
 */
#include <linux/blk-mq.h>
#include <linux/container_of.h>
#include <linux/minmax.h>
#include <linux/sched/stat.h>
#include <linux/sizes.h>
#include <linux/time64.h>

#include "ubd.h"

/* A request of 1 MiB comes as two if its memory lies scattered. */
#define UBD_IDLE_JOBS		2
#define UBD_IDLE_BYTES		SZ_1M
/* The host's page cache takes as much in a tenth of that, if it takes it at all. */
#define UBD_IDLE_SLOW		(4 * NSEC_PER_MSEC)
#define UBD_IDLE_PAUSE		NSEC_PER_SEC
#define UBD_IDLE_PAUSE_MAX	(64 * NSEC_PER_SEC)

bool ubd_idle_takes(const struct request *rq, const struct ubd_job *job)
{
	return job->op == UBD_OP_WRITE && op_is_sync(rq->cmd_flags) && !job->sync &&
	       job->len <= UBD_IDLE_BYTES;
}

void ubd_idle_note(struct ubd *dev, bool is_short)
{
	struct ubd_idle_writer *w = &dev->idle_writer;

	w->short_jobs = is_short &&
			(w->short_jobs || !ubd_pool_waiting(&dev->writer.pool));
}

/* May the CPU do a short write at all just now? */
static bool ubd_cpu_may_write(struct ubd *dev)
{
	return dev->idle_writer.wanted && !dev->merging &&
	       host_monotonic_ns() >= dev->idle_writer.not_before;
}

void ubd_idle_wrote(struct ubd *dev, u64 took)
{
	struct ubd_idle_writer *w = &dev->idle_writer;

	if (took < UBD_IDLE_SLOW) {
		w->pause = 0;
		return;
	}
	w->pause = clamp(2 * w->pause, UBD_IDLE_PAUSE, UBD_IDLE_PAUSE_MAX);
	w->not_before = host_monotonic_ns() + w->pause;
}

bool ubd_idle_offer(struct ubd *dev)
{
	struct ubd_idle_writer *w = &dev->idle_writer;
	u32 waiting = ubd_pool_waiting(&dev->writer.pool);

	if (!waiting || waiting > UBD_IDLE_JOBS || !w->short_jobs || !ubd_cpu_may_write(dev))
		return false;
	um_idle_make_offer(&w->offer);
	return true;
}

static void ubd_run_offer(struct um_idle_offer *offer)
{
	struct ubd_idle_writer *w = container_of(offer, struct ubd_idle_writer, offer);
	struct ubd *dev = container_of(w, struct ubd, idle_writer);
	u64 start = host_monotonic_ns(), took = 0;
	bool any = false;

	while (took < UBD_IDLE_SLOW && ubd_pool_help(&dev->writer.pool)) {
		took = host_monotonic_ns() - start;
		any = true;
	}
	/* What is left is for others. */
	ubd_pool_ring_bell(&dev->writer.pool);
	if (!any)
		return;
	um_irq_source_raise_idle(&dev->irq);
	ubd_idle_wrote(dev, took);
}

static void ubd_pass_on(struct um_idle_offer *offer)
{
	struct ubd *dev = container_of(offer, struct ubd, idle_writer.offer);

	ubd_workers_kick(&dev->writer);
}

bool ubd_idle_may_write_now(struct ubd *dev)
{
	return nr_running() <= 1 && !ubd_pool_waiting(&dev->writer.pool) &&
	       ubd_cpu_may_write(dev);
}

void ubd_idle_withdraw(struct ubd *dev)
{
	um_idle_withdraw(&dev->idle_writer.offer);
}

void ubd_idle_init(struct ubd *dev)
{
	const struct ubd_config *config = dev->config;
	struct ubd_idle_writer *w = &dev->idle_writer;

	/* One of a network could keep the CPU for ever. */
	w->wanted = !config->direct && host_fs_is_local(config->image.layer[0].fd);
	w->offer.run = ubd_run_offer;
	w->offer.pass_on = ubd_pass_on;
}
