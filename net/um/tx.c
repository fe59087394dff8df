// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that go.  The host copies them out of the packets, so that a packet is
 * done when the call returns.  Where the kernel says that more are to come they
 * go together; where the host takes no more they wait, and the kernel with them.
 */
#include <linux/slab.h>

#include "net.h"

int um_tx_start(struct um_net *net)
{
	struct um_tx *tx = &net->tx;

	tx->iovs = kvcalloc(UM_NET_BATCH * UM_TX_IOV, sizeof(*tx->iovs), GFP_KERNEL);
	tx->msgs = kvcalloc(UM_NET_BATCH, sizeof(*tx->msgs), GFP_KERNEL);
	tx->prefix = kvcalloc(UM_NET_BATCH, sizeof(*tx->prefix), GFP_KERNEL);
	if (tx->iovs && tx->msgs && tx->prefix)
		return 0;
	um_tx_stop(net);
	return -ENOMEM;
}

/* With the transmit lock.  The rest of a frame that a stream has the front of stays. */
void um_tx_drop(struct um_net *net)
{
	struct um_tx *tx = &net->tx;
	int i;

	for (i = 0; i < tx->count; i++)
		dev_kfree_skb_any(tx->queue[i]);
	DEV_STATS_ADD(net->dev, tx_dropped, tx->count);
	tx->count = 0;
	netdev_tx_reset_queue(netdev_get_tx_queue(net->dev, 0));
}

/* With the transmit lock, or where nobody sends. */
void um_tx_stop(struct um_net *net)
{
	struct um_tx *tx = &net->tx;

	um_tx_drop(net);
	tx->ready = false;
	tx->blocked = false;
	kvfree(tx->iovs);
	kvfree(tx->msgs);
	kvfree(tx->prefix);
	tx->iovs = NULL;
	tx->msgs = NULL;
	tx->prefix = NULL;
}

int um_tx_pieces(struct sk_buff *skb, struct host_iovec *iov, void *at, unsigned int prefix)
{
	struct skb_shared_info *info = skb_shinfo(skb);
	int n = 0, i;

	if (prefix)
		iov[n++] = (struct host_iovec) { at, prefix };
	if (skb_headlen(skb))
		iov[n++] = (struct host_iovec) { skb->data, skb_headlen(skb) };
	for (i = 0; i < info->nr_frags; i++) {
		skb_frag_t *frag = &info->frags[i];

		iov[n++] = (struct host_iovec) { skb_frag_address(frag), skb_frag_size(frag) };
	}
	return n;
}

int um_tx_send_rest(struct um_net *net)
{
	struct um_tx *tx = &net->tx;

	while (tx->rest_len) {
		struct host_iovec iov = { tx->rest + tx->rest_at, tx->rest_len };
		long n = host_writev(net->link.fd, &iov, 1);

		if (n < 0)
			return n;
		tx->rest_at += n;
		tx->rest_len -= n;
	}
	return 0;
}

/* @n frames from @at on are sent, or with @sent false, lost. */
static unsigned int um_tx_done(struct um_net *net, int at, int n, bool sent)
{
	struct um_tx *tx = &net->tx;
	unsigned int bytes = 0;
	int i;

	for (i = at; i < at + n; i++) {
		struct sk_buff *skb = tx->queue[i];

		bytes += skb->len;
		if (sent) {
			dev_sw_netstats_tx_add(net->dev, 1, skb->len);
			dev_consume_skb_any(skb);
		} else {
			DEV_STATS_INC(net->dev, tx_errors);
			dev_kfree_skb_any(skb);
		}
	}
	return bytes;
}

/* Frames that wait, perhaps for long, keep nothing of their senders. */
static void um_tx_wait(struct um_tx *tx)
{
	int i;

	for (i = 0; i < tx->count; i++) {
		if (skb_orphan_frags(tx->queue[i], GFP_ATOMIC))
			continue;
		skb_orphan(tx->queue[i]);
		nf_reset_ct(tx->queue[i]);
	}
}

bool um_tx_flush(struct um_net *net)
{
	struct um_tx *tx = &net->tx;
	unsigned int bytes = 0;
	int done = 0;

	tx->blocked = false;
	while (done < tx->count || tx->rest_len) {
		int n = um_tx_send_rest(net);

		if (!n && done == tx->count)
			break;
		if (!n)
			n = net->link.framing->send(net, tx->queue + done, tx->count - done);
		if (n == -EAGAIN) {
			um_net_count(net, UM_NET_TX_BLOCKED);
			tx->blocked = true;
			break;
		}
		if (n > 0) {
			um_net_count(net, UM_NET_TX_CALLS);
			bytes += um_tx_done(net, done, n, true);
			done += n;
			continue;
		}
		if ((um_net_is_lost(n) || tx->rest_len) && !net->link.lossy) {
			um_net_lost(net);
			tx->rest_len = 0;
			bytes += um_tx_done(net, done, tx->count - done, false);
			done = tx->count;
			break;
		}
		/* An interface of the host that is down has -EIO for each. */
		bytes += um_tx_done(net, done, 1, false);
		done++;
	}
	if (tx->rest_len)
		tx->blocked = true;
	if (done) {
		netdev_tx_completed_queue(netdev_get_tx_queue(net->dev, 0), done, bytes);
		tx->count -= done;
		memmove(tx->queue, tx->queue + done, tx->count * sizeof(*tx->queue));
	}
	if (tx->blocked)
		um_tx_wait(tx);
	return tx->blocked;
}

netdev_tx_t um_net_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct um_net *net = netdev_priv(dev);
	struct netdev_queue *txq = netdev_get_tx_queue(dev, 0);
	struct um_tx *tx = &net->tx;

	if (tx->count == UM_NET_BATCH) {
		netif_tx_stop_queue(txq);
		return NETDEV_TX_BUSY;
	}
	if (!tx->ready || READ_ONCE(net->lost) || net->transport->read_only) {
		DEV_STATS_INC(dev, tx_dropped);
		if (!net->transport->read_only)
			DEV_STATS_INC(dev, tx_carrier_errors);
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}
	skb_tx_timestamp(skb);
	tx->queue[tx->count++] = skb;
	if (__netdev_tx_sent_queue(txq, skb->len, netdev_xmit_more()) ||
	    tx->count == UM_NET_BATCH) {
		if (um_tx_flush(net)) {
			netif_tx_stop_queue(txq);
			/* It tries again, and then has the host say when. */
			napi_schedule(&net->napi);
		}
	}
	return NETDEV_TX_OK;
}
