// SPDX-License-Identifier: GPL-2.0
/*
 * Input and output of lines.
 */
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kfifo.h>
#include <linux/printk.h>
#include <linux/sysrq.h>
#include <linux/tty_flip.h>

#include <um/host.h>
#include <um/line.h>
#include "line.h"

/* How long input waits for room in the terminal's buffers, or a watch for memory, in ms. */
#define LINE_RETRY	20
/* How long after a break a key is one for SysRq. */
#define LINE_SYSRQ	(5 * HZ)

static struct line consoles[LINE_CONSOLES];
static struct line serials[LINE_SERIALS];

struct line_class line_classes[LINE_CLASSES] = {
	{
		.name		= "con",
		.title		= "console",
		.tty_name	= "tty",
		.driver_name	= "um_console",
		.minor		= 0,
		.type		= TTY_DRIVER_TYPE_CONSOLE,
		.count		= LINE_CONSOLES,
		.lines		= consoles,
	}, {
		.name		= "ssl",
		.title		= "serial line",
		.tty_name	= "ttyS",
		.driver_name	= "um_serial",
		.minor		= 64,
		.type		= TTY_DRIVER_TYPE_SERIAL,
		.subtype	= SERIAL_TYPE_NORMAL,
		.count		= LINE_SERIALS,
		.lines		= serials,
	},
};

/* ---- waiting for the host ------------------------------------------------- */

/* Lock held. */
static void line_want(struct chan *chan, int events)
{
	if (!chan->watched)
		return;
	chan->wanted |= events;
	/* The host may be short of memory now. */
	if (um_fd_watch_arm(&chan->watch, chan->wanted) < 0)
		schedule_delayed_work(&chan->line->retry, msecs_to_jiffies(LINE_RETRY));
}

void line_gone(struct line *line)
{
	WRITE_ONCE(line->lost, true);
	schedule_work(&line->gone);
}

/* A message that nobody took; printk() may hold any lock. */
static void line_print_gone(struct irq_work *work)
{
	line_gone(container_of(work, struct line, print_gone));
}

/* ---- input -------------------------------------------------------------- */

/*
 * What arrived, less the key that follows a break on a line with the kernel's
 * messages; returns that key, or 0.  Lock held.
 */
static u8 line_insert(struct line *line, const u8 *buf, unsigned int n)
{
	u8 key = 0;

	if (n && line->sysrq) {
		if (time_before(jiffies, line->sysrq)) {
			key = *buf++;
			n--;
		}
		line->sysrq = 0;
	}
	tty_insert_flip_string(&line->port, buf, n);
	return key;
}

/* Lock held. */
static void line_break(struct line *line)
{
	if (IS_ENABLED(CONFIG_MAGIC_SYSRQ) && line->printing && !line->sysrq) {
		/* Zero is "it is not". */
		line->sysrq = (jiffies + LINE_SYSRQ) ?: 1;
		return;
	}
	line->sysrq = 0;
	tty_insert_flip_char(&line->port, 0, TTY_BREAK);
}

/* Input has come to its end.  Lock held. */
static void line_end(struct line *line)
{
	const struct chan_ops *ops = line->in->spec.ops;

	/* A pipe without writers, a file's end: nothing more will come. */
	line->ended = true;
	if (ops->ends || ops->takes_calls)
		line_gone(line);
}

/*
 * Returns whether there may be more at once; if not, an interrupt or the retry
 * will tell.  Lock held.
 */
static bool line_take(struct line *line, unsigned int *events, u8 *key)
{
	struct chan *chan = line->in;
	int room;
	long n;

	if (!line->active || !chan->up || line->throttled || line->ended)
		return false;
	room = tty_buffer_request_room(&line->port, LINE_INPUT);
	if (!room) {
		/* There is input, but an interrupt for it would make no room. */
		schedule_delayed_work(&line->retry, msecs_to_jiffies(LINE_RETRY));
		return false;
	}
	n = chan->spec.ops->read(chan, line->input, room, events);
	if (n > 0)
		*key = line_insert(line, line->input, n);
	else if (n != -EAGAIN)
		line_end(line);
	if (*events & CHAN_BREAK)
		line_break(line);
	if (*events & CHAN_FLUSH)
		line_want(chan, HOST_POLLOUT);
	tty_flip_buffer_push(&line->port);
	if (*events & CHAN_MORE)
		return true;
	if (!line->ended)
		line_want(chan, HOST_POLLIN);
	return false;
}

