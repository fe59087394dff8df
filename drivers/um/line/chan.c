// SPDX-License-Identifier: GPL-2.0
/*
 * The kinds of channels, and what they have in common.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/time64.h>

#include <um/host.h>
#include <um/pty.h>
#include "line.h"

/*
 * Who left the line is waited for so long until its caller is sent away: login
 * hangs up and opens it again, and a getty ends for the next one.
 */
#define CHAN_LINGER	(3 * HZ)
/* How long the kernel's messages wait for one who takes none, in ms. */
#define CHAN_PATIENCE	250

static const struct chan_ops * const chan_kinds[] = {
	&chan_fd_ops,
	&chan_null_ops,
	&chan_pty_ops,
	&chan_pts_ops,
	&chan_tty_ops,
	&chan_port_ops,
	&chan_xterm_ops,
};

/* ---- specifications ------------------------------------------------------- */

static bool chan_is_named(const char *text, int len, const char *name)
{
	return strlen(name) == len && !strncmp(text, name, len);
}

static const char *chan_unknown(const char *text, int len, char *reason, int size)
{
	unsigned int i;
	int n;

	n = scnprintf(reason, size, "unknown channel %.*s (there are ", len, text);
	for (i = 0; i < ARRAY_SIZE(chan_kinds); i++)
		n += scnprintf(reason + n, size - n, "%s, ", chan_kinds[i]->syntax);
	scnprintf(reason + n, size - n, "none)");
	return reason;
}

const char *chan_parse(struct chan_spec *spec, const char *text, char *reason, int size)
{
	int all = strcspn(text, ",");
	int len = strcspn(text, ",:");
	unsigned int i;

	*spec = (struct chan_spec) { };
	if (!all)
		return "the channel is missing";
	/* No channel at all is no kind of channel. */
	if (chan_is_named(text, all, "none"))
		return NULL;

	for (i = 0; i < ARRAY_SIZE(chan_kinds); i++) {
		const char *why;

		if (!chan_is_named(text, len, chan_kinds[i]->name))
			continue;
		if (all - len > sizeof(spec->value))
			return "what follows the channel's name is too long";
		if (text[len] == ':')
			strscpy(spec->value, text + len + 1, all - len);
		spec->ops = chan_kinds[i];
		why = spec->ops->parse(spec, reason, size);
		if (why)
			spec->ops = NULL;
		return why;
	}
	return chan_unknown(text, all, reason, size);
}

const char *chan_parse_nothing(struct chan_spec *spec, char *reason, int size)
{
	if (!*spec->value)
		return NULL;
	snprintf(reason, size, "channel %s takes no value", spec->ops->name);
	return reason;
}

void chan_spec_copy(struct chan_spec *to, const struct chan_spec *from)
{
	*to = *from;
	if (to->port)
		port_get(to->port);
}

void chan_spec_forget(struct chan_spec *spec)
{
	if (spec->ops && spec->ops->forget)
		spec->ops->forget(spec);
	spec->ops = NULL;
}

int chan_describe(const struct chan *chan, char *buf, size_t len)
{
	const struct chan_spec *spec = &chan->spec;

	if (!spec->ops)
		return scnprintf(buf, len, "none");
	if (spec->ops->describe)
		return spec->ops->describe(chan, buf, len);
	return scnprintf(buf, len, "%s%s%s", spec->ops->name, *spec->value ? ":" : "",
			 spec->value);
}

/* ---- connections ---------------------------------------------------------- */

/* From then on nobody reads or writes. */
static void chan_set_up(struct chan *chan, bool up)
{
	unsigned long flags;

	spin_lock_irqsave(&chan->line->lock, flags);
	chan->up = up;
	spin_unlock_irqrestore(&chan->line->lock, flags);
}

void chan_disconnect(struct chan *chan)
{
	if (!chan->up && !chan->pending)
		return;
	chan_set_up(chan, false);
	chan->pending = false;
	chan->spec.ops->close(chan);
	chan->fd = -1;
}

static int chan_connect(struct chan *chan)
{
	int ret;

	chan->fd = -1;
	chan->terminal = chan->spec.ops->terminal;
	chan->never_blocks = false;
	chan->deaf = false;
	ret = chan->spec.ops->open(chan);
	chan_set_up(chan, !ret);
	chan->pending = ret > 0;
	return ret;
}

static void chan_linger(struct work_struct *work)
{
	struct chan *chan = container_of(work, struct chan, linger.work);

	line_lock_channels(chan->line);
	if (!chan->users)
		chan_disconnect(chan);
	line_unlock_channels(chan->line);
}

void chan_init(struct chan *chan, struct line *line)
{
	chan->line = line;
	chan->fd = -1;
	INIT_LIST_HEAD(&chan->wait_list);
	INIT_DELAYED_WORK(&chan->linger, chan_linger);
}

int chan_open(struct chan *chan)
{
	int ret = chan->pending;

	if (!chan->up && !chan->pending)
		ret = chan_connect(chan);
	if (ret >= 0)
		chan->users++;
	return ret;
}

void chan_close(struct chan *chan)
{
	if (--chan->users)
		return;
	if (chan->up && chan->spec.ops->takes_calls)
		mod_delayed_work(system_wq, &chan->linger, CHAN_LINGER);
	else
		chan_disconnect(chan);
}

void chan_wait_again(struct chan *chan)
{
	if (chan->users && !chan->up && !chan->pending && chan->spec.ops->waits_again)
		chan_connect(chan);
}

void chan_release(struct chan *chan)
{
	chan_disconnect(chan);
	if (chan->spec.ops && chan->spec.ops->release)
		chan->spec.ops->release(chan);
}

/* ---- descriptors that do not block ---------------------------------------- */

long chan_fd_read_now(struct chan *chan, void *buf, unsigned long len,
		      unsigned int *events)
{
	return host_read(chan->fd, buf, len);
}

long chan_fd_write_now(struct chan *chan, const void *buf, unsigned long len)
{
	return host_write(chan->fd, buf, len) ?: -EAGAIN;
}

int chan_fd_write_patiently(struct chan *chan, const void *buf, unsigned long len)
{
	const struct chan_ops *ops = chan->spec.ops;
	u64 end = host_monotonic_ns() + CHAN_PATIENCE * (u64)NSEC_PER_MSEC;

	while (len) {
		long n = ops->write(chan, buf, len);
		s64 left;

		if (n == -EAGAIN) {
			left = chan->deaf ? 0 : end - host_monotonic_ns();
			if (left > 0)
				n = host_poll_one(chan->fd, HOST_POLLOUT,
						  left / NSEC_PER_MSEC + 1);
			if (n == -EAGAIN || !n) {
				chan->deaf = true;
				return -EAGAIN;
			}
			if (n > 0)
				continue;
		}
		if (n < 0)
			return n;
		buf += n;
		len -= n;
	}
	chan->deaf = false;
	return 0;
}

int chan_tty_get_size(struct chan *chan, u16 *rows, u16 *cols)
{
	int err = host_tty_winsize(chan->fd, rows, cols);

	return err ?: *rows && *cols ? 0 : -ENODATA;
}

void chan_connected(struct chan *chan, int fd, void *private)
{
	chan->fd = fd;
	chan->private = private;
	chan->pending = false;
	chan->deaf = false;
	chan_set_up(chan, true);
}

void chan_tty_set_size(struct chan *chan, u16 rows, u16 cols)
{
	host_tty_set_winsize(chan->fd, rows, cols);
}
