// SPDX-License-Identifier: GPL-2.0
/*
 * Network devices: how the kernel sees them, and how they come and go.
 */
#define pr_fmt(fmt) fmt

#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/init.h>
#include <linux/reboot.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include <um/eth.h>
#include "net.h"
#include "options.h"

/* Devices come, go and are looked at one at a time. */
static DEFINE_MUTEX(um_net_mutex);
static struct um_net *um_nets[UM_NET_UNITS];

static const struct um_transport *const um_transports[] = {
	&um_net_tuntap, &um_net_ethertap, &um_net_mcast, &um_net_ucast, &um_net_daemon,
	&um_net_vde, &um_net_slip, &um_net_slirp, &um_net_pcap, &um_net_fd, &um_net_stream,
	&um_net_dgram,
};

/* ---- as the kernel has it ---------------------------------------------------- */

static int um_net_dev_open(struct net_device *dev)
{
	return um_net_start(netdev_priv(dev));
}

static int um_net_dev_stop(struct net_device *dev)
{
	um_net_stop(netdev_priv(dev));
	return 0;
}

/* Longer frames need more room, for which NAPI looks each time. */
static int um_net_change_mtu(struct net_device *dev, int mtu)
{
	WRITE_ONCE(dev->mtu, mtu);
	return 0;
}

static int um_net_set_mac(struct net_device *dev, void *addr)
{
	struct um_net *net = netdev_priv(dev);
	int err = eth_mac_addr(dev, addr);

	/* Then its IPv4 address does not choose one. */
	if (!err)
		net->mac_given = true;
	return err;
}

/* The host sends everything that there is. */
static void um_net_set_rx_mode(struct net_device *dev)
{
}

static netdev_features_t um_net_fix_features(struct net_device *dev, netdev_features_t features)
{
	struct um_net *net = netdev_priv(dev);

	if (!net->link.vnet)
		features &= ~UM_NET_OFFLOADS;
	else if (!net->link.uso)
		features &= ~NETIF_F_GSO_UDP_L4;
	/* What cannot be segmented cannot leave its checksum to others, either. */
	if (!(features & NETIF_F_HW_CSUM))
		features &= ~NETIF_F_GSO_UDP_L4;
	return features;
}

static int um_net_set_dev_features(struct net_device *dev, netdev_features_t features)
{
	um_net_set_offload(netdev_priv(dev), features);
	return 0;
}

static const struct net_device_ops um_net_ops = {
	.ndo_open		= um_net_dev_open,
	.ndo_stop		= um_net_dev_stop,
	.ndo_start_xmit		= um_net_xmit,
	.ndo_set_rx_mode	= um_net_set_rx_mode,
	.ndo_set_mac_address	= um_net_set_mac,
	.ndo_validate_addr	= eth_validate_addr,
	.ndo_change_mtu		= um_net_change_mtu,
	.ndo_fix_features	= um_net_fix_features,
	.ndo_set_features	= um_net_set_dev_features,
};

static const struct net_device_ops um_net_ip_ops = {
	.ndo_open		= um_net_dev_open,
	.ndo_stop		= um_net_dev_stop,
	.ndo_start_xmit		= um_net_xmit,
	.ndo_change_mtu		= um_net_change_mtu,
};

static void um_net_setup_ip(struct net_device *dev)
{
	dev->netdev_ops = &um_net_ip_ops;
	dev->type = ARPHRD_SLIP;
	dev->hard_header_len = 0;
	dev->addr_len = 0;
	dev->flags = IFF_NOARP | IFF_POINTOPOINT | IFF_MULTICAST;
	dev->header_ops = NULL;
}

static void um_net_setup(struct net_device *dev)
{
	struct um_net *net = netdev_priv(dev);

	ether_setup(dev);
	net->dev = dev;
	net->listener = -1;
	net->retry = UM_NET_RETRY;
	mutex_init(&net->link_mutex);
	um_address_init(net);
	um_sysfs_init(net);
	um_link_init(&net->link);
	INIT_DELAYED_WORK(&net->work, um_net_work);
	dev->netdev_ops = &um_net_ops;
	dev->ethtool_ops = &um_ethtool_ops;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = UM_NET_MTU_MAX;
	dev->priv_flags |= IFF_LIVE_ADDR_CHANGE;
	dev->hw_features = NETIF_F_SG;
	dev->features = NETIF_F_SG | NETIF_F_HIGHDMA;
	dev->vlan_features = NETIF_F_SG | NETIF_F_HIGHDMA;
	netif_napi_add(dev, &net->napi, um_net_poll);
	netif_carrier_off(dev);
}

