// SPDX-License-Identifier: GPL-2.0
/*
 * Channel xterm: a window on the host's display.
 *
 * The emulator is started when the line is opened, with port-helper as what runs
 * in it.  That connects to a socket of ours, hands its terminal over, and stays:
 * when the connection ends, the window is gone.
 */
#define pr_fmt(fmt) fmt

#include <linux/errno.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/options.h>
#include <asm/umid.h>

#include <um/host.h>
#include <um/pty.h>
#include <um/socket.h>
#include <um/spawn.h>
#include "line.h"

/* After one that could not be made, the next is not tried at once. */
#define XTERM_RETRY	(5 * HZ)

/* What a display is told with, and where the window's title and program stand. */
static char xterm_emulator[CHAN_VALUE] = "xterm";
static char xterm_title[32] = "-T";
static char xterm_exec[32] = "-e";

/**
 * enum xterm_step - how far a window has come
 * @XTERM_STARTED:	the emulator runs, and shall connect
 * @XTERM_CONNECTED:	port-helper has, and shall hand its terminal over
 * @XTERM_THERE:	it has
 */
enum xterm_step {
	XTERM_STARTED,
	XTERM_CONNECTED,
	XTERM_THERE,
};

/**
 * struct chan_xterm - a window
 * @chan:	whose
 * @step:	how far it has come
 * @pidfd:	of the emulator
 * @sock:	where port-helper connects to, then the connection
 * @terminal:	what it has handed over, or -1
 * @path:	of the socket
 * @work:	does what the watches tell of
 * @pid_watch:	interrupts when the emulator has ended
 * @sock_watch:	interrupts when there is something at the socket
 * @watched:	they exist
 * @dead:	it is closed: @work frees it
 * @helper:	where port-helper is
 */
struct chan_xterm {
	struct chan		*chan;
	enum xterm_step		step;
	int			pidfd;
	int			sock;
	int			terminal;
	char			path[CHAN_VALUE];
	struct work_struct	work;
	struct um_fd_watch	pid_watch;
	struct um_fd_watch	sock_watch;
	bool			watched;
	bool			dead;
	char			helper[512];
};

/* ---- options ----------------------------------------------------------------- */

static bool __init xterm_take(char *to, size_t size, const char **from)
{
	size_t len = strcspn(*from, ",");

	if (!len || len >= size)
		return false;
	strscpy(to, *from, len + 1);
	*from += len + ((*from)[len] == ',');
	return true;
}

static int __init um_xterm_option(char *arg)
{
	const char *at = arg;

	if (!xterm_take(xterm_emulator, sizeof(xterm_emulator), &at) ||
	    (*at && (!xterm_take(xterm_title, sizeof(xterm_title), &at) ||
		     !xterm_take(xterm_exec, sizeof(xterm_exec), &at))) || *at)
		return um_option_error("xterm=%s: write xterm=EMULATOR,TITLE,EXEC, as in xterm=xterm,-T,-e",
				       arg);
	return 0;
}

UM_OPTION(xterm, "xterm=", um_xterm_option, "xterm=EMULATOR,TITLE,EXEC",
	  "What makes a window of a channel xterm: a terminal emulator, its switch\n"
	  "for the window's title, and its switch for the program to run, which all\n"
	  "that follows belongs to.  Default: xterm,-T,-e.\n");

static const char *chan_xterm_parse(struct chan_spec *spec, char *reason, int size)
{
	if (*spec->value)
		return "channel xterm takes no value";
	/* Another emulator may have other ways. */
	if (!strcmp(xterm_emulator, "xterm") && !host_getenv("DISPLAY"))
		return "there is no display for an xterm (DISPLAY is not set)";
	return NULL;
}

static const char *chan_xterm_check(const struct chan_spec *spec, char *reason, int size)
{
	char path[512];

	if (!host_find_program(xterm_emulator, path, sizeof(path)))
		return NULL;
	snprintf(reason, size, "there is no program %s", xterm_emulator);
	return reason;
}

/* ---- the window comes and goes ------------------------------------------------ */

static irqreturn_t xterm_interrupt(int irq, void *data)
{
	struct chan_xterm *x = data;

	schedule_work(&x->work);
	return IRQ_HANDLED;
}

