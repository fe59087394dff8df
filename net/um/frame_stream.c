// SPDX-License-Identifier: GPL-2.0
/*
 * A stream with the length of each frame before it (um/stream.h).
 */
#include <linux/slab.h>

#include <um/stream.h>
#include "net.h"

#define STREAM_FRAME_MAX	(UM_NET_MTU_MAX + UM_NET_HEADER)
#define STREAM_BUFFER		(256 * 1024)

/**
 * struct stream_buffer - what came
 * @in:		the part of it that was not taken
 * @bytes:	room for it
 */
struct stream_buffer {
	struct um_stream	in;
	u8			bytes[STREAM_BUFFER];
};

static int stream_start(struct um_net *net)
{
	struct um_tx *tx = &net->tx;
	struct stream_buffer *s = kvmalloc(sizeof(*s), GFP_KERNEL);

	net->stream = s;
	tx->rest = kvmalloc(UM_STREAM_LENGTH + STREAM_FRAME_MAX, GFP_KERNEL);
	if (!s || !tx->rest)
		return -ENOMEM;
	s->in = (struct um_stream) {
		.bytes = s->bytes,
		.size = sizeof(s->bytes),
		.max = STREAM_FRAME_MAX,
	};
	tx->rest_at = 0;
	tx->rest_len = 0;
	return 0;
}

static void stream_stop(struct um_net *net)
{
	kvfree(net->stream);
	kvfree(net->tx.rest);
	net->stream = NULL;
	net->tx.rest = NULL;
}

/* @sent bytes of it went; the others are kept. */
static void stream_keep_rest(struct um_net *net, struct sk_buff *skb, const void *length,
			     unsigned int sent)
{
	struct um_tx *tx = &net->tx;

	memcpy(tx->rest, length, UM_STREAM_LENGTH);
	skb_copy_bits(skb, 0, tx->rest + UM_STREAM_LENGTH, skb->len);
	tx->rest_at = sent;
	tx->rest_len = UM_STREAM_LENGTH + skb->len - sent;
}

#define STREAM_BATCH	16

static int stream_send(struct um_net *net, struct sk_buff **skbs, int n)
{
	struct um_tx *tx = &net->tx;
	int pieces = 0, i;
	long sent;

	n = min(n, STREAM_BATCH);
	for (i = 0; i < n; i++) {
		if (skbs[i]->len > STREAM_FRAME_MAX) {
			if (!i)
				return -EMSGSIZE;
			n = i;
			break;
		}
		um_stream_set_length(tx->prefix[i], skbs[i]->len);
		pieces += um_tx_pieces(skbs[i], tx->iovs + pieces, tx->prefix[i],
				       UM_STREAM_LENGTH);
	}
	sent = host_writev(net->link.fd, tx->iovs, pieces);
	if (sent < 0)
		return sent;
	for (i = 0; i < n && sent; i++) {
		unsigned int len = UM_STREAM_LENGTH + skbs[i]->len;

		if (sent < len) {
			stream_keep_rest(net, skbs[i], tx->prefix[i], sent);
			sent = len;
		}
		sent -= len;
	}
	return i;
}

/* More of it. */
static int stream_fill(struct um_net *net, struct um_stream *in)
{
	struct host_iovec iov;
	um_u32 room;
	long n;

	if (um_stream_is_bad(in)) {
		um_rx_bad(net);
		return -ECONNRESET;
	}
	iov.base = um_stream_room(in, &room);
	iov.len = room;
	n = host_readv(net->link.fd, &iov, 1);
	if (n <= 0)
		return n ?: -ECONNRESET;
	um_net_count(net, UM_NET_RX_CALLS);
	in->end += n;
	return 0;
}

static int stream_receive(struct um_net *net, int n)
{
	struct stream_buffer *s = net->stream;
	int done = 0, err;

	while (done < n) {
		um_u32 len;
		const u8 *frame = um_stream_next(&s->in, &len);

		if (frame) {
			um_rx_copy(net, frame, len);
			done++;
			continue;
		}
		err = stream_fill(net, &s->in);
		if (err)
			return err == -EAGAIN ? done : err;
	}
	return done;
}

const struct um_framing um_framing_stream = {
	.copies		= true,
	.start		= stream_start,
	.stop		= stream_stop,
	.send		= stream_send,
	.receive	= stream_receive,
};