/* ---- making one ---------------------------------------------------------------- */

static const struct um_transport *um_net_transport(const char *name)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(um_transports); i++)
		if (!strcmp(um_transports[i]->name, name))
			return um_transports[i];
	return NULL;
}

/* The address that was given, or one that an address of IPv4 may replace. */
static const char *um_net_choose_mac(struct um_net *net)
{
	const struct um_transport *transport = net->transport;
	const char *text = transport->mac_at ? net->args.arg[transport->mac_at] : "";
	u8 mac[ETH_ALEN];

	if (!*text) {
		get_random_bytes(mac, sizeof(mac));
		mac[0] = 0xfe;
		mac[1] = 0xfd;
	} else if (um_args_mac(text, mac)) {
		return "the MAC address is not six bytes like fe:fd:0:0:0:1";
	} else if (is_multicast_ether_addr(mac)) {
		return "the MAC address is one of a group: its first byte must be even";
	} else if (is_zero_ether_addr(mac)) {
		return "the MAC address is zero";
	}
	net->mac_given = *text;
	eth_hw_addr_set(net->dev, mac);
	/* One that is called random would be replaced by udev. */
	net->dev->addr_assign_type = NET_ADDR_SET;
	return NULL;
}

static const char *um_net_configure(struct um_net *net)
{
	const struct um_transport *transport = net->transport;
	const char *why;

	if (transport->mtu)
		net->dev->mtu = transport->mtu;
	why = transport->parse(net) ?: um_net_choose_mac(net);
	net->ip_only = transport->ip_only ||
		       (transport == &um_net_slirp && um_slirp_is_program(net));
	if (net->ip_only)
		um_net_setup_ip(net->dev);
	return why;
}

/* Without um_net_mutex: a device that is not among the others yet. */
static struct um_net *um_net_make(const struct um_eth_name *name, const char *spec,
				  struct um_why *why, int *err)
{
	struct um_net *net;
	struct net_device *dev;
	const char *reason = NULL;
	char *text;

	*err = -ENOMEM;
	um_net_say(why, "no memory");
	text = kstrdup(spec, GFP_KERNEL);
	dev = alloc_netdev(sizeof(*net), name->dev, NET_NAME_USER, um_net_setup);
	if (!text || !dev)
		goto fail;
	net = netdev_priv(dev);
	net->unit = name->unit;
	net->text = text;
	net->spec = kstrdup(spec, GFP_KERNEL);
	if (!net->spec)
		goto fail;
	strscpy(net->irq_name, name->dev, sizeof(net->irq_name));
	*err = -EINVAL;
	if (um_args_split(&net->args, text)) {
		reason = "there are too many arguments";
	} else {
		net->transport = um_net_transport(net->args.arg[0]);
		if (!net->transport)
			reason = "unknown transport (there are tuntap, ethertap, mcast, ucast, daemon, vde, slip, slirp, pcap, fd, stream and dgram)";
		else
			reason = um_net_configure(net);
	}
	if (!reason)
		return net;
	um_net_say(why, "%s", reason);
fail:
	if (dev) {
		kfree(((struct um_net *)netdev_priv(dev))->spec);
		free_netdev(dev);
	}
	kfree(text);
	return NULL;
}

static void um_net_free(struct um_net *net)
{
	char *text = net->text, *spec = net->spec;

	if (net->listener >= 0) {
		host_close(net->listener);
		host_unlink(net->args.arg[2]);
	}
	free_netdev(net->dev);
	kfree(text);
	kfree(spec);
}

/* Of a device that is not registered, or not any more. */
static void um_net_end_link(struct um_net *net)
{
	WRITE_ONCE(net->going, true);
	cancel_delayed_work_sync(&net->work);
	um_address_stop(net);
	rtnl_lock();
	um_net_disconnect(net);
	rtnl_unlock();
	/* An interrupt of its descriptors may have come before they were closed. */
	cancel_delayed_work_sync(&net->work);
}

