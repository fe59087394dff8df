// SPDX-License-Identifier: GPL-2.0
/*
 * This architecture's versions of generic functions beside plain ones.
 */
#include <kunit/test.h>
#include <linux/crc32.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/vmalloc.h>
#include <asm/checksum.h>
#include <asm/word-at-a-time.h>

#define LENGTH	300

/* At any address, as all lengths and alignments are tried. */
static u8 data[LENGTH + 16];

static int lib_init(struct kunit *test)
{
	get_random_bytes(data, sizeof(data));
	return 0;
}

static u32 plain_crc32c(u32 crc, const u8 *p, size_t len)
{
	for (; len; len--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

static void crc32c_known(struct kunit *test)
{
	/* The check value of the catalogues of CRCs. */
	KUNIT_EXPECT_EQ(test, ~__crc32c_le(~0u, "123456789", 9), 0xe3069283u);
}

static void crc32c_plain(struct kunit *test)
{
	for (int at = 0; at < 16; at++) {
		for (int len = 0; len <= LENGTH; len++) {
			u32 seed = get_random_u32();

			KUNIT_ASSERT_EQ_MSG(test, __crc32c_le(seed, data + at, len),
					    plain_crc32c(seed, data + at, len),
					    "%d bytes at %d", len, at);
		}
	}
}

/* A CPU without the instruction. */
static void crc32c_base(struct kunit *test)
{
	for (int len = 0; len <= LENGTH; len++)
		KUNIT_ASSERT_EQ(test, __crc32c_le_base(~0u, data, len),
				plain_crc32c(~0u, data, len));
}

static unsigned int plain_csum(const u8 *p, int len)
{
	unsigned int sum = 0;

	for (int i = 0; i < len; i++)
		sum += i % 2 ? p[i] << 8 : p[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void csum_plain(struct kunit *test)
{
	for (int at = 0; at < 16; at++) {
		for (int len = 0; len <= LENGTH; len++)
			KUNIT_ASSERT_EQ_MSG(test, do_csum(data + at, len),
					    plain_csum(data + at, len),
					    "%d bytes at %d", len, at);
	}
}

/* Carries from each word into the next one. */
static void csum_carries(struct kunit *test)
{
	memset(data, 0xff, sizeof(data));
	for (int len = 0; len <= LENGTH; len++)
		KUNIT_ASSERT_EQ_MSG(test, do_csum(data, len), plain_csum(data, len),
				    "%d bytes", len);
}

static void csum_header(struct kunit *test)
{
	for (int round = 0; round < 100; round++) {
		get_random_bytes(data, 60);
		for (int words = 5; words <= 15; words++)
			KUNIT_ASSERT_EQ(test, (__force u16)ip_fast_csum(data, words),
					(u16)~plain_csum(data, 4 * words));
	}
	/* 0 and 0xffff are both nothing; which one is it? */
	memset(data, 0, 60);
	KUNIT_EXPECT_EQ(test, (__force u16)ip_fast_csum(data, 5), 0xffff);
	memset(data, 0xff, 60);
	KUNIT_EXPECT_EQ(test, (__force u16)ip_fast_csum(data, 5), 0);
}

static void word_inside(struct kunit *test)
{
	for (int at = 0; at < 16; at++) {
		u64 word;

		memcpy(&word, data + at, sizeof(word));
		KUNIT_EXPECT_EQ(test, load_unaligned_zeropad(data + at), word);
	}
}

/* Nothing is mapped behind what vmalloc() gives. */
static void word_cut_off(struct kunit *test)
{
	u8 *page = vmalloc(PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, page);
	get_random_bytes(page, PAGE_SIZE);
	for (int left = 1; left <= 8; left++) {
		u64 word = 0;

		memcpy(&word, page + PAGE_SIZE - left, left);
		KUNIT_EXPECT_EQ_MSG(test, load_unaligned_zeropad(page + PAGE_SIZE - left),
				    word, "%d bytes left", left);
	}
	vfree(page);
}

static struct kunit_case lib_cases[] = {
	KUNIT_CASE(crc32c_known),
	KUNIT_CASE(crc32c_plain),
	KUNIT_CASE(crc32c_base),
	KUNIT_CASE(csum_plain),
	KUNIT_CASE(csum_carries),
	KUNIT_CASE(csum_header),
	KUNIT_CASE(word_inside),
	KUNIT_CASE(word_cut_off),
	{ }
};

static struct kunit_suite lib_suite = {
	.name = "um-lib",
	.init = lib_init,
	.test_cases = lib_cases,
};
kunit_test_suite(lib_suite);

MODULE_DESCRIPTION("KUnit tests of user-mode Linux's versions of generic functions");
MODULE_LICENSE("GPL");
