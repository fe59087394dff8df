// SPDX-License-Identifier: GPL-2.0
/*
 * The Internet checksum, eight bytes at each step.
 */
#include <linux/types.h>
#include <linux/unaligned.h>
#include <asm/checksum.h>

struct block {
	u64 word[8];
} __packed;

/* In the one's complement arithmetic of the checksum: a carry comes in again below. */
static inline u64 add_block(u64 sum, const struct block *b)
{
	asm("addq %[w0], %[sum]\n\t"
	    "adcq %[w1], %[sum]\n\t"
	    "adcq %[w2], %[sum]\n\t"
	    "adcq %[w3], %[sum]\n\t"
	    "adcq %[w4], %[sum]\n\t"
	    "adcq %[w5], %[sum]\n\t"
	    "adcq %[w6], %[sum]\n\t"
	    "adcq %[w7], %[sum]\n\t"
	    "adcq $0, %[sum]"
	    : [sum] "+r" (sum)
	    : [w0] "m" (b->word[0]), [w1] "m" (b->word[1]),
	      [w2] "m" (b->word[2]), [w3] "m" (b->word[3]),
	      [w4] "m" (b->word[4]), [w5] "m" (b->word[5]),
	      [w6] "m" (b->word[6]), [w7] "m" (b->word[7])
	    : "cc");
	return sum;
}

static inline u64 add_word(u64 sum, u64 word)
{
	sum += word;
	return sum + (sum < word);
}

/**
 * do_csum - the sum of 16-bit words, as they lie in memory
 * @buff:	where they are, at any address
 * @len:	in bytes; an odd one ends with a byte of zero
 *
 * Returns it folded to 16 bits, not complemented.
 */
unsigned int do_csum(const unsigned char *buff, int len)
{
	unsigned int left;
	u64 sum = 0, tail = 0;

	for (; len >= (int)sizeof(struct block); len -= sizeof(struct block)) {
		sum = add_block(sum, (const struct block *)buff);
		buff += sizeof(struct block);
	}
	for (; len >= 8; len -= 8) {
		sum = add_word(sum, get_unaligned((const u64 *)buff));
		buff += 8;
	}
	for (left = 0; (int)left < len; left++)
		tail |= (u64)buff[left] << (8 * left);
	sum = add_word(sum, tail);

	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}
