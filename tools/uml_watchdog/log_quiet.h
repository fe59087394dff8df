/* SPDX-License-Identifier: GPL-2.0 */
#ifndef UML_WATCHDOG_LOG_QUIET_H
#define UML_WATCHDOG_LOG_QUIET_H

#include <stdbool.h>

/* log_line() does nothing. */
extern bool log_quiet;

#endif /* UML_WATCHDOG_LOG_QUIET_H */
