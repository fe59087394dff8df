// SPDX-License-Identifier: GPL-2.0
/*
 * Puts fragments of IPv4 together before libslirp sees them.  It does that itself, but
 * version 4.7.0 crashes if one that is not the first comes first.
 *
 * A guest sends them in order, and nothing on the way changes that.  So one that is out
 * of order is not worth keeping.
 */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>

#include "slirp_host.h"

/* How many packets may come at the same time: CPUs of a guest that send. */
#define PACKETS_MAX	16

/**
 * struct packet - one that has not come as a whole
 * @len:	what has come of it, its header included; 0 when there is none
 * @ethernet:	the header of its frame
 * @ip:		the header of its first fragment, and all that follows
 */
struct packet {
	unsigned int		len;
	/* So that the next header is aligned. */
	unsigned char		pad[2];
	struct ether_header	ethernet;
	union {
		struct iphdr	ip;
		unsigned char	bytes[IP_MAXPACKET];
	};
};

_Static_assert(offsetof(struct packet, ip) == offsetof(struct packet, ethernet) + ETHER_HDR_LEN,
	       "they are one frame");

static struct packet *packets[PACKETS_MAX];
static unsigned int next_packet;

static unsigned int checksum(const struct iphdr *ip)
{
	const unsigned char *byte = (const void *)ip, *end = byte + 4 * ip->ihl;
	unsigned int sum = 0;

	for (; byte < end; byte += 2)
		sum += byte[0] << 8 | byte[1];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16)) & 0xffff;
}

static bool belongs(const struct packet *packet, const struct iphdr *ip)
{
	const struct iphdr *first = &packet->ip;

	return packet->len && first->id == ip->id && first->protocol == ip->protocol &&
	       first->saddr == ip->saddr && first->daddr == ip->daddr;
}

static struct packet *find_packet(const struct iphdr *ip)
{
	unsigned int i;

	for (i = 0; i < PACKETS_MAX; i++)
		if (packets[i] && belongs(packets[i], ip))
			return packets[i];
	return NULL;
}

/* The oldest one makes room. */
static struct packet *new_packet(void)
{
	struct packet **packet = &packets[next_packet++ % PACKETS_MAX];

	if (!*packet)
		*packet = malloc(sizeof(**packet));
	return *packet;
}

static void begin_packet(struct packet *packet, const unsigned char *frame,
			 const struct iphdr *ip)
{
	packet->len = ntohs(ip->tot_len);
	memcpy(&packet->ethernet, frame, sizeof(packet->ethernet));
	memcpy(packet->bytes, ip, 4 * ip->ihl);
	memcpy(packet->bytes + 4 * ip->ihl, frame + ETHER_HDR_LEN + 4 * ip->ihl,
	       packet->len - 4 * ip->ihl);
}

static const void *finish_packet(struct packet *packet, size_t *len)
{
	struct iphdr *ip = &packet->ip;

	*len = ETHER_HDR_LEN + packet->len;
	ip->tot_len = htons(packet->len);
	ip->frag_off = 0;
	ip->check = 0;
	ip->check = htons(checksum(ip));
	packet->len = 0;
	return &packet->ethernet;
}

/* @ip is a copy of the header, with room for options. */
static const void *take_fragment(const unsigned char *frame, const struct iphdr *ip, size_t *len)
{
	unsigned int header = 4 * ip->ihl, payload = ntohs(ip->tot_len) - header;
	unsigned int offset = 8 * (ntohs(ip->frag_off) & IP_OFFMASK);
	bool is_last = !(ntohs(ip->frag_off) & IP_MF);
	struct packet *packet = find_packet(ip);

	if (!payload || (!is_last && payload % 8))
		return NULL;
	if (!offset) {
		packet = packet ?: new_packet();
		if (packet)
			begin_packet(packet, frame, ip);
		return NULL;
	}
	if (!packet)
		return NULL;
	if (packet->len - 4 * packet->ip.ihl != offset ||
	    packet->len + payload > IP_MAXPACKET) {
		packet->len = 0;
		return NULL;
	}
	memcpy(packet->bytes + packet->len, frame + ETHER_HDR_LEN + header, payload);
	packet->len += payload;
	return is_last ? finish_packet(packet, len) : NULL;
}

const void *um_slirp_whole_packet(const void *frame, size_t *len)
{
	union {
		struct iphdr	ip;
		unsigned char	bytes[60];
	} header;
	const struct ether_header *ethernet = frame;
	const unsigned char *bytes = frame;
	size_t room;

	if (*len < ETHER_HDR_LEN + sizeof(header.ip) ||
	    ntohs(ethernet->ether_type) != ETHERTYPE_IP)
		return frame;
	room = *len - ETHER_HDR_LEN;
	memcpy(&header, bytes + ETHER_HDR_LEN, room < sizeof(header) ? room : sizeof(header));
	if (!(ntohs(header.ip.frag_off) & (IP_MF | IP_OFFMASK)))
		return frame;
	/* libslirp would not take them either. */
	if (header.ip.version != 4 || header.ip.ihl < 5 || 4U * header.ip.ihl > room ||
	    ntohs(header.ip.tot_len) < 4 * header.ip.ihl || ntohs(header.ip.tot_len) > room ||
	    checksum(&header.ip))
		return NULL;
	return take_fragment(frame, &header.ip, len);
}
