// SPDX-License-Identifier: GPL-2.0
/*
 * Ports: sockets of the host that listen, and who waits there.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <asm/options.h>

#include <um/host.h>
#include "line.h"

static struct port ports[PORT_COUNT];
/* For the list of a port; taken with interrupts enabled only. */
static DEFINE_SPINLOCK(port_lock);

/* ---- where it listens ------------------------------------------------------ */

static const char *port_parse_inet(struct port *port, const char *value)
{
	const char *number = strrchr(value, ':');
	char host[64] = "127.0.0.1";
	unsigned int n;
	int len;

	if (number) {
		len = number - value;
		if (len >= 2 && value[0] == '[' && value[len - 1] == ']') {
			value++;
			len -= 2;
		}
		if (len >= sizeof(host))
			return "that is no address";
		strscpy(host, value, len + 1);
		number++;
	} else {
		number = value;
	}
	if (!isdigit(*number) || kstrtouint(number, 10, &n) || !n || n > 65535)
		return "a port's number is 1 to 65535";
	if (host_inet_address(&port->addr, host, n))
		return "that is no address: write port:N, port:0.0.0.0:N or port:[::1]:N";
	port->telnet = true;
	return NULL;
}

static const char *port_parse(struct port *port, const char *value)
{
	if (!*value)
		return "channel port needs a number, as in port:9000, or a path";
	if (!strchr(value, '/'))
		return port_parse_inet(port, value);
	if (host_unix_address(&port->addr, value))
		return "the path is too long";
	strscpy(port->path, value, sizeof(port->path));
	return NULL;
}

static bool port_is_same(const struct port *a, const struct port *b)
{
	return a->addr.len == b->addr.len && !memcmp(a->addr.data, b->addr.data, a->addr.len);
}

static void port_cannot_listen(const char *value, int err, char *text, int size)
{
	const char *number = strrchr(value, ':');
	unsigned int n;
	int holder = 0;

	if (err == -EADDRINUSE && !strchr(value, '/') &&
	    !kstrtouint(number ? number + 1 : value, 10, &n))
		holder = host_port_holder(n);
	if (holder > 0)
		snprintf(text, size, "port %s is in use by process %d", value, holder);
	else
		snprintf(text, size, "port %s: %s", value, um_strerror(err));
}

/* ---- callers ---------------------------------------------------------------- */

static irqreturn_t port_interrupt(int irq, void *data)
{
	struct port *port = data;

	schedule_work(&port->work);
	return IRQ_HANDLED;
}

/* Who waits first, off the list; NULL: nobody. */
static struct chan *port_next(struct port *port)
{
	struct chan *chan;

	spin_lock(&port_lock);
	chan = list_first_entry_or_null(&port->waiting, struct chan, wait_list);
	if (chan)
		list_del_init(&chan->wait_list);
	spin_unlock(&port_lock);
	return chan;
}

int port_accept(struct port *port, struct host_address *peer)
{
	int fd;

	/* Who has gone while he waited is no caller. */
	while ((fd = host_stream_accept(port->fd, peer)) >= 0) {
		if (host_stream_is_alive(fd))
			return fd;
		host_close(fd);
	}
	return fd;
}

static void port_serve(struct work_struct *work)
{
	struct port *port = container_of(work, struct port, work);
	struct host_address peer;
	struct chan *chan;
	int fd = -1;

	while ((chan = port_next(port))) {
		if (fd < 0)
			fd = port_accept(port, &peer);
		if (fd < 0) {
			port_wait(port, chan);
			return;
		}
		/* Its line may have been closed meanwhile. */
		if (chan_port_connect(chan, fd, &peer))
			fd = -1;
	}
	if (fd >= 0)
		host_close(fd);
}

/* Makes the watch where that has not been possible yet. */
static void port_watch(struct port *port)
{
	if (!port->watched) {
		int err = um_fd_watch_init(&port->watch, port->fd, "port", port_interrupt, port);

		if (err) {
			pr_err_ratelimited("port: nobody is answered: %s\n", um_strerror(err));
			return;
		}
		port->watched = true;
	}
	um_fd_watch_arm(&port->watch, HOST_POLLIN);
}

void port_wait(struct port *port, struct chan *chan)
{
	struct chan *other;

	spin_lock(&port_lock);
	list_for_each_entry(other, &port->waiting, wait_list)
		if (line_before(chan->line, other->line))
			break;
	list_add_tail(&chan->wait_list, &other->wait_list);
	spin_unlock(&port_lock);
	if (system_state >= SYSTEM_SCHEDULING)
		port_watch(port);
}

void port_leave(struct port *port, struct chan *chan)
{
	spin_lock(&port_lock);
	list_del_init(&chan->wait_list);
	spin_unlock(&port_lock);
}

/* ---- lifetime ---------------------------------------------------------------- */

/* The command line is looked at, and changed, by one at a time. */
struct port *port_find(const char *value, char *text, int size)
{
	struct port new = { .users = 1 }, *room = NULL, *port;
	const char *why = port_parse(&new, value);

	if (why) {
		strscpy(text, why, size);
		return NULL;
	}
	for (port = ports; port < ports + PORT_COUNT; port++) {
		if (!port->users) {
			room = port;
		} else if (port_is_same(port, &new)) {
			port->users++;
			return port;
		}
	}
	if (!room) {
		snprintf(text, size, "port %s: there are %d ports at most", value, PORT_COUNT);
		return NULL;
	}
	new.fd = host_stream_listen(&new.addr);
	if (new.fd < 0) {
		port_cannot_listen(value, new.fd, text, size);
		return NULL;
	}
	*room = new;
	INIT_LIST_HEAD(&room->waiting);
	INIT_WORK(&room->work, port_serve);
	return room;
}

void port_get(struct port *port)
{
	port->users++;
}

void port_put(struct port *port)
{
	if (--port->users)
		return;
	if (port->watched) {
		um_fd_watch_free(&port->watch);
		cancel_work_sync(&port->work);
	}
	host_close(port->fd);
	if (*port->path)
		host_unlink(port->path);
	port->watched = false;
}
