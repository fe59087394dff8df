/* SPDX-License-Identifier: GPL-2.0 */
/* Reading, writing and copying at places of files; errors are in errno. */
#ifndef COW_IO_H
#define COW_IO_H

#include <um/types.h>

/* All bytes, or those that the file has; -1: failed. */
long read_at(int fd, void *buf, um_u64 len, um_u64 off);
/* All bytes; -1: failed. */
int write_at(int fd, const void *buf, um_u64 len, um_u64 off);
/* From file to file.  ENODATA: the source is too short. */
int copy_at(int from, um_u64 from_off, int to, um_u64 to_off, um_u64 len);
/* Makes bytes read as zeros, by a hole where that can be. */
int zero_at(int fd, um_u64 len, um_u64 off);

/* One call of copy_at() for more than this keeps the user waiting. */
#define IO_CHUNK	(32UL << 20)

#endif
