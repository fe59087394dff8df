/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UM_UBD_H
#define _UM_UBD_H

#include <linux/types.h>

/*
 * Gives unit 0 the file root_fs of the current directory.  To be called before
 * the kernel starts, after all options were looked at; does nothing when there
 * is no such file, or when the command line gave unit 0 a file.
 *
 * Returns 0, or -errno after one line on stderr said why the file that is there
 * cannot be used.
 */
#ifdef CONFIG_BLK_DEV_UBD
int ubd_open_default(void);
/* Has the unit got a file? */
bool ubd_is_open(unsigned int unit);
#else
static inline int ubd_open_default(void)
{
	return 0;
}

static inline bool ubd_is_open(unsigned int unit)
{
	return false;
}
#endif

#endif /* _UM_UBD_H */
