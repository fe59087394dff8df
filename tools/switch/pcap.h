/* SPDX-License-Identifier: GPL-2.0 */
/* A capture of what the switch receives, as tcpdump reads it. */
#ifndef SWITCH_PCAP_H
#define SWITCH_PCAP_H

#include <um/types.h>

struct pcap;

/*
 * Writes the file @path anew; after @limit bytes (0: never) it stops.  NULL
 * after a line said why not.
 */
struct pcap *pcap_open(const char *path, um_u64 limit);
void pcap_frame(struct pcap *pcap, const void *data, um_u32 len);
/* What was captured so far can be read. */
void pcap_flush(struct pcap *pcap);
void pcap_close(struct pcap *pcap);

#endif /* SWITCH_PCAP_H */
