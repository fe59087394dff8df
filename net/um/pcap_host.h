/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process that hears an interface of the host for a guest.
 */
#ifndef _UM_NET_PCAP_HOST_H
#define _UM_NET_PCAP_HOST_H

/* INTERFACE [FILTER [promisc|nopromisc|optimize|nooptimize]...], behind a name. */
int um_pcap_main(int argc, char **argv);

#endif /* _UM_NET_PCAP_HOST_H */
