// SPDX-License-Identifier: GPL-2.0
/*
 * Channel fd:N: a descriptor that this program was started with.
 *
 * Other processes share it, above all the shell that started us.  Whether it
 * blocks is a property of what they share, so it stays as it is: terminals and
 * pipes are opened a second time instead, without blocking.  Where that cannot
 * be (a terminal that belongs to another user, a socket) the descriptor is asked
 * each time, and gets no more at once than it can be expected to take.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/sprintf.h>
#include <linux/stat.h>

#include <um/host.h>
#include "chan.h"

/* What a descriptor that says it is writable takes without blocking. */
#define CHAN_FD_CAREFUL		256

static const char *chan_fd_parse(struct chan_spec *spec, char *reason, int size)
{
	const char *value = spec->value;
	long number = 0;

	if (!isdigit(*value))
		return "channel fd needs a descriptor's number, as in fd:0";
	for (; isdigit(*value); value++)
		number = min(number * 10 + *value - '0', (long)INT_MAX);
	if (*value)
		return "channel fd: what follows the number is not understood";
	if (!host_fd_is_open(number)) {
		snprintf(reason, size, "descriptor %ld is not open", number);
		return reason;
	}
	spec->number = number;
	return NULL;
}

static int chan_fd_reopen(const struct chan *chan)
{
	static const int flags[] = {
		[CHAN_IN]		= O_RDONLY,
		[CHAN_OUT]		= O_WRONLY,
		[CHAN_IN | CHAN_OUT]	= O_RDWR,
	};
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", chan->spec.number);
	return host_open(path, flags[chan->dirs] | O_NONBLOCK | O_NOCTTY, 0);
}

static int chan_fd_open(struct chan *chan)
{
	int number = chan->spec.number;
	struct host_stat st;
	int fd;

	fd = host_fstat(number, &st);
	if (fd < 0)
		return fd;
	chan->terminal = host_isatty(number) > 0;
	chan->never_blocks = st.type == HOST_FILE_REGULAR;

	/* A file is not opened again: its position is shared as well. */
	if (chan->terminal || (S_ISFIFO(st.mode) && chan->dirs != (CHAN_IN | CHAN_OUT))) {
		fd = chan_fd_reopen(chan);
		chan->never_blocks = fd >= 0;
	} else {
		fd = -EINVAL;
	}
	/* A number of its own either way: each is waited for on its own. */
	if (fd < 0)
		fd = host_dup(number);
	if (fd < 0)
		return fd;

	chan->fd = fd;
	if (chan->terminal)
		host_tty_raw(number);
	return 0;
}

static void chan_fd_close(struct chan *chan)
{
	host_close(chan->fd);
}

/* Whether a call that might block may be made: > 0 yes. */
static int chan_fd_ready(struct chan *chan, int events)
{
	int ready;

	if (chan->never_blocks)
		return 1;
	ready = host_poll_one(chan->fd, events, 0);
	return ready == 0 ? -EAGAIN : ready;
}

static long chan_fd_read(struct chan *chan, void *buf, unsigned long len,
			 unsigned int *events)
{
	int ready = chan_fd_ready(chan, HOST_POLLIN);

	return ready < 0 ? ready : host_read(chan->fd, buf, len);
}

static long chan_fd_write(struct chan *chan, const void *buf, unsigned long len)
{
	int ready = chan_fd_ready(chan, HOST_POLLOUT);
	long n;

	if (ready < 0)
		return ready;
	if (!chan->never_blocks)
		len = min(len, (unsigned long)CHAN_FD_CAREFUL);
	n = host_write(chan->fd, buf, len);
	return n ?: -EAGAIN;
}

static int chan_fd_write_all(struct chan *chan, const void *buf,
			     unsigned long len)
{
	/* Of the log nothing is lost while it runs; its end does not wait for a reader. */
	if (system_state > SYSTEM_RUNNING)
		return chan_fd_write_patiently(chan, buf, len);
	return host_write_all(chan->fd, buf, len);
}

const struct chan_ops chan_fd_ops = {
	.name		= "fd",
	.syntax		= "fd:N",
	.parse		= chan_fd_parse,
	.open		= chan_fd_open,
	.close		= chan_fd_close,
	.read		= chan_fd_read,
	.write		= chan_fd_write,
	.write_all	= chan_fd_write_all,
	.get_size	= chan_tty_get_size,
};
