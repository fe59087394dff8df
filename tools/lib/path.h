/* SPDX-License-Identifier: GPL-2.0 */
/* UNIX sockets that have a path: made with care, and removed at the end. */
#ifndef TOOLS_PATH_H
#define TOOLS_PATH_H

#include <sys/types.h>
#include <sys/un.h>

/**
 * struct path_socket - a socket of ours in a directory
 * @fd:		the socket, bound and non-blocking; -1: none
 * @addr:	its address
 * @dir:	its directory, so that it can be removed from anywhere
 * @dev:	what was made there, so that nothing else is removed
 * @ino:	the same
 */
struct path_socket {
	int			fd;
	struct sockaddr_un	addr;
	int			dir;
	dev_t			dev;
	ino_t			ino;
};

/*
 * Binds a new socket of @type (SOCK_STREAM: and listens) to @path, with the
 * permissions @mode.  A socket there that nobody listens on is replaced, where
 * it is the caller's.  Returns 0, or -1 after a line about @option said why not.
 */
int path_socket_open(struct path_socket *sock, const char *option, const char *path,
		     int type, mode_t mode);

/* Removes the path; the descriptor is closed by who watches it. */
void path_socket_remove(struct path_socket *sock);

#endif /* TOOLS_PATH_H */
