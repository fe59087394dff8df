// SPDX-License-Identifier: GPL-2.0
/*
 * Input and output of lines.
 */
#include <linux/interrupt.h>
#include <linux/kfifo.h>
#include <linux/printk.h>
#include <linux/tty_flip.h>

#include <um/host.h>
#include <um/line.h>
#include "line.h"

/* How long input waits for room in the terminal's buffers, in ms. */
#define LINE_RETRY	20

struct line lines[LINE_COUNT];

/* ---- input -------------------------------------------------------------- */

static void line_want_input(struct line *line)
{
	unsigned long flags;

	spin_lock_irqsave(&line->lock, flags);
	if (line->active && line->in.fd >= 0 && !line->throttled && !line->ended)
		um_fd_watch_arm(&line->in_watch, HOST_POLLIN);
	spin_unlock_irqrestore(&line->lock, flags);
}

static void line_retry(struct work_struct *work)
{
	line_want_input(container_of(work, struct line, retry.work));
}

static irqreturn_t line_input(int irq, void *data)
{
	struct line *line = data;
	int room = tty_buffer_request_room(&line->port, LINE_INPUT);
	long n;

	if (!room) {
		schedule_delayed_work(&line->retry, msecs_to_jiffies(LINE_RETRY));
		return IRQ_HANDLED;
	}

	n = line->in.ops->read(&line->in, line->input, room);
	if (n > 0) {
		tty_insert_flip_string(&line->port, line->input, n);
		tty_flip_buffer_push(&line->port);
	} else if (n != -EAGAIN) {
		/* A pipe without writers, a file's end, a terminal that is gone. */
		WRITE_ONCE(line->ended, true);
	}
	line_want_input(line);
	return IRQ_HANDLED;
}

void line_throttle(struct line *line, bool on)
{
	WRITE_ONCE(line->throttled, on);
	if (!on)
		line_want_input(line);
}

/* ---- output ------------------------------------------------------------- */

static bool line_is_tight(struct line *line)
{
	return kfifo_avail(&line->port.xmit_fifo) <
	       kfifo_size(&line->port.xmit_fifo) / 2;
}

/* What is queued goes to the host, as far as it takes it now.  Lock held. */
static void line_push_locked(struct line *line)
{
	while (!line->stopped) {
		unsigned int len;
		u8 *start;
		long n;

		len = kfifo_out_linear_ptr(&line->port.xmit_fifo, &start,
					   UINT_MAX);
		if (!len)
			break;
		n = line->out.ops->write(&line->out, start, len);
		if (n == -EAGAIN) {
			if (line->active)
				um_fd_watch_arm(&line->out_watch, HOST_POLLOUT);
			break;
		}
		/* Nobody is there to read it, nor will be. */
		if (n < 0) {
			kfifo_reset(&line->port.xmit_fifo);
			break;
		}
		kfifo_skip_count(&line->port.xmit_fifo, n);
	}
}

static irqreturn_t line_output(int irq, void *data)
{
	struct line *line = data;
	unsigned long flags;

	spin_lock_irqsave(&line->lock, flags);
	line_push_locked(line);
	spin_unlock_irqrestore(&line->lock, flags);
	tty_port_tty_wakeup(&line->port);
	return IRQ_HANDLED;
}

/**
 * line_push - lets the host have what is queued
 * @line:	the line
 *
 * Wakes writers when there was little room for them before.
 */
void line_push(struct line *line)
{
	unsigned long flags;
	bool tight;

	spin_lock_irqsave(&line->lock, flags);
	tight = line_is_tight(line);
	line_push_locked(line);
	tight = tight && !line_is_tight(line);
	spin_unlock_irqrestore(&line->lock, flags);
	if (tight)
		tty_port_tty_wakeup(&line->port);
}

/**
 * line_queue - takes output from the guest
 * @line:	the line
 * @buf:	the bytes
 * @count:	how many
 * @push:	the host shall have them now; otherwise line_push() follows
 *
 * Returns how many were taken.
 */
size_t line_queue(struct line *line, const u8 *buf, size_t count, bool push)
{
	unsigned long flags;
	size_t done = 0;

	spin_lock_irqsave(&line->lock, flags);
	for (;;) {
		unsigned int n = kfifo_in(&line->port.xmit_fifo, buf + done,
					  count - done);

		if (!n)
			break;
		done += n;
		if (push || done < count)
			line_push_locked(line);
	}
	spin_unlock_irqrestore(&line->lock, flags);
	return done;
}

void line_stop(struct line *line, bool on)
{
	unsigned long flags;

	spin_lock_irqsave(&line->lock, flags);
	line->stopped = on;
	spin_unlock_irqrestore(&line->lock, flags);
	if (!on)
		line_push(line);
}

void line_discard(struct line *line)
{
	unsigned long flags;

	spin_lock_irqsave(&line->lock, flags);
	kfifo_reset(&line->port.xmit_fifo);
	spin_unlock_irqrestore(&line->lock, flags);
}

/* ---- output that waits for the host ------------------------------------- */

static void line_write_queue(struct line *line)
{
	unsigned int len;
	u8 *start;

	while ((len = kfifo_out_linear_ptr(&line->port.xmit_fifo, &start,
					   UINT_MAX))) {
		if (line->out.ops->write_all(&line->out, start, len) < 0) {
			kfifo_reset(&line->port.xmit_fifo);
			return;
		}
		kfifo_skip_count(&line->port.xmit_fifo, len);
	}
}

