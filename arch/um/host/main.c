// SPDX-License-Identifier: GPL-2.0
/*
 * Where the program starts.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "internal.h"

/* What is opened later must not become somebody's standard output. */
static void open_standard_fds(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (sys(SYS_fcntl, fd, F_GETFD) != -EBADF)
			continue;
		sys_retry(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
	}
}

/* Every guest address space and every device takes descriptors. */
static void raise_nofile(void)
{
	struct rlimit lim;

	if (sys(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &lim) < 0)
		return;
	lim.rlim_cur = lim.rlim_max;
	sys(SYS_prlimit64, 0, RLIMIT_NOFILE, &lim, NULL);
}

static void set_signals(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	/* A file beyond RLIMIT_FSIZE is an error like others. */
	sigaction(SIGXFSZ, &sa, NULL);

	/*
	 * Not ignored, or children would vanish before they are waited for; and
	 * the many stops of a stub are to cost no signal.
	 */
	sa.sa_handler = SIG_DFL;
	sa.sa_flags = SA_NOCLDSTOP;
	sigaction(SIGCHLD, &sa, NULL);

	/* host_exec_self() may have come here with interrupts blocked. */
	sigmask_change(SIG_SETMASK, 0);
}

int main(int argc, char **argv, char **envp)
{
	int status;

	open_standard_fds();
	raise_nofile();
	set_signals();
	status = inner_main(argc, argv);
	if (status >= 0)
		return status;
	process_start(argv, envp);
	thread_start();
	tty_start();

	/* Children that an earlier life of this process left behind. */
	while (sys(SYS_wait4, -1, NULL, WNOHANG | __WALL, NULL) > 0)
		;
	return um_main(argc, argv);
}
