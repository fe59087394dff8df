// SPDX-License-Identifier: GPL-2.0
/*
 * Carries the guest's connections on to a place on the host.  libslirp can lead them
 * to a path where somebody listens: that is us.  So each connection of the guest is
 * one there, with a beginning and an end.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "slirp_host.h"

#define BUFFER_BYTES	65536
#define CONNECTIONS_MAX	1024
/* What one connection may do until others have their turn. */
#define TURN_BUFFERS	8

/**
 * struct relay - a path that leads somewhere
 * @next:	another one
 * @listener:	where libslirp connects
 * @place:	of @listener in the set that is waited for
 * @path:	to it
 * @targets:	addresses, to be tried one after the other
 */
struct relay {
	struct relay	*next;
	int		listener;
	int		place;
	char		path[32];
	struct addrinfo	*targets;
};

/**
 * struct pipe - bytes on their way in one direction
 * @start:	the first one in the buffer
 * @len:	how many there are
 * @has_ended:	no more are coming
 * @is_shut:	the other side knows that
 * @bytes:	the buffer
 */
struct pipe {
	size_t	start;
	size_t	len;
	bool	has_ended;
	bool	is_shut;
	char	bytes[BUFFER_BYTES];
};

/**
 * struct connection - one of the guest's
 * @next:	another one
 * @target:	the address that is tried, or that is connected
 * @fds:	towards the guest, and towards the target
 * @places:	of these in the set that is waited for
 * @is_connected: to the target
 * @pipes:	from @fds[0] to @fds[1], and back
 */
struct connection {
	struct connection	*next;
	struct addrinfo		*target;
	int			fds[2];
	int			places[2];
	bool			is_connected;
	struct pipe		pipes[2];
};

static struct relay *relays;
static struct connection *connections;
static unsigned int nr_connections;

/* Closed for a moment when there are no descriptors left. */
static int spare = -1;

/* ---- the path ------------------------------------------------------------ */

/*
 * A socket has a path only while it has a name, but a descriptor of that name's file
 * has one, too, that nobody else can use and nobody has to remove.
 */
static int bind_nameless(int fd, const char *dir)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int file = -1, err = 0;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/socket", dir);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	file = open(addr.sun_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0)
		err = -errno;
	unlink(addr.sun_path);
	return err ?: file;
}

static int listen_at(struct relay *relay)
{
	char dir[] = "/tmp/um-slirp-XXXXXX";
	int file, err;

	relay->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (relay->listener < 0 || !mkdtemp(dir))
		return -errno;
	file = bind_nameless(relay->listener, dir);
	rmdir(dir);
	if (file < 0)
		return file;
	snprintf(relay->path, sizeof(relay->path), "/proc/self/fd/%d", file);
	/* libslirp waits if this is full, and we would not be there to empty it. */
	err = listen(relay->listener, 4096);
	return err < 0 ? -errno : 0;
}

/* NULL, or what is wrong. */
static const char *find_unix(struct relay *relay, const char *path)
{
	struct {
		struct addrinfo		info;
		struct sockaddr_un	addr;
	} *target = calloc(1, sizeof(*target));

	if (!target)
		return strerror(ENOMEM);
	if (strlen(path) >= sizeof(target->addr.sun_path))
		return strerror(ENAMETOOLONG);
	target->addr.sun_family = AF_UNIX;
	memcpy(target->addr.sun_path, path, strlen(path) + 1);
	target->info = (struct addrinfo){
		.ai_family = AF_UNIX,
		.ai_addr = (struct sockaddr *)&target->addr,
		.ai_addrlen = sizeof(target->addr),
	};
	relay->targets = &target->info;
	return NULL;
}

static const char *find_tcp(struct relay *relay, const char *host, const char *service)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	int err = getaddrinfo(host, service, &hints, &relay->targets);

	if (!err)
		return NULL;
	return err == EAI_SYSTEM ? strerror(errno) : gai_strerror(err);
}

const char *um_slirp_relay_open(const struct um_slirp_forward *forward,
				char why[UM_CHILD_WHY_MAX])
{
	struct relay *relay = calloc(1, sizeof(*relay));
	const char *bad;
	int err = -ENOMEM;

	if (spare < 0)
		spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (relay)
		err = listen_at(relay);
	if (err) {
		snprintf(why, UM_CHILD_WHY_MAX, "guestfwd=%.300s: a socket in /tmp: %s",
			 forward->text, strerror(-err));
		return NULL;
	}
	bad = forward->kind == UM_SLIRP_TO_UNIX
	      ? find_unix(relay, forward->target)
	      : find_tcp(relay, forward->target, forward->service);
	if (bad) {
		snprintf(why, UM_CHILD_WHY_MAX, "guestfwd=%.300s: %s", forward->text, bad);
		return NULL;
	}
	relay->next = relays;
	relays = relay;
	return relay->path;
}

/* ---- connections --------------------------------------------------------- */

static void end_connection(struct connection **link)
{
	struct connection *connection = *link;
	int i;

	for (i = 0; i < 2; i++)
		if (connection->fds[i] >= 0)
			close(connection->fds[i]);
	*link = connection->next;
	free(connection);
	nr_connections--;
}

