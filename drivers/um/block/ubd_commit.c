// SPDX-License-Identifier: GPL-2.0
/*
 * A COW file goes into the file below it while the disk is in use.
 *
 * The thread that writes does it step by step, so that the guest's writes come in
 * between; the last step has the disk for itself.
 */
#define pr_fmt(fmt) "ubd: " fmt

#include <linux/blk-mq.h>
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <asm/options.h>

#include "ubd.h"

/* What others may have to wait for in the end, and rounds to get there. */
#define UBD_COMMIT_REST		UBD_MERGE_STEP
#define UBD_COMMIT_ROUNDS	8

/**
 * struct ubd_commit - a merge and who waits for it
 * @job:	its next step
 * @merge:	what is to be done
 * @done:	the step is over
 * @why:	what goes wrong behind it
 */
struct ubd_commit {
	struct ubd_job		job;
	struct ubd_merge	merge;
	struct completion	done;
	struct ubd_why		why;
};

/* The kernel ends: what is half merged is merged again another time. */
static bool ubd_commit_ending;

void ubd_commit_stop(void)
{
	WRITE_ONCE(ubd_commit_ending, true);
}

void ubd_commit_done(struct ubd_job *job)
{
	complete(&container_of(job, struct ubd_commit, job)->done);
}

static int ubd_commit_step(struct ubd *dev, struct ubd_commit *commit,
			   int (*step)(struct ubd_merge *merge))
{
	commit->job.op = UBD_OP_MERGE;
	commit->job.image = commit->merge.image;
	commit->job.merge = &commit->merge;
	commit->job.step = step;
	reinit_completion(&commit->done);
	ubd_do_merge(dev, &commit->job);
	wait_for_completion(&commit->done);
	return commit->job.result;
}

/* All of it, again and again where the guest writes meanwhile, but the last bit. */
static int ubd_commit_copy(struct ubd *dev, struct ubd_commit *commit)
{
	struct ubd_merge *merge = &commit->merge;
	int round, err;

	for (round = 0; round < UBD_COMMIT_ROUNDS; round++) {
		do {
			if (READ_ONCE(ubd_commit_ending) ||
			    fatal_signal_pending(current))
				return -EINTR;
			err = ubd_commit_step(dev, commit, ubd_merge_copy);
		} while (!err && merge->pos);
		if (err || merge->round <= UBD_COMMIT_REST)
			return err ?: ubd_commit_step(dev, commit, ubd_merge_sync);
	}
	return ubd_commit_step(dev, commit, ubd_merge_sync);
}

/* Has the second layer open in another way; a new one has a lock of its own. */
static int ubd_reopen(struct ubd *dev, int flags, struct ubd_why *why)
{
	struct ubd_layer *l = &dev->config->image.layer[1];
	char path[32], name[128];
	struct host_stat st;
	int fd, old, err = 0;

	/* As the disk's own file is opened. */
	if ((flags & O_RDWR) && !dev->config->shared &&
	    !host_fstat(l->fd, &st) && st.type == HOST_FILE_BLOCK)
		flags |= O_EXCL;
	ubd_layer_name(dev->config, 1, name, sizeof(name));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", l->fd);
	fd = host_open(path, flags, 0);
	if (fd < 0) {
		ubd_say(why, "%s: %s: %s", dev->name, name, um_strerror(fd));
		return fd;
	}
	/* The old one's is shared, too: there is never none. */
	if (!dev->config->shared)
		err = host_lock(fd, 0);
	if (err == -EAGAIN) {
		host_close(fd);
		ubd_say(why, "%s: %s: in use by another process", dev->name, name);
		return -EBUSY;
	}
	blk_mq_freeze_queue(dev->disk->queue);
	old = l->fd;
	l->fd = fd;
	blk_mq_unfreeze_queue(dev->disk->queue);
	host_close(old);
	return 0;
}

