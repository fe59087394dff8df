/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Channels: what a line is connected to on the host.
 */
#ifndef _UM_CHAN_H
#define _UM_CHAN_H

#include <linux/types.h>

struct chan;

enum chan_dir {
	CHAN_IN,
	CHAN_OUT,
};

/**
 * struct chan_ops - a kind of channel
 * @name:	how the command line names it
 * @parse:	fills in a channel from what follows "name:" on the command
 *		line, NULL where there is no colon.  Called before the kernel
 *		starts.  Returns NULL, or why that cannot be; may use @reason as
 *		a buffer for it
 * @open:	connects; may sleep.  0 or -errno
 * @close:	disconnects
 * @read:	bytes read, 0 at the end for good, -EAGAIN when there are none
 *		now, or another -errno
 * @write:	bytes written, at least one; -EAGAIN when none can be now
 * @write_all:	writes all, waits for the host where it must
 *
 * @read, @write and @write_all are called with interrupts disabled; the first
 * two never block.
 */
struct chan_ops {
	const char	*name;
	const char	*(*parse)(struct chan *chan, const char *value,
				  char *reason, int size);
	int		(*open)(struct chan *chan, enum chan_dir dir);
	void		(*close)(struct chan *chan);
	long		(*read)(struct chan *chan, void *buf, unsigned long len);
	long		(*write)(struct chan *chan, const void *buf, unsigned long len);
	int		(*write_all)(struct chan *chan, const void *buf,
				     unsigned long len);
};

/**
 * struct chan - one direction of a line
 * @ops:	its kind, or NULL: there is no channel
 * @number:	of the host's descriptor, as the command line has it
 * @users:	how often it was opened
 * @fd:		descriptor to wait for, or -1; valid while it is open
 * @is_tty:	@fd is a terminal, which is in raw mode while this is open
 * @never_blocks: reading and writing @fd never waits for somebody else
 */
struct chan {
	const struct chan_ops	*ops;
	int			number;
	unsigned int		users;
	int			fd;
	bool			is_tty;
	bool			never_blocks;
};

extern const struct chan_ops chan_fd_ops;
extern const struct chan_ops chan_null_ops;

/*
 * Makes a channel of its name, up to the comma or the end of @text.  Returns
 * NULL, or what is wrong with it.
 */
const char *chan_parse(struct chan *chan, const char *text, char *reason, int size);
/* As the command line has it; its length. */
int chan_describe(const struct chan *chan, char *buf, size_t len);
/* Pairs of these count; not to be called concurrently for one channel. */
int chan_open(struct chan *chan, enum chan_dir dir);
void chan_close(struct chan *chan);

#endif /* _UM_CHAN_H */
