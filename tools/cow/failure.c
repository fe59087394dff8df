// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "failure.h"

/* Room for two paths and some words. */
static char line[2 * 4096 + 512];

static void keep(const char *format, va_list ap)
{
	char *p;

	vsnprintf(line, sizeof(line), format, ap);
	for (p = line; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}

int fail(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	keep(format, ap);
	va_end(ap);
	return -1;
}

const char *failure(void)
{
	return line;
}

int report_failure(void)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, line);
	return 1;
}

int usage_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	keep(format, ap);
	va_end(ap);
	fprintf(stderr, "%s: %s (see %s --help)\n", program_invocation_short_name, line,
		program_invocation_short_name);
	return 2;
}

int finish_stdout(void)
{
	if (!ferror(stdout) && !fflush(stdout))
		return 0;
	fail("standard output: %m");
	return report_failure();
}
