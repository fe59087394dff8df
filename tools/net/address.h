/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses of IPv4, all in the byte order of the network. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>

/* For a printf(): address_text(addr).s */
struct address_text {
	char	s[INET_ADDRSTRLEN];
};

struct address_text address_text(in_addr_t addr);

/* Four decimal numbers with dots, nothing else. */
bool address_parse(const char *text, in_addr_t *addr);

/* A mask has its ones at the beginning. */
bool address_is_mask(in_addr_t mask);

/* The ones that a mask of @bits, at most 32, has at its beginning. */
in_addr_t address_mask(unsigned int bits);

/* It can be that of one station: no group, no loopback, not 0.x.x.x. */
bool address_is_unicast(in_addr_t addr);

/* Of the networks of RFC 1918, which everybody may use. */
bool address_is_private(in_addr_t addr);

#endif /* NET_ADDRESS_H */
