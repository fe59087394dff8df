// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "edit.h"
#include "session.h"
#include "text.h"

static bool is_blank(const char *line, size_t len)
{
	while (len && strchr(" \t\r\n", line[len - 1]))
		len--;
	return !len;
}

/* From a terminal: how a command ended is seen there. */
static enum status shell_terminal(struct session *session)
{
	while (!session->quit) {
		char *prompt = make_text("(%s) ", session->name);
		char *line = edit_line(session, prompt);

		free(prompt);
		if (!line) {
			putchar('\n');
			break;
		}
		if (!is_blank(line, strlen(line)))
			session_command(session, line, strlen(line));
		free(line);
	}
	return STATUS_OK;
}

/* From a file or a pipe: as with a shell, the last command decides. */
static enum status shell_script(struct session *session)
{
	enum status status = STATUS_OK;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while (!session->quit && (len = getline(&line, &size, stdin)) >= 0)
		if (!is_blank(line, len))
			status = session_command(session, line, len);
	free(line);
	return status;
}

enum status session_shell(struct session *session)
{
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return shell_terminal(session);
	return shell_script(session);
}
