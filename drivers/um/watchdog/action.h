/* SPDX-License-Identifier: GPL-2.0 */
/* What is done about a guest that hangs: watchdog=, and words of uml_watchdog. */
#ifndef _UM_WATCHDOG_ACTION_H
#define _UM_WATCHDOG_ACTION_H

enum watchdog_what {
	WATCHDOG_NONE,		/* nothing */
	WATCHDOG_NOTIFY,	/* it is told, as it is with all that follow */
	WATCHDOG_KILL,		/* SIGKILL */
	WATCHDOG_ABORT,		/* SIGABRT, so that there is a core */
	WATCHDOG_EXEC,		/* a command of the host's shell */
};

/**
 * struct watchdog_action - an action
 * @what:	to do
 * @command:	of WATCHDOG_EXEC, a part of the text; otherwise NULL
 */
struct watchdog_action {
	enum watchdog_what	what;
	const char		*command;
};

/* Returns NULL, or what is wrong with @text. */
const char *watchdog_action_parse(struct watchdog_action *action, const char *text);

#endif /* _UM_WATCHDOG_ACTION_H */
