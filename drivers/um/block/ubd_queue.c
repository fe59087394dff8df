// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of a disk and their way to the file.
 *
 * A read that the host can answer from its page cache is done at once, by the
 * thread that asks.  Some writes are done by an idle CPU (ubd_idle.c).  All else
 * goes to helper threads (ubd_workers.c), which report back by an interrupt.
 */
#define pr_fmt(fmt) "ubd: " fmt

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <asm/options.h>

#include "ubd.h"

/* An interrupt, and what it makes the guest do, costs as much as some writes. */
#define UBD_WRITES_TOLD		8

static blk_status_t ubd_status(int err)
{
	switch (err) {
	case 0:
		return BLK_STS_OK;
	case -ENOSPC:
	case -EDQUOT:
	case -EFBIG:
		return BLK_STS_NOSPC;
	case -ENOMEM:
	case -ENOBUFS:
		return BLK_STS_RESOURCE;
	case -EOPNOTSUPP:
		return BLK_STS_NOTSUPP;
	case -ETIMEDOUT:
		return BLK_STS_TIMEOUT;
	case -ENODEV:
	case -ENXIO:
		return BLK_STS_OFFLINE;
	default:
		return BLK_STS_IOERR;
	}
}

/* ---- from a request to a job -------------------------------------------- */

/* All memory is mapped linearly, so neighbours in it are neighbours here. */
static bool ubd_map_memory(struct request *rq, struct ubd_job *job)
{
	struct req_iterator iter;
	struct bio_vec bv;
	int n = 0;

	rq_for_each_bvec(bv, rq, iter) {
		void *base = page_address(bv.bv_page) + bv.bv_offset;
		struct host_iovec *last = &job->iov[n - 1];

		if (n && last->base + last->len == base) {
			last->len += bv.bv_len;
			continue;
		}
		if (n == UBD_MAX_SEGS)
			return false;
		job->iov[n].base = base;
		job->iov[n].len = bv.bv_len;
		n++;
	}
	job->nr_segs = n;
	return true;
}

/* What the log says of an error, and of which file. */
static void ubd_complain(struct ubd *dev, struct request *rq)
{
	static const char * const does[] = {
		[UBD_OP_READ]		= "read",
		[UBD_OP_WRITE]		= "write",
		[UBD_OP_FLUSH]		= "flush",
		[UBD_OP_DISCARD]	= "discard",
		[UBD_OP_ZERO]		= "write of zeros",
	};
	const struct ubd_job *job = blk_mq_rq_to_pdu(rq);
	char name[128], at[40] = "";

	if (job->refused) {
		pr_warn_ratelimited("%s: a COW header is not written to a disk without the flag 'd'\n",
				    dev->name);
		return;
	}
	if (job->op != UBD_OP_FLUSH)
		snprintf(at, sizeof(at), " at sector %llu", (u64)blk_rq_pos(rq));
	pr_err_ratelimited("%s: %s%s: %s: %s\n", dev->name, does[job->op], at,
			   ubd_layer_name(dev->config, job->layer, name, sizeof(name)),
			   um_strerror(job->result));
}

static blk_status_t ubd_prepare(struct ubd *dev, struct request *rq,
				struct ubd_job *job)
{
	struct ubd_config *config = dev->config;

	job->image = &config->image;
	job->layer = 0;
	job->off = (u64)blk_rq_pos(rq) << SECTOR_SHIFT;
	job->len = blk_rq_bytes(rq);
	job->seg = 0;
	job->nr_segs = 0;
	job->result = 0;
	job->refused = 0;
	job->keep = !!(rq->cmd_flags & REQ_NOUNMAP);
	job->sync = config->sync || ubd_sync_all || (rq->cmd_flags & REQ_FUA);

	switch (req_op(rq)) {
	case REQ_OP_READ:
		job->op = UBD_OP_READ;
		break;
	case REQ_OP_WRITE:
		job->op = UBD_OP_WRITE;
		break;
	case REQ_OP_FLUSH:
		job->op = UBD_OP_FLUSH;
		return BLK_STS_OK;
	case REQ_OP_DISCARD:
		job->op = UBD_OP_DISCARD;
		break;
	case REQ_OP_WRITE_ZEROES:
		job->op = UBD_OP_ZERO;
		break;
	default:
		return BLK_STS_NOTSUPP;
	}

	if (job->op != UBD_OP_READ && config->read_only)
		return BLK_STS_IOERR;
	if ((job->op == UBD_OP_READ || job->op == UBD_OP_WRITE) &&
	    WARN_ON_ONCE(!ubd_map_memory(rq, job)))
		return BLK_STS_IOERR;
	return BLK_STS_OK;
}

/* ---- finished requests -------------------------------------------------- */

static void ubd_end(struct request *rq)
{
	struct ubd_job *job = blk_mq_rq_to_pdu(rq);

	/* The block layer writes zeros itself when it sees these limits gone. */
	if (job->op >= UBD_OP_DISCARD && job->result == -EOPNOTSUPP) {
		blk_queue_disable_discard(rq->q);
		blk_queue_disable_write_zeroes(rq->q);
	} else if (unlikely(job->result)) {
		ubd_complain(rq->q->queuedata, rq);
	}
	blk_mq_end_request(rq, ubd_status(job->result));
}

static bool ubd_complete(struct ubd_pool *pool)
{
	struct ubd_job *job = ubd_pool_take_done(pool), *next;
	bool any = job;

	for (; job; job = next) {
		next = job->next;
		if (job->op == UBD_OP_MERGE)
			ubd_commit_done(job);
		else
			blk_mq_complete_request(blk_mq_rq_from_pdu(job));
	}
	return any;
}

