/* SPDX-License-Identifier: GPL-2.0 */
/* A telnet daemon of the host, where telnetd= asks for one. */
#ifndef _UM_TELNETD_H
#define _UM_TELNETD_H

#include <linux/types.h>

struct chan;

/* From the start on. */
bool telnetd_is_wanted(void);
/*
 * The connection @fd becomes the daemon's, who ends with it; the caller closes his own
 * descriptor of it.  @private is the channel's once there is a terminal, see
 * handover_new().  Under the lock of the line's channels.  0, or -errno that is in the
 * log.
 */
int telnetd_start(struct chan *chan, void *private, int fd);

#endif /* _UM_TELNETD_H */
