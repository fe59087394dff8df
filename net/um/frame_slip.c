// SPDX-License-Identifier: GPL-2.0
/*
 * Packets of IP on a line of bytes, as SLIP has them (um/slip.h).
 */
#include <linux/slab.h>

#include <um/slip.h>
#include "net.h"

#define SLIP_PACKET_MAX		UM_NET_MTU_MAX
#define SLIP_BUFFER		16384
/* What is no packet comes to an end, too. */
#define SLIP_READS		8

/**
 * struct um_slip_line - both directions of a line
 * @in:		the packet that comes
 * @start:	of what was read and not looked at, in @data
 * @end:	of it
 * @data:	what was read
 * @packet:	room for @in
 * @linear:	for one that goes, in one piece
 */
struct um_slip_line {
	struct um_slip	in;
	unsigned int	start;
	unsigned int	end;
	u8		data[SLIP_BUFFER];
	u8		packet[SLIP_PACKET_MAX];
	u8		linear[SLIP_PACKET_MAX];
};

static int slip_start(struct um_net *net)
{
	struct um_slip_line *line = kvzalloc(sizeof(*line), GFP_KERNEL);

	net->stream = line;
	net->tx.rest = kvmalloc(UM_SLIP_ENCODED_MAX(SLIP_PACKET_MAX), GFP_KERNEL);
	if (!line || !net->tx.rest)
		return -ENOMEM;
	line->in.packet = line->packet;
	line->in.size = sizeof(line->packet);
	net->tx.rest_at = 0;
	net->tx.rest_len = 0;
	return 0;
}

static void slip_stop(struct um_net *net)
{
	kvfree(net->stream);
	kvfree(net->tx.rest);
	net->stream = NULL;
	net->tx.rest = NULL;
}

static int slip_send(struct um_net *net, struct sk_buff **skbs, int n)
{
	struct um_slip_line *line = net->stream;
	struct um_tx *tx = &net->tx;
	int err;

	if (skbs[0]->len > SLIP_PACKET_MAX)
		return -EMSGSIZE;
	skb_copy_bits(skbs[0], 0, line->linear, skbs[0]->len);
	tx->rest_at = 0;
	tx->rest_len = um_slip_encode(line->linear, skbs[0]->len, tx->rest);
	err = um_tx_send_rest(net);
	/* What is left goes before the next one. */
	return err && err != -EAGAIN ? err : 1;
}

static int slip_receive(struct um_net *net, int n)
{
	struct um_slip_line *line = net->stream;
	int done = 0, reads = 0;

	while (done < n) {
		struct host_iovec iov = { line->data, sizeof(line->data) };
		long got;

		while (line->start < line->end && done < n) {
			unsigned int len = um_slip_decode(&line->in, line->data[line->start++]);

			if (len) {
				um_rx_copy(net, line->packet, len);
				done++;
			}
		}
		if (line->start < line->end)
			break;
		if (reads++ == SLIP_READS)
			return n;
		got = host_readv(net->link.fd, &iov, 1);
		/* A terminal whose other end is closed has -EIO. */
		if (!got || got == -EIO)
			return -ECONNRESET;
		if (got < 0)
			return got == -EAGAIN ? done : got;
		um_net_count(net, UM_NET_RX_CALLS);
		line->start = 0;
		line->end = got;
	}
	return done;
}

const struct um_framing um_framing_slip = {
	.copies		= true,
	.start		= slip_start,
	.stop		= slip_stop,
	.send		= slip_send,
	.receive	= slip_receive,
};
