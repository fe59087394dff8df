// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that come: the host puts them into memory that becomes packets, without
 * a copy.  A slot is a buffer for the first 1600 bytes and pages for what follows;
 * only what a frame has used is given away, and replaced.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/slab.h>

#include "net.h"

static int um_rx_wanted_pages(const struct um_net *net)
{
	/* The other end need not know that the MTU was made smaller here. */
	unsigned int max = max(um_net_frame_max(net), net->transport->room);

	/* The host's packets are not cut into segments there. */
	if (net->link.vnet)
		return UM_RX_PAGES - 1;
	return max < UM_RX_HEAD_DATA ? 0 : DIV_ROUND_UP(max + 1 - UM_RX_HEAD_DATA, PAGE_SIZE);
}

static int um_rx_nr_slots(const struct um_rx *rx)
{
	return rx->pages ? UM_RX_LONG : UM_NET_BATCH;
}

static bool um_rx_fill_slot(struct um_rx *rx, struct um_rx_slot *slot)
{
	int i;

	if (!slot->head) {
		slot->head = napi_alloc_frag(UM_RX_HEAD);
		if (!slot->head)
			return false;
		slot->iov[1].base = slot->head + UM_RX_HEADROOM;
	}
	for (i = 0; i < rx->pages; i++) {
		if (slot->pages[i])
			continue;
		slot->pages[i] = dev_alloc_page();
		if (!slot->pages[i])
			return false;
		slot->iov[2 + i].base = page_address(slot->pages[i]);
	}
	return true;
}

/* Replaces what was given away; also looks whether frames are longer now. */
static void um_rx_fill(struct um_net *net)
{
	struct um_rx *rx = &net->rx;
	int pages, i;

	if (net->link.framing->copies) {
		rx->usable = UM_NET_BATCH;
		return;
	}
	pages = um_rx_wanted_pages(net);
	if (pages != rx->pages) {
		rx->pages = pages;
		rx->used = um_rx_nr_slots(rx);
	}
	if (!rx->used)
		return;
	rx->usable = um_rx_nr_slots(rx);
	for (i = 0; i < rx->used; i++) {
		if (!um_rx_fill_slot(rx, &rx->slots[i])) {
			rx->usable = i;
			/* From there on at the next look. */
			rx->used = um_rx_nr_slots(rx);
			return;
		}
	}
	rx->used = 0;
}

int um_rx_start(struct um_net *net)
{
	struct um_rx *rx = &net->rx;
	int i, j;

	rx->slots = kvcalloc(UM_NET_BATCH, sizeof(*rx->slots), GFP_KERNEL);
	rx->msgs = kvcalloc(UM_NET_BATCH, sizeof(*rx->msgs), GFP_KERNEL);
	if (!rx->slots || !rx->msgs) {
		um_rx_stop(net);
		return -ENOMEM;
	}
	rx->pages = 0;
	rx->used = UM_NET_BATCH;
	rx->prefix = net->link.vnet ? sizeof(struct virtio_net_hdr) : net->link.pad;
	for (i = 0; i < UM_NET_BATCH; i++) {
		struct um_rx_slot *slot = &rx->slots[i];

		slot->iov[0] = (struct host_iovec) { slot->prefix, rx->prefix };
		slot->iov[1].len = UM_RX_HEAD_DATA;
		for (j = 0; j < UM_RX_PAGES; j++)
			slot->iov[2 + j].len = PAGE_SIZE;
	}
	return 0;
}

void um_rx_stop(struct um_net *net)
{
	struct um_rx *rx = &net->rx;
	int i, j;

	for (i = 0; rx->slots && i < UM_NET_BATCH; i++) {
		struct um_rx_slot *slot = &rx->slots[i];

		if (slot->head)
			skb_free_frag(slot->head);
		for (j = 0; j < UM_RX_PAGES; j++)
			if (slot->pages[j])
				__free_page(slot->pages[j]);
	}
	kvfree(rx->slots);
	kvfree(rx->msgs);
	rx->slots = NULL;
	rx->msgs = NULL;
	rx->usable = 0;
}

struct host_iovec *um_rx_iov(struct um_net *net, int slot)
{
	return &net->rx.slots[slot].iov[net->rx.prefix ? 0 : 1];
}

int um_rx_nr_iov(const struct um_net *net)
{
	return net->rx.pages + (net->rx.prefix ? 2 : 1);
}

void um_rx_bad(struct um_net *net)
{
	um_net_count(net, UM_NET_RX_BAD);
	DEV_STATS_INC(net->dev, rx_errors);
}

