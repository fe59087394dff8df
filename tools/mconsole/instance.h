/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Instances: each has a directory of its name, with the files "pid" and "mconsole",
 * in one of a few directories.
 */
#ifndef MCONSOLE_INSTANCE_H
#define MCONSOLE_INSTANCE_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct instance - one that was found
 * @path:	of its socket
 * @file:	the same, opened as a path, so that it stays what was found
 */
struct instance {
	char	*path;
	int	file;
};

/*
 * Finds the instance @name in @dir, or where they usually are if that is NULL; or by
 * the path of its socket.  Returns a socket that is connected to its console, so that
 * no other can send to it, and that has an address for the answer; or -1 after a line
 * said why not.
 */
int instance_open(struct instance *instance, const char *dir, const char *name);

/* Is its console still there? */
bool instance_is_live(const struct instance *instance);

/* The pid that it wrote, or 0. */
pid_t instance_pid(const struct instance *instance);

/* Frees what instance_open() found; its socket is the caller's. */
void instance_close(struct instance *instance);

/**
 * struct listed - an instance that runs
 * @name:	of the instance
 * @pid:	that it wrote, or 0
 * @path:	of its console, or NULL where it has none
 */
struct listed {
	const char	*name;
	pid_t		pid;
	const char	*path;
};

/*
 * Calls @fn for each instance that runs in @dir, or where they usually are.  Returns 0,
 * or -1 after a line said which directory cannot be read.
 */
int instance_list(const char *dir, void (*fn)(const struct listed *listed, void *arg), void *arg);

#endif /* MCONSOLE_INSTANCE_H */
