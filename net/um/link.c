// SPDX-License-Identifier: GPL-2.0
/*
 * Links come and go: a switch is not there yet, another guest ends, an interface
 * of the host is removed.  The device stays, its carrier says how it is, and from
 * time to time it is tried again.
 */
#define pr_fmt(fmt) fmt

#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>
#include <asm/options.h>

#include <um/spawn.h>
#include "net.h"

void um_net_clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

int um_net_say(struct um_why *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vscnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	um_net_clean(why->text);
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
	/* It may be about to have the host watch the descriptor. */
	synchronize_net();
	netif_tx_disable(net->dev);
}

/* What has come while nobody was there is not for us. */
static void um_net_drain(struct um_net *net)
{
	static u8 bytes[UM_NET_PREFIX + 1];
	struct host_iovec iov = { bytes, sizeof(bytes) };
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
	if (net->link.fd < 0)
		return;
	um_net_halt(net);
	um_tx_lock(net);
	um_tx_drop(net);
	um_tx_unlock(net);
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
			offload |= HOST_TAP_TSO4 | HOST_TAP_TSO6 | HOST_TAP_ECN |
				   (net->link.uso ? HOST_TAP_USO : 0);
	}
	host_tap_offload(net->link.fd, offload);
}

static void um_net_set_features(struct um_net *net)
{
	struct net_device *dev = net->dev;
	netdev_features_t can = 0;

	if (net->link.vnet) {
		net->link.uso = !host_tap_offload(net->link.fd, HOST_TAP_CSUM | HOST_TAP_USO);
		can = UM_NET_OFFLOADS;
		if (!net->link.uso)
			can &= ~NETIF_F_GSO_UDP_L4;
	}
	/* What comes anew is wanted; what the user has switched off stays so. */
	dev->wanted_features |= can & ~dev->hw_features;
	dev->hw_features = (dev->hw_features & ~UM_NET_OFFLOADS) | can;
	if (dev->reg_state == NETREG_REGISTERED)
		netdev_update_features(dev);
	else
		dev->features |= can;
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

	um_net_clean(link->about);
	net->link = *link;
	net->lost = false;
	net->since = jiffies;
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
	um_tx_lock(net);
	net->tx.ready = true;
	um_tx_unlock(net);
	um_address_tell(net);
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
	um_tx_lock(net);
	um_net_free_paths(net);
	um_tx_unlock(net);
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
		um_net_say(why, "no link: %s", um_strerror(err));
	return err;
}

/* ---- later ------------------------------------------------------------------ */

/* What the other end of the control socket says: -errno, it has gone away. */
static int um_net_hear_line(struct um_net *net)
{
	char *line = kmalloc(PAGE_SIZE, GFP_KERNEL);
	long n;

	/* Without a page for it, we come back at once. */
	if (!line)
		return 0;
	n = host_read(net->link.control, line, PAGE_SIZE - 2);
	if (n > 0 && *line != '-') {
		um_net_answer(net, line, n);
	} else if (n > 0) {
		/* Programs inside of this executable say so why they end. */
		line[min_t(long, n, sizeof(((struct um_why *)0)->text) - 1)] = 0;
		um_net_clean(line);
		net_warn_ratelimited("%s: %s\n", net->dev->name, line + 1);
	}
	kfree(line);
	return n > 0 || n == -EAGAIN ? 0 : -EPIPE;
}

static void um_net_hear(struct um_net *net)
{
	int err;

	if (net->link.fd < 0 || net->link.control < 0 || net->lost)
		return;
	if (!net->transport->heard)
		err = um_net_hear_line(net);
	else if (host_stream_is_alive(net->link.control))
		err = net->transport->heard(net, &net->link);
	else
		err = -EPIPE;
	if (err || um_fd_watch_arm(&net->control_watch, HOST_POLLIN) < 0)
		um_net_lost(net);
}

/* One that did not last is not tried again at once. */
static void um_net_lose(struct um_net *net)
{
	bool good = time_after(jiffies, net->since + UM_NET_GOOD * HZ);

	net->retry = good ? 0 : min(2 * net->retry + UM_NET_RETRY, UM_NET_RETRY_MAX);
	pr_warn("%s: the other end is gone: %s\n", net->dev->name, net->link.about);
	rtnl_lock();
	um_net_disconnect(net);
	net->lost = false;
	rtnl_unlock();
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
	net->retry = err == -EAGAIN ? UM_NET_RETRY :
				      min(2 * net->retry + UM_NET_RETRY, UM_NET_RETRY_MAX);
	if (!net->told)
		pr_warn("%s: %s; it is tried again\n", net->dev->name, why.text);
	net->told = true;
	schedule_delayed_work(&net->work, net->retry * HZ);
}

void um_net_work(struct work_struct *work)
{
	struct um_net *net = container_of(to_delayed_work(work), struct um_net, work);
	bool wait = false;

	if (READ_ONCE(net->going))
		return;
	mutex_lock(&net->link_mutex);
	um_net_hear(net);
	if (net->lost) {
		um_net_lose(net);
		wait = net->retry;
	}
	if (wait)
		mod_delayed_work(system_wq, &net->work, net->retry * HZ);
	else if (net->link.fd < 0)
		um_net_try(net);
	mutex_unlock(&net->link_mutex);
}