/* A terminal in raw mode does not make a new line of "\n". */
static void line_write_cooked(struct chan *out, const char *text, unsigned int count)
{
	char buf[256];
	unsigned int n = 0;

	for (; count; count--, text++) {
		if (*text == '\n')
			buf[n++] = '\r';
		buf[n++] = *text;
		if (n >= sizeof(buf) - 1) {
			out->ops->write_all(out, buf, n);
			n = 0;
		}
	}
	if (n)
		out->ops->write_all(out, buf, n);
}

/**
 * line_print - writes the kernel's messages to a line
 * @line:	the line; its output is open
 * @text:	the message
 * @count:	bytes
 *
 * For any context, a panic too.  What the guest wrote before comes first.
 */
void line_print(struct line *line, const char *text, unsigned int count)
{
	struct chan *out = &line->out;
	unsigned long flags;
	bool locked = true;

	/* The CPU that oopses may have been interrupted with the lock held. */
	if (oops_in_progress)
		locked = spin_trylock_irqsave(&line->lock, flags);
	else
		spin_lock_irqsave(&line->lock, flags);

	if (locked && !line->stopped)
		line_write_queue(line);
	if (out->is_tty || line->in.is_tty)
		line_write_cooked(out, text, count);
	else
		out->ops->write_all(out, text, count);

	if (locked)
		spin_unlock_irqrestore(&line->lock, flags);
}

/**
 * line_drain - the kernel ends: what is queued goes out now
 * @line:	the line
 * @ms:		how long a host that takes nothing is waited for
 */
void line_drain(struct line *line, unsigned int ms)
{
	u64 end = host_monotonic_ns() + (u64)ms * NSEC_PER_MSEC;

	line_stop(line, false);
	while (line->active && !kfifo_is_empty(&line->port.xmit_fifo)) {
		s64 left = end - host_monotonic_ns();

		if (left <= 0 || line->out.fd < 0)
			break;
		host_poll_one(line->out.fd, HOST_POLLOUT,
			      left / NSEC_PER_MSEC + 1);
		line_push(line);
	}
}

/* ---- open and close ----------------------------------------------------- */

static int line_watch(struct line *line)
{
	int err;

	if (line->in.fd >= 0) {
		err = um_fd_watch_init(&line->in_watch, line->in.fd, line->name,
				       line_input, line);
		if (err)
			return err;
	}
	if (line->out.fd >= 0) {
		err = um_fd_watch_init(&line->out_watch, line->out.fd, line->name,
				       line_output, line);
		if (err) {
			if (line->in.fd >= 0)
				um_fd_watch_free(&line->in_watch);
			return err;
		}
	}
	return 0;
}

/**
 * line_activate - connects a line for the guest
 * @line:	the line, which exists
 *
 * Returns 0 or -errno, with nothing left behind.
 */
int line_activate(struct line *line)
{
	int err;

	err = tty_port_alloc_xmit_buf(&line->port);
	if (err)
		return err;
	err = chan_open(&line->in, CHAN_IN);
	if (err)
		return err;
	err = chan_open(&line->out, CHAN_OUT);
	if (err)
		goto close_in;
	err = line_watch(line);
	if (err)
		goto close_out;

	line->throttled = false;
	line->stopped = false;
	line->ended = false;
	line->active = true;
	line_want_input(line);
	return 0;

close_out:
	chan_close(&line->out);
close_in:
	chan_close(&line->in);
	return err;
}

void line_deactivate(struct line *line)
{
	unsigned long flags;

	/* From here on nobody arms a watch, or asks for another try. */
	spin_lock_irqsave(&line->lock, flags);
	line->active = false;
	kfifo_reset(&line->port.xmit_fifo);
	spin_unlock_irqrestore(&line->lock, flags);

	if (line->in.fd >= 0)
		um_fd_watch_free(&line->in_watch);
	if (line->out.fd >= 0)
		um_fd_watch_free(&line->out_watch);
	cancel_delayed_work_sync(&line->retry);
	chan_close(&line->out);
	chan_close(&line->in);
}

/* The size of the host's terminal; false where there is none. */
bool line_winsize(struct line *line, struct winsize *ws)
{
	struct chan *chan = line->out.is_tty ? &line->out : &line->in;
	u16 rows, cols;

	if (!line->active || !chan->is_tty)
		return false;
	if (host_tty_winsize(chan->fd, &rows, &cols) < 0 || !rows || !cols)
		return false;
	*ws = (struct winsize) { .ws_row = rows, .ws_col = cols };
	return true;
}

/* Early: the kernel's console needs them. */
void __init lines_init(void)
{
	unsigned int i;

	line_choose_channels(lines);
	for (i = 0; i < LINE_COUNT; i++) {
		struct line *line = &lines[i];

		snprintf(line->name, sizeof(line->name), "con%u", i);
		spin_lock_init(&line->lock);
		tty_port_init(&line->port);
		INIT_DELAYED_WORK(&line->retry, line_retry);
	}
}

int line_describe(int unit, char *buf, size_t len)
{
	const struct line *line;
	int n;

	if (unit < 0 || unit >= LINE_COUNT)
		return -ENODEV;
	line = &lines[unit];
	n = scnprintf(buf, len, "con%d=", unit);
	n += chan_describe(&line->in, buf + n, len - n);
	if (line_exists(line)) {
		n += scnprintf(buf + n, len - n, ",");
		n += chan_describe(&line->out, buf + n, len - n);
	}
	return n;
}
