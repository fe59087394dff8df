/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UM_UBD_DRIVER_H
#define _UM_UBD_DRIVER_H

#include <linux/blk-mq.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <asm/irq.h>

#include "ubd_job.h"

#define UBD_UNITS	16
#define UBD_MINOR_BITS	4
#define UBD_QUEUE_DEPTH	128

/**
 * struct ubd_config - what the command line says of a unit
 * @word:	the option from "ubd" on, or NULL when there was none; what comes
 *		before the file is its name in messages
 * @file:	name of the file, @file_len bytes, part of the command line
 * @serial:	serial number, @serial_len bytes, part of the command line
 * @fd:		the open and locked file
 * @dev:	with @ino, which file that is
 * @ino:	inode number
 * @size:	bytes, whole sectors
 * @read_only:	asked for, or all that the file allows
 * @demoted:	@read_only because of the file
 * @sync:	each write is on stable storage before it is done
 * @shared:	no lock
 * @plain:	not a COW file whatever it looks like
 * @no_trim:	never gives space back to the host
 * @cut:	bytes after the last whole sector, which the guest does not see
 *
 * Filled in before the kernel starts.
 */
struct ubd_config {
	const char	*word;
	const char	*file;
	int		file_len;
	const char	*serial;
	int		serial_len;
	int		fd;
	u64		dev;
	u64		ino;
	u64		size;
	bool		read_only;
	bool		demoted;
	bool		sync;
	bool		shared;
	bool		plain;
	bool		no_trim;
	unsigned int	cut;
};

/**
 * struct ubd - a block device
 * @unit:	0-15
 * @name:	of the disk
 * @config:	what the command line says
 * @disk:	the disk
 * @tags:	its requests
 * @irq:	raised when jobs are finished
 * @pool:	helper threads
 * @start_lock:	for the two numbers below
 * @nr_threads:	helper threads that were started
 * @max_threads: no more of them than this
 */
struct ubd {
	unsigned int		unit;
	char			name[8];
	struct ubd_config	*config;
	struct gendisk		*disk;
	struct blk_mq_tag_set	tags;
	struct um_irq_source	irq;
	struct ubd_pool		pool;
	spinlock_t		start_lock;
	unsigned int		nr_threads;
	unsigned int		max_threads;
};

/* ubd_options.c */
extern struct ubd_config ubd_configs[UBD_UNITS];
extern bool ubd_sync_all;

/* ubd_queue.c */
int ubd_queue_init(struct ubd *dev);
void ubd_queue_exit(struct ubd *dev);

#endif /* _UM_UBD_DRIVER_H */
