/* SPDX-License-Identifier: GPL-2.0 */
/* How far a long job is, and whether it is to stop. */
#ifndef COW_PROGRESS_H
#define COW_PROGRESS_H

#include <um/types.h>

/* From here on signals only ask to stop: see progress(). */
void progress_begin(const char *what);
/* Shows @done of @all, on a terminal and not too often.  -1: a signal came. */
int progress(um_u64 done, um_u64 all);
/* Removes what was shown. */
void progress_end(void);
/* Ends the program by the signal that came, if one did. */
void progress_raise(void);

#endif
