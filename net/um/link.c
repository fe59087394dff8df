// SPDX-License-Identifier: GPL-2.0
/*
 * Links come and go: a switch is not there yet, another guest ends, an interface
 * of the host is removed.  The device stays, its carrier says how it is, and from
 * time to time it is tried again.
 */
#define pr_fmt(fmt) fmt

#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>

#include <um/spawn.h>
#include "net.h"

int um_net_say(struct um_why *why, const char *fmt, ...)
{
	va_list args;
	char *c;

	va_start(args, fmt);
	vscnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	/* Programs say things, too, and it goes to a terminal. */
	for (c = why->text; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
	return -EINVAL;
}

void um_link_init(struct um_link *link)
{
	*link = (struct um_link) { .fd = -1, .tx_fd = -1, .control = -1, .pidfd = -1 };
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		host_close(*fd);
	*fd = -1;
}

void um_link_close(struct um_link *link)
{
	close_one(&link->fd);
	close_one(&link->tx_fd);
	close_one(&link->control);
	if (link->pidfd >= 0)
		host_spawn_end(link->pidfd);
	close_one(&link->pidfd);
	if (link->path[0])
		host_unlink(link->path);
	link->path[0] = 0;
}

static irqreturn_t um_net_interrupt(int irq, void *data)
{
	struct um_net *net = data;

	napi_schedule(&net->napi);
	return IRQ_HANDLED;
}

static irqreturn_t um_control_interrupt(int irq, void *data)
{
	struct um_net *net = data;

	mod_delayed_work(system_wq, &net->work, 0);
	return IRQ_HANDLED;
}

void um_net_lost(struct um_net *net)
{
	if (xchg(&net->lost, true))
		return;
	um_net_count(net, UM_NET_LINK_LOST);
	netif_carrier_off(net->dev);
	mod_delayed_work(system_wq, &net->work, 0);
}

/* ---- a device that is up, on a link ----------------------------------------- */

static void um_net_run(struct um_net *net)
{
	napi_enable(&net->napi);
	netif_tx_wake_all_queues(net->dev);
	/* The first look, after which the host says when there is something. */
	local_bh_disable();
	napi_schedule(&net->napi);
	local_bh_enable();
}

static void um_net_halt(struct um_net *net)
{
	napi_disable(&net->napi);
	netif_tx_disable(net->dev);
}

/* What has come while nobody was there is not for us. */
static void um_net_drain(struct um_net *net)
{
	static u8 byte;
	struct host_iovec iov = { &byte, 1 };
	int i;

	if (net->link.framing->copies)
		return;
	for (i = 0; i < 1000 && host_readv(net->link.fd, &iov, 1) > 0; i++)
		;
}

int um_net_start(struct um_net *net)
{
	if (net->link.fd >= 0) {
		um_net_drain(net);
		um_net_run(net);
	}
	return 0;
}

void um_net_stop(struct um_net *net)
{
	if (net->link.fd >= 0)
		um_net_halt(net);
}

/* ---- links ------------------------------------------------------------------ */

void um_net_set_offload(struct um_net *net, netdev_features_t features)
{
	unsigned int offload = 0;

	if (!net->link.vnet)
		return;
	/* A frame without a checksum can be cut, one with it cannot. */
	if (features & NETIF_F_RXCSUM) {
		offload |= HOST_TAP_CSUM;
		if (features & NETIF_F_GRO_HW)
			offload |= HOST_TAP_TSO4 | HOST_TAP_TSO6 | HOST_TAP_ECN | HOST_TAP_USO;
	}
	host_tap_offload(net->link.fd, offload);
}

static void um_net_set_features(struct um_net *net)
{
	struct net_device *dev = net->dev;
	netdev_features_t can = NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_TSO_ECN |
				NETIF_F_GSO_UDP_L4 | NETIF_F_RXCSUM | NETIF_F_GRO_HW;

	if (net->link.vnet) {
		dev->hw_features |= can;
		dev->features |= can;
	} else {
		dev->hw_features &= ~can;
		dev->features &= ~can;
	}
	if (dev->reg_state == NETREG_REGISTERED)
		netdev_update_features(dev);
	um_net_set_offload(net, dev->features);
}

static void um_net_free_paths(struct um_net *net)
{
	if (net->link.framing->stop)
		net->link.framing->stop(net);
	um_tx_stop(net);
	um_rx_stop(net);
}

static int um_net_make_paths(struct um_net *net)
{
	int err = um_rx_start(net) ?: um_tx_start(net);

	if (!err && net->link.framing->start)
		err = net->link.framing->start(net);
	if (err)
		um_net_free_paths(net);
	return err;
}

static int um_net_watch(struct um_net *net)
{
	int err = um_fd_watch_init(&net->watch, net->link.fd, net->irq_name, um_net_interrupt,
				   net);

	if (err || net->link.control < 0)
		return err;
	err = um_fd_watch_init(&net->control_watch, net->link.control, net->irq_name,
			       um_control_interrupt, net);
	if (err)
		um_fd_watch_free(&net->watch);
	else
		um_fd_watch_arm(&net->control_watch, HOST_POLLIN);
	return err;
}

static void um_net_unwatch(struct um_net *net)
{
	um_fd_watch_free(&net->watch);
	if (net->link.control >= 0)
		um_fd_watch_free(&net->control_watch);
}

/* Under rtnl_lock(): @link becomes the device's.  -errno: it is closed. */
static int um_net_take(struct um_net *net, struct um_link *link)
{
	int err;

	net->link = *link;
	net->lost = false;
	err = um_net_make_paths(net);
	if (!err) {
		err = um_net_watch(net);
		if (err)
			um_net_free_paths(net);
	}
	if (err) {
		um_link_close(&net->link);
		return err;
	}
	um_net_set_features(net);
	/* A device that is yet to be registered gets it then. */
	if (net->dev->reg_state == NETREG_REGISTERED)
		netif_carrier_on(net->dev);
	if (netif_running(net->dev))
		um_net_run(net);
	return 0;
}

void um_net_disconnect(struct um_net *net)
{
	if (net->link.fd < 0)
		return;
	netif_carrier_off(net->dev);
	if (netif_running(net->dev))
		um_net_halt(net);
	um_net_unwatch(net);
	netif_tx_lock_bh(net->dev);
	um_net_free_paths(net);
	netif_tx_unlock_bh(net->dev);
	um_link_close(&net->link);
}

int um_net_connect(struct um_net *net, struct um_why *why)
{
	struct um_link link;
	int err;

	um_link_init(&link);
	err = net->transport->open(net, &link, why);
	if (err) {
		um_link_close(&link);
		return err;
	}
	rtnl_lock();
	err = um_net_take(net, &link);
	rtnl_unlock();
	if (err)
		um_net_say(why, "error %d", err);
	return err;
}

/* ---- later ------------------------------------------------------------------ */

/* The other end of the control socket said something, or has gone away. */
static void um_net_hear(struct um_net *net)
{
	int err = 0;

	if (net->link.fd < 0 || net->link.control < 0 || net->lost)
		return;
	if (net->transport->heard)
		err = net->transport->heard(net, &net->link);
	else if (!host_stream_is_alive(net->link.control))
		err = -EPIPE;
	if (err)
		um_net_lost(net);
	else
		um_fd_watch_arm(&net->control_watch, HOST_POLLIN);
}

static void um_net_try(struct um_net *net)
{
	struct um_why why = { };
	int err = um_net_connect(net, &why);

	if (!err) {
		pr_info("%s: connected again: %s\n", net->dev->name, net->link.about);
		net->told = false;
		return;
	}
	if (!net->told)
		pr_warn("%s: %s; it is tried again every %d s\n", net->dev->name, why.text,
			UM_NET_RETRY);
	net->told = true;
	schedule_delayed_work(&net->work, UM_NET_RETRY * HZ);
}

void um_net_work(struct work_struct *work)
{
	struct um_net *net = container_of(to_delayed_work(work), struct um_net, work);

	if (READ_ONCE(net->going))
		return;
	um_net_hear(net);
	if (net->lost) {
		pr_warn("%s: the other end is gone: %s\n", net->dev->name, net->link.about);
		rtnl_lock();
		um_net_disconnect(net);
		net->lost = false;
		rtnl_unlock();
	}
	if (net->link.fd < 0)
		um_net_try(net);
}
