// SPDX-License-Identifier: GPL-2.0
/*
 * Channel port: a caller of a port of the host, by telnet or by anything else that
 * opens a connection.  Where telnetd= asks for it, a program of the host speaks
 * telnet, and what the line has is the terminal which that makes.
 */
#define pr_fmt(fmt) fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <um/host.h>
#include "handover.h"
#include "line.h"
#include "telnet.h"
#include "telnetd.h"

/**
 * struct chan_port - a caller
 * @telnet:	what is known of him, where telnet is spoken
 * @raw:	telnet is not, or elsewhere
 * @in:		what came from him, from @in_at to @in_len not looked at yet
 * @in_at:	likewise
 * @in_len:	likewise
 * @out:	what is on its way to him, from @out_at to @out_len not sent yet
 * @out_at:	likewise
 * @out_len:	likewise
 */
struct chan_port {
	struct telnet	telnet;
	bool		raw;
	u8		in[LINE_INPUT];
	unsigned int	in_at;
	unsigned int	in_len;
	u8		out[LINE_INPUT];
	unsigned int	out_at;
	unsigned int	out_len;
};

/* ---- he comes and goes ------------------------------------------------------- */

static const char *chan_port_parse(struct chan_spec *spec, char *reason, int size)
{
	spec->port = port_find(spec->value, reason, size);
	return spec->port ? NULL : reason;
}

static void chan_port_forget(struct chan_spec *spec)
{
	port_put(spec->port);
}

static int chan_port_open(struct chan *chan)
{
	port_wait(chan->spec.port, chan);
	return 1;
}

static void chan_port_close(struct chan *chan)
{
	struct chan_port *caller = chan->private;

	if (!caller) {
		port_leave(chan->spec.port, chan);
		return;
	}
	if (chan->handover)
		handover_end(chan->handover);
	else
		host_close(chan->fd);
	kfree(caller);
	chan->private = NULL;
}

/* He is the line's now; with a daemon, once that has a terminal. */
static int chan_port_take(struct chan *chan, struct chan_port *caller, int fd)
{
	int err;

	if (!chan_port_delegates(chan->spec.port)) {
		line_connect(chan, fd, caller);
		return 0;
	}
	err = telnetd_start(chan, caller, fd);
	/* Which means that the line does not wait any more. */
	if (err)
		return err == -EAGAIN ? -ENOBUFS : err;
	host_close(fd);
	caller->raw = true;
	chan->private = caller;
	return 0;
}

bool chan_port_delegates(const struct port *port)
{
	return port->telnet && telnetd_is_wanted();
}

int chan_port_connect(struct port *port, struct chan *chan, int fd,
		      const struct host_address *peer)
{
	struct chan_port *caller = kzalloc(sizeof(*caller), GFP_KERNEL);
	int err = -EAGAIN;
	bool up;

	if (!caller)
		return -ENOMEM;
	caller->raw = !port->telnet;
	if (!caller->raw)
		telnet_start(&caller->telnet);

	line_lock_channels(chan->line);
	/* It may have been closed meanwhile, have somebody else, or be something else. */
	if (chan->pending && !chan->private && chan->spec.port == port)
		err = chan_port_take(chan, caller, fd);
	if (!err)
		port_leave(port, chan);
	up = chan->up;
	line_unlock_channels(chan->line);
	if (err)
		kfree(caller);
	else if (up)
		line_connected(chan->line);
	return err;
}

static int chan_port_accept_first(struct chan *chan)
{
	struct port *port = chan->spec.port;
	struct host_address peer;
	int fd, err;

	while ((fd = port_accept(port, &peer)) == -EAGAIN)
		host_poll_one(port->fd, HOST_POLLIN, -1);
	if (fd < 0)
		return fd;
	err = chan_port_connect(port, chan, fd, &peer);
	if (err)
		host_close(fd);
	return err;
}

/* Nothing else runs yet: the first caller is this line's. */
static int chan_port_wait(struct chan *chan)
{
	char text[200];
	int err, n;

	n = scnprintf(text, sizeof(text), "linux: %s waits for a connection to port %s\n",
		      chan->line->name, chan->spec.value);
	host_write_all(2, text, n);
	for (;;) {
		err = chan_port_accept_first(chan);
		if (err)
			return err;
		if (!chan->handover || !handover_wait(chan->handover))
			return 0;
		/* He has gone already, or does nothing; the next one, then. */
		chan_port_close(chan);
		port_wait(chan->spec.port, chan);
	}
}