static int um_net_add(const struct um_eth_name *name, const char *spec, struct um_why *why)
{
	struct um_net *net;
	int err, later;

	if (um_nets[name->unit]) {
		um_net_say(why, "there is such a device");
		return -EEXIST;
	}
	net = um_net_make(name, spec, why, &err);
	if (!net)
		return err;
	later = um_net_connect(net, why);
	if (later && later != -EAGAIN) {
		um_net_free(net);
		return later;
	}
	if (net->transport->device)
		strscpy(net->dev->name, net->transport->device, IFNAMSIZ);
	err = register_netdev(net->dev);
	if (err) {
		um_net_say(why, err == -EEXIST ? "there is a device of this name" :
						 "it cannot be registered");
		um_net_end_link(net);
		um_net_free(net);
		return err;
	}
	um_nets[name->unit] = net;
	if (!later) {
		rtnl_lock();
		if (net->link.fd >= 0 && !net->lost)
			netif_carrier_on(net->dev);
		rtnl_unlock();
		pr_info("%s: %s\n", net->dev->name, net->link.about);
		return 0;
	}
	pr_warn("%s: %s; it is tried again\n", net->dev->name, why->text);
	net->told = true;
	schedule_delayed_work(&net->work, UM_NET_RETRY * HZ);
	return 0;
}

int eth_attach(const char *spec, char *text, size_t len)
{
	struct um_eth_name name;
	struct um_why why = { };
	const char *value = um_eth_parse_name(spec, &name);
	int err = -EINVAL;

	if (!value) {
		scnprintf(text, len, "%s: it is eth<n>=<transport>,..., n from 0 to %d", spec,
			  UM_NET_UNITS - 1);
		return -EINVAL;
	}
	mutex_lock(&um_net_mutex);
	err = um_net_add(&name, value, &why);
	mutex_unlock(&um_net_mutex);
	if (err) {
		scnprintf(text, len, "%s: %s", spec, why.text);
		um_net_clean(text);
	}
	return err;
}

int eth_detach(int unit, char *text, size_t len)
{
	struct um_net *net;

	mutex_lock(&um_net_mutex);
	net = unit >= 0 && unit < UM_NET_UNITS ? um_nets[unit] : NULL;
	if (!net) {
		mutex_unlock(&um_net_mutex);
		scnprintf(text, len, "eth%d: there is no such device", unit);
		return -ENODEV;
	}
	um_nets[unit] = NULL;
	WRITE_ONCE(net->going, true);
	cancel_delayed_work_sync(&net->work);
	um_net_answer_none(net);
	unregister_netdev(net->dev);
	um_net_end_link(net);
	um_net_free(net);
	mutex_unlock(&um_net_mutex);
	return 0;
}

int eth_describe(int unit, char *buf, size_t len)
{
	struct um_net *net;
	int n = -ENODEV;

	mutex_lock(&um_net_mutex);
	net = unit >= 0 && unit < UM_NET_UNITS ? um_nets[unit] : NULL;
	if (net)
		n = scnprintf(buf, len, "eth%d=%s", unit, net->spec);
	mutex_unlock(&um_net_mutex);
	return n;
}

struct um_net *um_net_of(const struct net_device *dev)
{
	if (dev->netdev_ops != &um_net_ops && dev->netdev_ops != &um_net_ip_ops)
		return NULL;
	return netdev_priv(dev);
}

/* The program ends: its sockets lose their names. */
static int um_net_end(struct notifier_block *nb, unsigned long action, void *data)
{
	int i;

	/* Somebody who is at it just now has left the end to others. */
	if (!mutex_trylock(&um_net_mutex))
		return NOTIFY_DONE;
	for (i = 0; i < UM_NET_UNITS; i++) {
		struct um_net *net = um_nets[i];

		if (!net)
			continue;
		WRITE_ONCE(net->going, true);
		if (net->link.path[0])
			host_unlink(net->link.path);
		if (net->listener >= 0)
			host_unlink(net->args.arg[2]);
	}
	mutex_unlock(&um_net_mutex);
	return NOTIFY_DONE;
}

static struct notifier_block um_net_reboot = {
	.notifier_call = um_net_end,
};

/* Those of the command line.  A mistake costs the device, not the boot. */
static int __init um_net_init(void)
{
	char why[512];
	int i;

	for (i = 0; i < um_eth_nr_words; i++)
		if (eth_attach(um_eth_words[i], why, sizeof(why)))
			pr_err("%s\n", why);
	return register_reboot_notifier(&um_net_reboot);
}
device_initcall(um_net_init);
