// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "log.h"
#include "switch.h"

/* Connections that are taken before others have their turn. */
#define ACCEPT_MAX	32

/* Given up for a moment to tell a client that there are no descriptors left. */
static int spare_fd = -1;

static void spare_open(void)
{
	if (spare_fd < 0)
		spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* ---- clients by address -------------------------------------------------- */

static struct clients *addr_bucket(struct uml_switch *sw, const struct um_switch_addr *addr,
				   um_u32 len)
{
	um_u64 hash = sw->forward.macs.seed;
	um_u32 i;

	for (i = 0; i < len - offsetof(struct um_switch_addr, path); i++)
		hash = (hash ^ (um_u8)addr->path[i]) * 0x100000001b3UL;
	return &sw->addr[(hash ^ hash >> 32) % ADDR_BUCKETS];
}

static struct clients *client_bucket(struct uml_switch *sw, const struct client *client)
{
	return addr_bucket(sw, &client->request.addr, client->request.addr_len);
}

struct client *client_find(struct uml_switch *sw, const struct endpoint *at,
			   const struct um_switch_addr *addr, um_u32 len)
{
	struct client *client;

	/* A socket without a name is nobody's. */
	if (len <= offsetof(struct um_switch_addr, path) || len > sizeof(*addr))
		return NULL;
	TAILQ_FOREACH(client, addr_bucket(sw, addr, len), link)
		if (client->at == at && client->request.addr_len == len &&
		    !memcmp(&client->request.addr, addr, len))
			return client;
	return NULL;
}

/* ---- connections --------------------------------------------------------- */

static void pending_add(struct uml_switch *sw, struct client *client)
{
	TAILQ_INSERT_TAIL(&sw->pending, client, link);
	sw->nr_pending++;
}

static void pending_remove(struct uml_switch *sw, struct client *client)
{
	TAILQ_REMOVE(&sw->pending, client, link);
	sw->nr_pending--;
}

void client_remove(struct uml_switch *sw, struct client *client)
{
	if (client->port) {
		log_detail("port %u: process %d is gone", client->port->number, client->pid);
		TAILQ_REMOVE(client_bucket(sw, client), client, link);
		port_remove(sw, client->port);
	} else {
		pending_remove(sw, client);
	}
	event_close(&client->control);
	free(client);
}

static void client_refuse(struct uml_switch *sw, struct client *client, const char *why)
{
	log_client("%s: process %d is refused: %s", client->at->name, client->pid, why);
	client_remove(sw, client);
}

/* Has the other side closed the connection, and we have not looked yet? */
static bool client_is_gone(const struct client *client)
{
	char byte;

	return !recv(client->control.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
}

/* Gives a socket a name that nobody can guess, all of which counts. */
static int data_bind(int fd, struct um_switch_addr *addr)
{
	unsigned long random;

	if (getrandom(&random, sizeof(random), 0) < 0)
		return -errno;
	*addr = (struct um_switch_addr) { .family = AF_UNIX };
	snprintf(addr->path + 1, sizeof(addr->path) - 1, "uml_switch-%d-%016lx", getpid(), random);
	return bind(fd, (struct sockaddr *)addr, sizeof(*addr)) < 0 ? -errno : 0;
}

/*
 * Another user must not have us send, with our rights, to a socket that is not
 * his, such as the one of the system's log: the path that he gave is looked at
 * once, and what it led to is connected to.
 */
static int connect_foreign(int fd, const struct client *client)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct stat st;
	int path, err = 0;

	path = open(client->request.addr.path, O_PATH | O_CLOEXEC);
	if (path < 0)
		return -errno;
	if (fstat(path, &st) < 0)
		err = -errno;
	else if (st.st_uid != client->uid)
		err = -EACCES;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d", path);
	if (!err && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		err = -errno;
	close(path);
	return err;
}

static int connect_client(int fd, const struct client *client)
{
	const struct request *request = &client->request;

	if (client->foreign)
		return connect_foreign(fd, client);
	return connect(fd, (struct sockaddr *)&request->addr, request->addr_len) < 0 ? -errno : 0;
}

/*
 * The socket on our side of a client: connected first, so that from the moment
 * that it has a name nobody else can send to it.  The descriptor, or -errno;
 * *@shared where the client takes frames from the endpoint's socket only.
 */
static int client_open_data(struct client *client, struct um_switch_addr *addr, bool *shared)
{
	int fd, err;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect_client(fd, client);
	*shared = err == -EPERM && client->at->data.fd >= 0 && !client->foreign;
	if (*shared)
		err = 0;
	if (client->at->data.fd >= 0)
		memcpy(addr, &client->at->data_path.addr, sizeof(*addr));
	else if (!err)
		err = data_bind(fd, addr);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* A request is whole: a port for it. */
static void client_join(struct uml_switch *sw, struct client *client)
{
	const struct request *request = &client->request;
	struct um_switch_reply reply;
	struct client *other;
	char why[80];
	bool shared;
	int fd;

	other = client_find(sw, client->at, &request->addr, request->addr_len);
	if (other && !client_is_gone(other)) {
		client_refuse(sw, client, "its socket has a port already");
		return;
	}
	if (other)
		client_remove(sw, other);
	if (sw->nr_ports >= sw->max_ports) {
		snprintf(why, sizeof(why), "all %u ports are taken (--ports, limit of open files)",
			 sw->max_ports);
		client_refuse(sw, client, why);
		return;
	}
	client->foreign = request->addr.path[0] && client->uid && client->uid != geteuid();
	fd = client_open_data(client, &reply.addr, &shared);
	if (fd < 0) {
		snprintf(why, sizeof(why), "its socket: %s", strerror(-fd));
		client_refuse(sw, client, why);
		return;
	}
	client->port = port_add(sw, client->at, fd, client);
	if (!client->port) {
		close(fd);
		client_remove(sw, client);
		return;
	}
	client->port->shared = shared;
	pending_remove(sw, client);
	TAILQ_INSERT_TAIL(client_bucket(sw, client), client, link);
	log_detail("port %u: process %d of user %u", client->port->number, client->pid,
		   client->uid);
	if (request->version == 0) {
		if (client->at->data.fd < 0)
			log_client("%s: process %d can send nothing: version 0, and no data socket",
				   client->at->name, client->pid);
		return;
	}
	if (send(client->control.fd, &reply, sizeof(reply), MSG_DONTWAIT | MSG_NOSIGNAL) !=
	    sizeof(reply))
		client_remove(sw, client);
}

static void client_ready(struct source *source, um_u32 events)
{
	struct client *client = source_of(source, struct client, control);
	struct uml_switch *sw = client->at->sw;
	um_u8 bytes[UM_SWITCH_REQUEST_MAX + 1];
	ssize_t n;

	(void)events;
	/* One byte more than belongs to a request shows that there are more. */
	n = recv(client->control.fd, bytes, sizeof(bytes) - client->len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_remove(sw, client);
		return;
	}
	if (client->len + n > UM_SWITCH_REQUEST_MAX) {
		client_refuse(sw, client, "more than a request");
		return;
	}
	memcpy(client->bytes + client->len, bytes, n);
	client->len += n;
	if (client->port)
		return;
	switch (request_parse(client->bytes, client->len, &client->request)) {
	case REQUEST_PART:
		break;
	case REQUEST_WHOLE:
		client_join(sw, client);
		break;
	case REQUEST_BAD:
		client_refuse(sw, client, client->request.wrong);
		break;
	}
}

static void client_add(struct endpoint *at, int fd)
{
	struct client *client = calloc(1, sizeof(*client));
	struct uml_switch *sw = at->sw;
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	if (!client) {
		close(fd);
		return;
	}
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	client->at = at;
	client->control = (struct source) { fd, client_ready };
	client->pid = peer.pid;
	client->uid = peer.uid;
	pending_add(sw, client);
	if (event_add(&client->control, EPOLLIN)) {
		client_remove(sw, client);
		return;
	}
	/* Those who connect and say nothing must not keep others out. */
	if (sw->nr_pending > PENDING_MAX)
		client_refuse(sw, TAILQ_FIRST(&sw->pending), "it says nothing, and others wait");
}

static void control_ready(struct source *source, um_u32 events)
{
	struct endpoint *at = source_of(source, struct endpoint, control);
	int fd, i;

	(void)events;
	for (i = 0; i < ACCEPT_MAX; i++) {
		fd = accept4(at->control.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			client_add(at, fd);
			continue;
		}
		if ((errno != EMFILE && errno != ENFILE) || spare_fd < 0)
			break;
		log_client("%s: no descriptor is left for another connection", at->name);
		close(spare_fd);
		fd = accept(at->control.fd, NULL, NULL);
		if (fd >= 0)
			close(fd);
		spare_fd = -1;
		spare_open();
	}
}

int control_open(struct uml_switch *sw, struct endpoint *at)
{
	if (path_socket_open(&at->control_path, "-unix", at->name, SOCK_STREAM, sw->mode))
		return -1;
	at->control = (struct source) { at->control_path.fd, control_ready };
	if (event_add(&at->control, EPOLLIN))
		return -1;
	spare_open();
	if (!at->data_name)
		return 0;
	if (path_socket_open(&at->data_path, "-unix", at->data_name, SOCK_DGRAM, sw->mode))
		return -1;
	at->data = (struct source) { at->data_path.fd, data_shared_ready };
	return event_add(&at->data, EPOLLIN) ? -1 : 0;
}

void control_close(struct endpoint *at)
{
	event_close(&at->control);
	event_close(&at->data);
	path_socket_remove(&at->control_path);
	path_socket_remove(&at->data_path);
}