static irqreturn_t ubd_interrupt(int irq, void *data)
{
	struct ubd *dev = data;
	bool any = ubd_complete(&dev->readers.pool);

	any |= ubd_complete(&dev->writer.pool);
	return any ? IRQ_HANDLED : IRQ_NONE;
}

/* ---- from a job to who does it -------------------------------------------- */

static void ubd_kick(struct ubd *dev)
{
	ubd_workers_kick(&dev->readers);
	if (!ubd_idle_offer(dev)) {
		ubd_idle_withdraw(dev);
		ubd_workers_kick(&dev->writer);
	}
}

void ubd_do_merge(struct ubd *dev, struct ubd_job *job)
{
	/* It takes long. */
	ubd_idle_withdraw(dev);
	if (ubd_workers_push(&dev->writer, job)) {
		ubd_workers_kick(&dev->writer);
		return;
	}
	preempt_disable();
	ubd_job_run(job);
	preempt_enable();
	ubd_commit_done(job);
}

/* Whoever waits for its locks would wait for this task.  How long the host took, ns. */
static u64 ubd_run_here(struct request *rq, struct ubd_job *job)
{
	u64 took;

	preempt_disable();
	took = host_monotonic_ns();
	ubd_job_run(job);
	took = host_monotonic_ns() - took;
	preempt_enable();
	ubd_end(rq);
	return took;
}

/* The only one, and nobody else wants the CPU: it would be idle next. */
static bool ubd_do_now(struct ubd *dev, struct request *rq, struct ubd_job *job)
{
	if (!ubd_idle_may_write_now(dev))
		return false;
	/* Others of the batch need not wait for it. */
	ubd_workers_kick(&dev->readers);
	ubd_idle_wrote(dev, ubd_run_here(rq, job));
	return true;
}

static struct ubd_workers *ubd_workers_for(struct ubd *dev,
					   const struct ubd_job *job)
{
	return job->op == UBD_OP_READ || job->op == UBD_OP_FLUSH ?
	       &dev->readers : &dev->writer;
}

static void ubd_queue_job(struct ubd *dev, struct request *rq, struct ubd_job *job,
			  bool is_short)
{
	struct ubd_workers *w = ubd_workers_for(dev, job);

	if (w == &dev->writer)
		ubd_idle_note(dev, is_short);
	if (!ubd_workers_push(w, job))
		ubd_run_here(rq, job);
}

/* ---- the block layer's side --------------------------------------------- */

static blk_status_t ubd_queue_rq(struct blk_mq_hw_ctx *hctx,
				 const struct blk_mq_queue_data *bd)
{
	struct ubd *dev = hctx->queue->queuedata;
	struct request *rq = bd->rq;
	struct ubd_job *job = blk_mq_rq_to_pdu(rq);
	blk_status_t status = ubd_prepare(dev, rq, job);
	bool is_short;

	if (status != BLK_STS_OK)
		return status;

	blk_mq_start_request(rq);
	is_short = ubd_idle_takes(rq, job);
	if (job->op == UBD_OP_READ && !dev->config->direct &&
	    ubd_job_try_read(job))
		ubd_end(rq);
	else if (!is_short || !bd->last || !ubd_do_now(dev, rq, job))
		ubd_queue_job(dev, rq, job, is_short);
	if (bd->last)
		ubd_kick(dev);
	return BLK_STS_OK;
}

static void ubd_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	ubd_kick(hctx->queue->queuedata);
}

static const struct blk_mq_ops ubd_mq_ops = {
	.queue_rq	= ubd_queue_rq,
	.commit_rqs	= ubd_commit_rqs,
	.complete	= ubd_end,
};

/**
 * ubd_queue_init - makes the request queue's foundation of a device
 * @dev:	the device; its configuration is there
 *
 * Returns 0 or -errno, with nothing left behind.
 */
int ubd_queue_init(struct ubd *dev)
{
	const struct ubd_config *config = dev->config;
	bool direct = config->direct && !config->image.layer[0].is_cow;
	int err;

	ubd_idle_init(dev);
	ubd_workers_init(dev, &dev->readers,
			 config->direct ? UBD_MAX_THREADS : UBD_SOME_THREADS, 1);
	/*
	 * What goes into the host's memory goes there one as soon as the other; and
	 * of a COW file there is one writer.
	 */
	ubd_workers_init(dev, &dev->writer, direct ? UBD_MAX_THREADS : 1,
			 direct ? 1 : UBD_WRITES_TOLD);

	err = um_irq_source_init(&dev->irq, dev->name, ubd_interrupt, dev);
	if (err)
		return err;

	dev->tags.ops = &ubd_mq_ops;
	dev->tags.nr_hw_queues = num_possible_cpus();
	dev->tags.queue_depth = UBD_QUEUE_DEPTH;
	dev->tags.numa_node = NUMA_NO_NODE;
	dev->tags.cmd_size = sizeof(struct ubd_job);
	/* The host schedules; sorting here only delays. */
	dev->tags.flags = BLK_MQ_F_SHOULD_MERGE | BLK_MQ_F_NO_SCHED_BY_DEFAULT |
			  BLK_MQ_F_TAG_HCTX_SHARED;
	err = blk_mq_alloc_tag_set(&dev->tags);
	if (err)
		um_irq_source_free(&dev->irq);
	return err;
}

/* There are no requests any more. */
void ubd_queue_exit(struct ubd *dev)
{
	ubd_idle_withdraw(dev);
	ubd_pool_stop(&dev->readers.pool);
	ubd_pool_stop(&dev->writer.pool);
	blk_mq_free_tag_set(&dev->tags);
	um_irq_source_free(&dev->irq);
}
