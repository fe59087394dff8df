/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the program does before it can be trusted: the caller chose its
 * environment, its open files, its signals.  And what it gives up.
 */
#ifndef NET_PRIVILEGE_H
#define NET_PRIVILEGE_H

#include "policy.h"

/* An empty environment, a known umask, descriptors 0 to 2 in use, default signals. */
void privilege_begin(void);

/* Closes all other descriptors but @keep, if it is one, whose new number it returns. */
int privilege_close_files(int keep);

/* The real user and the groups.  0, or -errno. */
int privilege_caller(struct caller *caller);

/*
 * From now on the process is the caller's, with CAP_NET_ADMIN and nothing else.
 * 0, or -errno: -EPERM when it has not even that.
 */
int privilege_drop(void);

/* Gives up CAP_NET_ADMIN, too.  0, or -errno. */
int privilege_drop_all(void);

/* In a child that stays: no terminal, no standard files but @keep, if not -1. */
void privilege_detach(int keep);

#endif /* NET_PRIVILEGE_H */
