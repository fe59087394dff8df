/* SPDX-License-Identifier: GPL-2.0 */
/* What comes from an instance, which is not believed before it is looked at. */
#ifndef MCONSOLE_ANSWER_H
#define MCONSOLE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <um/abi/mconsole.h>

/**
 * struct answer_part - a datagram of an answer
 * @err:	0: it was done
 * @more:	another part comes
 * @text:	where its text begins in the datagram
 * @len:	of the text
 */
struct answer_part {
	int	err;
	bool	more;
	char	*text;
	size_t	len;
};

/**
 * struct notification - a datagram that tells of something
 * @type:	enum um_mconsole_type, or another number
 * @text:	where its text begins in the datagram
 * @len:	of the text
 */
struct notification {
	int	type;
	char	*text;
	size_t	len;
};

/*
 * Both return NULL, or what is wrong with the @have bytes at @datagram.  The NUL
 * behind the text is left out, and others in it become blanks.
 */
const char *answer_parse(struct answer_part *part, void *datagram, size_t have);
const char *notification_parse(struct notification *notification, void *datagram, size_t have);

#endif /* MCONSOLE_ANSWER_H */