static void line_receive(struct line *line)
{
	unsigned long flags;
	bool more;

	do {
		unsigned int events = 0;
		u8 key = 0;

		spin_lock_irqsave(&line->lock, flags);
		more = line_take(line, &events, &key);
		spin_unlock_irqrestore(&line->lock, flags);
		if (events & CHAN_SIZE)
			schedule_work(&line->resize);
		if (key)
			handle_sysrq(key);
	} while (more);
}

void line_throttle(struct line *line, bool on)
{
	WRITE_ONCE(line->throttled, on);
	if (!on)
		line_receive(line);
}

/* ---- output ------------------------------------------------------------- */

static bool line_is_tight(struct line *line)
{
	return kfifo_avail(&line->port.xmit_fifo) <
	       kfifo_size(&line->port.xmit_fifo) / 2;
}

/*
 * Gives bytes to the host; how many it took, which are fewer when it takes no more
 * now.  What nobody is there to read, nor will be, counts as taken; so does, like its
 * own messages, what the kernel's console hears from programs that no hang-up closes,
 * where nothing would wake them.  Lock held.
 */
static size_t line_give(struct line *line, const u8 *buf, size_t count)
{
	struct chan *chan = line->out;
	size_t done = 0;

	if (!chan->up && line->printing)
		return count;
	while (done < count && !line->stopped && chan->up) {
		long n = chan->spec.ops->write(chan, buf + done, count - done);

		if (n == -EAGAIN) {
			if (!chan->watched && line->printing)
				return count;
			line_want(chan, HOST_POLLOUT);
			break;
		}
		if (n < 0) {
			if (chan->spec.ops->takes_calls)
				line_gone(line);
			return count;
		}
		done += n;
	}
	return done;
}

/* What is queued goes to the host, as far as it takes it now.  Lock held. */
static void line_push_locked(struct line *line)
{
	unsigned int len;
	u8 *start;

	while ((len = kfifo_out_linear_ptr(&line->port.xmit_fifo, &start, UINT_MAX))) {
		size_t n = line_give(line, start, len);

		kfifo_skip_count(&line->port.xmit_fifo, n);
		if (n < len)
			break;
	}
}

/* Whether who waits for the end of output is to be woken now.  Lock held. */
static bool line_is_drained(struct line *line)
{
	if (!line->awaited || !kfifo_is_empty(&line->port.xmit_fifo))
		return false;
	line->awaited = false;
	return true;
}

static void line_output(struct line *line, struct chan *chan)
{
	const struct chan_ops *ops = chan->spec.ops;
	unsigned long flags;

	spin_lock_irqsave(&line->lock, flags);
	if (chan->up && ops->flush && ops->flush(chan) == -EAGAIN)
		line_want(chan, HOST_POLLOUT);
	else if (chan == line->out)
		line_push_locked(line);
	spin_unlock_irqrestore(&line->lock, flags);
	tty_port_tty_wakeup(&line->port);
}

static void line_retry(struct work_struct *work)
{
	struct line *line = container_of(work, struct line, retry.work);

	line_receive(line);
	line_output(line, line->out);
}

static irqreturn_t line_interrupt(int irq, void *data)
{
	struct chan *chan = data;
	struct line *line = chan->line;
	unsigned long flags;
	int wanted;

	/* Which of them it is will show. */
	spin_lock_irqsave(&line->lock, flags);
	wanted = chan->wanted;
	chan->wanted = 0;
	spin_unlock_irqrestore(&line->lock, flags);

	if (wanted & HOST_POLLOUT)
		line_output(line, chan);
	if (wanted & HOST_POLLIN)
		line_receive(line);
	return IRQ_HANDLED;
}

