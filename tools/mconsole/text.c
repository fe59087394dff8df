// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../lib/json.h"
#include "../lib/log.h"
#include "status.h"
#include "text.h"

__noreturn
static void no_memory(void)
{
	log_line("there is no memory");
	exit(STATUS_USAGE);
}

char *make_text(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		no_memory();
	va_end(args);
	return text;
}

char *add_text(char *text, size_t *size, const char *more, size_t len)
{
	text = realloc(text, *size + len + 1);
	if (!text)
		no_memory();
	memcpy(text + *size, more, len);
	*size += len;
	text[*size] = 0;
	return text;
}

/* Control characters of ASCII, and those that UTF-8 has beside them. */
static int is_control(const unsigned char *p)
{
	return *p < ' ' || *p == 0x7f || (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0);
}

void print_text(const char *text, const char *allowed)
{
	const unsigned char *p = (const unsigned char *)text;

	if (!isatty(STDOUT_FILENO)) {
		fputs(text, stdout);
		return;
	}
	while (*p) {
		int n = utf8_len(p);

		if (n && (strchr(allowed, *p) || !is_control(p)))
			fwrite(p, 1, n, stdout);
		else
			printf("\\x%02x", *p);
		p += n ?: 1;
	}
}
