/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UM_UBD_DRIVER_H
#define _UM_UBD_DRIVER_H

#include <linux/blk-mq.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <asm/idle.h>
#include <asm/irq.h>

#include "ubd_image.h"
#include "ubd_job.h"

#define UBD_UNITS	16
#define UBD_MINOR_BITS	4
#define UBD_QUEUE_DEPTH	128

/* Why something cannot be done: one line, without a newline at its end. */
struct ubd_why {
	char	text[1000];
};

/**
 * struct ubd_part - a part of an option's value
 * @start:	where it is in the option's word
 * @len:	bytes; 0: it was not given
 */
struct ubd_part {
	const char	*start;
	int		len;
};

/**
 * struct ubd_config - what is said of a unit, on the command line or later
 * @word:	the option from "ubd" on, or NULL when there is none; what comes
 *		before the file is its name in messages
 * @own_word:	@word is to be freed with the unit
 * @file:	name of the file
 * @backing:	name of its backing file
 * @serial:	serial number
 * @read_only:	asked for, or all that the file allows
 * @demoted:	@read_only because of the file
 * @sync:	each write is on stable storage before it is done
 * @shared:	no lock
 * @plain:	not a COW file whatever it looks like
 * @direct:	data goes past the host's page cache
 * @no_trim:	never gives space back to the host
 * @created:	the COW file was made just now
 * @moved:	its backing file has another name than the COW file said
 * @newer:	its header has that name by now, and it could not keep its time
 * @cut:	bytes after the last whole sector, which the guest does not see
 * @image:	the open and locked files
 */
struct ubd_config {
	const char		*word;
	bool			own_word;
	struct ubd_part		file;
	struct ubd_part		backing;
	struct ubd_part		serial;
	bool			read_only;
	bool			demoted;
	bool			sync;
	bool			shared;
	bool			plain;
	bool			direct;
	bool			no_trim;
	bool			created;
	bool			moved;
	bool			newer;
	unsigned int		cut;
	struct ubd_image	image;
};

/**
 * struct ubd_workers - helper threads for one kind of work
 * @pool:	the jobs, and what the threads share
 * @start_lock:	for the two numbers below
 * @nr_threads:	threads that were started
 * @max_threads: no more of them than this
 */
struct ubd_workers {
	struct ubd_pool		pool;
	spinlock_t		start_lock;
	unsigned int		nr_threads;
	unsigned int		max_threads;
};

/**
 * struct ubd_idle_writer - the CPU that waits for a write does it itself
 * @offer:	made to it
 * @wanted:	on this file
 * @short_jobs:	what waits in the ring is short
 * @not_before:	of host_monotonic_ns(): the host was slow, and a CPU that waits for
 *		the host has no interrupts
 * @pause:	how long it was left alone for that, ns
 */
struct ubd_idle_writer {
	struct um_idle_offer	offer;
	bool			wanted;
	bool			short_jobs;
	u64			not_before;
	u64			pause;
};

/**
 * struct ubd - a block device
 * @unit:	0-15
 * @name:	of the disk
 * @config:	what is said of it
 * @going:	it is being removed; changes under the disk's open_mutex
 * @merging:	its COW file goes into the file below: it stays, and stays what it is
 * @disk:	the disk
 * @tags:	its requests
 * @irq:	raised when jobs are finished
 * @readers:	for reads, and for flushes, which may take long
 * @writer:	for what changes the file: the host does one of it at a time
 * @idle_writer: instead of those, now and then
 */
struct ubd {
	unsigned int		unit;
	char			name[8];
	struct ubd_config	*config;
	bool			going;
	bool			merging;
	struct gendisk		*disk;
	struct blk_mq_tag_set	tags;
	struct um_irq_source	irq;
	struct ubd_workers	readers;
	struct ubd_workers	writer;
	struct ubd_idle_writer	idle_writer;
};

/* ubd_options.c */
extern struct ubd_config ubd_configs[UBD_UNITS];
extern bool ubd_sync_all;

/* Fills in the reason; always -EINVAL. */
__printf(2, 3) int ubd_say(struct ubd_why *why, const char *fmt, ...);
/*
 * Parses @word, which begins with "ubd" and lives as long as the unit, and opens
 * its files.  Returns the unit, or -errno with the reason.  One caller at a time.
 */
int ubd_configure(const char *word, struct ubd_why *why);
/* Closes the files; the unit is free. */
void ubd_unconfigure(struct ubd_config *config);

/* ubd_open.c */
int ubd_image_open(struct ubd_config *config, struct ubd_why *why);
void ubd_image_close(struct ubd_image *image);
/* The name of one of the files, for messages. */
const char *ubd_layer_name(const struct ubd_config *config, int layer, char *buf,
			   unsigned long len);

/* ubd_queue.c */
int ubd_queue_init(struct ubd *dev);
void ubd_queue_exit(struct ubd *dev);
/* Hands a step of a merge to the thread that writes; ubd_commit_done() follows. */
void ubd_do_merge(struct ubd *dev, struct ubd_job *job);

/* ubd_workers.c */
/* At most @threads, and an interrupt for @batch jobs, or when no more wait. */
void ubd_workers_init(struct ubd *dev, struct ubd_workers *w, unsigned int threads,
		      unsigned int batch);
/* False when there is nobody to hand it to.  A kick follows the last one. */
bool ubd_workers_push(struct ubd_workers *w, struct ubd_job *job);
void ubd_workers_kick(struct ubd_workers *w);

/* ubd_idle.c */
void ubd_idle_init(struct ubd *dev);
/* Whether a request is a short write that somebody waits for. */
bool ubd_idle_takes(const struct request *rq, const struct ubd_job *job);
/* Before a job for the writer is put into the ring. */
void ubd_idle_note(struct ubd *dev, bool is_short);
/* Offers what waits for the writer to the idle loop; false: a thread is to do it. */
bool ubd_idle_offer(struct ubd *dev);
void ubd_idle_withdraw(struct ubd *dev);
/* Whether the CPU would be idle next, so that it may do a short write at once. */
bool ubd_idle_may_write_now(struct ubd *dev);
/* After a write that took @took ns of the CPU: a slow host is left alone for a while. */
void ubd_idle_wrote(struct ubd *dev, u64 took);

/* ubd_commit.c */
/* With @dev->merging set and no mutex, which others want meanwhile; see ubd_commit(). */
int ubd_commit_files(struct ubd *dev, struct ubd_why *why);
/* All of them end soon, and no more begin. */
void ubd_commit_stop(void);
void ubd_commit_done(struct ubd_job *job);

#endif /* _UM_UBD_DRIVER_H */
