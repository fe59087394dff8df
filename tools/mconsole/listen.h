/* SPDX-License-Identifier: GPL-2.0 */
/* Notifications of guests that were started with mconsole=notify:SOCKET. */
#ifndef MCONSOLE_LISTEN_H
#define MCONSOLE_LISTEN_H

#include "options.h"
#include "status.h"

/* Prints them until a signal comes, or there are as many as were asked for. */
enum status listen_run(const struct options *options);

#endif /* MCONSOLE_LISTEN_H */