/**
 * line_push - lets the host have what is queued
 * @line:	the line
 *
 * Wakes writers when there was little room for them before, and who waits for
 * the end of output.
 */
void line_push(struct line *line)
{
	unsigned long flags;
	bool tight, drained;

	spin_lock_irqsave(&line->lock, flags);
	tight = line_is_tight(line);
	line_push_locked(line);
	tight = tight && !line_is_tight(line);
	drained = line_is_drained(line);
	spin_unlock_irqrestore(&line->lock, flags);
	if (tight || drained)
		tty_port_tty_wakeup(&line->port);
}

/**
 * line_queued - how many bytes wait for the host
 * @line:	the line
 *
 * Writers are woken when there are none any more.  0 where nobody takes them.
 */
unsigned int line_queued(struct line *line)
{
	unsigned long flags;
	unsigned int len;

	spin_lock_irqsave(&line->lock, flags);
	len = line->out->up ? kfifo_len(&line->port.xmit_fifo) : 0;
	if (len)
		line->awaited = true;
	spin_unlock_irqrestore(&line->lock, flags);
	return len;
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
	bool drained;

	spin_lock_irqsave(&line->lock, flags);
	/* Past the queue where that is empty. */
	if (push && kfifo_is_empty(&line->port.xmit_fifo))
		done = line_give(line, buf, count);
	while (done < count) {
		unsigned int n = kfifo_in(&line->port.xmit_fifo, buf + done,
					  count - done);

		if (!n)
			break;
		done += n;
		if (push || done < count)
			line_push_locked(line);
	}
	drained = line_is_drained(line);
	spin_unlock_irqrestore(&line->lock, flags);
	if (drained)
		tty_port_tty_wakeup(&line->port);
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
		if (line->out->spec.ops->write_all(line->out, start, len) < 0) {
			kfifo_reset(&line->port.xmit_fifo);
			return;
		}
		kfifo_skip_count(&line->port.xmit_fifo, len);
	}
}

/* A terminal in raw mode does not make a new line of "\n". */
static int line_write_cooked(struct chan *out, const char *text, unsigned int count)
{
	const struct chan_ops *ops = out->spec.ops;
	char buf[256];
	unsigned int n = 0;
	int err = 0;

	for (; count && !err; count--, text++) {
		if (*text == '\n')
			buf[n++] = '\r';
		buf[n++] = *text;
		if (n >= sizeof(buf) - 1) {
			err = ops->write_all(out, buf, n);
			n = 0;
		}
	}
	return !err && n ? ops->write_all(out, buf, n) : err;
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
	struct chan *out = line->out;
	unsigned long flags;
	bool locked = true;
	int err = 0;

	/* The CPU that oopses may have been interrupted with the lock held. */
	if (oops_in_progress)
		locked = spin_trylock_irqsave(&line->lock, flags);
	else
		spin_lock_irqsave(&line->lock, flags);

	/* Who is not there yet, or not any more, misses it. */
	if (out->up) {
		if (locked && !line->stopped)
			line_write_queue(line);
		if (out->terminal || line->in->terminal)
			err = line_write_cooked(out, text, count);
		else
			err = out->spec.ops->write_all(out, text, count);
	}
	if (err && err != -EAGAIN && out->spec.ops->takes_calls)
		irq_work_queue(&line->print_gone);

	if (locked)
		spin_unlock_irqrestore(&line->lock, flags);
}

/**
 * line_drain - the kernel ends: what is queued goes out now
 * @line:	the line
 * @until:	when a host that takes nothing is not waited for any more, of
 *		host_monotonic_ns()
 */
void line_drain(struct line *line, u64 until)
{
	line_stop(line, false);
	while (line->active && !kfifo_is_empty(&line->port.xmit_fifo)) {
		s64 left = until - host_monotonic_ns();

		if (left <= 0 || !line->out->up || line->out->fd < 0 || line->out->deaf)
			break;
		host_poll_one(line->out->fd, HOST_POLLOUT,
			      left / NSEC_PER_MSEC + 1);
		line_push(line);
	}
}

