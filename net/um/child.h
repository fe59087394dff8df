/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the processes have in common that serve a network device by a library which
 * the host may not have.  The guest starts its own executable again for each; it
 * gives frames through descriptor 0 and asks through descriptor 1, both ends of
 * sockets that keep messages apart.
 *
 * The process ends when one of these does: none of the functions that hear of that
 * return.
 */
#ifndef _UM_NET_CHILD_H
#define _UM_NET_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#define UM_CHILD_FRAME_MAX	(65536 + 18)
/* A line about what is wrong, or about what is served. */
#define UM_CHILD_WHY_MAX	512
#define UM_CHILD_ANSWER_MAX	(60 * 1024)

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
/* <sys/cdefs.h> has neither. */
#define __printf(format, args)	__attribute__((__format__(__printf__, format, args)))
#define __noreturn		__attribute__((__noreturn__))

/**
 * struct um_child_symbol - a function of a library
 * @name:	there
 * @pointer:	the variable that points to it here
 */
struct um_child_symbol {
	const char	*name;
	void		*pointer;
};

/* ---- the beginning ------------------------------------------------------- */

/* Gives up what is not needed; @name is for who looks at the host's processes. */
void um_child_start(const char *name);

/* Finds all of a library's functions, or fails with the Debian @package's name. */
void um_child_library(const char *file, const char *package,
		      const struct um_child_symbol *symbols, size_t count);

/* Ends the process after a line for the guest's log. */
__printf(1, 2)
__noreturn void um_child_fail(const char *format, ...);

/* All is set up.  @stats makes the text of an answer, to be freed, or NULL. */
__printf(2, 3)
void um_child_ready(char *(*stats)(void), const char *format, ...);

/* ---- waiting ------------------------------------------------------------- */

/* An empty set but for the descriptors above. */
void um_child_poll_begin(void);
/* Returns the descriptor's place in the set, or -1. */
int um_child_poll_add(int fd, int events);
/* What poll() has told of a place, which may be -1. */
int um_child_poll_events(int place);

/*
 * Until something happens, or for @timeout ms (-1: for ever); answers the guest's
 * questions.  0, or -1 if poll() failed.
 */
int um_child_poll(int timeout);

/* ---- frames -------------------------------------------------------------- */

/* Calls @input with each frame that has come from the guest, up to 32 at a time. */
void um_child_receive(void (*input)(const void *frame, size_t len));

/* A frame for the guest.  There is a queue, which is sent when it is long enough. */
void um_child_send(const void *frame, size_t len);
/* Sends as much of the queue as the guest takes now. */
void um_child_flush(void);
/* The queue is half full: the guest takes no more for now. */
bool um_child_is_crowded(void);
/* How many frames found no place in the queue. */
unsigned long um_child_dropped(void);

#endif /* _UM_NET_CHILD_H */
