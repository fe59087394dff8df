/* SPDX-License-Identifier: GPL-2.0 */
/* The other end of a socket. */
#ifndef NET_PEER_H
#define NET_PEER_H

#include <stdbool.h>

/*
 * Has the other end of a pair of UNIX datagram sockets been closed?  Neither poll()
 * nor recv() tell, and there is nothing to send.  False where the host does not say.
 */
bool peer_is_gone(int fd);

#endif /* NET_PEER_H */
