/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_CHECKSUM_H
#define _ASM_UM_CHECKSUM_H

#include <linux/types.h>

/* What the generic functions are made of, see lib/csum.c. */
unsigned int do_csum(const unsigned char *buff, int len);
#define do_csum do_csum

/* Of an IP header of @ihl words of 32 bits. */
static inline __sum16 ip_fast_csum(const void *iph, unsigned int ihl)
{
	const u32 *word = iph;
	u64 sum = 0;

	while (ihl--)
		sum += *word++;
	/* Each step leaves the carries of one size less. */
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__force __sum16)~sum;
}

#define ip_fast_csum ip_fast_csum

#include <asm-generic/checksum.h>

#endif /* _ASM_UM_CHECKSUM_H */