static int ubd_lock_below(struct ubd *dev, struct ubd_why *why)
{
	struct ubd_config *config = dev->config;
	int fd = config->image.layer[1].fd, holder;
	char name[128];

	if (config->shared || host_lock(fd, 1) != -EAGAIN)
		return 0;
	ubd_layer_name(config, 1, name, sizeof(name));
	holder = host_lock_holder(fd, 1);
	if (holder > 0)
		ubd_say(why, "%s: %s: in use by process %d", dev->name, name, holder);
	else
		ubd_say(why, "%s: %s: in use by another process", dev->name, name);
	return -EBUSY;
}

static void ubd_unlock_below(struct ubd *dev, struct ubd_why *why)
{
	/* With less, never without. */
	if (!dev->config->shared)
		host_lock(dev->config->image.layer[1].fd, 0);
	if (ubd_reopen(dev, O_RDONLY | O_NONBLOCK, why))
		pr_warn("%s (the backing file stays open for writing)\n", why->text);
}

static int ubd_commit_finish(struct ubd *dev, struct ubd_commit *commit)
{
	int err;

	blk_mq_freeze_queue(dev->disk->queue);
	err = ubd_commit_step(dev, commit, ubd_merge_finish);
	blk_mq_unfreeze_queue(dev->disk->queue);
	return err;
}

static const char *ubd_commit_error(const struct ubd_commit *commit, int err)
{
	return commit->merge.disguised ?
	       "the disk begins with a COW header: the file would be taken for a COW file" :
	       um_strerror(err);
}

static int ubd_commit_all(struct ubd *dev, struct ubd_commit *commit,
			  struct ubd_why *why)
{
	char name[128];
	int err, left;

	ubd_layer_name(dev->config, 1, name, sizeof(name));
	err = ubd_commit_step(dev, commit, ubd_merge_begin);
	if (err) {
		ubd_say(why, "%s: not merged into %s: %s", dev->name, name,
			ubd_commit_error(commit, err));
		return err;
	}
	if (commit->merge.nothing) {
		pr_info("%s: there is nothing to be merged into %s\n", dev->name, name);
		return 0;
	}
	err = ubd_commit_copy(dev, commit) ?: ubd_commit_finish(dev, commit);
	if (!err) {
		pr_info("%s: %llu bytes are in %s now\n", dev->name,
			(u64)commit->merge.copied, name);
		return 0;
	}
	if (commit->merge.emptied) {
		ubd_say(why, "%s: merged into %s, but the COW file keeps the mark of a merge: %s",
			dev->name, name, um_strerror(err));
		return err;
	}
	left = ubd_commit_step(dev, commit, ubd_merge_abort);
	ubd_say(why, "%s: not merged into %s: %s%s", dev->name, name,
		ubd_commit_error(commit, err),
		left ? "; the COW file keeps the mark of a merge" : "");
	return err;
}

/* What can be merged, and what is to be said of the rest. */
static int ubd_commit_check(struct ubd *dev, struct ubd_why *why)
{
	const struct ubd_config *config = dev->config;
	const struct ubd_layer *l = config->image.layer;

	if (!l[0].is_cow) {
		ubd_say(why, "%s: no COW file: there is nothing to merge into",
			dev->name);
		return -EOPNOTSUPP;
	}
	if (l[1].is_cow) {
		ubd_say(why, "%s: the backing file is a COW file, too: that is for uml_moo -d, while no guest uses it",
			dev->name);
		return -EOPNOTSUPP;
	}
	if (config->read_only) {
		ubd_say(why, "%s: the disk is read-only", dev->name);
		return -EROFS;
	}
	return 0;
}

int ubd_commit_files(struct ubd *dev, struct ubd_why *why)
{
	struct ubd_commit *commit;
	int err = ubd_commit_check(dev, why);

	if (err)
		return err;
	commit = kzalloc(sizeof(*commit), GFP_KERNEL);
	if (!commit) {
		ubd_say(why, "%s: out of memory", dev->name);
		return -ENOMEM;
	}
	init_completion(&commit->done);
	commit->merge.image = &dev->config->image;
	err = ubd_reopen(dev, O_RDWR | O_NONBLOCK, why);
	if (!err) {
		err = ubd_lock_below(dev, why) ?: ubd_commit_all(dev, commit, why);
		ubd_unlock_below(dev, &commit->why);
	}
	kfree(commit);
	return err;
}
