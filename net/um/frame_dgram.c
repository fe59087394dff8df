// SPDX-License-Identifier: GPL-2.0
/*
 * A datagram is a frame, behind some bytes without a meaning: UNIX datagrams and
 * messages, UDP.  Many go by one call.
 */
#include "net.h"

static int dgram_connect(struct um_link *link)
{
	int err;

	if (!link->to.len || link->connected)
		return 0;
	err = host_connect(link->fd, &link->to);
	link->connected = !err;
	return err;
}

static int dgram_send(struct um_net *net, struct sk_buff **skbs, int n)
{
	struct um_tx *tx = &net->tx;
	struct host_address *group = &net->link.group;
	int fd = net->link.tx_fd >= 0 ? net->link.tx_fd : net->link.fd;
	int i, err = dgram_connect(&net->link);

	if (err)
		return err;
	for (i = 0; i < n; i++) {
		struct host_iovec *iov = tx->iovs + i * UM_TX_IOV;

		tx->msgs[i] = (struct host_message) {
			.name = group->len ? group->data : NULL,
			.name_len = group->len,
			.iov = iov,
			.nr_iov = um_tx_pieces(skbs[i], iov, tx->prefix[i], net->link.pad),
		};
	}
	err = host_send_messages(fd, tx->msgs, n);
	/* It is the other descriptor that is waited for. */
	if (err == -EAGAIN && net->link.tx_fd >= 0)
		return -ENOBUFS;
	if (err < 0 && um_net_is_lost(err))
		net->link.connected = false;
	return err;
}

/* The number of messages in slots from 0 on, or -errno. */
static long dgram_fetch(struct um_net *net, int n)
{
	struct um_rx *rx = &net->rx;
	bool named = net->link.own.len;
	int i;

	for (i = 0; i < n; i++) {
		struct um_rx_slot *slot = &rx->slots[i];

		rx->msgs[i] = (struct host_message) {
			.name = named ? slot->from.data : NULL,
			.name_len = named ? sizeof(slot->from.data) : 0,
			.iov = um_rx_iov(net, i),
			.nr_iov = um_rx_nr_iov(net),
		};
	}
	return host_receive_messages(net->link.fd, rx->msgs, n);
}

/* Our own, back from a group?  The host may have another address by now. */
static bool dgram_is_own(struct um_link *link, const struct host_address *from)
{
	if (!link->own.len || !host_address_same_port(from, &link->own))
		return false;
	if (host_address_same(from, &link->own))
		return true;
	return !host_udp_source(link->tx_fd, &link->group, &link->own) &&
	       host_address_same(from, &link->own);
}

static int dgram_receive(struct um_net *net, int n)
{
	struct um_rx *rx = &net->rx;
	long got = dgram_fetch(net, n);
	int i;

	if (got <= 0)
		return got;
	um_net_count(net, UM_NET_RX_CALLS);
	for (i = 0; i < got; i++) {
		struct host_message *msg = &rx->msgs[i];
		struct um_rx_slot *slot = &rx->slots[i];

		slot->from.len = msg->name_len;
		if (!msg->len && net->link.ends)
			return -ECONNRESET;
		if (dgram_is_own(&net->link, &slot->from))
			um_net_count(net, UM_NET_RX_OWN);
		else if (msg->flags)
			um_rx_bad(net);
		else
			um_rx_slot(net, i, msg->len);
	}
	return got;
}

const struct um_framing um_framing_dgram = {
	.send		= dgram_send,
	.receive	= dgram_receive,
};
