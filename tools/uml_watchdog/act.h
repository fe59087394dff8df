/* SPDX-License-Identifier: GPL-2.0 */
/* What is done about a guest that hangs. */
#ifndef UML_WATCHDOG_ACT_H
#define UML_WATCHDOG_ACT_H

#include <stdbool.h>
#include <sys/types.h>
#include "arguments.h"

/**
 * struct guest - who is watched
 * @umid:	its name, or NULL
 * @pid:	its process, or 0 where that is not known
 * @pidfd:	the same, which stays that one; or -1
 */
struct guest {
	const char	*umid;
	pid_t		pid;
	int		pidfd;
};

/* Finds @pid, whose end is seen from now on.  0, or -errno. */
int guest_open(struct guest *guest, pid_t pid);
/* Waits for its end, for @ms at most, or for ever with -1.  Has it? */
bool guest_wait_end(const struct guest *guest, int ms);
/* Did a signal, or does a debugger, stop it?  Then it is no wonder what it does not do. */
bool guest_is_stopped(const struct guest *guest);
/* "debian (process 4711)" */
void guest_text(const struct guest *guest, char *text, size_t size);

/*
 * Does what @args wants, because of @why ("no ping").  With @wait, commands are waited
 * for before the next action.
 */
void act(const struct arguments *args, const struct guest *guest, const char *why, bool wait);

#endif /* UML_WATCHDOG_ACT_H */
