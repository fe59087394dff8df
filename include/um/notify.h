/* SPDX-License-Identifier: GPL-2.0 */
/* What the host is told of the guest, where mconsole=notify: names a socket. */
#ifndef _UM_NOTIFY_H
#define _UM_NOTIFY_H

#include <linux/types.h>
#include <um/abi/mconsole.h>

#ifdef CONFIG_UM_MCONSOLE
/*
 * Any context; nothing is waited for.  @data is a text with its NUL, of which 512
 * bytes are sent.
 */
void mconsole_notify(enum um_mconsole_type type, const char *data, size_t len);
/* The socket's path, for a program that is to tell it something; or NULL. */
const char *mconsole_notify_path(void);
#else
static inline void mconsole_notify(enum um_mconsole_type type, const char *data, size_t len)
{
}

static inline const char *mconsole_notify_path(void)
{
	return NULL;
}
#endif

#endif /* _UM_NOTIFY_H */
