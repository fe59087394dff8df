// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "privilege.h"

#define FIRST_FILE	(STDERR_FILENO + 1)

/* A file that is opened next must not become what is written to as an answer. */
static void fill_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			_exit(1);
	} while (fd <= STDERR_FILENO);
	close(fd);
}

static void reset_signals(void)
{
	sigset_t none;
	int number;

	for (number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	/* A guest that is gone reads no answer. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void privilege_begin(void)
{
	const struct rlimit no_core = { 0, 0 };

	clearenv();
	umask(077);
	setrlimit(RLIMIT_CORE, &no_core);
	fill_standard_files();
	reset_signals();
	if (chdir("/") < 0)
		_exit(1);
}

int privilege_close_files(int keep)
{
	if (keep < FIRST_FILE) {
		closefrom(FIRST_FILE);
		return -1;
	}
	if (keep != FIRST_FILE && dup2(keep, FIRST_FILE) < 0)
		return -1;
	closefrom(FIRST_FILE + 1);
	return fcntl(FIRST_FILE, F_SETFD, FD_CLOEXEC) < 0 ? -1 : FIRST_FILE;
}

int privilege_caller(struct caller *caller)
{
	int groups = getgroups(0, NULL);

	*caller = (struct caller){ .uid = getuid() };
	if (groups < 0)
		return -errno;
	caller->gids = calloc(groups + 1, sizeof(*caller->gids));
	if (!caller->gids)
		return -ENOMEM;
	groups = getgroups(groups, caller->gids);
	if (groups < 0)
		return -errno;
	caller->gids[groups] = getgid();
	caller->nr_gids = groups + 1;
	return 0;
}

static int set_capabilities(um_u32 mask)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{ .effective = mask, .permitted = mask },
	};

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int privilege_drop(void)
{
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	return set_capabilities(1U << CAP_NET_ADMIN);
}

int privilege_drop_all(void)
{
	return set_capabilities(0);
}

void privilege_detach(int keep)
{
	int fd, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fd != keep)
			dup2(null, fd);
	close(null);
}
