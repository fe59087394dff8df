/* SPDX-License-Identifier: GPL-2.0 */
/* The command line. */
#ifndef UML_WATCHDOG_ARGUMENTS_H
#define UML_WATCHDOG_ARGUMENTS_H

#include <stdbool.h>
#include <sys/types.h>
#include <drivers/um/watchdog/action.h>

/* More than one are of no use but in this order: commands, then an end. */
#define ACTIONS_MAX	8

/**
 * struct arguments - what the command line asks for
 * @pid:	of a kernel, which talks to standard input; 0: a guest is asked
 * @umid:	name of the guest, or NULL
 * @timeout:	seconds
 * @dir:	where guests are, or NULL for the usual places
 * @notify:	socket that is told, or NULL
 * @once:	end when something was done
 * @actions:	what to do
 * @count:	how much of that
 */
struct arguments {
	pid_t			pid;
	const char		*umid;
	unsigned int		timeout;
	const char		*dir;
	const char		*notify;
	bool			once;
	struct watchdog_action	actions[ACTIONS_MAX];
	int			count;
};

/* Returns -1 to go on, or the status to exit with. */
int arguments_parse(struct arguments *args, int argc, char **argv);

#endif /* UML_WATCHDOG_ARGUMENTS_H */
