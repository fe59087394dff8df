// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "answer.h"

/* The length of a text of @length bytes, after NULs in it are none any more. */
static size_t clean_text(char *text, size_t length)
{
	char *nul;

	if (length && !text[length - 1])
		length--;
	while ((nul = memchr(text, 0, length)))
		*nul = ' ';
	return length;
}

const char *answer_parse(struct answer_part *part, void *datagram, size_t have)
{
	struct um_mconsole_reply head;

	if (have < UM_MCONSOLE_REPLY_HEAD)
		return "shorter than the header of an answer";
	memcpy(&head, datagram, UM_MCONSOLE_REPLY_HEAD);
	if (head.length > have - UM_MCONSOLE_REPLY_HEAD)
		return "cut off";
	part->err = head.err;
	part->more = head.more;
	part->text = (char *)datagram + UM_MCONSOLE_REPLY_HEAD;
	part->len = clean_text(part->text, head.length);
	return NULL;
}

const char *notification_parse(struct notification *notification, void *datagram, size_t have)
{
	struct um_mconsole_notify head;

	if (have < UM_MCONSOLE_NOTIFY_HEAD)
		return "shorter than the header of a notification";
	memcpy(&head, datagram, UM_MCONSOLE_NOTIFY_HEAD);
	if (head.magic != UM_MCONSOLE_MAGIC)
		return "another magic number";
	if (head.version != UM_MCONSOLE_VERSION)
		return "another version of the protocol";
	if (head.length > have - UM_MCONSOLE_NOTIFY_HEAD)
		return "cut off";
	notification->type = head.type;
	notification->text = (char *)datagram + UM_MCONSOLE_NOTIFY_HEAD;
	notification->len = clean_text(notification->text, head.length);
	return NULL;
}
