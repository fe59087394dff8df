// SPDX-License-Identifier: GPL-2.0
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include "action.h"

#define EXEC	"exec:"

const char *watchdog_action_parse(struct watchdog_action *action, const char *text)
{
	static const char * const words[] = {
		[WATCHDOG_NONE] = "none",
		[WATCHDOG_NOTIFY] = "notify",
		[WATCHDOG_KILL] = "kill",
		[WATCHDOG_ABORT] = "abort",
	};
	unsigned int i;

	action->command = NULL;
	for (i = 0; i < WATCHDOG_EXEC; i++) {
		if (!strcmp(text, words[i])) {
			action->what = i;
			return NULL;
		}
	}
	if (!*text)
		return "the action is missing";
	if (strncmp(text, EXEC, strlen(EXEC)))
		return "unknown action (there are notify, kill, abort, exec:COMMAND and none)";
	action->what = WATCHDOG_EXEC;
	action->command = text + strlen(EXEC);
	return *action->command ? NULL : "the command is missing";
}
