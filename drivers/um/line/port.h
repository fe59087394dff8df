/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ports: where the host listens for callers, who get one of the lines that wait
 * there.
 */
#ifndef _UM_PORT_H
#define _UM_PORT_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <asm/irq.h>
#include <um/socket.h>

/* Different ones at a time. */
#define PORT_COUNT	16

struct chan;

/**
 * struct port - a socket that listens
 * @users:	how many specifications name it; 0: it is free
 * @addr:	where it listens
 * @telnet:	callers are offered telnet: it is no UNIX socket
 * @path:	of a UNIX socket, or ""
 * @fd:		the socket
 * @watched:	@watch exists
 * @watch:	interrupts when there is a caller
 * @work:	gives callers to lines; later where the host has no room for them
 * @waiting:	channels that wait for a caller, those of the lowest lines first
 *
 * A caller whom no line waits for stays in the socket's queue.
 */
struct port {
	unsigned int		users;
	struct host_address	addr;
	bool			telnet;
	char			path[108];
	int			fd;
	bool			watched;
	struct um_fd_watch	watch;
	struct delayed_work	work;
	struct list_head	waiting;
};

/*
 * The port of what stands behind "port:" - a number, ADDRESS:NUMBER or a path -,
 * which listens from now on.  NULL, and *reason in the @size bytes at @text.
 */
struct port *port_find(const char *value, char *text, int size);
void port_get(struct port *port);
void port_put(struct port *port);
/* A channel waits, or does not any more; under the lock of its line's channels. */
void port_wait(struct port *port, struct chan *chan);
void port_leave(struct port *port, struct chan *chan);
/* The next caller's socket; -EAGAIN: there is none. */
int port_accept(struct port *port, struct host_address *peer);
#endif /* _UM_PORT_H */
