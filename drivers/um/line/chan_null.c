// SPDX-License-Identifier: GPL-2.0
/*
 * Channel null: nothing ever arrives, and what is written is gone.
 */
#include <linux/errno.h>

#include "chan.h"

static int chan_null_open(struct chan *chan)
{
	return 0;
}

static void chan_null_close(struct chan *chan)
{
}

static long chan_null_read(struct chan *chan, void *buf, unsigned long len,
			   unsigned int *events)
{
	return -EAGAIN;
}

static long chan_null_write(struct chan *chan, const void *buf, unsigned long len)
{
	return len;
}

static int chan_null_write_all(struct chan *chan, const void *buf,
			       unsigned long len)
{
	return 0;
}

const struct chan_ops chan_null_ops = {
	.name		= "null",
	.syntax		= "null",
	.parse		= chan_parse_nothing,
	.open		= chan_null_open,
	.close		= chan_null_close,
	.read		= chan_null_read,
	.write		= chan_null_write,
	.write_all	= chan_null_write_all,
};
