/* SPDX-License-Identifier: GPL-2.0 */
#ifndef COW_MERGE_H
#define COW_MERGE_H

#include "image.h"

/* Writes the disk that @top is, with its open chain, to the empty file @fd. */
int merge_into_new(struct image *top, int fd, const char *path);
/*
 * Writes what the COW file @top has into its backing file.  Both are open for writing,
 * the chain below is open for reading.  With @force plain data may become what is taken
 * for a COW file.
 *
 * Whenever this ends, or is ended, the disk that @top is remains what it was.
 */
int merge_into_backing(struct image *top, int force);

#endif
