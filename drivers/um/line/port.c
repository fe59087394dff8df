// SPDX-License-Identifier: GPL-2.0
/*
 * Ports: sockets of the host that listen, and who waits there.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <asm/options.h>

#include <um/host.h>
#include <um/line.h>
#include "line.h"

/* How long the host is left alone when it has no descriptor for a caller. */
#define PORT_RETRY	HZ
/* Between callers for whom a program is started. */
#define PORT_PAUSE	(HZ / 20)

static struct port ports[PORT_COUNT];
/* For the lists of the ports; taken with interrupts enabled only. */
static DEFINE_SPINLOCK(port_lock);
/* For making and freeing their watches, inside the lock of a line's channels. */
static DEFINE_MUTEX(port_watch_mutex);

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

	schedule_delayed_work(&port->work, 0);
	return IRQ_HANDLED;
}

/* Makes the watch where that has not been possible yet, and arms it; not for port_put(). */
static void port_watch(struct port *port)
{
	int err = 0;

	mutex_lock(&port_watch_mutex);
	if (!port->watched && port->users) {
		err = um_fd_watch_init(&port->watch, port->fd, "port", port_interrupt, port);
		port->watched = !err;
	}
	if (port->watched)
		um_fd_watch_arm(&port->watch, HOST_POLLIN);
	mutex_unlock(&port_watch_mutex);
	if (err)
		pr_err_ratelimited("port: nobody is answered: %s\n", um_strerror(err));
}

/* Who waits first; NULL: nobody.  He may leave at any time. */
static struct chan *port_first(struct port *port)
{
	struct chan *chan;

	spin_lock(&port_lock);
	chan = list_first_entry_or_null(&port->waiting, struct chan, wait_list);
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

/* To the first line that still waits when it is asked. */
static void port_give(struct port *port, int fd, const struct host_address *peer)
{
	struct chan *chan;

	while ((chan = port_first(port))) {
		int ret = chan_port_connect(port, chan, fd, peer);

		if (!ret)
			return;
		/* Otherwise it waits no more. */
		if (ret != -EAGAIN)
			break;
	}
	host_close(fd);
}

static void port_serve(struct work_struct *work)
{
	struct port *port = container_of(to_delayed_work(work), struct port, work);
	struct host_address peer;
	int fd;

	while (port_first(port)) {
		fd = port_accept(port, &peer);
		if (fd == -EAGAIN) {
			port_watch(port);
			return;
		}
		if (fd < 0) {
			pr_err_ratelimited("port: a caller has to wait: %s\n", um_strerror(fd));
			schedule_delayed_work(&port->work, PORT_RETRY);
			return;
		}
		port_give(port, fd, &peer);
		if (chan_port_delegates(port)) {
			schedule_delayed_work(&port->work, PORT_PAUSE);
			return;
		}
	}
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

/* Who came to wait before there was anything to wait with. */
static int __init port_init(void)
{
	struct port *port;

	for (port = ports; port < ports + PORT_COUNT; port++)
		if (port->users && port_first(port))
			port_watch(port);
	return 0;
}
device_initcall(port_init);

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
	INIT_DELAYED_WORK(&room->work, port_serve);
	return room;
}

void port_get(struct port *port)
{
	port->users++;
}

/* No line waits there any more; may sleep, and waits for port_serve(). */
void port_put(struct port *port)
{
	if (--port->users)
		return;
	/* Before the kernel runs there is neither. */
	if (system_state >= SYSTEM_SCHEDULING) {
		mutex_lock(&port_watch_mutex);
		if (port->watched)
			um_fd_watch_free(&port->watch);
		port->watched = false;
		mutex_unlock(&port_watch_mutex);
		cancel_delayed_work_sync(&port->work);
	}
	host_close(port->fd);
	if (*port->path)
		host_unlink(port->path);
}

void um_line_end(void)
{
	struct port *port;

	for (port = ports; port < ports + PORT_COUNT; port++)
		if (port->users && *port->path)
			host_unlink(port->path);
}
