// SPDX-License-Identifier: GPL-2.0
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <um/abi/watchdog.h>
#include "../lib/log.h"
#include "../lib/tools.h"
#include "../mconsole/status.h"
#include "arguments.h"

static const char help[] =
"Usage: uml_watchdog [OPTION]... UMID [ACTION]...\n"
"       uml_watchdog --pid PID [OPTION]...\n"
"\n"
"Ask a guest's management console every few seconds for its version, and do something\n"
"when there is no answer, until the guest ends.  With --pid watch a kernel, which tells\n"
"standard input that it lives: kernels start it so themselves, for /dev/watchdog.\n"
"\n"
"  -t, --timeout SECONDS  how long no answer, or no ping, is waited for: 1 to 3600 (60)\n"
"  -d, --dir DIR          where guests are, as given to them by uml_dir=; if not\n"
"                         given, $UML_DIR, or ~/.uml and /tmp/uml\n"
"      --once             end when something was done, with status 3\n"
"      --notify SOCKET    tell this socket, as \"uml_mconsole --listen SOCKET\" makes it\n"
"      --action ACTION    one more action\n"
"      --pid PID          the kernel's process\n"
"      --umid UMID        with --pid: the name of its guest\n"
"      --help, --version  this text; the version\n"
"\n"
"ACTION is one of these; all but none begin with a line on standard error, and with\n"
"what --notify says:\n"
"  notify        that is all (if no action is given)\n"
"  kill          kill the guest's kernel\n"
"  abort         end it by SIGABRT, which leaves a core where the host allows it\n"
"  exec:COMMAND  run a command of the shell, with UMID and PID in its environment\n"
"  none          do nothing\n"
"\n"
"Exit status: 0 the guest has ended, or asked for that; 2 wrong usage or no such guest;\n"
"3 with --once: the guest hangs.\n";

static bool read_number(const char *option, const char *text, unsigned long min,
			unsigned long max, unsigned long *value)
{
	char *end;

	*value = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && *value >= min && *value <= max)
		return true;
	log_line("%s %s: not a number from %lu to %lu", option, text, min, max);
	return false;
}

static bool add_action(struct arguments *args, const char *text)
{
	const char *why;

	if (args->count == ACTIONS_MAX) {
		log_line("%s: more than %d actions", text, ACTIONS_MAX);
		return false;
	}
	why = watchdog_action_parse(&args->actions[args->count++], text);
	if (why)
		log_line("%s: %s", text, why);
	return !why;
}

static bool finish(struct arguments *args, char **words)
{
	if (args->pid) {
		if (*words || args->dir) {
			log_line("%s: does not go with --pid (see --help)", *words ?: "--dir");
			return false;
		}
	} else {
		if (args->umid) {
			log_line("--umid: without --pid (see --help)");
			return false;
		}
		if (!*words) {
			log_line("the name of a guest is missing (see --help)");
			return false;
		}
		args->umid = *words++;
	}
	for (; *words; words++)
		if (!add_action(args, *words))
			return false;
	return args->count || add_action(args, "notify");
}

static bool parse_option(struct arguments *args, int c, char **argv)
{
	unsigned long value;

	switch (c) {
	case 'a':
		return add_action(args, optarg);
	case 'd':
		args->dir = optarg;
		return true;
	case 'n':
		args->notify = optarg;
		return true;
	case 'o':
		args->once = true;
		return true;
	case 'p':
		if (!read_number("--pid", optarg, 1, INT_MAX, &value))
			return false;
		args->pid = value;
		return true;
	case 't':
		if (!read_number("--timeout", optarg, UM_WATCHDOG_TIMEOUT_MIN,
				 UM_WATCHDOG_TIMEOUT_MAX, &value))
			return false;
		args->timeout = value;
		return true;
	case 'u':
		args->umid = optarg;
		return true;
	case ':':
		log_line("%s: its value is missing (see --help)", argv[optind - 1]);
		return false;
	default:
		log_line("%s: no such option (see --help)", argv[optind - 1]);
		return false;
	}
}

int arguments_parse(struct arguments *args, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "action", required_argument, NULL, 'a' },
		{ "dir", required_argument, NULL, 'd' },
		{ "notify", required_argument, NULL, 'n' },
		{ "once", no_argument, NULL, 'o' },
		{ "pid", required_argument, NULL, 'p' },
		{ "timeout", required_argument, NULL, 't' },
		{ "umid", required_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ }
	};
	int c;

	*args = (struct arguments) { .timeout = UM_WATCHDOG_TIMEOUT_DEFAULT };
	opterr = 0;
	/* One dash does as well, -pid as --pid. */
	while ((c = getopt_long_only(argc, argv, ":d:ht:", longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return STATUS_OK;
		}
		if (c == 'v') {
			printf("uml_watchdog %s\n", VERSION);
			return STATUS_OK;
		}
		if (!parse_option(args, c, argv))
			return STATUS_USAGE;
	}
	return finish(args, argv + optind) ? -1 : STATUS_USAGE;
}
