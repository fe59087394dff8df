/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lines from a terminal, with history and completion: by libedit, which has the same
 * functions as readline, and a license that goes with that of the kernel.
 */
#ifndef MCONSOLE_EDIT_H
#define MCONSOLE_EDIT_H

#include "session.h"

/* A line to be freed, without its end; NULL at the end of input. */
char *edit_line(const struct session *session, const char *prompt);

#endif /* MCONSOLE_EDIT_H */
