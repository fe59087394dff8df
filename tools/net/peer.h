/* SPDX-License-Identifier: GPL-2.0 */
/* Sockets that the guest gave us, and their other ends. */
#ifndef NET_PEER_H
#define NET_PEER_H

#include <stdbool.h>

/* Is it a UNIX socket, of the type SOCK_*, or of any if that is 0? */
bool peer_is_unix(int fd, int type);

/*
 * Has the other end of a pair of UNIX datagram sockets been closed?  Neither poll()
 * nor recv() tell, and there is nothing to send.  False where the host does not say.
 */
bool peer_is_gone(int fd);

#endif /* NET_PEER_H */
