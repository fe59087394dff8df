// SPDX-License-Identifier: GPL-2.0
/* What ethtool shows of a device. */
#include <linux/ethtool.h>

#include "net.h"

static const char um_net_counter_names[UM_NET_NR_COUNTERS][ETH_GSTRING_LEN] = {
	[UM_NET_TX_CALLS]	= "tx_host_calls",
	[UM_NET_TX_BLOCKED]	= "tx_host_blocked",
	[UM_NET_RX_CALLS]	= "rx_host_calls",
	[UM_NET_RX_OWN]		= "rx_own_frames",
	[UM_NET_RX_BAD]		= "rx_bad_frames",
	[UM_NET_LINK_LOST]	= "link_lost",
};

static void um_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	struct um_net *net = netdev_priv(dev);

	strscpy(info->driver, "um_net", sizeof(info->driver));
	strscpy(info->version, net->transport->name, sizeof(info->version));
	strscpy(info->bus_info, net->link.host_dev, sizeof(info->bus_info));
}

static int um_get_sset_count(struct net_device *dev, int set)
{
	return set == ETH_SS_STATS ? UM_NET_NR_COUNTERS : -EOPNOTSUPP;
}

static void um_get_strings(struct net_device *dev, u32 set, u8 *data)
{
	if (set == ETH_SS_STATS)
		memcpy(data, um_net_counter_names, sizeof(um_net_counter_names));
}

static void um_get_ethtool_stats(struct net_device *dev, struct ethtool_stats *stats, u64 *data)
{
	struct um_net *net = netdev_priv(dev);
	int i;

	for (i = 0; i < UM_NET_NR_COUNTERS; i++)
		data[i] = READ_ONCE(net->counters[i]);
}

static int um_get_link_ksettings(struct net_device *dev, struct ethtool_link_ksettings *settings)
{
	settings->base.speed = SPEED_10000;
	settings->base.duplex = DUPLEX_FULL;
	settings->base.port = PORT_OTHER;
	settings->base.autoneg = AUTONEG_DISABLE;
	return 0;
}

const struct ethtool_ops um_ethtool_ops = {
	.get_drvinfo		= um_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_ts_info		= ethtool_op_get_ts_info,
	.get_sset_count		= um_get_sset_count,
	.get_strings		= um_get_strings,
	.get_ethtool_stats	= um_get_ethtool_stats,
	.get_link_ksettings	= um_get_link_ksettings,
};