/* Tries @target, and those behind it; false when there are no more. */
static bool start_connect(struct connection *connection, struct addrinfo *target)
{
	int fd;

	for (; target; target = target->ai_next) {
		fd = socket(target->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0)
			continue;
		if (!connect(fd, target->ai_addr, target->ai_addrlen) || errno == EINPROGRESS) {
			connection->target = target;
			connection->fds[1] = fd;
			return true;
		}
		close(fd);
	}
	return false;
}

static bool finish_connect(struct connection *connection)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(connection->fds[1], SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	if (!err) {
		connection->is_connected = true;
		return true;
	}
	close(connection->fds[1]);
	connection->fds[1] = -1;
	return start_connect(connection, connection->target->ai_next);
}

static void begin_connection(struct relay *relay, int fd)
{
	struct connection *connection = NULL;

	/* It has to be taken in any case: see listen_at(). */
	if (nr_connections < CONNECTIONS_MAX)
		connection = malloc(sizeof(*connection));
	if (!connection) {
		close(fd);
		return;
	}
	/* The buffers need not be cleared. */
	memset(connection, 0, offsetof(struct connection, pipes));
	for (int i = 0; i < 2; i++)
		memset(&connection->pipes[i], 0, offsetof(struct pipe, bytes));
	connection->fds[0] = fd;
	connection->fds[1] = -1;
	connection->places[0] = -1;
	connection->places[1] = -1;
	connection->next = connections;
	connections = connection;
	nr_connections++;
	if (!start_connect(connection, relay->targets))
		end_connection(&connections);
}

static int accept_one(const struct relay *relay)
{
	return accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* With no descriptors left, takes one to close it; false when there was none. */
static bool refuse_one(const struct relay *relay)
{
	int fd;

	close(spare);
	fd = accept_one(relay);
	if (fd >= 0)
		close(fd);
	spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return fd >= 0 && spare >= 0;
}

static void accept_all(struct relay *relay)
{
	int fd;

	for (;;) {
		fd = accept_one(relay);
		if (fd >= 0)
			begin_connection(relay, fd);
		else if ((errno != EMFILE && errno != ENFILE) || spare < 0 || !refuse_one(relay))
			return;
	}
}

/* ---- bytes --------------------------------------------------------------- */

static bool would_block(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* Whether there may be more to do at once.  An error is an end like others. */
static bool fill_pipe(struct pipe *pipe, int from)
{
	ssize_t n;

	if (pipe->len || pipe->has_ended)
		return true;
	n = recv(from, pipe->bytes, BUFFER_BYTES, 0);
	if (n < 0 && would_block())
		return false;
	pipe->start = 0;
	pipe->len = n > 0 ? n : 0;
	pipe->has_ended = n <= 0;
	return true;
}

static bool empty_pipe(struct pipe *pipe, int to)
{
	ssize_t n;

	if (pipe->len) {
		n = send(to, pipe->bytes + pipe->start, pipe->len, MSG_NOSIGNAL);
		if (n < 0 && would_block())
			return false;
		if (n > 0) {
			pipe->start += n;
			pipe->len -= n;
		} else {
			/* Nobody wants it; but there may be something on its way back. */
			pipe->len = 0;
			pipe->has_ended = true;
		}
	}
	if (pipe->len || !pipe->has_ended)
		return true;
	if (!pipe->is_shut)
		shutdown(to, SHUT_WR);
	pipe->is_shut = true;
	return false;
}

static void carry(struct pipe *pipe, int from, int to)
{
	int turn;

	for (turn = 0; turn < TURN_BUFFERS; turn++)
		if (!fill_pipe(pipe, from) || !empty_pipe(pipe, to))
			return;
}

/* False when there is nothing left to do for it. */
static bool run_connection(struct connection *connection)
{
	int events = um_child_poll_events(connection->places[1]), *fds = connection->fds;
	struct pipe *pipes = connection->pipes;

	if (!connection->is_connected)
		return !events || finish_connect(connection);
	if (!events && !um_child_poll_events(connection->places[0]))
		return true;
	carry(&pipes[0], fds[0], fds[1]);
	carry(&pipes[1], fds[1], fds[0]);
	return !pipes[0].is_shut || !pipes[1].is_shut;
}

/* What to wait for at an end that @in is filled from and @out emptied to. */
static int events_of(const struct pipe *in, const struct pipe *out)
{
	return (in->len || in->has_ended ? 0 : POLLIN) | (out->len ? POLLOUT : 0);
}

static void poll_connection(struct connection *connection)
{
	struct pipe *pipes = connection->pipes;
	int i, events;

	for (i = 0; i < 2; i++) {
		events = events_of(&pipes[i], &pipes[!i]);
		if (!connection->is_connected)
			events = i ? POLLOUT : 0;
		/* One that is not waited for must not tell that it is closed, all the time. */
		connection->places[i] = -1;
		if (events)
			connection->places[i] = um_child_poll_add(connection->fds[i], events);
	}
}

void um_slirp_relay_poll(void)
{
	struct connection *connection;
	struct relay *relay;

	for (relay = relays; relay; relay = relay->next)
		relay->place = um_child_poll_add(relay->listener, POLLIN);
	for (connection = connections; connection; connection = connection->next)
		poll_connection(connection);
}

void um_slirp_relay_run(void)
{
	struct connection **link;
	struct relay *relay;

	for (link = &connections; *link;) {
		if (run_connection(*link))
			link = &(*link)->next;
		else
			end_connection(link);
	}
	for (relay = relays; relay; relay = relay->next)
		if (um_child_poll_events(relay->place))
			accept_all(relay);
}
