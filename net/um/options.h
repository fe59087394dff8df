/* SPDX-License-Identifier: GPL-2.0 */
/* What the command line says of network devices. */
#ifndef _UM_NET_OPTIONS_H
#define _UM_NET_OPTIONS_H

#include <linux/if.h>
#include <linux/init.h>

/**
 * struct um_eth_name - the front of "eth<n>=..." or "vec<n>=..."
 * @unit:	the number
 * @dev:	what the device is called in the guest
 */
struct um_eth_name {
	int	unit;
	char	dev[IFNAMSIZ];
};

/* What follows the "=", or NULL when it is no such word. */
const char *um_eth_parse_name(const char *word, struct um_eth_name *name);

/* The words of the command line. */
#define UM_ETH_WORDS	64
extern const char *um_eth_words[UM_ETH_WORDS];
extern int um_eth_nr_words;

#endif /* _UM_NET_OPTIONS_H */