static void um_rx_deliver(struct um_net *net, struct sk_buff *skb)
{
	struct net_device *dev = net->dev;

	if (net->ip_only) {
		skb->dev = dev;
		skb_reset_mac_header(skb);
		skb->protocol = htons((skb->data[0] >> 4) == 6 ? ETH_P_IPV6 : ETH_P_IP);
	} else {
		skb->protocol = eth_type_trans(skb, dev);
	}
	dev_sw_netstats_rx_add(dev, skb->len + (net->ip_only ? 0 : ETH_HLEN));
	napi_gro_receive(&net->napi, skb);
}

/* The memory of a slot, as far as it was used. */
static struct sk_buff *um_rx_take(struct um_rx_slot *slot, unsigned int len)
{
	unsigned int part = min_t(unsigned int, len, UM_RX_HEAD_DATA);
	struct sk_buff *skb = napi_build_skb(slot->head, UM_RX_HEAD);
	int i;

	if (!skb)
		return NULL;
	slot->head = NULL;
	skb_reserve(skb, UM_RX_HEADROOM);
	skb_put(skb, part);
	for (i = 0; part < len; i++) {
		unsigned int n = min_t(unsigned int, len - part, PAGE_SIZE);

		skb_add_rx_frag(skb, i, slot->pages[i], 0, n, PAGE_SIZE);
		slot->pages[i] = NULL;
		part += n;
	}
	return skb;
}

void um_rx_slot(struct um_net *net, int nr, unsigned int len)
{
	struct um_rx *rx = &net->rx;
	struct um_rx_slot *slot = &rx->slots[nr];
	struct sk_buff *skb;

	rx->used = max(rx->used, nr + 1);
	/* One that fills all of it had more. */
	if (len < rx->prefix + ETH_HLEN ||
	    len - rx->prefix >= UM_RX_HEAD_DATA + rx->pages * PAGE_SIZE) {
		um_rx_bad(net);
		return;
	}
	skb = um_rx_take(slot, len - rx->prefix);
	if (!skb) {
		DEV_STATS_INC(net->dev, rx_dropped);
		return;
	}
	if (net->link.vnet &&
	    virtio_net_hdr_to_skb(skb, (struct virtio_net_hdr *)slot->prefix, true)) {
		dev_kfree_skb_any(skb);
		um_rx_bad(net);
		return;
	}
	um_rx_deliver(net, skb);
}

void um_rx_copy(struct um_net *net, const void *frame, unsigned int len)
{
	struct sk_buff *skb;

	if (len < (net->ip_only ? 1 : ETH_HLEN)) {
		um_rx_bad(net);
		return;
	}
	skb = napi_alloc_skb(&net->napi, len);
	if (!skb) {
		DEV_STATS_INC(net->dev, rx_dropped);
		return;
	}
	skb_put_data(skb, frame, len);
	um_rx_deliver(net, skb);
}

/* Up to @budget frames; *more: there may be others. */
static int um_rx_poll(struct um_net *net, int budget, bool *more)
{
	int done = 0;

	*more = true;
	while (done < budget) {
		int want, n;

		if (READ_ONCE(net->lost)) {
			*more = false;
			break;
		}
		um_rx_fill(net);
		want = min(budget - done, net->rx.usable);
		if (!want)
			/* No memory: when others have given some back. */
			return budget;
		n = net->link.framing->receive(net, want);
		if (n < 0) {
			/* Such as that nobody hears it; looked at, but not for ever. */
			if (net->link.lossy && n != -EAGAIN) {
				done++;
				continue;
			}
			if (um_net_is_lost(n))
				um_net_lost(net);
			else if (n != -EAGAIN)
				um_rx_bad(net);
			n = 0;
		}
		done += n;
		if (n < want) {
			*more = false;
			break;
		}
	}
	return done;
}

int um_net_poll(struct napi_struct *napi, int budget)
{
	struct um_net *net = container_of(napi, struct um_net, napi);
	struct netdev_queue *txq = netdev_get_tx_queue(net->dev, 0);
	bool blocked, more = false;
	int done = 0;

	__netif_tx_lock(txq, smp_processor_id());
	blocked = um_tx_flush(net);
	if (blocked)
		netif_tx_stop_queue(txq);
	else if (netif_tx_queue_stopped(txq))
		netif_tx_wake_queue(txq);
	__netif_tx_unlock(txq);

	if (budget)
		done = um_rx_poll(net, budget, &more);
	if (done >= budget || more)
		return budget;
	if (napi_complete_done(napi, done) && !READ_ONCE(net->lost) &&
	    um_fd_watch_arm(&net->watch, HOST_POLLIN | (blocked ? HOST_POLLOUT : 0)) < 0)
		um_net_lost(net);
	return done;
}
