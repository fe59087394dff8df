// SPDX-License-Identifier: GPL-2.0
/*
 * The process: its end, its next life, and its neighbours.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

static const char self[] = "/proc/self/exe";

/* Our executable's path, as the start knew it; empty when it did not. */
static char exe_path[PATH_MAX];

/* libc's variable of the same use would have to be copied into the executable. */
static char **environment;

void process_start(char **argv, char **envp)
{
	ssize_t n = readlink(self, exe_path, sizeof(exe_path) - 1);
	static char path[PATH_MAX];

	environment = envp;
	exe_path[n > 0 ? n : 0] = 0;
	if (exe_path[0] == '/' || !argv[0])
		return;

	/* /proc is not there: look where the shell has found it. */
	if (find_in_path(argv[0], path, sizeof(path)) || !realpath(path, exe_path))
		exe_path[0] = 0;
}

char **process_environment(void)
{
	return environment;
}

const char *process_path(void)
{
	return exe_path;
}

void host_abort(void)
{
	die_by_signal(SIGABRT);
}

/* Kills all children that the calling thread traces; returns how many it saw. */
static int kill_tracees(void)
{
	char buf[512];
	int pid = 0, seen = 0;
	long fd, n;

	fd = sys_retry(SYS_openat, AT_FDCWD, "/proc/thread-self/children",
		       O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	while ((n = sys_retry(SYS_read, fd, buf, sizeof(buf))) > 0) {
		for (long i = 0; i < n; i++) {
			if (buf[i] >= '0' && buf[i] <= '9') {
				pid = pid * 10 + (buf[i] - '0');
				continue;
			}
			if (pid && !host_ptrace_interrupt(pid)) {
				sys(SYS_kill, pid, SIGKILL);
				seen++;
			}
			pid = 0;
		}
	}
	sys(SYS_close, fd);
	return seen;
}

/*
 * A tracer's exec ends none of its tracees, and no one would ever run them
 * again.  Its exit does end them, but whoever inherits them may not reap, as
 * the first process of a container often does not.
 */
static void end_stubs(void)
{
	host_workers_end();
	for (int i = 0; i < 1000 && kill_tracees(); i++) {
		while (sys(SYS_wait4, -1, NULL, WNOHANG | __WALL, NULL) > 0)
			;
		sys(SYS_poll, NULL, 0, 1);
	}
}

void host_exit(int status)
{
	host_tty_restore();
	end_stubs();
	for (;;)
		sys(SYS_exit_group, status);
}

int host_exec_self(char **argv)
{
	struct stat now, then;

	host_tty_restore();
	end_stubs();
	/*
	 * So that none of these kills the next life before it has handlers:
	 * ignored ones stay so at exec, and what is pending is forgotten.
	 */
	signal(SIGALRM, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	signal(SIGURG, SIG_IGN);
	signal(SIGWINCH, SIG_IGN);
	/* Affinity survives exec, and is the next life's idea of what it has. */
	host_set_cpu(0, -1);

	/*
	 * By name, so that the new life is called as this one was; by the link
	 * where that name is gone or means another file now.
	 */
	if (exe_path[0] &&
	    (sys(SYS_newfstatat, AT_FDCWD, self, &then, 0) < 0 ||
	     (!sys(SYS_newfstatat, AT_FDCWD, exe_path, &now, 0) &&
	      now.st_dev == then.st_dev && now.st_ino == then.st_ino)))
		sys(SYS_execve, exe_path, argv, environment);
	return sys(SYS_execve, self, argv, environment);
}

long host_getrandom(void *buf, unsigned long len)
{
	return sys_retry(SYS_getrandom, buf, len, 0);
}

int host_process_exists(int pid)
{
	long err;

	if (pid <= 0)
		return 0;
	err = sys(SYS_kill, pid, 0);
	return !err || err == -EPERM;
}

int host_kill(int pid, int sig)
{
	return sys(SYS_kill, pid, sig);
}

um_u64 host_auxval(int type)
{
	return getauxval(type);
}
