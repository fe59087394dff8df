/* SPDX-License-Identifier: GPL-2.0 */
/* TUN/TAP interfaces, for the programs of the host. */
#ifndef TOOLS_TUN_H
#define TOOLS_TUN_H

#include <linux/if_tun.h>
#include <net/if.h>

#define TUN_CLONE_DEVICE	"/dev/net/tun"

/*
 * Makes the descriptor @fd of a clone device an interface: @name, or where that
 * is empty the next that is free, whose name is written to it.  @flags are
 * IFF_TAP or IFF_TUN and more.  Returns 0, or -errno.
 */
int tun_attach(int fd, char name[IFNAMSIZ], int flags);

/* The same for an interface that may have been made for several queues. */
int tun_attach_queues(int fd, char name[IFNAMSIZ], int flags);

/* NULL, or why @name cannot be the name of an interface. */
const char *tun_bad_name(const char *name);

#endif /* TOOLS_TUN_H */
