/* SPDX-License-Identifier: GPL-2.0 */
/* Commands: those for the guest, and those that the client knows itself. */
#ifndef MCONSOLE_SESSION_H
#define MCONSOLE_SESSION_H

#include "options.h"
#include "status.h"

/**
 * struct session - what commands are for
 * @options:	of the command line
 * @name:	of the instance, to be freed
 * @quit:	no more commands are wanted
 */
struct session {
	const struct options	*options;
	char			*name;
	bool			quit;
};

/* The client's own commands, for help and completion. */
struct local_command {
	const char	*name;
	const char	*args;
	const char	*help;
	enum status	(*run)(struct session *session, const char *args);
};

extern const struct local_command local_commands[];
extern const int nr_local_commands;

/* Makes @name the instance, if it is there. */
enum status session_switch(struct session *session, const char *name);

/* Obeys a command of @len bytes, behind which is a NUL, and prints the answer. */
enum status session_command(struct session *session, const char *command, size_t len);

/* Obeys what comes from standard input, up to its end. */
enum status session_shell(struct session *session);

#endif /* MCONSOLE_SESSION_H */
