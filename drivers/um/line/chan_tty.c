// SPDX-License-Identifier: GPL-2.0
/*
 * Channel tty:PATH: a terminal of the host, such as a serial line, a virtual
 * console, or the other end of another guest's pseudo-terminal.
 */
#define pr_fmt(fmt) fmt

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/printk.h>

#include <um/host.h>
#include <um/pty.h>
#include "line.h"

/* It is not opened, which the other end of it would see. */
static const char *chan_tty_parse(struct chan_spec *spec, char *reason, int size)
{
	struct host_stat st;
	int err;

	if (!*spec->value)
		return "channel tty needs a path, as in tty:/dev/tty3";
	err = host_stat(spec->value, &st);
	if (err)
		snprintf(reason, size, "%s: %s", spec->value, um_strerror(err));
	else if (st.type != HOST_FILE_CHAR)
		snprintf(reason, size, "%s is not a terminal", spec->value);
	else
		return NULL;
	return reason;
}

static const char *chan_tty_check(const struct chan_spec *spec, char *reason, int size)
{
	int fd = host_open(spec->value, O_RDWR | O_NONBLOCK | O_NOCTTY, 0);
	bool good = fd >= 0 && host_isatty(fd) > 0;

	if (fd < 0)
		snprintf(reason, size, "%s: %s", spec->value, um_strerror(fd));
	else if (!good)
		snprintf(reason, size, "%s is not a terminal", spec->value);
	if (fd >= 0)
		host_close(fd);
	return good ? NULL : reason;
}

static int chan_tty_open(struct chan *chan)
{
	static const int flags[] = {
		[CHAN_IN]		= O_RDONLY,
		[CHAN_OUT]		= O_WRONLY,
		[CHAN_IN | CHAN_OUT]	= O_RDWR,
	};
	const char *path = chan->spec.value;
	int err, fd;

	fd = host_open(path, flags[chan->dirs] | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0) {
		line_report(chan->line, "%s: %s", path, um_strerror(fd));
		return fd;
	}
	if (host_isatty(fd) <= 0) {
		line_report(chan->line, "%s is not a terminal", path);
		host_close(fd);
		return -ENOTTY;
	}
	err = host_tty_raw(fd);
	if (err) {
		line_report(chan->line, "%s cannot be made raw: %s", path, um_strerror(err));
		host_close(fd);
		return err;
	}
	chan->fd = fd;
	return 0;
}

static void chan_tty_close(struct chan *chan)
{
	host_close(chan->fd);
}

static void chan_tty_send_break(struct chan *chan, bool on)
{
	host_tty_break(chan->fd, on);
}

const struct chan_ops chan_tty_ops = {
	.name		= "tty",
	.syntax		= "tty:PATH",
	.ends		= true,
	.terminal	= true,
	.parse		= chan_tty_parse,
	.check		= chan_tty_check,
	.open		= chan_tty_open,
	.close		= chan_tty_close,
	.read		= chan_fd_read_now,
	.write		= chan_fd_write_now,
	.write_all	= chan_fd_write_patiently,
	.get_size	= chan_tty_get_size,
	.set_size	= chan_tty_set_size,
	.send_break	= chan_tty_send_break,
};
