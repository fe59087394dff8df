/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Channels: what a line is connected to on the host.
 */
#ifndef _UM_CHAN_H
#define _UM_CHAN_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <asm/irq.h>

struct chan;
struct handover;
struct line;
struct port;

/* What a channel is used for; may be both. */
#define CHAN_IN		1
#define CHAN_OUT	2

/* What read() came across, to be ORed. */
#define CHAN_BREAK	1	/* a break, behind the bytes that it returns */
#define CHAN_SIZE	2	/* the other end's window may have another size */
#define CHAN_MORE	4	/* there is more, which no interrupt will tell of */
#define CHAN_FLUSH	8	/* flush() has something to do */

/* Bytes of what stands behind "name:", with a NUL: a path has 107. */
#define CHAN_VALUE	108

/**
 * struct chan_spec - a channel as the command line has it
 * @ops:	its kind; NULL: there is none
 * @number:	fd: the descriptor
 * @port:	port: where it listens; counted
 * @value:	what stands behind "name:", or ""
 */
struct chan_spec {
	const struct chan_ops	*ops;
	int			number;
	struct port		*port;
	char			value[CHAN_VALUE];
};

/**
 * struct chan_ops - a kind of channel
 * @name:	how the command line names it
 * @syntax:	the same with its value, for those who have to be told
 * @takes_calls: who is at the other end comes and goes: until somebody is there
 *		opening the line waits, and when he has gone it hangs up
 * @waits_again: the next caller can come while the line is open
 * @ends:	the line hangs up when there is no more input
 * @terminal:	the other end is a terminal, for which a new line is "\r\n"
 * @parse:	fills in @spec from spec->value; may take what counts.  Called
 *		before the kernel starts as well: no locks, no memory.  Returns NULL,
 *		or why that cannot be; may use @reason as a buffer for it
 * @check:	a closer look than @parse takes, while the kernel runs: NULL, or why
 *		that cannot be; may be NULL
 * @forget:	gives back what @parse took; may be NULL
 * @describe:	as the command line has it, or better where more is known; NULL:
 *		its name and its value
 * @open:	connects.  0: connected; 1: chan_up() follows, from elsewhere;
 *		or -errno
 * @wait:	stays until open() which returned 1 has come true; before there is
 *		anything else that could run.  NULL: nothing to wait for
 * @close:	disconnects; also what was not connected yet
 * @release:	the line gives the channel up for good; may be NULL
 * @read:	bytes read, 0 at the end for good, -EAGAIN when there are none
 *		now, or another -errno
 * @write:	bytes written, at least one; -EAGAIN when none can be now
 * @write_all:	writes all, waits for the host where it must
 * @flush:	sends what the kind itself has to say; -EAGAIN: not all of it.  May
 *		be NULL
 * @get_size:	rows and columns of the other end; -errno: not known.  May be NULL
 * @set_size:	the guest's have changed; may be NULL
 * @get_term:	the type of the terminal at the other end, NULL or "": not known.
 *		May be NULL
 * @send_break:	begins or ends a break; may be NULL
 *
 * @read, @write, @write_all and @flush are called under the line's lock while it is
 * connected, and none but @write_all ever blocks.  @get_size may not sleep.  All
 * others may, under the lock of the line's channels.
 */
struct chan_ops {
	const char	*name;
	const char	*syntax;
	bool		takes_calls;
	bool		waits_again;
	bool		ends;
	bool		terminal;
	const char	*(*parse)(struct chan_spec *spec, char *reason, int size);
	const char	*(*check)(const struct chan_spec *spec, char *reason, int size);
	void		(*forget)(struct chan_spec *spec);
	int		(*describe)(const struct chan *chan, char *buf, size_t len);
	int		(*open)(struct chan *chan);
	int		(*wait)(struct chan *chan);
	void		(*close)(struct chan *chan);
	void		(*release)(struct chan *chan);
	long		(*read)(struct chan *chan, void *buf, unsigned long len,
				unsigned int *events);
	long		(*write)(struct chan *chan, const void *buf, unsigned long len);
	int		(*write_all)(struct chan *chan, const void *buf,
				     unsigned long len);
	int		(*flush)(struct chan *chan);
	int		(*get_size)(struct chan *chan, u16 *rows, u16 *cols);
	void		(*set_size)(struct chan *chan, u16 rows, u16 cols);
	const char	*(*get_term)(struct chan *chan);
	void		(*send_break)(struct chan *chan, bool on);
};

