// SPDX-License-Identifier: GPL-2.0
/*
 * The host's terminals: raw mode, and the way back however we end.
 */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <um/pty.h>

#include "internal.h"

#ifndef TIOCGDEV
#define TIOCGDEV	_IOR('T', 0x32, unsigned int)
#endif

#define MAX_TTYS	16

enum tty_state {
	TTY_FREE,
	TTY_CHANGING,		/* whoever set this may write to the entry */
	TTY_RAW,
};

/**
 * struct tty - a terminal in raw mode
 * @state:	an enum tty_state
 * @fd:		through which it was made raw
 * @dev:	which terminal it is, under whatever name
 * @path:	its name, for a process that does not have the descriptor
 * @before:	its state before
 */
struct tty {
	um_u32		state;
	int		fd;
	um_u32		dev;
	char		path[64];
	struct termios2	before;
};

/* Shared with the guard. */
static struct tty *ttys;

/* The guard sees this pipe's end when the process is gone. */
static int guard_pipe = -1;

struct winsize_abi {
	um_u16 rows, cols, xpixel, ypixel;
};

void tty_start(void)
{
	long map = sys(SYS_mmap, NULL, MAX_TTYS * sizeof(*ttys),
		       PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		       0);
	static struct tty private[MAX_TTYS];

	/* Without it, no guard will help. */
	ttys = map < 0 && map > -4096 ? private : (struct tty *)map;
}

int host_isatty(int fd)
{
	struct termios2 tio;

	return sys(SYS_ioctl, fd, TCGETS2, &tio) == 0;
}

static long tty_dev(int fd, um_u32 *dev)
{
	struct stat st;
	long err;

	/* Sees through /dev/tty and /dev/console. */
	if (!sys(SYS_ioctl, fd, TIOCGDEV, dev))
		return 0;
	err = sys(SYS_fstat, fd, &st);
	if (!err)
		*dev = st.st_rdev;
	return err;
}

static void tty_path(struct tty *tty)
{
	char link[32] = "/proc/self/fd/";
	int fd = tty->fd;
	char digits[12];
	int n = 0, pos = 14;
	long len;

	do
		digits[n++] = '0' + fd % 10;
	while (fd /= 10);
	while (n)
		link[pos++] = digits[--n];
	link[pos] = 0;

	len = sys(SYS_readlinkat, AT_FDCWD, link, tty->path,
		  sizeof(tty->path));
	if (len < 0 || len >= (long)sizeof(tty->path))
		len = 0;
	tty->path[len] = 0;
}

