// SPDX-License-Identifier: GPL-2.0
/*
 * Pseudo-terminals.
 */
#include <asm/termbits.h>
#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <string.h>
#include <um/pty.h>

#include "internal.h"

static int open_tty(const char *path)
{
	return sys_retry(SYS_openat, AT_FDCWD, path,
			 O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0);
}

/* Raw, as the line's own terminal does all processing. */
int host_tty_make_raw(int fd)
{
	struct termios2 tio;
	long err = sys(SYS_ioctl, fd, TCGETS2, &tio);

	if (err)
		return err;
	tio.c_iflag = IGNBRK;
	tio.c_oflag = 0;
	tio.c_lflag = 0;
	tio.c_cflag = (tio.c_cflag & ~(CSIZE | PARENB)) | CS8 | CREAD | CLOCAL;
	tio.c_cc[VMIN] = 1;
	tio.c_cc[VTIME] = 0;
	return sys_retry(SYS_ioctl, fd, TCSETS2, &tio);
}

static int open_unix98(struct host_pty *pty)
{
	char digits[12], *name = pty->name + strlen(strcpy(pty->name, "/dev/pts/"));
	unsigned int number;
	int unlock = 0, n = 0;
	long err;

	pty->master = open_tty("/dev/ptmx");
	if (pty->master < 0)
		return pty->master;
	err = sys(SYS_ioctl, pty->master, TIOCSPTLCK, &unlock);
	if (!err)
		err = sys(SYS_ioctl, pty->master, TIOCGPTN, &number);
	if (!err) {
		/* Not by its name: that could be of another mount. */
		pty->slave = sys(SYS_ioctl, pty->master, TIOCGPTPEER,
				 O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
		err = pty->slave < 0 ? pty->slave : 0;
	}
	if (err) {
		sys(SYS_close, pty->master);
		return err;
	}
	do
		digits[n++] = '0' + number % 10;
	while (number /= 10);
	while (n)
		*name++ = digits[--n];
	*name = 0;
	return 0;
}

/* -ENOENT: the host has none, or none that is free. */
static int open_bsd(struct host_pty *pty)
{
	static const char banks[] = "pqrstuvwxyzabcde", units[] = "0123456789abcdef";

	for (int i = 0; i < 256; i++) {
		strcpy(pty->name, "/dev/ptyXX");
		pty->name[8] = banks[i / 16];
		pty->name[9] = units[i % 16];
		pty->master = open_tty(pty->name);
		if (pty->master == -ENOENT)
			return -ENOENT;
		if (pty->master < 0)
			continue;
		pty->name[5] = 't';
		pty->slave = open_tty(pty->name);
		if (pty->slave >= 0)
			return 0;
		sys(SYS_close, pty->master);
	}
	return -ENOENT;
}

int host_pty_open(struct host_pty *pty, int bsd)
{
	int err = bsd ? open_bsd(pty) : -ENOENT;

	if (err)
		err = open_unix98(pty);
	if (!err) {
		err = host_tty_make_raw(pty->slave);
		if (err)
			host_pty_close(pty);
	}
	return err;
}

void host_pty_close(struct host_pty *pty)
{
	sys(SYS_close, pty->slave);
	sys(SYS_close, pty->master);
}

int host_tty_break(int fd, int on)
{
	return sys_retry(SYS_ioctl, fd, on ? TIOCSBRK : TIOCCBRK, 0);
}

int host_tty_share(int fd)
{
	return sys(SYS_ioctl, fd, TIOCNXCL);
}

int host_tty_interface(int fd, char name[16])
{
	return sys(SYS_ioctl, fd, SIOCGIFNAME, name);
}
