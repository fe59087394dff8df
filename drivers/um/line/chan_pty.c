// SPDX-License-Identifier: GPL-2.0
/*
 * Channels pty and pts: a pseudo-terminal of the host, for a terminal program.
 *
 * It is made when the line is first opened, and stays: who attached to it finds
 * the line there again, whatever the guest did to it.  What nobody reads waits in
 * it, as far as the host has room.
 */
#define pr_fmt(fmt) fmt

#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include <um/host.h>
#include <um/pty.h>
#include "line.h"

/**
 * struct chan_pty - the pseudo-terminal of a channel
 * @host:	as the host library has it
 * @rows:	of the other end, when its size was looked at last
 * @cols:	likewise
 * @shared:	when it was last made anybody's, in jiffies
 */
struct chan_pty {
	struct host_pty	host;
	u16		rows;
	u16		cols;
	unsigned long	shared;
};

/* The console needs them before there is memory to be had. */
static struct chan_pty chan_ptys[2 * LINE_TOTAL];

static struct chan_pty *chan_pty_find(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(chan_ptys); i++) {
		if (!cmpxchg(&chan_ptys[i].host.name[0], 0, '?'))
			return &chan_ptys[i];
	}
	return NULL;
}

static int chan_pty_open(struct chan *chan)
{
	struct chan_pty *pty = chan->private;
	int err;

	if (!pty) {
		pty = chan_pty_find();
		if (!pty)
			return -ENOSPC;
		err = host_pty_open(&pty->host, chan->spec.ops == &chan_pty_ops);
		if (err) {
			pr_err_ratelimited("%s: no pseudo-terminal: %s\n", chan->line->name,
					   um_strerror(err));
			pty->host.name[0] = 0;
			return err;
		}
		chan->private = pty;
		pr_info("%s %u assigned pty %s\n", chan->line->class->title,
			chan->line->index, pty->host.name);
	}
	chan->fd = pty->host.master;
	return 0;
}

static void chan_pty_close(struct chan *chan)
{
}

static void chan_pty_release(struct chan *chan)
{
	struct chan_pty *pty = chan->private;

	if (!pty)
		return;
	chan->private = NULL;
	host_pty_close(&pty->host);
	pty->rows = 0;
	pty->cols = 0;
	/* The next one to have it finds it closed. */
	smp_store_release(&pty->host.name[0], 0);
}

static int chan_pty_describe(const struct chan *chan, char *buf, size_t len)
{
	const struct chan_pty *pty = chan->private;

	return scnprintf(buf, len, "%s%s%s", chan->spec.ops->name, pty ? ":" : "",
			 pty ? pty->host.name : "");
}

/*
 * Terminal programs want it for themselves.  That would outlive them, as our own
 * descriptor keeps it open: the next one would be refused.
 */
static void chan_pty_share(struct chan_pty *pty)
{
	pty->shared = jiffies;
	host_tty_share(pty->host.slave);
}

static long chan_pty_write(struct chan *chan, const void *buf, unsigned long len)
{
	struct chan_pty *pty = chan->private;

	if (time_after(jiffies, pty->shared + HZ))
		chan_pty_share(pty);
	return chan_fd_write_now(chan, buf, len);
}

/* Nobody tells when its size changes; who has changed it will type something. */
static long chan_pty_read(struct chan *chan, void *buf, unsigned long len,
			  unsigned int *events)
{
	struct chan_pty *pty = chan->private;
	long n = host_read(chan->fd, buf, len);
	u16 rows, cols;

	if (n > 0)
		chan_pty_share(pty);
	if (n > 0 && !host_tty_winsize(chan->fd, &rows, &cols) &&
	    (rows != pty->rows || cols != pty->cols)) {
		pty->rows = rows;
		pty->cols = cols;
		*events |= CHAN_SIZE;
	}
	return n;
}

#define CHAN_PTY_OPS(_name) {				\
	.name		= _name,			\
	.syntax		= _name,			\
	.terminal	= true,				\
	.parse		= chan_parse_nothing,		\
	.describe	= chan_pty_describe,		\
	.open		= chan_pty_open,		\
	.close		= chan_pty_close,		\
	.release	= chan_pty_release,		\
	.read		= chan_pty_read,		\
	.write		= chan_pty_write,		\
	.write_all	= chan_fd_write_patiently,	\
	.get_size	= chan_tty_get_size,		\
	.set_size	= chan_tty_set_size,		\
}

/* A host of today has no others, but one that has gives a name like /dev/ttyp0. */
const struct chan_ops chan_pty_ops = CHAN_PTY_OPS("pty");
const struct chan_ops chan_pts_ops = CHAN_PTY_OPS("pts");
