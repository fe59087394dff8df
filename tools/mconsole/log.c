// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include "../lib/log.h"

void log_line(const char *format, ...)
{
	va_list args;

	/* In order with what was printed. */
	fflush(stdout);
	fputs("uml_mconsole: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}
