// SPDX-License-Identifier: GPL-2.0
/*
 * Channel null: nothing ever arrives, and what is written is gone.
 */
#include <linux/errno.h>

#include "chan.h"

static const char *chan_null_parse(struct chan *chan, const char *value,
				   char *reason, int size)
{
	return value ? "channel null takes no value" : NULL;
}

static int chan_null_open(struct chan *chan, enum chan_dir dir)
{
	return 0;
}

static void chan_null_close(struct chan *chan)
{
}

static long chan_null_read(struct chan *chan, void *buf, unsigned long len)
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
	.parse		= chan_null_parse,
	.open		= chan_null_open,
	.close		= chan_null_close,
	.read		= chan_null_read,
	.write		= chan_null_write,
	.write_all	= chan_null_write_all,
};
