/* SPDX-License-Identifier: GPL-2.0 */
/* The program of the host that watches this kernel. */
#ifndef _UM_WATCHDOG_PROGRAM_H
#define _UM_WATCHDOG_PROGRAM_H

/* Starts it, unless it runs; -errno after a line in the log. */
int watchdog_program_start(const char *action, unsigned int timeout);
/* As a ping; one that has ended is started anew.  -errno. */
int watchdog_program_ping(const char *action, unsigned int timeout);
/* Any context. */
void watchdog_program_stop(void);
/* Seconds until it does something. */
unsigned int watchdog_program_left(void);

#endif /* _UM_WATCHDOG_PROGRAM_H */
