// SPDX-License-Identifier: GPL-2.0
/* What the kernel logs, for a client of the management console. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kmsg_dump.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "mconsole.h"

#define LINE_MAX_LEN	1024

/* "[   12.345678] ", which is of no use to who has just asked. */
static size_t mconsole_skip_time(const char *line, size_t len)
{
	const char *end = len && *line == '[' ? strnchr(line, len, ']') : NULL;

	if (!end)
		return 0;
	end++;
	return end - line + (end < line + len && *end == ' ');
}

/* Of several lines, at times, each with the time. */
static void mconsole_put_record(struct mconsole_answer *answer, const char *text, size_t len)
{
	while (len) {
		size_t skip = mconsole_skip_time(text, len);
		const char *end = strnchr(text, len, '\n');
		size_t n = end ? end + 1 - text : len;

		mconsole_put(answer, text + skip, n - skip);
		text += n;
		len -= n;
	}
}

void mconsole_capture(struct mconsole_answer *answer, void (*show)(void *arg), void *arg)
{
	struct kmsg_dump_iter iter;
	size_t len;
	char *line;

	line = kmalloc(LINE_MAX_LEN, GFP_KERNEL);
	kmsg_dump_rewind(&iter);
	iter.cur_seq = iter.next_seq;
	show(arg);
	while (line && kmsg_dump_get_line(&iter, false, line, LINE_MAX_LEN, &len))
		mconsole_put_record(answer, line, len);
	kfree(line);
}

/* How many lines there are; @answer gets what is behind the first @skip of them. */
static unsigned int mconsole_read_log(struct kmsg_dump_iter iter, char *record,
				      struct mconsole_answer *answer, unsigned int skip)
{
	unsigned int lines = 0;
	const char *text, *end;
	size_t len, n;

	while (iter.cur_seq < iter.next_seq &&
	       kmsg_dump_get_line(&iter, false, record, LINE_MAX_LEN, &len)) {
		for (text = record; len; text += n, len -= n) {
			end = strnchr(text, len, '\n');
			n = end ? end + 1 - text : len;
			if (answer && lines >= skip)
				mconsole_put(answer, text, n);
			lines++;
		}
	}
	return lines;
}

void mconsole_dmesg(struct mconsole_answer *answer, const char *args)
{
	unsigned int wanted = UINT_MAX, lines;
	struct kmsg_dump_iter iter;
	char *record;

	if (*args && (kstrtouint(args, 10, &wanted) || !wanted)) {
		mconsole_fail(answer, -EINVAL, "dmesg: %s: no number of lines", args);
		return;
	}
	record = kmalloc(LINE_MAX_LEN, GFP_KERNEL);
	if (!record) {
		mconsole_fail(answer, -ENOMEM, "dmesg: out of memory");
		return;
	}
	kmsg_dump_rewind(&iter);
	lines = mconsole_read_log(iter, record, NULL, 0);
	mconsole_read_log(iter, record, answer, lines - min(lines, wanted));
	kfree(record);
}
