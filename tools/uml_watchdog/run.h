/* SPDX-License-Identifier: GPL-2.0 */
/* The two ways to watch.  Both return the status to exit with. */
#ifndef UML_WATCHDOG_RUN_H
#define UML_WATCHDOG_RUN_H

#include "arguments.h"

/* A kernel, which started us. */
int kernel_run(struct arguments *args);
/* A guest that somebody else started. */
int guest_run(const struct arguments *args);

#endif /* UML_WATCHDOG_RUN_H */
