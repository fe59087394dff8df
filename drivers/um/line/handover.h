/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Terminals that a program of the host makes, and port-helper, which runs in them,
 * hands over.
 */
#ifndef _UM_HANDOVER_H
#define _UM_HANDOVER_H

#include <linux/types.h>
#include <linux/workqueue.h>
#include <asm/irq.h>
#include <um/spawn.h>
#include "chan.h"

/**
 * enum handover_step - how far it has come
 * @HANDOVER_STARTED:	the program runs, and port-helper shall connect
 * @HANDOVER_CONNECTED:	it has, and shall hand its terminal over
 * @HANDOVER_DONE:	it has, and stays: when the connection ends, so has the terminal
 */
enum handover_step {
	HANDOVER_STARTED,
	HANDOVER_CONNECTED,
	HANDOVER_DONE,
};

/**
 * struct handover - a terminal from elsewhere
 * @chan:	whose; pending until it is there
 * @private:	what the channel's private is to be then
 * @program:	what makes it, for the log
 * @nothing:	what to say when the program ends before there is a terminal
 * @step:	how far it has come
 * @pidfd:	of the program, or -1
 * @sock:	where port-helper connects to, then the connection, or -1
 * @terminal:	what it has handed over, or -1
 * @path:	of the socket, "" once it is gone or where it has none
 * @work:	does what the watches tell of
 * @pid_watch:	interrupts when the program has ended
 * @sock_watch:	interrupts when there is something at the socket
 * @watched:	they exist
 * @dead:	it is closed, and @free frees it
 * @free:	likewise
 * @helper:	where port-helper is
 *
 * All but the works belongs to the lock of the line's channels.
 */
struct handover {
	struct chan		*chan;
	void			*private;
	const char		*program;
	const char		*nothing;
	enum handover_step	step;
	int			pidfd;
	int			sock;
	int			terminal;
	char			path[CHAN_VALUE];
	struct work_struct	work;
	struct um_fd_watch	pid_watch;
	struct um_fd_watch	sock_watch;
	bool			watched;
	bool			dead;
	struct work_struct	free;
	char			helper[512];
};

/*
 * The following are called under the lock of the line's channels, or before there is
 * anything else that could run.  Those that return an error have put it in the log.
 */

/* @program and @nothing stay.  It is chan->handover up to its end, or an ERR_PTR(). */
struct handover *handover_new(struct chan *chan, void *private, const char *program,
			      const char *nothing);
/* A socket with a name, handover->path, for "port-helper -uml-socket PATH". */
int handover_listen(struct handover *h);
/* A connection; returns the descriptor that port-helper expects as its number 3. */
int handover_pair(struct handover *h);
/*
 * Starts the program, as host_spawn() does.  line_connect() comes when the terminal
 * is there, line_gone() when that fails or when it has ended.
 */
int handover_start(struct handover *h, const char *const argv[], const int *fds, int nr_fds);
/*
 * Before there is anything else that could run: until it is there.  0, or -errno;
 * -ETIMEDOUT after half a minute.
 */
int handover_wait(struct handover *h);
/* Closes the terminal, ends the program, and frees @h, which may not be used again. */
void handover_end(struct handover *h);

#endif /* _UM_HANDOVER_H */