static um_u32 tty_swap_state(struct tty *tty, um_u32 from, um_u32 to)
{
	return __atomic_compare_exchange_n(&tty->state, &from, to, 0,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static void tty_set_state(struct tty *tty, um_u32 state)
{
	__atomic_store_n(&tty->state, state, __ATOMIC_RELEASE);
}

static int tty_is_known(um_u32 dev)
{
	for (int i = 0; i < MAX_TTYS; i++)
		if (__atomic_load_n(&ttys[i].state, __ATOMIC_ACQUIRE) ==
		    TTY_RAW && ttys[i].dev == dev)
			return 1;
	return 0;
}

static int tty_remember(int fd, const struct termios2 *tio)
{
	um_u32 dev;
	long err;

	err = tty_dev(fd, &dev);
	if (err)
		return err;
	if (tty_is_known(dev))
		return 0;
	for (int i = 0; i < MAX_TTYS; i++) {
		struct tty *tty = &ttys[i];

		if (!tty_swap_state(tty, TTY_FREE, TTY_CHANGING))
			continue;
		tty->fd = fd;
		tty->dev = dev;
		tty->before = *tio;
		tty_path(tty);
		tty_set_state(tty, TTY_RAW);
		return 0;
	}
	return -ENOSPC;
}

int host_tty_raw(int fd)
{
	struct termios2 tio;
	long err;

	err = sys(SYS_ioctl, fd, TCGETS2, &tio);
	if (err)
		return err;
	err = tty_remember(fd, &tio);
	if (err)
		return err;

	tio.c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR |
			 ICRNL | IXON);
	tio.c_oflag &= ~OPOST;
	tio.c_lflag &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	tio.c_cflag &= ~(CSIZE | PARENB);
	tio.c_cflag |= CS8;
	tio.c_cc[VMIN] = 1;
	tio.c_cc[VTIME] = 0;
	return sys_retry(SYS_ioctl, fd, TCSETS2, &tio);
}

/*
 * A shell that took the terminal over has put it into a mode of its own, which
 * is not ours to change; nobody else turns all of these off.
 */
static int tty_still_raw(int fd)
{
	struct termios2 tio;

	return !sys(SYS_ioctl, fd, TCGETS2, &tio) &&
	       !(tio.c_lflag & (ICANON | ECHO | ISIG)) &&
	       !(tio.c_oflag & OPOST);
}

/* SIGTTOU must be blocked: we may be in the background by now. */
static void tty_put_back(struct tty *tty, int fd)
{
	if (tty_still_raw(fd))
		sys_retry(SYS_ioctl, fd, TCSETS2, &tty->before);
}

static void tty_restore(struct tty *tty)
{
	if (!tty_swap_state(tty, TTY_RAW, TTY_CHANGING))
		return;
	tty_put_back(tty, tty->fd);
	tty_set_state(tty, TTY_FREE);
}

void host_tty_restore(void)
{
	/* No handler in between: it could be the end of us. */
	um_u64 old = sigmask_change(SIG_BLOCK, SIGMASK_ALL);

	for (int i = 0; ttys && i < MAX_TTYS; i++)
		tty_restore(&ttys[i]);
	sigmask_change(SIG_SETMASK, old);
}

void tty_closing(int fd)
{
	for (int i = 0; ttys && i < MAX_TTYS; i++) {
		struct tty *tty = &ttys[i];
		um_u64 old;

		if (__atomic_load_n(&tty->state, __ATOMIC_ACQUIRE) != TTY_RAW ||
		    tty->fd != fd)
			continue;
		old = sigmask_change(SIG_BLOCK, SIGMASK_ALL);
		tty_restore(tty);
		sigmask_change(SIG_SETMASK, old);
	}
}

/* Only what the process was given; the rest is closed or has moved. */
static int guard_find(const struct tty *tty)
{
	um_u32 dev;
	long fd;

	for (fd = 0; fd < 3; fd++)
		if (!tty_dev(fd, &dev) && dev == tty->dev && host_isatty(fd))
			return fd;
	if (!tty->path[0])
		return -1;
	fd = host_open(tty->path, O_RDWR | O_NONBLOCK, 0);
	if (fd >= 0 && !tty_dev(fd, &dev) && dev == tty->dev)
		return fd;
	return -1;
}

/* Runs with all signals blocked, SIGTTOU among them. */
static __noreturn void guard_main(int pipe)
{
	char c;

	sys(SYS_prctl, PR_SET_NAME, "um-tty-guard", 0, 0, 0);
	/* A signal for the process group is meant for the one we guard. */
	sys(SYS_setpgid, 0, 0);
	sys(SYS_chdir, "/");

	/* Keep the terminals, but nobody's pipe or file. */
	for (int fd = 0; fd < 3; fd++)
		if (fd != pipe && !host_isatty(fd))
			sys(SYS_close, fd);
	if (pipe > 3)
		sys(SYS_close_range, 3, pipe - 1, 0);
	sys(SYS_close_range, pipe < 3 ? 3 : pipe + 1, ~0U, 0);

	while (sys_retry(SYS_read, pipe, &c, 1) > 0)
		;
	for (int i = 0; i < MAX_TTYS; i++) {
		struct tty *tty = &ttys[i];
		int fd;

		if (tty->state != TTY_RAW)
			continue;
		fd = guard_find(tty);
		if (fd >= 0)
			tty_put_back(tty, fd);
	}
	for (;;)
		sys(SYS_exit_group, 0);
}

int host_tty_guard(void)
{
	um_u64 old;
	int fds[2];
	long pid;
	int err;

	if (guard_pipe >= 0)
		return 0;
	if (!host_isatty(0) && !host_isatty(1) && !host_isatty(2))
		return 0;
	err = host_pipe(fds);
	if (err)
		return err;

	/*
	 * Twice, so that it is nobody's child whose end is waited for.  Without
	 * libc: there is nothing to prepare for a process that only waits.
	 */
	old = sigmask_change(SIG_SETMASK, SIGMASK_ALL);
	pid = sys(SYS_clone, SIGCHLD, 0, NULL, NULL, 0);
	if (!pid) {
		sys(SYS_close, fds[1]);
		pid = sys(SYS_clone, SIGCHLD, 0, NULL, NULL, 0);
		if (!pid)
			guard_main(fds[0]);
		for (;;)
			sys(SYS_exit_group, pid < 0 ? -pid : 0);
	}
	sigmask_change(SIG_SETMASK, old);
	sys(SYS_close, fds[0]);
	if (pid > 0) {
		pid = sys_retry(SYS_wait4, pid, &err, 0, NULL);
		if (pid > 0)
			pid = -WEXITSTATUS(err);
	}
	if (pid < 0) {
		sys(SYS_close, fds[1]);
		return pid;
	}
	guard_pipe = fds[1];
	return 0;
}

int host_tty_winsize(int fd, um_u16 *rows, um_u16 *cols)
{
	struct winsize_abi size;
	long err;

	err = sys(SYS_ioctl, fd, TIOCGWINSZ, &size);
	if (err)
		return err;
	*rows = size.rows;
	*cols = size.cols;
	return 0;
}

int host_tty_set_winsize(int fd, um_u16 rows, um_u16 cols)
{
	struct winsize_abi size = { .rows = rows, .cols = cols };

	return sys(SYS_ioctl, fd, TIOCSWINSZ, &size);
}
