/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What went wrong, in one line.
 *
 * A function that fails says why by fail(), cleans up and returns -1; the program
 * prints the line, or puts it where it belongs, when it knows what to do.
 */
#ifndef COW_FAILURE_H
#define COW_FAILURE_H

/* Keeps the line; "%m" is the error in errno.  Always -1. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The last line that was kept, without characters that a terminal would obey. */
const char *failure(void);
/* "program: line" on stderr; the program's exit status 1. */
int report_failure(void);
/* A usage error: the line and where to find help; exit status 2. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Standard output is complete?  An exit status; to be called at the end. */
int finish_stdout(void);

#endif
