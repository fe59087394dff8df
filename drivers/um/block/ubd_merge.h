/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A COW file goes into the file below it while the disk is in use.
 *
 * Used by the kernel and by helper threads, as ubd_job.h is: plain types only.
 */
#ifndef _UM_UBD_MERGE_H
#define _UM_UBD_MERGE_H

#include "ubd_image.h"

/* So much is copied before others have a turn. */
#define UBD_MERGE_STEP	(4UL << 20)
#define UBD_MERGE_BUF	(1UL << 20)

/**
 * struct ubd_merge - a merge that goes on
 * @image:	the disk; its second layer is plain data, and open for writing
 * @head:	the COW file's header, as it was
 * @new_head:	as it will be
 * @cow:	what @head says
 * @pos:	the sector where the next step begins; 0 again behind the last one
 * @round:	bytes copied since it was 0
 * @copied:	bytes copied in all
 * @written:	the file below was written to, or that was tried
 * @emptied:	all is below
 * @nothing:	there was nothing to copy, and nothing was done
 * @marked:	the COW file had a mark before: another merge was ended in its middle
 * @disguised:	the disk begins like a COW file: as plain data below it would be taken
 *		for one
 * @buf:	UBD_MERGE_BUF bytes
 * @mem:	host memory that all of this is in
 * @mem_len:	its length
 *
 * What is still to be copied is in the image's changes: a write to what was copied
 * puts it there again.  As steps run where writes do, on the only thread of its
 * kind, no lock is needed.
 */
struct ubd_merge {
	struct ubd_image	*image;
	char			head[COW_HEAD_MAX];
	char			new_head[COW_HEAD_MAX];
	struct cow		cow;
	um_u64			pos;
	um_u64			round;
	um_u64			copied;
	int			written;
	int			emptied;
	int			nothing;
	int			marked;
	int			disguised;
	um_u8			*buf;
	void			*mem;
	um_u64			mem_len;
};

/*
 * The steps, in their order, on the thread that writes; each returns 0 or -errno.
 */

/*
 * Notes all that the COW file has, and marks it; nothing is left of an error.  With
 * @nothing set there are no further steps.
 */
int ubd_merge_begin(struct ubd_merge *merge);
/* Copies some. */
int ubd_merge_copy(struct ubd_merge *merge);
/* What was copied is on stable storage. */
int ubd_merge_sync(struct ubd_merge *merge);
/*
 * Copies the rest and empties the COW file.  Nobody else may use the disk meanwhile.
 * An error with @emptied set: all is below, but the COW file keeps its mark.
 */
int ubd_merge_finish(struct ubd_merge *merge);
/*
 * Instead of the rest, and behind an error unless @emptied is set: the COW file stays
 * what it is, and fits what is below it by now.
 */
int ubd_merge_abort(struct ubd_merge *merge);

/* A write to [@off, @off + @len) of the disk is about to happen. */
void ubd_merge_touch(struct ubd_image *image, um_u64 off, um_u64 len);

#endif /* _UM_UBD_MERGE_H */
