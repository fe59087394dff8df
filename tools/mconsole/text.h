/* SPDX-License-Identifier: GPL-2.0 */
/* Text in memory, and text of others on its way to a terminal. */
#ifndef MCONSOLE_TEXT_H
#define MCONSOLE_TEXT_H

#include <stddef.h>
#include "../lib/tools.h"

/* As sprintf(), to be freed; it ends the program where there is no memory. */
__printf(1, 2) char *make_text(const char *format, ...);

/* Adds @len bytes to @text, which is NULL or to be freed, and has @size; with a NUL. */
char *add_text(char *text, size_t *size, const char *more, size_t len);

/*
 * Prints what a guest said.  A terminal gets no character that it would obey but
 * those in @allowed; they appear as \x1b.
 */
void print_text(const char *text, const char *allowed);

#endif /* MCONSOLE_TEXT_H */
