/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that has its name only once it is complete and on stable storage.
 *
 * Until then it has none, where the file system can do that, so nothing is left of it
 * when the program is killed; elsewhere it has one of its own in the same directory.
 */
#ifndef COW_NEWFILE_H
#define COW_NEWFILE_H

#include <sys/stat.h>

/**
 * struct newfile - a file in the making
 * @path:	the name that it is to get
 * @fd:		the file; -1: none
 * @temporary:	its name until then, or NULL
 */
struct newfile {
	const char	*path;
	int		fd;
	char		*temporary;
};

/*
 * Begins a file for the content of another: readable by whom that is, by its group and
 * mode, or by fewer.  @file is to be given to newfile_drop() whatever happens.
 */
int newfile_begin(struct newfile *file, const char *path, const struct stat *like);
/*
 * Gives it its name, which is free, or, unless @old is -1, that of the file @old and of
 * no other: it is open, and as it was locked nobody begins to use it meanwhile.
 */
int newfile_finish(struct newfile *file, int old);
/* Removes what there is of an unfinished file. */
void newfile_drop(struct newfile *file);

#endif
