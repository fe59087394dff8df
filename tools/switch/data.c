// SPDX-License-Identifier: GPL-2.0
/*
 * Frames are received some at a time, decided on one by one, and sent one port
 * after the other, so that a port costs one system call for all that it gets.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include "log.h"
#include "pcap.h"
#include "switch.h"

/**
 * struct batch - the frames at hand
 * @bytes:	where they are received; one byte more tells what is too long
 * @frame:	what is known of each
 * @out:	the ports that are to get some
 */
static struct batch {
	um_u8		bytes[BATCH][UM_SWITCH_FRAME_MAX + 1];
	struct frame	frame[BATCH];
	struct port	*out;
} batch;

/**
 * struct outgoing - what is to be sent to one port
 * @msg:	one for each frame
 * @iov:	the pieces of frames
 * @n:		number of frames
 */
struct outgoing {
	struct mmsghdr	msg[BATCH];
	struct iovec	iov[BATCH][VLAN_PIECES];
	int		n;
};

static um_u64 outgoing_bytes(const struct outgoing *outgoing, int i)
{
	const struct msghdr *msg = &outgoing->msg[i].msg_hdr;
	um_u64 bytes = 0;
	size_t piece;

	for (piece = 0; piece < msg->msg_iovlen; piece++)
		bytes += msg->msg_iov[piece].iov_len;
	return bytes;
}

/* ---- sending ------------------------------------------------------------- */

/* Sends some of the frames from @from on; their number, or -errno. */
static int port_write_some(struct port *port, struct outgoing *outgoing, int from)
{
	struct mmsghdr *msg = &outgoing->msg[from];
	int fd = port->data.fd, n;

	if (port->at->kind == ENDPOINT_TAP) {
		n = writev(fd, msg->msg_hdr.msg_iov, msg->msg_hdr.msg_iovlen);
		return n < 0 ? -errno : 1;
	}
	if (port->shared) {
		fd = port->at->data.fd;
		for (n = from; n < outgoing->n; n++) {
			outgoing->msg[n].msg_hdr.msg_name = &port->client->request.addr;
			outgoing->msg[n].msg_hdr.msg_namelen = port->client->request.addr_len;
		}
	}
	n = sendmmsg(fd, msg, outgoing->n - from, MSG_DONTWAIT | MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

/*
 * Sends frames until the port takes no more.  Returns how many are dealt with:
 * sent, or refused by the host for a reason that is theirs.
 */
static int port_write(struct port *port, struct outgoing *outgoing)
{
	int done = 0, n;

	while (done < outgoing->n) {
		n = port_write_some(port, outgoing, done);
		if (n > 0) {
			port->stats.tx_frames += n;
			while (n-- > 0)
				port->stats.tx_bytes += outgoing_bytes(outgoing, done++);
			continue;
		}
		switch (-n) {
		case EINTR:
			continue;
		case EAGAIN:
			return done;
		case EPERM:
			/* The client has connected its socket to the shared one. */
			if (!port->shared && port->client && port->at->data.fd >= 0 &&
			    !port->client->foreign) {
				port->shared = true;
				continue;
			}
			break;
		case ECONNREFUSED:
		case ENOENT:
		case ENOTCONN:
			/*
			 * Its socket is closed, and ours is no longer connected:
			 * anybody could send to it now.
			 */
			if (port->client) {
				port->gone = true;
				return outgoing->n;
			}
			break;
		}
		port->stats.tx_errors++;
		done++;
	}
	return done;
}

/* Keeps the frames from @from on for later, as far as there is room. */
static void port_queue(struct uml_switch *sw, struct port *port,
		       const struct outgoing *outgoing, int from)
{
	bool was_empty = !port->queue.head;
	const struct msghdr *msg;
	int i;

	for (i = from; i < outgoing->n; i++) {
		msg = &outgoing->msg[i].msg_hdr;
		/* When the shared socket is writable tells nothing of this client. */
		if (port->shared ||
		    !queue_push(&port->queue, msg->msg_iov, msg->msg_iovlen, sw->queue_limit))
			port->stats.tx_full++;
	}
	if (was_empty && port->queue.head)
		event_change(&port->data, EPOLLIN | EPOLLOUT);
}

static void port_send(struct uml_switch *sw, struct port *port, struct outgoing *outgoing)
{
	int done = 0;

	/* What waits comes first. */
	if (!port->queue.head)
		done = port_write(port, outgoing);
	port_queue(sw, port, outgoing, done);
}

static void outgoing_start(struct outgoing *outgoing)
{
	outgoing->n = 0;
}

/* The pieces of the next frame go to the returned vector; their number follows. */
static struct iovec *outgoing_next(struct outgoing *outgoing)
{
	return outgoing->iov[outgoing->n];
}

static void outgoing_add(struct outgoing *outgoing, int pieces)
{
	outgoing->msg[outgoing->n].msg_hdr = (struct msghdr) {
		.msg_iov = outgoing->iov[outgoing->n],
		.msg_iovlen = pieces,
	};
	outgoing->n++;
}

/* The client has read something: sends what waits for it. */
static void port_drain(struct port *port)
{
	struct outgoing outgoing;
	const struct queued *q;
	int done;

	outgoing_start(&outgoing);
	for (q = port->queue.head; q && outgoing.n < BATCH; q = q->next) {
		*outgoing_next(&outgoing) = (struct iovec) { (void *)q->data, q->len };
		outgoing_add(&outgoing, 1);
	}
	for (done = port_write(port, &outgoing); done > 0; done--)
		queue_pop(&port->queue);
	/* It takes frames from the shared socket now, and nothing waits for that. */
	for (; port->shared && port->queue.head; queue_pop(&port->queue))
		port->stats.tx_full++;
	if (!port->queue.head)
		event_change(&port->data, EPOLLIN);
}

/* ---- the frames at hand -------------------------------------------------- */

static void batch_to(struct port *port, int i)
{
	if (!port->nr_out) {
		port->next_out = batch.out;
		batch.out = port;
	}
	port->out[port->nr_out++] = i;
}

static void batch_flood(struct uml_switch *sw, const struct port *from, int i)
{
	struct port *port;

	TAILQ_FOREACH(port, &sw->ports, link)
		if (port != from && vlan_is_member(&port->at->vlan, batch.frame[i].vid))
			batch_to(port, i);
}

/* Frame @i, of @len bytes, came in at a port. */
static void batch_frame(struct uml_switch *sw, struct port *from, int i, um_u32 len, um_u64 now)
{
	struct frame *frame = &batch.frame[i];
	struct mac_owner *to;
	enum drop drop;

	*frame = (struct frame) { .data = batch.bytes[i], .len = len };
	from->stats.rx_frames++;
	from->stats.rx_bytes += len;
	if (sw->pcap && len <= UM_SWITCH_FRAME_MAX)
		pcap_frame(sw->pcap, frame->data, len);
	switch (forward_frame(&sw->forward, frame, &from->macs, &from->at->vlan, now,
			      &to, &drop)) {
	case VERDICT_DROP:
		from->stats.rx_drops[drop]++;
		break;
	case VERDICT_ONE:
		batch_to((struct port *)((char *)to - __builtin_offsetof(struct port, macs)), i);
		break;
	case VERDICT_FLOOD:
		batch_flood(sw, from, i);
		break;
	}
}

static void ports_reap(struct uml_switch *sw)
{
	struct port *port, *next;

	for (port = TAILQ_FIRST(&sw->ports); port; port = next) {
		next = TAILQ_NEXT(port, link);
		if (port->gone)
			client_remove(sw, port->client);
	}
}

/* Sends all that was decided on. */
static void batch_send(struct uml_switch *sw)
{
	struct outgoing outgoing;
	bool gone = false;
	struct port *port;
	int i;

	for (port = batch.out; port; port = port->next_out) {
		outgoing_start(&outgoing);
		for (i = 0; i < port->nr_out; i++)
			outgoing_add(&outgoing,
				     vlan_egress(&port->at->vlan, &batch.frame[port->out[i]],
						 outgoing_next(&outgoing)));
		port->nr_out = 0;
		port_send(sw, port, &outgoing);
		gone |= port->gone;
	}
	batch.out = NULL;
	if (gone)
		ports_reap(sw);
}

/* ---- receiving ----------------------------------------------------------- */

/* Receives from a socket, with the senders' addresses where @name is given. */
static int batch_receive(int fd, struct mmsghdr *msg, struct um_switch_addr *name)
{
	struct iovec iov[BATCH];
	int i, n;

	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec) { batch.bytes[i], sizeof(batch.bytes[i]) };
		msg[i].msg_hdr = (struct msghdr) { .msg_iov = &iov[i], .msg_iovlen = 1 };
		if (name) {
			msg[i].msg_hdr.msg_name = &name[i];
			msg[i].msg_hdr.msg_namelen = sizeof(name[i]);
		}
	}
	n = recvmmsg(fd, msg, BATCH, MSG_DONTWAIT, NULL);
	return n < 0 ? 0 : n;
}

