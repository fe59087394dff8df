/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lines: a terminal of the guest and its channels.
 */
#ifndef _UM_LINE_DRIVER_H
#define _UM_LINE_DRIVER_H

#include <linux/console.h>
#include <linux/irq_work.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/tty.h>
#include <linux/tty_port.h>
#include <linux/workqueue.h>
#include <asm/irq.h>
#include <asm/options.h>

#include "chan.h"
#include "port.h"

#define LINE_CONSOLES	16
#define LINE_SERIALS	64
#define LINE_TOTAL	(LINE_CONSOLES + LINE_SERIALS)
#define LINE_INPUT	512

/**
 * struct line - a terminal of the guest
 * @name:	in /proc/interrupts, as the command line has it
 * @class:	consoles or serial lines
 * @index:	which of them
 * @mutex:	for the channels: opening, closing, connections.  Taken inside the
 *		port's
 * @chans:	the channels; both directions have the first one unless the command
 *		line names a second
 * @in:		where input comes from; its kind is NULL when the line does not
 *		exist
 * @out:	where output goes to
 * @port:	the terminal; its transmit buffer holds what the host did not
 *		take yet
 * @lock:	for the transmit buffer, the flags below, reading, and the order of
 *		output.  Taken with interrupts disabled, by printk() as well:
 *		nothing is printed while it is held
 * @retry:	asks for input again later
 * @gone:	hangs up, because somebody has
 * @print_gone:	has that done, where a message finds out
 * @resize:	looks at the size of the other end
 * @sysrq:	until when the next byte is meant for SysRq, in jiffies; 0: it is not
 * @active:	the guest has it open
 * @throttled:	the guest takes no input now
 * @stopped:	the guest's user stopped output (^S)
 * @ended:	there will be no more input
 * @lost:	@gone has something to do
 * @awaited:	somebody has seen what is queued, and may wait until it is not
 * @printing:	the kernel's messages come here
 * @held:	and hold the output open
 * @input:	bytes on their way from the host
 */
struct line {
	char			name[8];
	struct line_class	*class;
	unsigned int		index;
	struct mutex		mutex;
	struct chan		chans[2];
	struct chan		*in;
	struct chan		*out;
	struct tty_port		port;
	spinlock_t		lock;
	struct delayed_work	retry;
	struct work_struct	gone;
	struct irq_work		print_gone;
	struct work_struct	resize;
	unsigned long		sysrq;
	bool			active;
	bool			throttled;
	bool			stopped;
	bool			ended;
	bool			lost;
	bool			awaited;
	bool			printing;
	bool			held;
	u8			input[LINE_INPUT];
};

/**
 * struct line_class - lines of a kind
 * @name:	on the command line
 * @title:	in the log
 * @tty_name:	of the guest's devices
 * @driver_name: as the guest has it
 * @minor:	of the first, of major TTY_MAJOR
 * @type:	TTY_DRIVER_TYPE_*
 * @subtype:	of that
 * @count:	how many
 * @lines:	them
 * @driver:	their driver; NULL until it is there
 * @console:	the kernel's messages on one of them
 */
struct line_class {
	const char		*name;
	const char		*title;
	const char		*tty_name;
	const char		*driver_name;
	int			minor;
	short			type;
	short			subtype;
	unsigned int		count;
	struct line		*lines;
	struct tty_driver	*driver;
	struct console		console;
};

/* Consoles and serial lines. */
#define LINE_CLASSES	2
extern struct line_class line_classes[LINE_CLASSES];

/* All lines of a class, or of all. */
#define for_each_line_of(line, cls)					\
	for (line = (cls)->lines; line < (cls)->lines + (cls)->count; line++)
#define for_each_line_class(cls)					\
	for (cls = line_classes; cls < line_classes + LINE_CLASSES; cls++)

static inline bool line_exists(const struct line *line)
{
	return line->in->spec.ops;
}

/* Who is behind it comes and goes. */
static inline bool line_takes_calls(const struct line *line)
{
	return line_exists(line) && (line->in->spec.ops->takes_calls ||
				     line->out->spec.ops->takes_calls);
}

static inline bool line_is_connected(const struct line *line)
{
	return line->in->up && line->out->up;
}

/* In the order of the command line's documentation. */
static inline bool line_before(const struct line *a, const struct line *b)
{
	return a->class != b->class ? a->class < b->class : a->index < b->index;
}

static inline void line_lock_channels(struct line *line)
{
	mutex_lock(&line->mutex);
}

static inline void line_unlock_channels(struct line *line)
{
	mutex_unlock(&line->mutex);
}

/* "<name>: <text>" in the log, as an error; not too often. */
#define line_report(line, fmt, ...)					\
	pr_err_ratelimited("%s: " fmt "\n", (line)->name, ##__VA_ARGS__)

/* options.c */

/**
 * struct line_choice - the channels that an option names
 * @given:	the option was there
 * @in:		for input, and where there is no other for output
 * @out:	for output; its kind is NULL when it is @in
 */
struct line_choice {
	bool			given;
	struct chan_spec	in;
	struct chan_spec	out;
};

/* "<in>[,<out>]"; NULL, or what is wrong with it, which may be in @reason. */
const char *line_parse(struct line_choice *choice, const char *value, char *reason,
		       int size);
void line_choice_forget(struct line_choice *choice);
void line_choose_channels(void);

/* line.c */
void lines_init(void);
/* Gives a line that nobody has open its channels, and takes them from @choice. */
void line_set_channels(struct line *line, struct line_choice *choice);
int line_activate(struct line *line);
void line_deactivate(struct line *line);
size_t line_queue(struct line *line, const u8 *buf, size_t count, bool push);
void line_push(struct line *line);
unsigned int line_queued(struct line *line);
void line_throttle(struct line *line, bool on);
void line_stop(struct line *line, bool on);
void line_discard(struct line *line);
void line_print(struct line *line, const char *text, unsigned int count);
void line_drain(struct line *line, u64 until);
bool line_winsize(struct line *line, struct winsize *ws);
void line_set_winsize(struct line *line, const struct winsize *ws);
/*
 * Somebody is at the other end of a channel that is pending: it is @fd and @private.
 * Under the lock of the line's channels, after which line_connected() follows.
 */
void line_connect(struct chan *chan, int fd, void *private);
void line_connected(struct line *line);
/* Nobody is any more; from any context but printk(). */
void line_gone(struct line *line);
/* Closes it for those whom a hang-up does not reach.  Under the port's mutex. */
void line_force_close(struct line *line);

/*
 * chan_port.c: 0; -EAGAIN: the channel does not wait there any more; or another
 * -errno.
 */
int chan_port_connect(struct port *port, struct chan *chan, int fd,
		      const struct host_address *peer);
/* A program of the host serves each caller (telnetd=). */
bool chan_port_delegates(const struct port *port);

/* sysfs.c */
extern const struct attribute_group *line_groups[];

/* tty.c */
void line_resize(struct work_struct *work);
int line_register(struct line *line);
void line_unregister(struct line *line);

#endif /* _UM_LINE_DRIVER_H */
