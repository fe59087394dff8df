// SPDX-License-Identifier: GPL-2.0
/*
 * Starting other programs.
 */
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <um/spawn.h>

#include "internal.h"

#define MAX_FDS		8

#ifndef CLONE_PIDFD
#define CLONE_PIDFD	0x00001000
#endif

#define STACK_BYTES	(64 * 1024UL)

/**
 * struct spawn - what the new processes need
 * @argv:	of the program
 * @path:	its file
 * @fds:	what its descriptors are made of
 * @nr_fds:	how many
 * @pipe:	where a struct spawn_result is told
 *
 * It lies on a stack of its own, which they get copies of: that of the caller is in
 * memory that all processes share.
 */
struct spawn {
	const char *const	*argv;
	char			path[HOST_PATH_MAX];
	int			fds[MAX_FDS];
	int			nr_fds;
	int			pipe;
};

/**
 * struct spawn_result - what a new process tells through the pipe
 * @pidfd:	of the program, in a table of descriptors that the maker shares
 * @err:	0, or what was in the way
 */
struct spawn_result {
	int	pidfd;
	int	err;
};

/* "@dir/@name" in @path; 0 when that is no file that can be executed. */
static int executable_in(const char *dir, um_u64 dir_len, const char *name, char *path,
			 um_u64 len)
{
	um_u64 name_len = strlen(name);

	if (dir_len + name_len + 2 > len)
		return 0;
	memcpy(path, dir, dir_len);
	if (dir_len)
		path[dir_len++] = '/';
	memcpy(path + dir_len, name, name_len + 1);
	return !sys(SYS_faccessat, AT_FDCWD, path, 1 /* X_OK */);
}

int find_in_path(const char *name, char *path, um_u64 len)
{
	const char *dirs = host_getenv("PATH");

	if (strchr(name, '/'))
		return executable_in("", 0, name, path, len) ? 0 : -ENOENT;
	if (!dirs)
		dirs = "/usr/local/bin:/usr/bin:/bin";
	while (*dirs) {
		um_u64 n = strcspn(dirs, ":");

		if (executable_in(dirs, n, name, path, len))
			return 0;
		dirs += n + (dirs[n] == ':');
	}
	return -ENOENT;
}

int host_find_program(const char *name, char *path, um_u64 len)
{
	const char *exe = process_path(), *slash = strrchr(exe, '/');

	if (slash) {
		char dir[512];
		um_u64 n = slash - exe;

		if (executable_in(exe, n, name, path, len))
			return 0;
		/* Where they are built. */
		if (n + sizeof("/build/tools") <= sizeof(dir)) {
			memcpy(dir, exe, n);
			strcpy(dir + n, "/build/tools");
			if (executable_in(dir, strlen(dir), name, path, len))
				return 0;
		}
	}
	return find_in_path(name, path, len);
}

/* In the new process: its descriptors, and nothing else of ours. */
static int take_descriptors(const struct spawn *spawn)
{
	int moved[MAX_FDS];
	long err;

	/* First out of each other's way. */
	for (int i = 0; i < spawn->nr_fds; i++) {
		int fd = spawn->fds[i];

		if (fd < 0)
			fd = sys(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
		if (fd < 0)
			return fd;
		moved[i] = sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, MAX_FDS + 1);
		if (moved[i] < 0)
			return moved[i];
	}
	for (int i = 0; i < spawn->nr_fds; i++) {
		err = sys(SYS_dup3, moved[i], i, 0);
		if (err < 0)
			return err;
	}
	/* A host without this has but descriptors that close themselves. */
	sys(SYS_close_range, spawn->nr_fds, ~0U, CLOSE_RANGE_CLOEXEC);
	return 0;
}

static void reset_signals(void)
{
	struct {
		um_u64	handler, flags, restorer, mask;
	} sa = { 0 };

	for (int sig = 1; sig <= 64; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			sys(SYS_rt_sigaction, sig, &sa, NULL, sizeof(sa.mask));
	sigmask_change(SIG_SETMASK, 0);
}

static __noreturn void run_program(const struct spawn *spawn)
{
	struct spawn_result result = { .pidfd = -1 };
	int tell;

	/* Away from the numbers that the program's own will have. */
	tell = sys(SYS_fcntl, spawn->pipe, F_DUPFD_CLOEXEC, 2 * MAX_FDS + 2);
	result.err = tell < 0 ? tell : take_descriptors(spawn);
	if (!result.err) {
		sys(SYS_setsid);
		reset_signals();
		result.err = sys(SYS_execve, spawn->path, spawn->argv, process_environment());
	}
	sys(SYS_write, tell < 0 ? spawn->pipe : tell, &result, sizeof(result));
	for (;;)
		sys(SYS_exit_group, 127);
}

/*
 * In the child, which shares our descriptors: makes the program's process, whose
 * parent it then ceases to be.
 */
static int make_process(void *data)
{
	const struct spawn *spawn = data;
	struct spawn_result result = { .pidfd = -1 };
	long pid = sys(SYS_clone, CLONE_PIDFD, NULL, &result.pidfd, NULL, 0);

	if (!pid)
		run_program(spawn);
	if (pid < 0) {
		/* It may have been given a number, and lost it again. */
		result.pidfd = -1;
		result.err = pid;
	}
	sys(SYS_write, spawn->pipe, &result, sizeof(result));
	for (;;)
		sys(SYS_exit_group, 0);
}

/* One word from the child, one from the program if it cannot be run; closes @pipe. */
static int hear_result(int pipe)
{
	struct spawn_result result;
	int pidfd = -EIO, err = 0;

	while (sys_retry(SYS_read, pipe, &result, sizeof(result)) == sizeof(result)) {
		if (result.pidfd >= 0)
			pidfd = result.pidfd;
		if (result.err)
			err = result.err;
	}
	sys(SYS_close, pipe);
	if (err && pidfd >= 0)
		sys(SYS_close, pidfd);
	return err ?: pidfd;
}

/* With all signals blocked, so that nothing else runs on this thread meanwhile. */
static int start_process(struct spawn *spawn, void *stack_end)
{
	int ends[2], err = host_pipe(ends), pid;

	if (err)
		return err;
	spawn->pipe = ends[1];
	pid = clone(make_process, stack_end, CLONE_FILES, spawn);
	if (pid < 0)
		pid = -errno;
	else
		sys_retry(SYS_wait4, pid, NULL, __WALL, NULL);
	sys(SYS_close, ends[1]);
	if (pid < 0) {
		sys(SYS_close, ends[0]);
		return pid;
	}
	return hear_result(ends[0]);
}

int host_spawn(const char *const argv[], const int *fds, int nr_fds)
{
	struct spawn *spawn;
	int ret;
	um_u64 old;
	long map;

	if (nr_fds > MAX_FDS)
		return -EINVAL;
	map = sys(SYS_mmap, NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map < 0 && map > -4096)
		return map;
	spawn = (struct spawn *)map;
	spawn->argv = argv;
	spawn->nr_fds = nr_fds;
	memcpy(spawn->fds, fds, nr_fds * sizeof(*fds));
	ret = find_in_path(argv[0], spawn->path, sizeof(spawn->path));
	if (!ret) {
		old = sigmask_change(SIG_SETMASK, SIGMASK_ALL);
		ret = start_process(spawn, (char *)spawn + STACK_BYTES);
		sigmask_change(SIG_SETMASK, old);
	}
	sys(SYS_munmap, map, STACK_BYTES);
	return ret;
}

int host_spawn_end(int pidfd)
{
	return sys(SYS_pidfd_send_signal, pidfd, SIGTERM, NULL, 0);
}
