// SPDX-License-Identifier: GPL-2.0
#include <editline/readline.h>
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include "complete.h"
#include "edit.h"

#define CTRL_D		4

/* The library's functions have no argument of ours. */
static const struct session *edit_session;
static struct candidates candidates;

/*
 * The next character, or -1 at the end.  A Ctrl-D that was typed before the terminal
 * was switched to single characters is a NUL by then, which the library would wait
 * for the rest of.
 */
static int read_key(FILE *from)
{
	mbstate_t state = { };
	wchar_t key;
	char byte;
	ssize_t n;

	for (;;) {
		n = read(fileno(from), &byte, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		if (!byte)
			return CTRL_D;
		switch (mbrtowc(&key, &byte, 1, &state)) {
		case (size_t)-2:
			break;
		case (size_t)-1:
			memset(&state, 0, sizeof(state));
			break;
		default:
			return key;
		}
	}
}

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

	if (!edit_session)
		setlocale(LC_CTYPE, "");
	edit_session = session;
	rl_readline_name = "uml_mconsole";
	rl_getc_function = read_key;
	rl_attempted_completion_function = complete_word;
	line = readline(prompt);
	if (line && *line)
		add_history(line);
	return line;
}
