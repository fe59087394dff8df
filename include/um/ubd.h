/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UM_UBD_H
#define _UM_UBD_H

#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>

#ifdef CONFIG_BLK_DEV_UBD

/*
 * Gives unit 0 the file root_fs of the current directory.  To be called before
 * the kernel starts, after all options were looked at; does nothing when there
 * is no such file, or when the command line gave unit 0 a file.
 *
 * Returns 0, or -errno after one line on stderr said why the file that is there
 * cannot be used.
 */
int ubd_open_default(void);

/* Has the unit got a file? */
bool ubd_is_open(unsigned int unit);

/*
 * While the kernel runs, in process context.  Where @why is given, it becomes the
 * reason of an error, in one line.
 */

/**
 * ubd_attach - add a disk
 * @spec:	as on the command line: ubd<unit><flags>=<file>[,<backing>][,<serial>]
 * @why:	the reason of an error
 * @len:	bytes of @why
 *
 * Returns the unit, or -errno with nothing left behind.
 */
int ubd_attach(const char *spec, char *why, size_t len);

/**
 * ubd_detach - remove a disk
 * @unit:	its unit
 * @why:	the reason of an error
 * @len:	bytes of @why
 *
 * Returns 0; -ENODEV: there is none; -EBUSY: somebody has it open, or it is being
 * merged (ubd_commit()); another error:
 * it was removed, but the host could not store what was written last.
 */
int ubd_detach(int unit, char *why, size_t len);

/**
 * ubd_resize - take over the size that the file has by now
 * @unit:	its unit
 *
 * Returns 0; -ENODEV: there is none; -EOPNOTSUPP: it is a COW file; -EINVAL: it is
 * shorter than a sector.
 */
int ubd_resize(int unit);

/**
 * ubd_commit - what a COW file has goes into the file below it
 * @unit:	its unit
 * @why:	the reason of an error
 * @len:	bytes of @why
 *
 * The guest goes on using the disk; in the end it waits for what it wrote last.  The
 * COW file is empty then.  A fatal signal ends it, as an error or the end of the kernel
 * does: the disk is what it was, and the file below has some of it.
 *
 * Returns 0; -ENODEV: there is none; -EOPNOTSUPP: it is no COW file, or on another
 * one; -EROFS; -EBUSY: another process has the file below open, or the disk is being
 * merged already; -EPERM: it begins with a COW header; -EINTR; or what the
 * host says.
 */
int ubd_commit(int unit, char *why, size_t len);

/* The words that made the disk, as text in @buf; its length, or -ENODEV. */
int ubd_describe(int unit, char *buf, size_t len);

#else

static inline int ubd_open_default(void)
{
	return 0;
}

static inline bool ubd_is_open(unsigned int unit)
{
	return false;
}

static inline int ubd_attach(const char *spec, char *why, size_t len)
{
	strscpy(why, "this kernel has no disks", len);
	return -ENODEV;
}

static inline int ubd_detach(int unit, char *why, size_t len)
{
	strscpy(why, "this kernel has no disks", len);
	return -ENODEV;
}

static inline int ubd_describe(int unit, char *buf, size_t len)
{
	return -ENODEV;
}

#endif

#endif /* _UM_UBD_H */
