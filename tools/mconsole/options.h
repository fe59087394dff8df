/* SPDX-License-Identifier: GPL-2.0 */
/* The command line of uml_mconsole. */
#ifndef MCONSOLE_OPTIONS_H
#define MCONSOLE_OPTIONS_H

#include <stdbool.h>

/**
 * struct options - what the command line asks for
 * @dir:	the directory of instances, or NULL for the usual ones
 * @json:	print JSON
 * @list:	list instances
 * @timeout:	milliseconds to wait for each part of an answer; 0: for ever
 * @patient:	nobody asked for a timeout: a command of exec may take its time
 * @listen:	socket for notifications, or NULL
 * @count:	how many notifications; 0: any number
 * @name:	of the instance, or NULL
 * @words:	of the command, ended by NULL
 */
struct options {
	const char	*dir;
	bool		json;
	bool		list;
	int		timeout;
	bool		patient;
	const char	*listen;
	unsigned long	count;
	const char	*name;
	char		**words;
};

/* Returns -1 to go on, or the status to exit with. */
int options_parse(struct options *options, int argc, char **argv);

#endif /* MCONSOLE_OPTIONS_H */
