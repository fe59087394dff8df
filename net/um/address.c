// SPDX-License-Identifier: GPL-2.0
/*
 * A device's addresses of IPv4.  The last one that is given before the device is
 * brought up chooses its MAC address: fe:fd and the four bytes.  And where a
 * helper has set up the host, the host has to know which addresses the guest has.
 */
#include <linux/etherdevice.h>
#include <linux/inetdevice.h>
#include <linux/init.h>
#include <linux/slab.h>

#include "net.h"

/**
 * struct um_change - an address that came or went
 * @list:	of um_net.changes
 * @add:	it came
 * @addr:	the address
 * @mask:	its netmask
 */
struct um_change {
	struct list_head	list;
	bool			add;
	__be32			addr;
	__be32			mask;
};

#define UM_CHANGES_MAX	64

static struct um_change *um_change_next(struct um_net *net)
{
	struct um_change *change;

	spin_lock(&net->changes_lock);
	change = list_first_entry_or_null(&net->changes, struct um_change, list);
	if (change) {
		list_del(&change->list);
		net->nr_changes--;
	}
	spin_unlock(&net->changes_lock);
	return change;
}

static void um_address_work(struct work_struct *work)
{
	struct um_net *net = container_of(work, struct um_net, address_work);
	struct um_change *change;

	while ((change = um_change_next(net))) {
		mutex_lock(&net->link_mutex);
		if (net->link.fd >= 0 && !net->lost)
			net->transport->address(net, &net->link, change->add, change->addr,
						change->mask);
		mutex_unlock(&net->link_mutex);
		kfree(change);
	}
}

static void um_change_add(struct um_net *net, const struct in_ifaddr *ifa, bool add)
{
	struct um_change *change = NULL;

	/* Each is a program of the host: a guest cannot have it start any number. */
	if (net->nr_changes < UM_CHANGES_MAX)
		change = kmalloc(sizeof(*change), GFP_KERNEL);
	if (!change) {
		net_warn_ratelimited("%s: the host is not told of %pI4\n", net->dev->name,
				     &ifa->ifa_local);
		return;
	}
	change->add = add;
	change->addr = ifa->ifa_local;
	change->mask = ifa->ifa_mask;
	spin_lock(&net->changes_lock);
	list_add_tail(&change->list, &net->changes);
	net->nr_changes++;
	spin_unlock(&net->changes_lock);
	schedule_work(&net->address_work);
}

void um_address_tell(struct um_net *net)
{
	struct in_device *in_dev = __in_dev_get_rtnl(net->dev);
	struct in_ifaddr *ifa;

	if (!net->transport->address || !in_dev)
		return;
	in_dev_for_each_ifa_rtnl(ifa, in_dev)
		um_change_add(net, ifa, true);
}

void um_address_init(struct um_net *net)
{
	INIT_LIST_HEAD(&net->changes);
	spin_lock_init(&net->changes_lock);
	INIT_WORK(&net->address_work, um_address_work);
}

void um_address_stop(struct um_net *net)
{
	struct um_change *change;

	/* What the host was not told yet goes with the link. */
	while ((change = um_change_next(net)))
		kfree(change);
	cancel_work_sync(&net->address_work);
}

static void um_address_mac(struct um_net *net, const struct in_ifaddr *ifa)
{
	struct net_device *dev = net->dev;
	u8 mac[ETH_ALEN] = { 0xfe, 0xfd };

	if (net->ip_only || net->mac_given || netif_running(dev) || !ifa->ifa_local)
		return;
	memcpy(mac + 2, &ifa->ifa_local, sizeof(ifa->ifa_local));
	if (ether_addr_equal(mac, dev->dev_addr))
		return;
	eth_hw_addr_set(dev, mac);
	call_netdevice_notifiers(NETDEV_CHANGEADDR, dev);
}

static int um_address_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct in_ifaddr *ifa = ptr;
	struct um_net *net = um_net_of(ifa->ifa_dev->dev);

	if (!net || (event != NETDEV_UP && event != NETDEV_DOWN))
		return NOTIFY_DONE;
	if (event == NETDEV_UP)
		um_address_mac(net, ifa);
	if (net->transport->address)
		um_change_add(net, ifa, event == NETDEV_UP);
	return NOTIFY_DONE;
}

static struct notifier_block um_address_notifier = {
	.notifier_call = um_address_event,
};

static int __init um_address_start(void)
{
	return register_inetaddr_notifier(&um_address_notifier);
}
subsys_initcall(um_address_start);
