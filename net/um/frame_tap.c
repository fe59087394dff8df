// SPDX-License-Identifier: GPL-2.0
/*
 * A tap: each call is a frame.  With a struct virtio_net_hdr before it, it may be
 * one without checksums, and as long as a packet of IP can be.
 */
#include "net.h"

static int tap_send_one(struct um_net *net, struct sk_buff *skb)
{
	struct um_tx *tx = &net->tx;
	struct virtio_net_hdr *hdr = (struct virtio_net_hdr *)tx->prefix[0];
	unsigned int prefix = net->link.vnet ? sizeof(*hdr) : 0;
	long n;

	if (net->link.vnet) {
		int err = virtio_net_hdr_from_skb(skb, hdr, true, false,
						  skb_vlan_tag_present(skb) ? VLAN_HLEN : 0);

		if (err)
			return err;
	}
	n = host_writev(net->link.fd, tx->iovs, um_tx_pieces(skb, tx->iovs, hdr, prefix));
	return n < 0 ? n : 1;
}

static int tap_send(struct um_net *net, struct sk_buff **skbs, int n)
{
	return tap_send_one(net, skbs[0]);
}

static int tap_receive(struct um_net *net, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		long len = host_readv(net->link.fd, um_rx_iov(net, i), um_rx_nr_iov(net));

		if (len == -EAGAIN)
			break;
		if (len < 0)
			return i ?: len;
		um_net_count(net, UM_NET_RX_CALLS);
		um_rx_slot(net, i, len);
	}
	return i;
}

const struct um_framing um_framing_tap = {
	.send		= tap_send,
	.receive	= tap_receive,
};