/* ---- open and close ----------------------------------------------------- */

/* How many channels it has. */
static unsigned int line_nr_chans(const struct line *line)
{
	return line->in == line->out ? 1 : 2;
}

static int line_watch(struct chan *chan)
{
	int err;

	if (!chan->up || chan->fd < 0)
		return 0;
	err = um_fd_watch_init(&chan->watch, chan->fd, chan->line->name, line_interrupt, chan);
	if (err)
		return err;
	chan->wanted = 0;
	chan->watched = true;
	return 0;
}

static void line_unwatch(struct chan *chan)
{
	unsigned long flags;
	bool watched;

	spin_lock_irqsave(&chan->line->lock, flags);
	watched = chan->watched;
	chan->watched = false;
	spin_unlock_irqrestore(&chan->line->lock, flags);
	if (watched)
		um_fd_watch_free(&chan->watch);
}

/* What came before anybody asked for it; and what waited to go. */
static void line_start(struct line *line)
{
	line_receive(line);
	line_output(line, line->out);
}

static int line_open_chan(struct chan *chan)
{
	int err = chan_open(chan);

	if (err < 0)
		return err;
	err = line_watch(chan);
	if (err)
		chan_close(chan);
	return err;
}

/**
 * line_activate - connects a line for the guest
 * @line:	the line, which exists
 *
 * Where the other end is not there yet, line_connect() comes later.  Returns 0 or
 * -errno, with nothing left behind.
 */
int line_activate(struct line *line)
{
	int err;

	/* Who knew it before it was removed may still find the way here. */
	if (!line_exists(line))
		return -ENODEV;
	err = tty_port_alloc_xmit_buf(&line->port);
	if (err)
		return err;
	line_lock_channels(line);
	err = line_open_chan(line->in);
	if (!err && line->out != line->in) {
		err = line_open_chan(line->out);
		if (err) {
			line_unwatch(line->in);
			chan_close(line->in);
		}
	}
	if (!err) {
		line->throttled = false;
		line->stopped = false;
		line->ended = false;
		line->sysrq = 0;
		WRITE_ONCE(line->active, true);
	}
	line_unlock_channels(line);
	if (!err)
		line_start(line);
	return err;
}

void line_deactivate(struct line *line)
{
	unsigned long flags;
	unsigned int i;

	/* From here on nobody arms a watch, or asks for another try. */
	spin_lock_irqsave(&line->lock, flags);
	line->active = false;
	kfifo_reset(&line->port.xmit_fifo);
	spin_unlock_irqrestore(&line->lock, flags);

	line_lock_channels(line);
	for (i = 0; i < line_nr_chans(line); i++)
		line_unwatch(&line->chans[i]);
	cancel_delayed_work_sync(&line->retry);
	for (i = 0; i < line_nr_chans(line); i++)
		chan_close(&line->chans[i]);
	line_unlock_channels(line);
}

void line_force_close(struct line *line)
{
	if (!tty_port_initialized(&line->port))
		return;
	tty_port_set_initialized(&line->port, false);
	line_deactivate(line);
	/* Who waits for a caller tries again. */
	wake_up_interruptible(&line->port.open_wait);
}

void line_connect(struct chan *chan, int fd, void *private)
{
	struct line *line = chan->line;

	chan_connected(chan, fd, private);
	line->ended = false;
	/* Nobody hears of its input then, but of its end when it is written to. */
	if (line->active && line_watch(chan))
		line_report(line, "no interrupt for it");
}

void line_connected(struct line *line)
{
	/* Before that, there are but the kernel's messages. */
	if (system_state < SYSTEM_SCHEDULING)
		return;
	line_start(line);
	wake_up_interruptible(&line->port.open_wait);
	schedule_work(&line->resize);
}

