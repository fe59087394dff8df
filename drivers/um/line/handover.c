// SPDX-License-Identifier: GPL-2.0
/*
 * Terminals that a program of the host makes: an emulator with a window, or
 * in.telnetd.  It has port-helper run in the terminal; that connects to us, hands the
 * terminal over, and stays: when the connection ends, the terminal is gone.
 */
#define pr_fmt(fmt) fmt

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/options.h>
#include <asm/umid.h>

#include <um/host.h>
#include <um/pty.h>
#include <um/socket.h>
#include "handover.h"
#include "line.h"

/* How long the start waits for a terminal, in ms. */
#define HANDOVER_PATIENCE	30000

static irqreturn_t handover_interrupt(int irq, void *data)
{
	struct handover *h = data;

	schedule_work(&h->work);
	return IRQ_HANDLED;
}

static void handover_arm(struct handover *h)
{
	if (!h->watched)
		return;
	/* It may end before its terminal does, which it would go on telling of. */
	if (h->step != HANDOVER_DONE)
		um_fd_watch_arm(&h->pid_watch, HOST_POLLIN);
	um_fd_watch_arm(&h->sock_watch, HOST_POLLIN);
}

static int handover_watch(struct handover *h)
{
	const char *name = h->chan->line->name;
	int err = um_fd_watch_init(&h->pid_watch, h->pidfd, name, handover_interrupt, h);

	if (err)
		return err;
	err = um_fd_watch_init(&h->sock_watch, h->sock, name, handover_interrupt, h);
	if (err) {
		um_fd_watch_free(&h->pid_watch);
		return err;
	}
	h->watched = true;
	return 0;
}

static void handover_unwatch(struct handover *h)
{
	if (!h->watched)
		return;
	um_fd_watch_free(&h->pid_watch);
	um_fd_watch_free(&h->sock_watch);
	h->watched = false;
}

/* ---- it comes ----------------------------------------------------------------- */

static void handover_unlink(struct handover *h)
{
	if (*h->path)
		host_unlink(h->path);
	*h->path = 0;
}

/* From the socket that listens to the connection. */
static int handover_accept(struct handover *h)
{
	struct host_address peer;
	bool watched = h->watched;
	int fd = host_stream_accept(h->sock, &peer);

	if (fd < 0)
		return fd;
	handover_unwatch(h);
	host_close(h->sock);
	handover_unlink(h);
	h->sock = fd;
	h->step = HANDOVER_CONNECTED;
	return watched ? handover_watch(h) : 0;
}

