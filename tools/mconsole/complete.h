/* SPDX-License-Identifier: GPL-2.0 */
/* What a word of a command can be. */
#ifndef MCONSOLE_COMPLETE_H
#define MCONSOLE_COMPLETE_H

#include "session.h"

/**
 * struct candidates - words
 * @word:	each to be freed, as the array
 * @count:	how many
 * @files:	any file is one, besides
 * @goes_on:	more belongs to the word, as the number of a device
 */
struct candidates {
	char	**word;
	int	count;
	bool	files;
	bool	goes_on;
};

/* Finds those for the word that begins with @text, which is at @line + @start. */
void complete(const struct session *session, struct candidates *candidates, const char *line,
	      int start, const char *text);

void candidates_free(struct candidates *candidates);

#endif /* MCONSOLE_COMPLETE_H */
