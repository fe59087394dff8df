/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that the guest gives up while it runs, and gets back.
 */
#ifndef _UM_BALLOON_H
#define _UM_BALLOON_H

#include <linux/errno.h>
#include <linux/types.h>

#ifdef CONFIG_UM_BALLOON
/* Pages that the guest does not have at the moment. */
unsigned long balloon_pages(void);
/*
 * Leaves the guest @size bytes of the memory that it was started with, rounded up to
 * pages.  Sleeps, and reclaims.  0, or -errno, after which all is as it was:
 * -EINVAL: more than it was started with; -ENOMEM: the guest needs more.
 */
int balloon_resize(u64 size);
#else
static inline int balloon_resize(u64 size)
{
	return -EOPNOTSUPP;
}

static inline unsigned long balloon_pages(void)
{
	return 0;
}
#endif

#endif /* _UM_BALLOON_H */
