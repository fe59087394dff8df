/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs of the host that the port starts (arch/um/host/spawn.c).
 */
#ifndef _UM_SPAWN_H
#define _UM_SPAWN_H

#include <um/types.h>

/* No argument, and no path, is longer. */
#define HOST_PATH_MAX		4096

/*
 * Starts @argv[0], which is looked for where $PATH says unless it has a slash,
 * in a session of its own and with the environment of this process.
 * Its descriptors are @fds[0] to @fds[@nr_fds - 1] as 0 and up, at most 8; -1
 * is /dev/null.  It is nobody's child: there is nothing to reap.  Returns a
 * descriptor that is readable (HOST_POLLIN) once it has ended; or -errno, -ENOENT
 * when there is no such program.
 */
int host_spawn(const char *const argv[], const int *fds, int nr_fds);
/* Asks what host_spawn() has started to end (SIGTERM). */
int host_spawn_end(int pidfd);
/* Where @name is, beside this executable or in $PATH; -ENOENT. */
int host_find_program(const char *name, char *path, um_u64 len);

#endif /* _UM_SPAWN_H */