/* ---- to him ------------------------------------------------------------------ */

/* What was begun goes first, then what telnet answers. */
static int chan_port_flush(struct chan *chan)
{
	struct chan_port *caller = chan->private;
	const u8 *start;
	um_u64 len;
	long n;

	while (caller->out_at < caller->out_len) {
		n = chan_fd_write_now(chan, caller->out + caller->out_at,
				      caller->out_len - caller->out_at);
		if (n < 0)
			return n;
		caller->out_at += n;
	}
	while (!caller->raw && (len = telnet_replies(&caller->telnet, &start))) {
		n = chan_fd_write_now(chan, start, len);
		if (n < 0)
			return n;
		telnet_replied(&caller->telnet, n);
	}
	return 0;
}

static long chan_port_write(struct chan *chan, const void *buf, unsigned long len)
{
	struct chan_port *caller = chan->private;
	int err = chan_port_flush(chan);
	um_u64 used;

	if (err)
		return err;
	if (caller->raw || !caller->telnet.spoken || !memchr(buf, 0xff, len))
		return chan_fd_write_now(chan, buf, len);
	caller->out_at = 0;
	caller->out_len = telnet_output(&caller->telnet, caller->out, sizeof(caller->out),
					buf, len, &used);
	chan_port_flush(chan);
	return used ?: -EAGAIN;
}

/* ---- from him ---------------------------------------------------------------- */

static unsigned int chan_port_events(unsigned int telnet)
{
	return (telnet & TELNET_BREAK ? CHAN_BREAK : 0) |
	       (telnet & TELNET_SIZE ? CHAN_SIZE : 0);
}

static long chan_port_read(struct chan *chan, void *buf, unsigned long len,
			   unsigned int *events)
{
	struct chan_port *caller = chan->private;
	unsigned int what = 0;
	um_u64 used, done = 0;
	long n;

	if (caller->raw)
		return chan_fd_read_now(chan, buf, len, events);
	if (caller->in_at == caller->in_len) {
		n = host_read(chan->fd, caller->in, sizeof(caller->in));
		if (n <= 0)
			return n;
		caller->in_at = 0;
		caller->in_len = n;
	}
	while (caller->in_at < caller->in_len && done < len && !(what & TELNET_BREAK)) {
		done += telnet_input(&caller->telnet, buf + done, caller->in + caller->in_at,
				     min(len - done, (unsigned long)caller->in_len - caller->in_at),
				     &used, &what);
		caller->in_at += used;
	}
	*events |= chan_port_events(what);
	if (caller->in_at < caller->in_len)
		*events |= CHAN_MORE;
	if (chan_port_flush(chan) == -EAGAIN)
		*events |= CHAN_FLUSH;
	return done ?: -EAGAIN;
}

static int chan_port_get_size(struct chan *chan, u16 *rows, u16 *cols)
{
	const struct chan_port *caller = chan->private;

	if (chan->handover)
		return chan_tty_get_size(chan, rows, cols);
	if (!caller->telnet.rows || !caller->telnet.cols)
		return -ENODATA;
	*rows = caller->telnet.rows;
	*cols = caller->telnet.cols;
	return 0;
}

static const char *chan_port_get_term(struct chan *chan)
{
	const struct chan_port *caller = chan->private;

	return caller->telnet.term;
}

const struct chan_ops chan_port_ops = {
	.name		= "port",
	.syntax		= "port:[ADDRESS:]N",
	.takes_calls	= true,
	.waits_again	= true,
	.terminal	= true,
	.parse		= chan_port_parse,
	.forget		= chan_port_forget,
	.open		= chan_port_open,
	.wait		= chan_port_wait,
	.close		= chan_port_close,
	.read		= chan_port_read,
	.write		= chan_port_write,
	.write_all	= chan_fd_write_patiently,
	.flush		= chan_port_flush,
	.get_size	= chan_port_get_size,
	.get_term	= chan_port_get_term,
};