/* What port-helper says: first its terminal, then that its size is another. */
static int handover_receive(struct handover *h)
{
	char buf[64];
	int fd, err;
	long n;

	n = host_stream_receive(h->sock, buf, sizeof(buf), &fd);
	if (n <= 0)
		return n ?: -EPIPE;
	if (fd < 0) {
		schedule_work(&h->chan->line->resize);
		return 0;
	}
	if (h->step == HANDOVER_DONE) {
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
	h->terminal = fd;
	h->step = HANDOVER_DONE;
	return 0;
}

/* One step; -EAGAIN: nothing has happened, or -errno when it is over. */
static int handover_step(struct handover *h)
{
	int err = h->step == HANDOVER_STARTED ? handover_accept(h) : handover_receive(h);

	if (err == -EAGAIN && h->step != HANDOVER_DONE &&
	    host_poll_one(h->pidfd, HOST_POLLIN, 0) > 0)
		return -ECHILD;
	return err;
}

static void handover_report(const struct handover *h, int err)
{
	if (err == -ECHILD || err == -EPIPE)
		line_report(h->chan->line, "%s ended before it had %s", h->program, h->nothing);
	else
		line_report(h->chan->line, "%s: %s", h->program, um_strerror(err));
}

static int handover_go_on(struct handover *h)
{
	enum handover_step before = h->step;
	int err;

	do
		err = handover_step(h);
	while (!err && h->step != HANDOVER_DONE);
	if (err && err != -EAGAIN) {
		if (before != HANDOVER_DONE) {
			handover_report(h, err);
			/* Zero is "it did not fail". */
			h->chan->failed = jiffies ?: 1;
		}
		return err;
	}
	handover_arm(h);
	if (before != HANDOVER_DONE && h->step == HANDOVER_DONE)
		line_connect(h->chan, h->terminal, h->private);
	return 0;
}

/* ---- it goes ------------------------------------------------------------------ */

static void handover_free(struct handover *h)
{
	if (h->sock >= 0)
		host_close(h->sock);
	if (h->terminal >= 0)
		host_close(h->terminal);
	if (h->pidfd >= 0) {
		host_spawn_end(h->pidfd);
		host_close(h->pidfd);
	}
	kfree(h);
}

/* The other work may wait for the lock that handover_end() has; then it has had it. */
static void handover_free_work(struct work_struct *work)
{
	struct handover *h = container_of(work, struct handover, free);

	cancel_work_sync(&h->work);
	handover_free(h);
}

static void handover_work(struct work_struct *work)
{
	struct handover *h = container_of(work, struct handover, work);
	struct line *line = h->chan->line;
	bool comes;
	int err;

	line_lock_channels(line);
	if (h->dead) {
		line_unlock_channels(line);
		return;
	}
	comes = !h->chan->up;
	err = handover_go_on(h);
	comes = comes && h->chan->up;
	/* Before somebody else can be there, who would be taken for him. */
	if (err)
		line_gone(line);
	line_unlock_channels(line);
	if (!err && comes)
		line_connected(line);
}

void handover_end(struct handover *h)
{
	h->chan->handover = NULL;
	handover_unwatch(h);
	/* The next one's socket has the same name. */
	handover_unlink(h);
	h->dead = true;
	if (system_state < SYSTEM_SCHEDULING)
		handover_free(h);
	else
		schedule_work(&h->free);
}

/* ---- beginning ---------------------------------------------------------------- */

struct handover *handover_new(struct chan *chan, void *private, const char *program,
			      const char *nothing)
{
	struct handover *h = kzalloc(sizeof(*h), GFP_KERNEL);

	if (!h)
		return ERR_PTR(-ENOMEM);
	h->chan = chan;
	h->private = private;
	h->program = program;
	h->nothing = nothing;
	h->terminal = -1;
	h->pidfd = -1;
	h->sock = -1;
	INIT_WORK(&h->work, handover_work);
	INIT_WORK(&h->free, handover_free_work);
	if (host_find_program("port-helper", h->helper, sizeof(h->helper))) {
		line_report(chan->line, "there is no program port-helper, which %s needs", program);
		kfree(h);
		return ERR_PTR(-ENOENT);
	}
	chan->handover = h;
	return h;
}

int handover_listen(struct handover *h)
{
	const char *name = h->chan->line->name;
	struct host_address addr;
	int len, err;

	/* Where there is no directory of our own, the name is. */
	if (*umid_dir())
		len = snprintf(h->path, sizeof(h->path), "%s/%s.xterm", umid_dir(), name);
	else
		len = snprintf(h->path, sizeof(h->path), "/tmp/linux-%d-%s.xterm",
			       host_getpid(), name);
	if (len >= sizeof(h->path)) {
		line_report(h->chan->line, "%s...: %s", h->path, um_strerror(-ENAMETOOLONG));
		/* It is somebody else's. */
		*h->path = 0;
		return -ENAMETOOLONG;
	}
	host_unlink(h->path);
	err = host_unix_address(&addr, h->path);
	if (!err) {
		h->sock = host_stream_listen(&addr);
		err = min(h->sock, 0);
	}
	if (err)
		line_report(h->chan->line, "%s: %s", h->path, um_strerror(err));
	return err;
}

int handover_pair(struct handover *h)
{
	int ends[2], err = host_stream_pair(ends);

	if (err) {
		line_report(h->chan->line, "%s: %s", h->program, um_strerror(err));
		return err;
	}
	h->sock = ends[0];
	h->step = HANDOVER_CONNECTED;
	return ends[1];
}

int handover_start(struct handover *h, const char *const argv[], const int *fds, int nr_fds)
{
	int err = host_spawn(argv, fds, nr_fds);

	if (err < 0) {
		line_report(h->chan->line, "%s cannot be started: %s", h->program,
			    um_strerror(err));
		return err;
	}
	h->pidfd = err;
	/* There are no interrupts yet: see handover_init(). */
	if (system_state < SYSTEM_SCHEDULING)
		return 0;
	err = handover_watch(h);
	if (err)
		line_report(h->chan->line, "no interrupt for %s: %s", h->program, um_strerror(err));
	else
		handover_arm(h);
	return err;
}

int handover_wait(struct handover *h)
{
	u64 end = host_monotonic_ns() + HANDOVER_PATIENCE * (u64)NSEC_PER_MSEC;
	int err;

	do {
		host_poll_one(h->sock, HOST_POLLIN, 100);
		err = handover_go_on(h);
		if (!err && h->step != HANDOVER_DONE && host_monotonic_ns() > end)
			err = -ETIMEDOUT;
	} while (!err && h->step != HANDOVER_DONE);
	return err;
}

/* The start's could not be watched then; what has happened meanwhile is told at once. */
static void __init handover_watch_late(struct chan *chan)
{
	struct handover *h = chan->handover;

	if (!h || h->watched)
		return;
	if (handover_watch(h))
		line_report(chan->line, "no interrupt for %s", h->program);
	else
		handover_arm(h);
}

static int __init handover_init(void)
{
	struct line_class *class;
	struct line *line;

	for_each_line_class(class) {
		for_each_line_of(line, class) {
			line_lock_channels(line);
			handover_watch_late(&line->chans[0]);
			handover_watch_late(&line->chans[1]);
			line_unlock_channels(line);
		}
	}
	return 0;
}
device_initcall(handover_init);