/**
 * struct chan - one or both directions of a line
 * @spec:	which it is
 * @line:	whose
 * @dirs:	CHAN_IN, CHAN_OUT
 * @users:	how often it was opened
 * @up:		it is connected
 * @pending:	open() has returned 1, and nobody has come yet
 * @fd:		descriptor to wait for, or -1; valid while it is up
 * @terminal:	there is a terminal at the other end, or this is one itself
 * @never_blocks: reading and writing @fd never waits for somebody else
 * @deaf:	the other end took nothing for a while: it is not waited for again
 *		until it does
 * @failed:	when it could not be connected, in jiffies; 0: it could
 * @watched:	@watch exists
 * @wanted:	what @watch is armed for; under the line's lock
 * @watch:	interrupts when @fd is ready
 * @linger:	closes it when nobody has opened it again
 * @handover:	a program of the host makes its terminal, or has made it
 * @wait_list:	of those that wait at a port
 * @private:	its kind's own
 */
struct chan {
	struct chan_spec	spec;
	struct line		*line;
	unsigned int		dirs;
	unsigned int		users;
	bool			up;
	bool			pending;
	int			fd;
	bool			terminal;
	bool			never_blocks;
	bool			deaf;
	unsigned long		failed;
	bool			watched;
	int			wanted;
	struct um_fd_watch	watch;
	struct delayed_work	linger;
	struct handover		*handover;
	struct list_head	wait_list;
	void			*private;
};

extern const struct chan_ops chan_fd_ops;
extern const struct chan_ops chan_null_ops;
extern const struct chan_ops chan_port_ops;
extern const struct chan_ops chan_pts_ops;
extern const struct chan_ops chan_pty_ops;
extern const struct chan_ops chan_tty_ops;
extern const struct chan_ops chan_xterm_ops;

/*
 * Makes a specification of its name, up to the comma or the end of @text.  Returns
 * NULL, or what is wrong with it.
 */
const char *chan_parse(struct chan_spec *spec, const char *text, char *reason, int size);
/* What a kind that has no value calls its parse(). */
const char *chan_parse_nothing(struct chan_spec *spec, char *reason, int size);
/* Another one of the same. */
void chan_spec_copy(struct chan_spec *to, const struct chan_spec *from);
void chan_spec_forget(struct chan_spec *spec);

void chan_init(struct chan *chan, struct line *line);
/* As the command line has it; its length. */
int chan_describe(const struct chan *chan, char *buf, size_t len);

/* The following are called under the lock of the line's channels. */

/* Pairs of these count.  0, 1 (not connected yet) or -errno. */
int chan_open(struct chan *chan);
void chan_close(struct chan *chan);
/* Somebody has come for a channel that is pending. */
void chan_connected(struct chan *chan, int fd, void *private);
/* Whoever is at the other end has gone; who has it open keeps it so ... */
void chan_disconnect(struct chan *chan);
/* ... and may see the next one. */
void chan_wait_again(struct chan *chan);
/* Gives up what is left of it, but not its specification; nobody has it open. */
void chan_release(struct chan *chan);

/* For descriptors that do not block: what reads and writes are made of. */
long chan_fd_read_now(struct chan *chan, void *buf, unsigned long len,
		      unsigned int *events);
long chan_fd_write_now(struct chan *chan, const void *buf, unsigned long len);
/* Waits, for a while, and for one who is deaf not at all; the rest is lost. */
int chan_fd_write_patiently(struct chan *chan, const void *buf, unsigned long len);
int chan_tty_get_size(struct chan *chan, u16 *rows, u16 *cols);
void chan_tty_set_size(struct chan *chan, u16 rows, u16 cols);

#endif /* _UM_CHAN_H */
