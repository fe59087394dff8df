// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to the management console.
 *
 * A request comes from whoever may write to the socket: nothing in it is believed
 * before it is looked at, and its text is copied only once.
 */
#include "request.h"

/* The text into @request, with a NUL behind it. */
static const char *mconsole_take(struct mconsole_request *request, const um_u8 *bytes,
				 um_u64 have)
{
	um_u32 head[3];

	if (have < UM_MCONSOLE_REQUEST_HEAD)
		return "no request: shorter than the header of one";
	__builtin_memcpy(head, bytes, sizeof(head));
	if (head[0] != UM_MCONSOLE_MAGIC)
		return "no request: the magic number is another";
	if (head[1] != UM_MCONSOLE_VERSION)
		return "the request has another version of the protocol; here it is 2";
	if (head[2] > UM_MCONSOLE_TEXT_MAX)
		return "the request is too long: a text has at most 511 bytes";
	if (head[2] > have - UM_MCONSOLE_REQUEST_HEAD)
		return "the request is cut off: it says that it is longer than what came";
	__builtin_memcpy(request->text, bytes + UM_MCONSOLE_REQUEST_HEAD, head[2]);
	request->text[head[2]] = 0;

	/* NULs may be counted, but they end the text. */
	while (head[2] && !request->text[head[2] - 1])
		head[2]--;
	while (head[2])
		if (!request->text[--head[2]])
			return "the request has a NUL in its text";
	return (void *)0;
}

static void mconsole_trim_end(char *text)
{
	char *end = text;

	while (*end)
		end++;
	while (end > text && mconsole_blank(end[-1]))
		end--;
	*end = 0;
}

static char *mconsole_skip_blanks(char *text)
{
	while (mconsole_blank(*text))
		text++;
	return text;
}

/* Parts the text into name and arguments. */
static void mconsole_split(struct mconsole_request *request)
{
	char *at = mconsole_skip_blanks(request->text);

	mconsole_trim_end(at);
	request->name = at;
	while (*at && !mconsole_blank(*at))
		at++;
	if (*at)
		*at++ = 0;
	request->args = mconsole_skip_blanks(at);
}

/**
 * mconsole_parse() - understand a request
 * @request:	filled in as far as it is understood, so that a reply can name it
 * @datagram:	what came, at any address
 * @have:	its length in bytes
 *
 * Returns NULL, or why it cannot be obeyed.
 */
const char *mconsole_parse(struct mconsole_request *request, const void *datagram, um_u64 have)
{
	const struct mconsole_command *command;
	const char *why;

	request->verb = MCONSOLE_NR_VERBS;
	request->name = "";
	request->args = "";
	why = mconsole_take(request, datagram, have);
	if (why)
		return why;
	mconsole_split(request);
	if (!*request->name)
		return "the request is empty";
	request->verb = mconsole_find(request->name);
	if (request->verb == MCONSOLE_NR_VERBS)
		return "no such command (help lists them)";

	command = &mconsole_commands[request->verb];
	if (*request->args && !command->args)
		return "takes no arguments";
	if (!*request->args && command->args && !command->optional)
		return "an argument is missing (help tells which)";
	return (void *)0;
}
