/* SPDX-License-Identifier: GPL-2.0 */
#ifndef COW_LOCK_H
#define COW_LOCK_H

/*
 * Locks a whole file as the block driver does, by a lock of the open file
 * description; never waits.  0, also on file systems that have no locks, or -1.
 */
int lock_file(int fd, const char *path, int exclusive);

/*
 * Would such a lock be refused?  0: no, 1: yes; then *pid is who has the file
 * locked, or 0 where that is not known.
 */
int lock_conflict(int fd, int exclusive, int *pid);

#endif
