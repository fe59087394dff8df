// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <um/abi/uml_net.h>
#include "../lib/tools.h"
#include "../lib/tun.h"
#include "address.h"
#include "args.h"

#define FD_MAX		1048575		/* what a process can have, by default */

/**
 * struct command - a command line without its version
 * @words:	what it begins with
 * @operands:	a letter for each that follows: see parse_operand(); those after
 *		'?' may be missing
 * @since:	the first version that has it
 * @until:	the last one
 * @op:		what it asks for
 * @form:	of its answer
 */
struct command {
	const char		*words[2];
	const char		*operands;
	unsigned int		since;
	unsigned int		until;
	enum request_op		op;
	enum answer_form	form;
};

static const struct command commands[] = {
	{ { "tuntap", "up" }, "g?v", 4, 4, REQUEST_TUNTAP, ANSWER_TUNTAP },
	{ { "tuntap", "up" }, "-g", 3, 3, REQUEST_TUNTAP, ANSWER_TUNTAP },
	{ { "tuntap", "add" }, "dam", 3, 4, REQUEST_ADD, ANSWER_LOG },
	{ { "tuntap", "del" }, "dam", 3, 4, REQUEST_DEL, ANSWER_LOG },
	{ { "add", NULL }, "dam", 4, 4, REQUEST_ADD, ANSWER_LOG },
	{ { "del", NULL }, "dam", 4, 4, REQUEST_DEL, ANSWER_LOG },
	{ { "slip", "up" }, "g", 3, 4, REQUEST_SLIP_UP, ANSWER_LOG },
	{ { "slip", "down" }, "d", 3, 4, REQUEST_SLIP_DOWN, ANSWER_LOG },
	{ { "ethertap", NULL }, "df?g", 3, 4, REQUEST_ETHERTAP, ANSWER_ETHERTAP },
};

__printf(2, 3)
static int wrong(char why[ARGS_WHY_MAX], const char *format, ...)
{
	va_list args;
	char *byte;

	va_start(args, format);
	vsnprintf(why, ARGS_WHY_MAX, format, args);
	va_end(args);
	/* It goes to a terminal, and has words of somebody else in it. */
	for (byte = why; *byte; byte++)
		if (!isprint((unsigned char)*byte))
			*byte = '?';
	return -1;
}

/* Decimal digits alone; -1 for anything else. */
static long parse_number(const char *text, long max)
{
	size_t digits = strspn(text, "0123456789");
	long number;

	if (!digits || text[digits] || digits > 9)
		return -1;
	number = strtol(text, NULL, 10);
	return number <= max ? number : -1;
}

static int parse_unicast(in_addr_t *addr, const char *operand, const char *text,
			 char why[ARGS_WHY_MAX])
{
	if (!address_parse(text, addr))
		return wrong(why, "%s %.64s: no address of IPv4", operand, text);
	if (!address_is_unicast(*addr))
		return wrong(why, "%s %s: no address that one machine can have", operand, text);
	return 0;
}

/* A name is a part of paths in /proc/sys, too. */
static int parse_dev(char dev[IFNAMSIZ], const char *text, char why[ARGS_WHY_MAX])
{
	const char *bad = tun_bad_name(text), *byte;

	for (byte = text; !bad && *byte; byte++)
		if (!isalnum((unsigned char)*byte) && !strchr("._-", *byte))
			bad = "a name has letters, digits, '.', '_' and '-' only";
	if (bad)
		return wrong(why, "DEV %.64s: %s", text, bad);
	memcpy(dev, text, strlen(text) + 1);
	return 0;
}

static int parse_operand(struct request *request, char operand, const char *text,
			 char why[ARGS_WHY_MAX])
{
	switch (operand) {
	case 'd':
		return parse_dev(request->dev, text, why);
	case 'g':
		return parse_unicast(&request->gate, "GATE", text, why);
	case 'a':
		return parse_unicast(&request->addr, "ADDR", text, why);
	case 'm':
		if (!address_parse(text, &request->mask) || !address_is_mask(request->mask))
			return wrong(why, "MASK %.64s: no netmask of IPv4", text);
		return 0;
	case 'f':
		request->data_fd = parse_number(text, FD_MAX);
		if (request->data_fd <= STDERR_FILENO)
			return wrong(why, "DATAFD %.64s: no descriptor from 3 on", text);
		return 0;
	case 'v':
		if (strcmp(text, UM_NET_VNET))
			return wrong(why, "%.64s: one word too many (see --help)", text);
		request->vnet = true;
		return 0;
	default:
		return 0;
	}
}

/* How the usage of a command has it. */
static const char *operand_name(char operand)
{
	switch (operand) {
	case 'g':
		return "GATE";
	case 'a':
		return "ADDR";
	case 'm':
		return "MASK";
	case 'f':
		return "DATAFD";
	default:
		return "DEV";
	}
}

static int parse_operands(struct request *request, const char *operands, char **argv,
			  char why[ARGS_WHY_MAX])
{
	bool optional = false;

	for (; *operands; operands++) {
		if (*operands == '?') {
			optional = true;
			continue;
		}
		if (!*argv) {
			if (optional)
				return 0;
			return wrong(why, "%s is missing (see --help)", operand_name(*operands));
		}
		if (parse_operand(request, *operands, *argv++, why))
			return -1;
	}
	if (*argv)
		return wrong(why, "%.64s: one word too many (see --help)", *argv);
	return 0;
}

static bool is_command(const struct command *command, char **argv)
{
	if (strcmp(argv[0], command->words[0]))
		return false;
	return !command->words[1] || (argv[1] && !strcmp(argv[1], command->words[1]));
}

static int parse_command(struct request *request, char **argv, char why[ARGS_WHY_MAX])
{
	const struct command *command, *begins = NULL;

	for (command = commands; command < commands + ARRAY_SIZE(commands); command++) {
		if (request->version < command->since || request->version > command->until)
			continue;
		if (!strcmp(argv[0], command->words[0]))
			begins = command;
		if (!is_command(command, argv))
			continue;
		request->op = command->op;
		request->form = command->form;
		return parse_operands(request, command->operands,
				      argv + (command->words[1] ? 2 : 1), why);
	}
	if (!begins)
		return wrong(why, "%.64s: version %u has no such request (see --help)", argv[0],
			     request->version);
	request->form = ANSWER_LOG;
	if (!argv[1])
		return wrong(why, "%s: what to do is missing (see --help)", argv[0]);
	return wrong(why, "%s %.64s: version %u has no such request (see --help)", argv[0],
		     argv[1], request->version);
}

int args_parse(struct request *request, char **argv, char why[ARGS_WHY_MAX])
{
	long version;

	*request = (struct request){ .data_fd = -1 };
	/* Somebody may have called with no words at all, not even a name. */
	if (!argv[0] || !argv[1])
		return wrong(why, "a version is missing (see --help)");
	argv++;
	if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "--version")) {
		request->op = argv[0][2] == 'h' ? REQUEST_HELP : REQUEST_VERSION;
		return 0;
	}
	version = parse_number(argv[0], 999999999);
	if (version < 0)
		return wrong(why, "%.64s: no version of the protocol (see --help)", argv[0]);
	if (version < UM_NET_VERSION_MIN || version > UM_NET_VERSION)
		return wrong(why, "version %ld: only %d and %d are served", version,
			     UM_NET_VERSION_MIN, UM_NET_VERSION);
	request->version = version;
	if (!argv[1])
		return wrong(why, "version %ld: what to do is missing (see --help)", version);
	return parse_command(request, argv + 1, why);
}
