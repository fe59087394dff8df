// SPDX-License-Identifier: GPL-2.0
/* Built instead of edit.c where the library is missing. */
#include <stdio.h>
#include <stdlib.h>
#include "edit.h"

char *edit_line(const struct session *session, const char *prompt)
{
	size_t size = 0;
	char *line = NULL;
	ssize_t len;

	(void)session;
	fputs(prompt, stdout);
	fflush(stdout);
	len = getline(&line, &size, stdin);
	if (len < 0) {
		free(line);
		return NULL;
	}
	if (len && line[len - 1] == '\n')
		line[len - 1] = 0;
	return line;
}
