/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files behind a disk: one file, or a COW file with the files below it.
 *
 * Used by the kernel and by helper threads, as ubd_job.h is: plain types only.
 */
#ifndef _UM_UBD_IMAGE_H
#define _UM_UBD_IMAGE_H

#include <um/host.h>
#include <um/lock.h>

#include "cow.h"

/* A COW file and what is below it; a longer chain is refused. */
#define UBD_MAX_LAYERS	8

/**
 * struct ubd_layer - one of the files
 * @fd:		descriptor
 * @direct:	one that goes past the host's page cache, or -1
 * @unaligned:	bits that no place, length or address has that goes to @direct
 * @is_cow:	a COW file; else plain data, and the last layer
 * @dev:	with @ino, which file that is
 * @ino:	inode number
 * @cow:	what its header says; @cow.path is not valid
 * @map:	the bitmap, all of it
 */
struct ubd_layer {
	int		fd;
	int		direct;
	um_u64		unaligned;
	int		is_cow;
	um_u64		dev;
	um_u64		ino;
	struct cow	cow;
	um_u8		*map;
};

/* What is written of a bitmap at once. */
#define UBD_MAP_PAGE	4096UL

/**
 * struct ubd_changes - how the first layer's bitmap differs from that in the file
 * @lock:	of the bitmap where bits are set, and of @dirty
 * @flush_lock:	one flush after the other: what one of them writes is also for
 *		those that come behind it; with it, all that syncs the file
 * @dirty:	bit n: page n of the bitmap has bits that the file lacks
 * @writing:	likewise, while a flush is about to write them
 * @room:	likewise: the file has room for it, so that a flush does not fail
 * @lost:	-errno: the host has lost data whose bits must never be written
 * @stable:	the bitmap as flushes write it: without bits of data that may not
 *		be on stable storage
 * @todo:	while the layer is merged into the one below, the bits of what is to be
 *		copied yet; else NULL.  Of the thread that writes.
 * @pages:	pages of the bitmap
 */
struct ubd_changes {
	struct um_lock	lock;
	struct um_lock	flush_lock;
	um_u64		*dirty;
	um_u64		*writing;
	um_u64		*room;
	int		lost;
	um_u8		*stable;
	um_u8		*todo;
	um_u64		pages;
};

/**
 * struct ubd_flushes - those of plain data
 * @lock:	one after the other
 * @begun:	how many there were
 * @failed:	how many of them failed
 * @err:	-errno of the last one that did
 */
struct ubd_flushes {
	struct um_lock	lock;
	um_u32		begun;
	um_u32		failed;
	int		err;
};

/**
 * struct ubd_image - a disk's contents
 * @size:	bytes, whole sectors
 * @guarded:	plain data that the next one to open it must not take for a COW file
 * @nr_layers:	0: there is none
 * @layer:	the first takes all writes, and each has the next below it
 * @changes:	of the first one, if it is a COW file that may be written
 * @flushes:	of the first one otherwise
 * @copy_lock:	writes into sectors that the COW file lacks, where these are larger
 *		than the disk's: no other write may come between copying a part of
 *		the sector and setting its bit
 * @mem:	host memory that all bitmaps are in
 * @mem_len:	its length
 */
struct ubd_image {
	um_u64			size;
	int			guarded;
	int			nr_layers;
	struct ubd_layer	layer[UBD_MAX_LAYERS];
	struct ubd_changes	changes;
	struct ubd_flushes	flushes;
	struct um_lock		copy_lock;
	void			*mem[UBD_MAX_LAYERS];
	um_u64			mem_len[UBD_MAX_LAYERS];
};

/**
 * struct ubd_extent - bytes of a disk that are together in one file
 * @layer:	which one
 * @off:	place in its file
 * @len:	bytes
 */
struct ubd_extent {
	int	layer;
	um_u64	off;
	um_u64	len;
};

/* Would a file that begins with this sector be taken for a COW file? */
static inline int ubd_is_cow_head(const void *sector)
{
	um_u32 magic;

	__builtin_memcpy(&magic, sector, sizeof(magic));
	return magic == COW_MAGIC || magic == __builtin_bswap32(COW_MAGIC);
}

/* ---- ubd_image.c: on any thread -------------------------------------------- */

/* Where the bytes at @off are, and how many of @len are there together. */
struct ubd_extent ubd_image_find(const struct ubd_image *image, um_u64 off,
				 um_u64 len);
/* Where a write of @len bytes at @off goes. */
um_u64 ubd_image_write_off(const struct ubd_image *image, um_u64 off);
/*
 * Around a write: what has to be there before, and is to be noted behind.  The
 * first returns 0 or -errno, with the layer that it is of.  Between them the
 * copying of others may be locked out.
 */
int ubd_image_write_begin(struct ubd_image *image, um_u64 off, um_u64 len,
			  int *locked, int *layer);
void ubd_image_write_end(struct ubd_image *image, um_u64 off, um_u64 len,
			 int locked, int err);
/* All that was written is on stable storage when it returns 0. */
int ubd_image_flush(struct ubd_image *image);
/*
 * What was written to the file of the first layer, a COW file, is on stable storage;
 * of the bitmap nothing is written.
 */
int ubd_image_sync(struct ubd_image *image);
/*
 * What only the kernel knows goes to the files; plain files are the host's anyway.
 * -ETIMEDOUT: somebody else has been flushing for so many ns.
 */
int ubd_image_last_flush(struct ubd_image *image, um_u64 ns);

#endif /* _UM_UBD_IMAGE_H */
