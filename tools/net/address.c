// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include "address.h"

struct address_text address_text(in_addr_t addr)
{
	struct address_text text;

	inet_ntop(AF_INET, &addr, text.s, sizeof(text.s));
	return text;
}

bool address_parse(const char *text, in_addr_t *addr)
{
	return inet_pton(AF_INET, text, addr) == 1;
}

bool address_is_mask(in_addr_t mask)
{
	in_addr_t zeros = ~ntohl(mask);

	return !(zeros & (zeros + 1));
}

in_addr_t address_mask(unsigned int bits)
{
	return bits ? htonl(~0U << (32 - bits)) : 0;
}

bool address_is_unicast(in_addr_t addr)
{
	in_addr_t first = ntohl(addr) >> 24;

	return first && first != IN_LOOPBACKNET && first < 224;
}

bool address_is_private(in_addr_t addr)
{
	in_addr_t number = ntohl(addr);

	return number >> 24 == 10 || number >> 20 == (172 << 4 | 1) ||
	       number >> 16 == (192 << 8 | 168);
}
