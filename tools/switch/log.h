/* SPDX-License-Identifier: GPL-2.0 */
/* What the switch has to say: on standard error, as a daemon to syslog. */
#ifndef SWITCH_LOG_H
#define SWITCH_LOG_H

#include <stdbool.h>
#include "../lib/log.h"

/* From now on to syslog. */
void log_to_syslog(void);

/* Says what log_detail() is given, too. */
extern bool log_verbose;

/* Of events that a client can cause: no more than a few in a second. */
__printf(1, 2) void log_client(const char *format, ...);
__printf(1, 2) void log_detail(const char *format, ...);

#endif /* SWITCH_LOG_H */
