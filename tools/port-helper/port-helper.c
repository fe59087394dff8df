// SPDX-License-Identifier: GPL-2.0
/*
 * port-helper: the program in the terminal that a kernel had made for a console
 * of a guest.  It hands the terminal over, and stays as its owner.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>
#include "../lib/tools.h"

#define KERNEL_FD	3	/* the inherited socket */
#define FAILURE_SECONDS	3	/* how long a window shows what was wrong */

/**
 * struct owned - what is kept while the kernel uses the terminal
 * @signals:	descriptor of the signals that are waited for
 * @type:	of the socket; one of datagrams is an old kernel's
 * @attr:	how the terminal was
 * @flags:	the same of its open file, which the kernel shares
 */
struct owned {
	int		signals;
	int		type;
	struct termios	attr;
	int		flags;
};

static const char help[] =
"Usage: port-helper -uml-socket PATH\n"
"       port-helper [-h HOST [WORD]...]\n"
"\n"
"Gives the terminal on standard input to the kernel of a guest, for a console, and\n"
"stays until the kernel closes the connection.  Kernels start it themselves.\n"
"\n"
"  -uml-socket PATH  the kernel's socket; if this is not given, descriptor 3\n"
"  -h HOST [WORD]... what in.telnetd tells a login program; not used\n"
"  --help, --version\n";

__noreturn __printf(1, 2)
static void die(const char *format, ...)
{
	va_list args;

	fputs("port-helper: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	/* The terminal, and the line with it, goes when its first process does. */
	if (isatty(STDERR_FILENO) && getsid(0) == getpid())
		sleep(FAILURE_SECONDS);
	exit(1);
}

/* The path of the kernel's socket, or NULL. */
static const char *parse(char **argv)
{
	const char *path = NULL;

	for (argv++; *argv; argv++) {
		if (!strcmp(*argv, "-uml-socket")) {
			if (path)
				die("-uml-socket: given twice");
			path = *++argv;
			if (!path)
				die("-uml-socket: its value is missing (see --help)");
		} else if (!strcmp(*argv, "-h") && !path) {
			/* All behind it is for login(1). */
			break;
		} else if (!strcmp(*argv, "--help")) {
			fputs(help, stdout);
			exit(0);
		} else if (!strcmp(*argv, "--version")) {
			printf("port-helper %s\n", VERSION);
			exit(0);
		} else {
			die("%s: %s (see --help)", *argv,
			    **argv == '-' ? "no such option" : "one word too many");
		}
	}
	return path;
}

static int try_connect(const struct sockaddr_un *addr, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	if (!connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int connect_kernel(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd;

	if (!len || len >= sizeof(addr.sun_path))
		die("-uml-socket %s: a socket's path has 1 to %zu characters", path,
		    sizeof(addr.sun_path) - 1);
	memcpy(addr.sun_path, path, len);
	fd = try_connect(&addr, SOCK_STREAM);
	/* Other versions of the kernel have datagrams there. */
	if (fd == -EPROTOTYPE)
		fd = try_connect(&addr, SOCK_DGRAM);
	if (fd == -ECONNREFUSED)
		die("-uml-socket %s: no kernel listens there", path);
	if (fd < 0)
		die("-uml-socket %s: %s", path, strerror(-fd));
	return fd;
}

/*
 * Nothing else that was inherited is kept open: it may be the other end of the
 * socket, which would never be seen to close then.
 */
static void keep_only(int sock)
{
	if (sock != KERNEL_FD && dup2(sock, KERNEL_FD) < 0)
		die("descriptor %d: %s", KERNEL_FD, strerror(errno));
	close_range(KERNEL_FD + 1, ~0U, 0);
}

static int socket_type(const char *path)
{
	socklen_t len = sizeof(int);
	int type;

	if (!getsockopt(KERNEL_FD, SOL_SOCKET, SO_TYPE, &type, &len))
		return type;
	if (path)
		die("-uml-socket %s: %s", path, strerror(errno));
	die("descriptor %d is no socket of a kernel, and there is no -uml-socket (see --help)",
	    KERNEL_FD);
}

static int open_signals(void)
{
	/* Meant for the guest; and a terminal that is not ours is put back too. */
	static const int ignored[] = { SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU };
	sigset_t set;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		die("signals: %s", strerror(errno));
	return fd;
}

/* Sends standard input, and as data the process that has it.  0, or -errno. */
static int send_terminal(void)
{
	union {
		struct cmsghdr	align;
		char		bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	pid_t pid = getpid();
	struct iovec data = { .iov_base = &pid, .iov_len = sizeof(pid) };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);
	const int fd = STDIN_FILENO;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	/* There is room for it, unless nobody will ever read. */
	if (sendmsg(KERNEL_FD, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

/* Is it still to be waited for? */
static bool take_signal(const struct owned *owned)
{
	struct signalfd_siginfo info;

	if (read(owned->signals, &info, sizeof(info)) != sizeof(info))
		return errno == EINTR;
	if (info.ssi_signo != SIGWINCH)
		return false;
	/* The kernel looks at the size then; one that does not read is not waited for. */
	if (owned->type != SOCK_DGRAM)
		send(KERNEL_FD, "w", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	return true;
}

/* Nothing is expected from the kernel but the end.  Is it still there? */
static bool take_data(void)
{
	char buf[256];
	ssize_t len = recv(KERNEL_FD, buf, sizeof(buf), MSG_DONTWAIT);

	if (len < 0)
		return errno == EAGAIN || errno == EINTR;
	return len;
}

static void stay(const struct owned *owned)
{
	/*
	 * Of the terminal, only that it is gone: its input is the kernel's.  An
	 * old kernel shuts the socket down when it has got the terminal, and
	 * kills us when it needs that no more.
	 */
	struct pollfd fds[] = {
		{ .fd = owned->type == SOCK_DGRAM ? -1 : KERNEL_FD, .events = POLLIN },
		{ .fd = owned->signals, .events = POLLIN },
		{ .fd = STDIN_FILENO },
	};

	for (;;) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (fds[2].revents || (fds[0].revents & (POLLHUP | POLLNVAL)))
			return;
		if (fds[1].revents && !take_signal(owned))
			return;
		if (fds[0].revents && !take_data())
			return;
	}
}

int main(int argc, char **argv)
{
	struct owned owned;
	struct termios raw;
	const char *path;
	int err;

	path = argc ? parse(argv) : NULL;
	if (tcgetattr(STDIN_FILENO, &owned.attr) < 0)
		die("standard input is no terminal");
	owned.flags = fcntl(STDIN_FILENO, F_GETFL);
	keep_only(path ? connect_kernel(path) : KERNEL_FD);
	owned.type = socket_type(path);
	owned.signals = open_signals();

	raw = owned.attr;
	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	err = send_terminal();
	if (!err)
		stay(&owned);
	tcsetattr(STDIN_FILENO, TCSANOW, &owned.attr);
	fcntl(STDIN_FILENO, F_SETFL, owned.flags);
	if (err)
		die("the terminal cannot be sent: %s", strerror(-err));
	return 0;
}
