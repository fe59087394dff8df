// SPDX-License-Identifier: GPL-2.0
/* Answers of the management console: text that grows, and goes out in parts. */
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mconsole.h"

#define ANSWER_MAX	SZ_4M
/* A client that takes nothing for so long gets no more. */
#define ANSWER_PATIENCE	(10 * HZ)
/* Bytes in which it can be said that there is no more room. */
#define NOTE_LEN	((size_t)80)

/* Room for @len more bytes, or for as many as there may be; how many. */
static size_t mconsole_room(struct mconsole_answer *answer, size_t len)
{
	size_t want = min_t(size_t, answer->len + len, ANSWER_MAX);
	size_t room = max_t(size_t, answer->room, SZ_1K);
	char *text;

	if (want > answer->room) {
		while (room < want)
			room *= 2;
		text = kvmalloc(room, GFP_KERNEL);
		if (!text)
			return answer->room - answer->len;
		if (answer->len)
			memcpy(text, answer->text, answer->len);
		kvfree(answer->text);
		answer->text = text;
		answer->room = room;
	}
	return want - answer->len;
}

void mconsole_put(struct mconsole_answer *answer, const char *text, size_t len)
{
	/* Behind what was lost nothing else stands. */
	size_t n = answer->lost ? 0 : min(len, mconsole_room(answer, len));

	if (n)
		memcpy(answer->text + answer->len, text, n);
	answer->len += n;
	answer->lost += len - n;
}

/* At the end of a text that was cut, which makes room for it. */
static void mconsole_tell_lost(struct mconsole_answer *answer)
{
	size_t end = min(answer->len, answer->room - min(answer->room, NOTE_LEN));
	size_t lost = answer->lost + answer->len - end;

	answer->len = end + scnprintf(answer->text + end, answer->room - end,
				      "\n[cut: %zu bytes more do not fit]\n", lost);
	answer->lost = 0;
}

static void mconsole_vprintf(struct mconsole_answer *answer, const char *fmt, va_list args)
{
	char *text = kvasprintf(GFP_KERNEL, fmt, args);

	if (!text)
		return;
	mconsole_put(answer, text, strlen(text));
	kfree(text);
}

void mconsole_printf(struct mconsole_answer *answer, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	mconsole_vprintf(answer, fmt, args);
	va_end(args);
}

void mconsole_fail(struct mconsole_answer *answer, int err, const char *fmt, ...)
{
	va_list args;

	answer->err = err;
	va_start(args, fmt);
	mconsole_vprintf(answer, fmt, args);
	va_end(args);
}

bool mconsole_send(int fd, struct mconsole_answer *answer)
{
	static struct um_mconsole_reply reply;
	int err;

	if (answer->lost)
		mconsole_tell_lost(answer);
	do {
		const char *text = answer->text + answer->sent;
		um_u64 left = answer->len - answer->sent;
		um_u32 len = mconsole_reply(&reply, answer->err, &text, &left, 1);

		err = host_dgram_send(fd, &answer->to, &reply, len);
		if (err == -EAGAIN) {
			if (time_before(jiffies, answer->since + ANSWER_PATIENCE))
				return false;
			pr_notice_ratelimited("mconsole: a client does not take its answer: %zu of %zu bytes\n",
					      answer->sent, answer->len);
			return true;
		}
		/* It has gone away. */
		if (err)
			return true;
		answer->sent = answer->len - left;
		answer->since = jiffies;
	} while (reply.more);
	return true;
}

void mconsole_free(struct mconsole_answer *answer)
{
	kvfree(answer->text);
	kfree(answer);
}
