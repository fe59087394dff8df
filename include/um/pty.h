/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Terminals that others on the host attach to (arch/um/host/pty.c, tty.c).
 *
 * All functions return a value >= 0, or -errno of the host.
 */
#ifndef _UM_PTY_H
#define _UM_PTY_H

#include <um/types.h>

/**
 * struct host_pty - a pseudo-terminal of the host
 * @master:	our end, which never blocks
 * @slave:	the other end, held open so that it lives on, with all that was
 *		written to it, while nobody else has it
 * @name:	of the other end
 */
struct host_pty {
	int	master;
	int	slave;
	char	name[32];
};

/*
 * Makes one, in raw mode.  @bsd: one with a name like /dev/ttyp0 where the host
 * has such ones that are free.
 */
int host_pty_open(struct host_pty *pty, int bsd);
void host_pty_close(struct host_pty *pty);
int host_tty_set_winsize(int fd, um_u16 rows, um_u16 cols);
/* Begins, or ends, a break. */
int host_tty_break(int fd, int on);
/* Whoever has it open has it no longer for himself (TIOCEXCL). */
int host_tty_share(int fd);
/* The host's interface that has it as its line; -ENOTTY: none has. */
int host_tty_interface(int fd, char name[16]);
/* Raw mode for good, where host_tty_raw() would put it back at the end. */
int host_tty_make_raw(int fd);

#endif /* _UM_PTY_H */