static void xterm_arm(struct chan_xterm *x)
{
	if (!x->watched)
		return;
	um_fd_watch_arm(&x->pid_watch, HOST_POLLIN);
	um_fd_watch_arm(&x->sock_watch, HOST_POLLIN);
}

static int xterm_watch(struct chan_xterm *x)
{
	int err = um_fd_watch_init(&x->pid_watch, x->pidfd, "xterm", xterm_interrupt, x);

	if (err)
		return err;
	err = um_fd_watch_init(&x->sock_watch, x->sock, "xterm", xterm_interrupt, x);
	if (err) {
		um_fd_watch_free(&x->pid_watch);
		return err;
	}
	x->watched = true;
	return 0;
}

static void xterm_unwatch(struct chan_xterm *x)
{
	if (!x->watched)
		return;
	um_fd_watch_free(&x->pid_watch);
	um_fd_watch_free(&x->sock_watch);
	x->watched = false;
}

/* From the socket that listens to the connection. */
static int xterm_accept(struct chan_xterm *x)
{
	struct host_address peer;
	bool watched = x->watched;
	int fd = host_stream_accept(x->sock, &peer);

	if (fd < 0)
		return fd;
	xterm_unwatch(x);
	host_close(x->sock);
	host_unlink(x->path);
	x->sock = fd;
	x->step = XTERM_CONNECTED;
	return watched ? xterm_watch(x) : 0;
}

/* What port-helper says: first its terminal, then that its size is another. */
static int xterm_listen(struct chan_xterm *x)
{
	char buf[64];
	int fd, err;
	long n;

	n = host_stream_receive(x->sock, buf, sizeof(buf), &fd);
	if (n <= 0)
		return n ?: -EPIPE;
	if (fd < 0) {
		schedule_work(&x->chan->line->resize);
		return 0;
	}
	if (x->step == XTERM_THERE) {
		host_close(fd);
		return 0;
	}
	err = host_set_nonblock(fd, 1);
	if (!err)
		err = host_tty_make_raw(fd);
	if (err < 0) {
		host_close(fd);
		return err;
	}
	x->terminal = fd;
	x->step = XTERM_THERE;
	return 0;
}

/* One step; -EAGAIN: nothing has happened, or -errno when it is over. */
static int xterm_step(struct chan_xterm *x)
{
	int err = x->step == XTERM_STARTED ? xterm_accept(x) : xterm_listen(x);

	if (err == -EAGAIN && x->step != XTERM_THERE &&
	    host_poll_one(x->pidfd, HOST_POLLIN, 0) > 0)
		return -ECHILD;
	return err;
}

static void xterm_report(const struct chan_xterm *x, int err)
{
	if (err == -ECHILD)
		line_report(x->chan->line, "%s ended before it had a window (is the display right?)",
			    xterm_emulator);
	else
		line_report(x->chan->line, "%s: %s", xterm_emulator, um_strerror(err));
}

static void xterm_free(struct chan_xterm *x)
{
	xterm_unwatch(x);
	if (x->sock >= 0)
		host_close(x->sock);
	if (x->step == XTERM_STARTED)
		host_unlink(x->path);
	if (x->terminal >= 0)
		host_close(x->terminal);
	if (x->pidfd >= 0) {
		host_spawn_end(x->pidfd);
		host_close(x->pidfd);
	}
	kfree(x);
}

/* Lock of the line's channels held. */
static int xterm_go_on(struct chan_xterm *x)
{
	enum xterm_step before = x->step;
	int err;

	do
		err = xterm_step(x);
	while (!err && x->step != XTERM_THERE);
	if (err && err != -EAGAIN) {
		if (before != XTERM_THERE) {
			xterm_report(x, err);
			/* Zero is "it did not fail". */
			x->chan->failed = jiffies ?: 1;
		}
		return err;
	}
	xterm_arm(x);
	if (before != XTERM_THERE && x->step == XTERM_THERE)
		line_connect(x->chan, x->terminal, x);
	return 0;
}

static void xterm_work(struct work_struct *work)
{
	struct chan_xterm *x = container_of(work, struct chan_xterm, work);
	struct line *line = x->chan->line;
	bool comes;
	int err;

	line_lock_channels(line);
	if (x->dead) {
		line_unlock_channels(line);
		xterm_free(x);
		return;
	}
	comes = !x->chan->up;
	err = xterm_go_on(x);
	comes = comes && x->chan->up;
	line_unlock_channels(line);
	if (err)
		line_gone(line);
	else if (comes)
		line_connected(line);
}

