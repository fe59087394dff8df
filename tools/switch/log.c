// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>
#include "log.h"

#define CLIENT_LINES_PER_SECOND	10

bool log_verbose;
static bool use_syslog;

void log_to_syslog(void)
{
	openlog("uml_switch", LOG_PID, LOG_DAEMON);
	use_syslog = true;
}

static void log_args(const char *format, va_list args)
{
	char line[1024];

	vsnprintf(line, sizeof(line), format, args);
	if (use_syslog)
		syslog(LOG_NOTICE, "%s", line);
	else
		fprintf(stderr, "uml_switch: %s\n", line);
}

void log_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_args(format, args);
	va_end(args);
}

void log_client(const char *format, ...)
{
	static unsigned long left_out;
	static unsigned int lines;
	static time_t second;
	time_t now = time(NULL);
	va_list args;

	if (now != second) {
		second = now;
		lines = 0;
		if (left_out)
			log_line("%lu more lines like the last ones", left_out);
		left_out = 0;
	}
	if (++lines > CLIENT_LINES_PER_SECOND) {
		left_out++;
		return;
	}
	va_start(args, format);
	log_args(format, args);
	va_end(args);
}

void log_detail(const char *format, ...)
{
	va_list args;

	if (!log_verbose)
		return;
	va_start(args, format);
	log_args(format, args);
	va_end(args);
}
