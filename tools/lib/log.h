/* SPDX-License-Identifier: GPL-2.0 */
/* A line for the user, of which each program has its own kind. */
#ifndef TOOLS_LOG_H
#define TOOLS_LOG_H

#include "tools.h"

/* Begins with the program's name, and goes where its messages go. */
__printf(1, 2) void log_line(const char *format, ...);

#endif /* TOOLS_LOG_H */
