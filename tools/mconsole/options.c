// SPDX-License-Identifier: GPL-2.0
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <um/abi/mconsole.h>
#include "../lib/log.h"
#include "options.h"
#include "status.h"

#define TIMEOUT_DEFAULT	30000	/* ms */
#define TIMEOUT_MAX	1000000	/* s */

static const char help[] =
"Usage: uml_mconsole [OPTION]... UMID [COMMAND [ARGUMENT]...]\n"
"       uml_mconsole [OPTION]... --list\n"
"       uml_mconsole [OPTION]... --listen SOCKET\n"
"\n"
"Talk to the management console of a guest, which is named by its umid= or by the\n"
"path of its socket. Without a command take commands from standard input; without\n"
"UMID, list the guests that run.\n"
"\n"
"  -d, --dir DIR          where guests are, as given to them by uml_dir=; if not\n"
"                         given, $UML_DIR, or ~/.uml and /tmp/uml\n"
"  -j, --json             print JSON: an object for each answer, guest, or\n"
"                         notification\n"
"  -l, --list             list the guests that run\n"
"  -t, --timeout SECONDS  how long to wait for an answer (30; for exec for ever), 0\n"
"                         for ever; with --listen: for a notification (for ever)\n"
"      --listen SOCKET    print what guests with mconsole=notify:SOCKET tell\n"
"      --count N          end after N notifications\n"
"      --help, --version  this text; the version\n"
"\n"
"\"uml_mconsole UMID help\" lists the commands.\n"
"\n"
"Exit status: 0 done, 1 the guest answered with an error, 2 wrong usage or no such\n"
"guest, 3 no answer in time; of exec, the command's own if it ran.\n";

static int bad_value(const char *option, const char *value, const char *why)
{
	log_line("%s %s: %s", option, value, why);
	return STATUS_USAGE;
}

static int read_timeout(struct options *options, const char *value)
{
	char *end;
	double seconds = strtod(value, &end);

	/* Nor is "not a number" greater than anything. */
	if (end == value || *end || !(seconds >= 0 && seconds <= TIMEOUT_MAX))
		return bad_value("--timeout", value, "not a number of seconds from 0 to 1000000");
	options->timeout = seconds * 1000;
	/* What is too short to be counted is not for ever. */
	if (seconds > 0 && !options->timeout)
		options->timeout = 1;
	return -1;
}

static int read_count(struct options *options, const char *value)
{
	char *end;

	options->count = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || !options->count)
		return bad_value("--count", value, "not a number from 1");
	return -1;
}

static int finish(struct options *options, char **words)
{
	options->patient = options->timeout < 0;
	if (options->patient)
		options->timeout = options->listen ? 0 : TIMEOUT_DEFAULT;
	if (options->count && !options->listen) {
		log_line("--count: without --listen");
		return STATUS_USAGE;
	}
	if ((options->list || options->listen) && *words) {
		log_line("%s: one word too many for %s (see --help)", *words,
			 options->list ? "--list" : "--listen");
		return STATUS_USAGE;
	}
	if (options->list && options->listen) {
		log_line("--list and --listen: one of them, please");
		return STATUS_USAGE;
	}
	options->name = *words;
	options->words = *words ? words + 1 : words;
	options->list = !options->name && !options->listen;
	return -1;
}

int options_parse(struct options *options, int argc, char **argv)
{
	enum { LISTEN = 256, COUNT };
	static const struct option longs[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "list", no_argument, NULL, 'l' },
		{ "timeout", required_argument, NULL, 't' },
		{ "listen", required_argument, NULL, LISTEN },
		{ "count", required_argument, NULL, COUNT },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ }
	};
	int c, status = -1;

	options->timeout = -1;
	opterr = 0;
	/* What follows UMID is the command's, and may begin with a dash. */
	while (status < 0 && (c = getopt_long(argc, argv, "+:d:hjlt:", longs, NULL)) != -1) {
		switch (c) {
		case 'd':
			options->dir = optarg;
			break;
		case 'j':
			options->json = true;
			break;
		case 'l':
			options->list = true;
			break;
		case 't':
			status = read_timeout(options, optarg);
			break;
		case LISTEN:
			options->listen = optarg;
			break;
		case COUNT:
			status = read_count(options, optarg);
			break;
		case 'h':
			fputs(help, stdout);
			return STATUS_OK;
		case 'v':
			printf("uml_mconsole %s, protocol %d\n", VERSION, UM_MCONSOLE_VERSION);
			return STATUS_OK;
		case ':':
			log_line("%s: its value is missing (see --help)", argv[optind - 1]);
			return STATUS_USAGE;
		default:
			if (optopt && optopt < LISTEN)
				log_line("-%c: no such option (see --help)", optopt);
			else
				log_line("%s: no such option (see --help)", argv[optind - 1]);
			return STATUS_USAGE;
		}
	}
	return status < 0 ? finish(options, argv + optind) : status;
}