/* False: nobody has gone, or he was seen off before. */
static bool line_see_off(struct line *line)
{
	bool lost;
	unsigned int i;

	line_lock_channels(line);
	lost = line->lost;
	for (i = 0; lost && i < line_nr_chans(line); i++) {
		struct chan *chan = &line->chans[i];
		const struct chan_ops *ops = chan->spec.ops;

		if (ops && (ops->takes_calls || ops->ends)) {
			line_unwatch(chan);
			chan_disconnect(chan);
		}
	}
	/* After that, as those who write may have found out once more. */
	irq_work_sync(&line->print_gone);
	line->lost = false;
	line_unlock_channels(line);
	return lost;
}

/* Whether it is connected, or waits for that. */
static bool line_is_alive(const struct line *line)
{
	return (line->in->up || line->in->pending) && (line->out->up || line->out->pending);
}

/*
 * The session of one who has gone ends before the next one can be there.  Init's
 * /dev/console is spared by hang-ups: what it has open is closed behind its back,
 * so that the line can be opened anew.
 */
static void line_hang_up(struct work_struct *work)
{
	struct line *line = container_of(work, struct line, gone);
	struct tty_struct *tty;
	unsigned int i;

	if (!line_see_off(line))
		return;
	tty = tty_port_tty_get(&line->port);
	if (tty) {
		tty_vhangup(tty);
		tty_kref_put(tty);
	}
	mutex_lock(&line->port.mutex);
	if (!line_is_alive(line))
		line_force_close(line);
	line_lock_channels(line);
	for (i = 0; line_exists(line) && i < line_nr_chans(line); i++)
		chan_wait_again(&line->chans[i]);
	line_unlock_channels(line);
	mutex_unlock(&line->port.mutex);
	wake_up_interruptible(&line->port.open_wait);
}

/* ---- size of the window ------------------------------------------------- */

/* The size of the other end; false where it has none. */
bool line_winsize(struct line *line, struct winsize *ws)
{
	struct chan *chan;
	u16 rows, cols;
	bool good;

	line_lock_channels(line);
	chan = line->out->terminal ? line->out : line->in;
	good = line->active && chan->up && chan->terminal && chan->spec.ops->get_size &&
	       !chan->spec.ops->get_size(chan, &rows, &cols);
	line_unlock_channels(line);
	if (good)
		*ws = (struct winsize) { .ws_row = rows, .ws_col = cols };
	return good;
}

void line_set_winsize(struct line *line, const struct winsize *ws)
{
	struct chan *chan = line->out;

	line_lock_channels(line);
	if (chan->up && chan->spec.ops->set_size)
		chan->spec.ops->set_size(chan, ws->ws_row, ws->ws_col);
	line_unlock_channels(line);
}

/* ---- all ---------------------------------------------------------------- */

void line_set_channels(struct line *line, struct line_choice *choice)
{
	struct chan *in = &line->chans[0], *out = &line->chans[1];

	in->dirs = CHAN_IN | (choice->out.ops ? 0 : CHAN_OUT);
	out->dirs = CHAN_OUT;
	in->spec = choice->in;
	out->spec = choice->out;
	in->failed = 0;
	out->failed = 0;
	line->in = in;
	line->out = out->spec.ops ? out : in;
	choice->in.ops = NULL;
	choice->out.ops = NULL;
}

/* Early: the kernel's console needs them. */
void __init lines_init(void)
{
	static bool done;
	struct line_class *class;
	struct line *line;

	if (done)
		return;
	done = true;
	for_each_line_class(class) {
		for_each_line_of(line, class) {
			line->class = class;
			line->index = line - class->lines;
			snprintf(line->name, sizeof(line->name), "%s%u", class->name,
				 line->index);
			mutex_init(&line->mutex);
			spin_lock_init(&line->lock);
			tty_port_init(&line->port);
			INIT_DELAYED_WORK(&line->retry, line_retry);
			INIT_WORK(&line->gone, line_hang_up);
			init_irq_work(&line->print_gone, line_print_gone);
			INIT_WORK(&line->resize, line_resize);
			chan_init(&line->chans[0], line);
			chan_init(&line->chans[1], line);
			line->in = &line->chans[0];
			line->out = line->in;
		}
	}
	line_choose_channels();
}
