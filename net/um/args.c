// SPDX-License-Identifier: GPL-2.0
/*
 * The parts of an option, and what they are.  Pure: tests use it as it is.
 */
#include "args.h"

int um_args_split(struct um_args *args, char *text)
{
	int i;

	args->nr = 0;
	for (;;) {
		if (args->nr == UM_ARGS_MAX - 1)
			return -1;
		args->arg[args->nr++] = text;
		while (*text && *text != ',')
			text++;
		if (!*text)
			break;
		*text++ = 0;
	}
	for (i = args->nr; i < UM_ARGS_MAX; i++)
		args->arg[i] = text;
	return 0;
}

void um_args_insert(struct um_args *args, int at)
{
	int i;

	/* The last one is never used, and empty. */
	for (i = UM_ARGS_MAX - 1; i > at; i--)
		args->arg[i] = args->arg[i - 1];
	args->arg[at] = "";
	if (args->nr < UM_ARGS_MAX)
		args->nr++;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int um_args_mac(const char *text, unsigned char *mac)
{
	int i;

	for (i = 0; i < 6; i++) {
		int value = hex(*text);

		if (value < 0)
			return -1;
		text++;
		if (hex(*text) >= 0)
			value = value * 16 + hex(*text++);
		mac[i] = value;
		if (*text++ != (i < 5 ? ':' : 0))
			return -1;
	}
	return 0;
}

/* Up to @end. */
static long number(const char **text, char end, long max)
{
	long value = 0;

	if (**text < '0' || **text > '9')
		return -1;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		value = value * 10 + **text - '0';
		if (value > max)
			return -1;
	}
	if (**text != end)
		return -1;
	if (end)
		(*text)++;
	return value;
}

long um_args_number(const char *text, long min, long max)
{
	long value = number(&text, 0, max);

	return value < min ? -1 : value;
}

int um_args_ipv4(const char *text, unsigned char *addr)
{
	int i;

	for (i = 0; i < 4; i++) {
		long value = number(&text, i < 3 ? '.' : 0, 255);

		if (value < 0)
			return -1;
		addr[i] = value;
	}
	return 0;
}
