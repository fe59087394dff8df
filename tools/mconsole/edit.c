// SPDX-License-Identifier: GPL-2.0
#include <editline/readline.h>
#include <stdlib.h>
#include <string.h>
#include "complete.h"
#include "edit.h"

/* The library's functions have no argument of ours. */
static const struct session *edit_session;
static struct candidates candidates;

/* All of them in turn, as the library asks for them: each is freed by it. */
static char *next_candidate(const char *text, int state)
{
	(void)text;
	return state < candidates.count ? strdup(candidates.word[state]) : NULL;
}

static char **complete_word(const char *text, int start, int end)
{
	char **matches = NULL;

	(void)end;
	complete(edit_session, &candidates, rl_line_buffer, start, text);
	/* No file is meant where none is found here. */
	rl_attempted_completion_over = !candidates.files;
	rl_completion_append_character = candidates.goes_on ? 0 : ' ';
	if (candidates.count)
		matches = rl_completion_matches(text, next_candidate);
	candidates_free(&candidates);
	return matches;
}

char *edit_line(const struct session *session, const char *prompt)
{
	char *line;

	edit_session = session;
	rl_readline_name = "uml_mconsole";
	rl_attempted_completion_function = complete_word;
	line = readline(prompt);
	if (line && *line)
		add_history(line);
	return line;
}
