// SPDX-License-Identifier: GPL-2.0
/* The management console: the input is a request as it comes from the socket. */
#include <string.h>

#include <drivers/um/mconsole/request.h>
#include "fuzz.h"

static int trimmed(const char *text)
{
	size_t len = strlen(text);

	return !len || (!mconsole_blank(text[0]) && !mconsole_blank(text[len - 1]));
}

static void check_device(const char *args)
{
	struct mconsole_device d;
	const char *why = mconsole_parse_config(&d, args);
	enum mconsole_class list;

	if (mconsole_is_list(args, &list)) {
		must(list <= MCONSOLE_NR_CLASSES);
		must(list == MCONSOLE_NR_CLASSES ? !*args || !strcmp(args, "?") :
						   !strcmp(args, mconsole_classes[list].name));
		/* What is one is no device. */
		must(why);
	}
	if (why) {
		must(*why);
		must(mconsole_parse_remove(&d, args));
		return;
	}
	must(d.class < MCONSOLE_NR_CLASSES);
	must(d.unit >= -1 && d.unit < mconsole_classes[d.class].units);
	must((d.unit < 0) == !mconsole_classes[d.class].units);
	must(!strncmp(args, mconsole_classes[d.class].name, 3));
	must(d.flags > args && d.flags + d.flags_len <= args + strlen(args));
	must(!d.flags_len || mconsole_classes[d.class].flags);
	must(!d.value || (d.value == d.flags + d.flags_len + 1 && d.value[-1] == '=' && *d.value));
	must(!mconsole_parse_remove(&d, args) == (!d.value && d.class != MCONSOLE_MEM));
}

/* What is sent of it is what was given, in parts that an old client can take. */
static void check_reply(const char *text, size_t size)
{
	struct um_mconsole_reply reply;
	const char *at = text;
	um_u64 len = size;
	um_u32 i, n;

	do {
		const char *part = at;

		n = mconsole_reply(&reply, -1, &at, &len, 1);
		must(n <= sizeof(reply) && n == UM_MCONSOLE_REPLY_HEAD + reply.length);
		must(reply.length && !reply.data[reply.length - 1]);
		must(at == part + reply.length - 1 && at + len == text + size);
		for (i = 0; i < reply.length - 1; i++)
			must(reply.data[i] == (part[i] ?: ' '));
		must(!reply.more == !len);
	} while (reply.more);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mconsole_request request;
	const char *why = mconsole_parse(&request, data, size);

	must(request.verb <= MCONSOLE_NR_VERBS);
	must(trimmed(request.name) && trimmed(request.args));
	must(why || request.verb < MCONSOLE_NR_VERBS);
	must(request.verb == MCONSOLE_NR_VERBS ||
	     !strcmp(request.name, mconsole_commands[request.verb].name));
	if (request.verb == MCONSOLE_CONFIG || request.verb == MCONSOLE_REMOVE)
		check_device(request.args);
	check_reply((const char *)data, size);
	return 0;
}
