// SPDX-License-Identifier: GPL-2.0
/* Answers and notifications, as uml_mconsole takes them: whole, cut, and anything. */
#include <stdlib.h>
#include "unit.h"
#include "tools/mconsole/answer.h"

static char *exact;	/* exactly as long as the datagram, so that the sanitizer sees its end */

static void *copy(const void *bytes, size_t have)
{
	free(exact);
	exact = malloc(have ?: 1);
	memcpy(exact, bytes, have);
	return exact;
}

static bool has_text(const char *text, size_t len, const char *want)
{
	return len == strlen(want) && !memcmp(text, want, len);
}

static void test_answers(void)
{
	struct um_mconsole_reply reply = { .err = -22, .more = 1, .length = 5, .data = "text" };
	size_t whole = UM_MCONSOLE_REPLY_HEAD + reply.length, i;
	struct answer_part part;
	unsigned int early = 0;

	for (i = 0; i < whole; i++)
		early += !answer_parse(&part, copy(&reply, i), i);
	is(early, 0, "an answer that is cut off anywhere is none");
	ok(!answer_parse(&part, copy(&reply, whole), whole) && part.err == -22 && part.more &&
	   has_text(part.text, part.len, "text"), "a whole one is");
	ok(!answer_parse(&part, copy(&reply, sizeof(reply)), sizeof(reply)) &&
	   has_text(part.text, part.len, "text"), "what is behind it is not looked at");
	reply.length = 4;
	ok(!answer_parse(&part, copy(&reply, whole), whole) &&
	   has_text(part.text, part.len, "text"), "one without a NUL");
	reply.length = 0;
	ok(!answer_parse(&part, copy(&reply, 12), 12) && !part.len, "one without a text");
	reply.length = ~0U;
	ok(answer_parse(&part, copy(&reply, whole), whole), "the greatest length is too much");
	reply.length = 5;
	memcpy(reply.data, "\0a\0b", 5);
	ok(!answer_parse(&part, copy(&reply, whole), whole) &&
	   has_text(part.text, part.len, " a b"), "NULs become blanks");
}

static void test_notifications(void)
{
	struct um_mconsole_notify notify = {
		.magic = UM_MCONSOLE_MAGIC,
		.version = UM_MCONSOLE_VERSION,
		.type = UM_MCONSOLE_PANIC,
		.length = 5,
		.data = "text",
	};
	size_t whole = UM_MCONSOLE_NOTIFY_HEAD + notify.length, i;
	struct notification got;
	unsigned int early = 0;

	for (i = 0; i < whole; i++)
		early += !notification_parse(&got, copy(&notify, i), i);
	is(early, 0, "a notification that is cut off anywhere is none");
	ok(!notification_parse(&got, copy(&notify, whole), whole) &&
	   got.type == UM_MCONSOLE_PANIC && has_text(got.text, got.len, "text"), "a whole one is");
	notify.length = ~0U;
	ok(notification_parse(&got, copy(&notify, whole), whole), "the greatest length is not");
	notify.length = 5;
	notify.version = 1;
	ok(notification_parse(&got, copy(&notify, whole), whole), "another version is none");
	notify.version = UM_MCONSOLE_VERSION;
	notify.magic++;
	ok(notification_parse(&got, copy(&notify, whole), whole), "another magic number is none");
}

static void test_random(void)
{
	struct um_mconsole_notify bytes;
	unsigned int seed = 5, i, good = 0, wrong = 0;
	struct notification got;
	struct answer_part part;
	size_t j, have;

	for (i = 0; i < 100000; i++) {
		have = rand_r(&seed) % (sizeof(bytes) + 1);
		for (j = 0; j < sizeof(bytes); j++)
			((char *)&bytes)[j] = rand_r(&seed) >> 7;
		bytes.magic = UM_MCONSOLE_MAGIC;
		bytes.version = UM_MCONSOLE_VERSION;
		/* The length of one or of the other is often nearly right. */
		*(i % 2 ? &bytes.length : (um_u32 *)&bytes.type) = have - rand_r(&seed) % 32;
		if (!answer_parse(&part, copy(&bytes, have), have)) {
			good++;
			wrong += part.text + part.len > exact + have ||
				 memchr(part.text, 0, part.len);
		}
		if (!notification_parse(&got, copy(&bytes, have), have)) {
			good++;
			wrong += got.text + got.len > exact + have || memchr(got.text, 0, got.len);
		}
	}
	is(wrong, 0, "a text never ends behind its datagram");
	ok(good > 1000, "of 100,000 random ones %u were understood", good);
}

int main(void)
{
	test_answers();
	test_notifications();
	test_random();
	free(exact);
	return done();
}
