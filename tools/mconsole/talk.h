/* SPDX-License-Identifier: GPL-2.0 */
/* One request, and its answer. */
#ifndef MCONSOLE_TALK_H
#define MCONSOLE_TALK_H

#include <stddef.h>
#include "options.h"
#include "status.h"

/**
 * struct answer - what the guest said
 * @err:	0: it was done
 * @text:	all parts of it, to be freed
 * @len:	of @text
 */
struct answer {
	int	err;
	char	*text;
	size_t	len;
};

/*
 * Sends a text of at most UM_MCONSOLE_TEXT_MAX bytes to the instance @name and waits for
 * the answer.  @answer is there with STATUS_OK and STATUS_ERROR, if its text is not
 * NULL; otherwise a line said what went wrong.
 */
enum status talk(const struct options *options, const char *name, const char *text,
		 size_t len, struct answer *answer);

#endif /* MCONSOLE_TALK_H */