static int xterm_spawn(struct chan_xterm *x)
{
	const struct line *line = x->chan->line;
	char title[96];
	const char *argv[] = {
		xterm_emulator, xterm_title, title, xterm_exec,
		x->helper, "-uml-socket", x->path, NULL,
	};
	static const int fds[] = { -1, -1, 2 };

	if (host_find_program("port-helper", x->helper, sizeof(x->helper))) {
		line_report(line, "there is no program port-helper, which an xterm needs");
		return -ENOENT;
	}
	snprintf(title, sizeof(title), "%s %u (%s)", line->class->title, line->index,
		 umid_name());
	return host_spawn(argv, fds, ARRAY_SIZE(fds));
}

static int xterm_socket(struct chan_xterm *x)
{
	struct host_address addr;
	int err;

	/* Where there is no directory of our own, the name is. */
	if (*umid_dir())
		snprintf(x->path, sizeof(x->path), "%s/%s.xterm", umid_dir(),
			 x->chan->line->name);
	else
		snprintf(x->path, sizeof(x->path), "/tmp/linux-%d-%s.xterm", host_getpid(),
			 x->chan->line->name);
	host_unlink(x->path);
	err = host_unix_address(&addr, x->path);
	return err ?: host_stream_listen(&addr);
}

static int chan_xterm_open(struct chan *chan)
{
	struct chan_xterm *x;
	int err;

	if (chan->failed && time_before(jiffies, chan->failed + XTERM_RETRY))
		return -EIO;
	chan->failed = 0;
	x = kzalloc(sizeof(*x), GFP_KERNEL);
	if (!x)
		return -ENOMEM;
	x->chan = chan;
	x->terminal = -1;
	x->pidfd = -1;
	INIT_WORK(&x->work, xterm_work);
	x->sock = xterm_socket(x);
	err = x->sock;
	if (err < 0) {
		line_report(chan->line, "%s: %s", x->path, um_strerror(err));
		goto free;
	}
	x->pidfd = xterm_spawn(x);
	err = x->pidfd;
	if (err < 0) {
		line_report(chan->line, "%s cannot be started: %s", xterm_emulator,
			    um_strerror(err));
		goto free;
	}
	if (system_state >= SYSTEM_SCHEDULING) {
		err = xterm_watch(x);
		if (err)
			goto free;
	}
	chan->private = x;
	if (x->watched)
		xterm_arm(x);
	return 1;

free:
	xterm_free(x);
	return err;
}

/* For the kernel's messages at the start, when nothing else runs. */
static int chan_xterm_wait(struct chan *chan)
{
	struct chan_xterm *x = chan->private;
	int err;

	do {
		host_poll_one(x->sock, HOST_POLLIN, 100);
		err = xterm_go_on(x);
	} while (!err && x->step != XTERM_THERE);
	return err;
}

/* The work may be about to look at it: it has the last word. */
static void chan_xterm_close(struct chan *chan)
{
	struct chan_xterm *x = chan->private;

	chan->private = NULL;
	xterm_unwatch(x);
	x->dead = true;
	schedule_work(&x->work);
}

/* Windows of the start could not be watched then. */
static int __init xterm_init(void)
{
	struct line_class *class;
	struct line *line;

	for_each_line_class(class) {
		for_each_line_of(line, class) {
			struct chan *chan = line->out;
			struct chan_xterm *x = chan->private;

			if (chan->spec.ops != &chan_xterm_ops || !x || x->watched)
				continue;
			if (xterm_watch(x))
				line_report(line, "no interrupt for its window");
			else
				xterm_arm(x);
		}
	}
	return 0;
}
device_initcall(xterm_init);

const struct chan_ops chan_xterm_ops = {
	.name		= "xterm",
	.syntax		= "xterm",
	.takes_calls	= true,
	.terminal	= true,
	.parse		= chan_xterm_parse,
	.check		= chan_xterm_check,
	.open		= chan_xterm_open,
	.wait		= chan_xterm_wait,
	.close		= chan_xterm_close,
	.read		= chan_fd_read_now,
	.write		= chan_fd_write_now,
	.write_all	= chan_fd_write_patiently,
	.get_size	= chan_tty_get_size,
	.set_size	= chan_tty_set_size,
};