static void tap_receive(struct uml_switch *sw, struct port *port)
{
	um_u64 now = now_ms();
	ssize_t len;
	bool gone;
	int i;

	for (i = 0; i < BATCH; i++) {
		len = read(port->data.fd, batch.bytes[i], sizeof(batch.bytes[i]));
		if (len < 0)
			break;
		batch_frame(sw, port, i, len, now);
	}
	gone = i < BATCH && errno == EBADFD;
	batch_send(sw);
	if (gone) {
		log_line("-tap %s: the interface was deleted", port->at->name);
		port_remove(sw, port);
	}
}

static void client_receive(struct uml_switch *sw, struct port *port)
{
	int n, i;
	struct mmsghdr msg[BATCH];
	um_u64 now = now_ms();

	n = batch_receive(port->data.fd, msg, NULL);
	for (i = 0; i < n; i++)
		batch_frame(sw, port, i, msg[i].msg_len, now);
	batch_send(sw);
}

void data_port_ready(struct source *source, um_u32 events)
{
	struct port *port = source_of(source, struct port, data);
	struct uml_switch *sw = port->at->sw;

	if (events & EPOLLOUT)
		port_drain(port);
	if (port->gone)
		client_remove(sw, port->client);
	else if (port->at->kind == ENDPOINT_TAP)
		tap_receive(sw, port);
	else
		client_receive(sw, port);
}

void data_shared_ready(struct source *source, um_u32 events)
{
	struct endpoint *at = source_of(source, struct endpoint, data);
	struct um_switch_addr name[BATCH];
	struct uml_switch *sw = at->sw;
	struct mmsghdr msg[BATCH];
	struct client *client;
	um_u64 now = now_ms();
	int n, i;

	(void)events;
	n = batch_receive(at->data.fd, msg, name);
	for (i = 0; i < n; i++) {
		client = client_find(sw, at, &name[i], msg[i].msg_hdr.msg_namelen);
		if (client)
			batch_frame(sw, client->port, i, msg[i].msg_len, now);
		else
			sw->strays++;
	}
	batch_send(sw);
}
