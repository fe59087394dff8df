/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lines: a terminal of the guest and its channels.
 */
#ifndef _UM_LINE_DRIVER_H
#define _UM_LINE_DRIVER_H

#include <linux/spinlock.h>
#include <linux/tty.h>
#include <linux/tty_port.h>
#include <linux/workqueue.h>
#include <asm/irq.h>

#include "chan.h"

#define LINE_COUNT	16
#define LINE_INPUT	512

/**
 * struct line - a terminal of the guest
 * @name:	in /proc/interrupts, as the command line has it
 * @in:		where input comes from; @in.ops is NULL when the line does not
 *		exist
 * @out:	where output goes to
 * @port:	the terminal; its transmit buffer holds what the host did not
 *		take yet
 * @lock:	for the transmit buffer, the flags below, and the order of
 *		output.  Taken with interrupts disabled, by printk() as well:
 *		nothing is printed while it is held
 * @in_watch:	interrupts when there is input; exists while @active
 * @out_watch:	interrupts when the host takes output again; as @in_watch
 * @retry:	asks for input again later
 * @active:	the guest has it open
 * @throttled:	the guest takes no input now
 * @stopped:	the guest's user stopped output (^S)
 * @ended:	there will be no more input
 * @input:	bytes on their way from the host
 *
 * @in and @out are opened and closed under the port's mutex, or before there is
 * a port.
 */
struct line {
	char			name[8];
	struct chan		in;
	struct chan		out;
	struct tty_port		port;
	spinlock_t		lock;
	struct um_fd_watch	in_watch;
	struct um_fd_watch	out_watch;
	struct delayed_work	retry;
	bool			active;
	bool			throttled;
	bool			stopped;
	bool			ended;
	u8			input[LINE_INPUT];
};

extern struct line lines[LINE_COUNT];
extern struct tty_driver *line_driver;

static inline bool line_exists(const struct line *line)
{
	return line->in.ops;
}

/* options.c */
void line_choose_channels(struct line *lines);

/* line.c */
void lines_init(void);
int line_activate(struct line *line);
void line_deactivate(struct line *line);
size_t line_queue(struct line *line, const u8 *buf, size_t count, bool push);
void line_push(struct line *line);
void line_throttle(struct line *line, bool on);
void line_stop(struct line *line, bool on);
void line_discard(struct line *line);
void line_print(struct line *line, const char *text, unsigned int count);
void line_drain(struct line *line, unsigned int ms);
bool line_winsize(struct line *line, struct winsize *ws);

#endif /* _UM_LINE_DRIVER_H */
