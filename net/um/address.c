// SPDX-License-Identifier: GPL-2.0
/*
 * A device's addresses of IPv4.  The first one, when it is known before the device
 * is brought up, chooses its MAC address: fe:fd and the four bytes.  And where a
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

static struct um_change *um_change_next(struct um_net *net)
{
	struct um_change *change;

	spin_lock(&net->changes_lock);
	change = list_first_entry_or_null(&net->changes, struct um_change, list);
	if (change)
		list_del(&change->list);
	spin_unlock(&net->changes_lock);
	return change;
}

static void um_address_work(struct work_struct *work)
{
	struct um_net *net = container_of(work, struct um_net, address_work);
	struct um_change *change;

	while ((change = um_change_next(net))) {
		if (net->link.fd >= 0)
			net->transport->address(net, &net->link, change->add, change->addr,
						change->mask);
		kfree(change);
	}
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

	flush_work(&net->address_work);
	while ((change = um_change_next(net)))
		kfree(change);
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
	struct um_change *change;

	if (!net || (event != NETDEV_UP && event != NETDEV_DOWN))
		return NOTIFY_DONE;
	if (event == NETDEV_UP)
		um_address_mac(net, ifa);
	if (!net->transport->address)
		return NOTIFY_DONE;
	change = kmalloc(sizeof(*change), GFP_KERNEL);
	if (!change)
		return NOTIFY_DONE;
	change->add = event == NETDEV_UP;
	change->addr = ifa->ifa_local;
	change->mask = ifa->ifa_mask;
	spin_lock(&net->changes_lock);
	list_add_tail(&change->list, &net->changes);
	spin_unlock(&net->changes_lock);
	schedule_work(&net->address_work);
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
