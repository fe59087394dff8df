// SPDX-License-Identifier: GPL-2.0
/*
 * A stream with the length of each frame before it, four bytes in the order of
 * networks: as QEMU's stream back end and passt have it.
 */
#include <linux/slab.h>
#include <linux/unaligned.h>

#include "net.h"

#define STREAM_LENGTH		4
#define STREAM_FRAME_MAX	(UM_NET_MTU_MAX + UM_NET_HEADER)
#define STREAM_BUFFER		(256 * 1024)

/**
 * struct um_stream - what came and is no whole frame yet
 * @start:	of it in @data
 * @end:	of it
 * @data:	room for several frames
 */
struct um_stream {
	unsigned int	start;
	unsigned int	end;
	u8		data[STREAM_BUFFER];
};

static int stream_start(struct um_net *net)
{
	struct um_tx *tx = &net->tx;
	struct um_stream *s = kvmalloc(sizeof(*s), GFP_KERNEL);

	net->stream = s;
	tx->rest = kvmalloc(STREAM_LENGTH + STREAM_FRAME_MAX, GFP_KERNEL);
	if (!s || !tx->rest)
		return -ENOMEM;
	s->start = 0;
	s->end = 0;
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

	memcpy(tx->rest, length, STREAM_LENGTH);
	skb_copy_bits(skb, 0, tx->rest + STREAM_LENGTH, skb->len);
	tx->rest_at = sent;
	tx->rest_len = STREAM_LENGTH + skb->len - sent;
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
		put_unaligned_be32(skbs[i]->len, tx->prefix[i]);
		pieces += um_tx_pieces(skbs[i], tx->iovs + pieces, tx->prefix[i],
				       STREAM_LENGTH);
	}
	sent = host_writev(net->link.fd, tx->iovs, pieces);
	if (sent < 0)
		return sent;
	for (i = 0; i < n && sent; i++) {
		unsigned int len = STREAM_LENGTH + skbs[i]->len;

		if (sent < len) {
			stream_keep_rest(net, skbs[i], tx->prefix[i], sent);
			sent = len;
		}
		sent -= len;
	}
	return i;
}

/* The next whole frame in what came; NULL: there is none. */
static const u8 *stream_next(struct um_stream *s, unsigned int *len)
{
	const u8 *frame = s->data + s->start + STREAM_LENGTH;

	if (s->end - s->start < STREAM_LENGTH)
		return NULL;
	*len = get_unaligned_be32(s->data + s->start);
	if (*len > STREAM_FRAME_MAX || s->end - s->start - STREAM_LENGTH < *len)
		return NULL;
	s->start += STREAM_LENGTH + *len;
	return frame;
}

/* More of it; a length that no frame has means that it is not such a stream. */
static int stream_fill(struct um_net *net, struct um_stream *s)
{
	struct host_iovec iov;
	long n;

	if (s->end - s->start >= STREAM_LENGTH &&
	    get_unaligned_be32(s->data + s->start) > STREAM_FRAME_MAX) {
		um_rx_bad(net);
		return -ECONNRESET;
	}
	memmove(s->data, s->data + s->start, s->end - s->start);
	s->end -= s->start;
	s->start = 0;
	iov = (struct host_iovec) { s->data + s->end, sizeof(s->data) - s->end };
	n = host_readv(net->link.fd, &iov, 1);
	if (n <= 0)
		return n ?: -ECONNRESET;
	um_net_count(net, UM_NET_RX_CALLS);
	s->end += n;
	return 0;
}

static int stream_receive(struct um_net *net, int n)
{
	struct um_stream *s = net->stream;
	int done = 0, err;

	while (done < n) {
		unsigned int len;
		const u8 *frame = stream_next(s, &len);

		if (frame) {
			um_rx_copy(net, frame, len);
			done++;
			continue;
		}
		err = stream_fill(net, s);
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
