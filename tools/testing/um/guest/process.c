// SPDX-License-Identifier: GPL-2.0
/* fork, vfork, clone, exec, wait, sessions, orphans. */
#include "tap.h"
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/auxv.h>

static int exits_with(void *arg)
{
	return (long)arg;
}

static void check_exit(void)
{
	siginfo_t si;
	pid_t pid;
	int st;

	ok(exited(in_child(exits_with, (void *)0), 0), "exit 0");
	ok(exited(in_child(exits_with, (void *)77), 77), "exit 77");
	ok(exited(in_child(exits_with, (void *)0x1ff), 255), "exit keeps eight bits");
	is_err(waitpid(-1, &st, 0), ECHILD, "no child left");
	pid = fork();
	if (!pid)
		_exit(5);
	memset(&si, 0, sizeof(si));
	is(waitid(P_PID, pid, &si, WEXITED | WNOWAIT), 0, "waitid with WNOWAIT");
	ok(si.si_code == CLD_EXITED && si.si_status == 5 && si.si_pid == pid,
	   "it tells how");
	is(waitpid(pid, &st, WNOHANG), pid, "the child is still there to reap");
	is_err(waitpid(pid, &st, 0), ECHILD, "once");
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	is(waitpid(pid, &st, WNOHANG), 0, "WNOHANG on a live child");
	kill(pid, SIGKILL);
	is(waitid(P_PID, pid, &si, WEXITED), 0, "waitid on a killed one");
	ok(si.si_code == CLD_KILLED && si.si_status == SIGKILL, "CLD_KILLED");
}

static volatile int private_var = 1;

static void check_fork(void)
{
	volatile int *sh = shared(PAGE);
	int fd[2], i, n = 0;
	pid_t pid, kids[50];
	off_t at;
	char name[] = "/tmp/umtest.XXXXXX";
	int file = mkstemp(name);

	unlink(name);
	pid = fork();
	if (!pid) {
		private_var = 2;
		sh[0] = getppid();
		sh[1] = getpid();
		lseek(file, 1234, SEEK_SET);
		_exit(0);
	}
	reap(pid);
	is(private_var, 1, "private memory is private");
	ok(sh[0] == getpid() && sh[1] == pid, "shared memory is shared");
	at = lseek(file, 0, SEEK_CUR);
	is(at, 1234, "file offsets are shared");
	close(file);
	for (i = 0; i < 50; i++) {
		kids[i] = fork();
		if (!kids[i]) {
			usleep(1000 * (i % 7));
			_exit(i);
		}
	}
	for (i = 0; i < 50; i++)
		n += exited(reap(kids[i]), i);
	is(n, 50, "50 children at once, each with its own status");
	if (pipe(fd))
		return;
	/* A chain of forks, ten deep. */
	pid = fork();
	if (!pid) {
		for (i = 0; i < 10; i++) {
			pid = fork();
			if (pid)
				_exit(WEXITSTATUS(reap(pid)) + 1);
		}
		_exit(0);
	}
	is(WEXITSTATUS(reap(pid)), 10, "a chain of ten generations");
	close(fd[0]);
	close(fd[1]);
}

static void check_vfork(void)
{
	static volatile int by_child;
	pid_t pid = vfork();

	if (!pid) {
		by_child = 42;
		_exit(3);
	}
	is(by_child, 42, "vfork shares memory, and the parent waited");
	ok(exited(reap(pid), 3), "and the status is right");
	pid = vfork();
	if (!pid) {
		execl(self_path, self_path, "--helper", "status", "9", NULL);
		_exit(1);
	}
	ok(exited(reap(pid), 9), "vfork and exec");
	pid = vfork();
	if (!pid) {
		execl("/nowhere", "x", NULL);
		by_child = errno;
		_exit(4);
	}
	ok(exited(reap(pid), 4) && by_child == ENOENT, "a failing exec after vfork");
}

TEST_HELPER(status)
{
	return argc > 1 ? atoi(argv[1]) : 0;
}

static char clone_stack[65536] __attribute__((aligned(16)));
static volatile int clone_seen;

static int clone_fn(void *arg)
{
	clone_seen = *(int *)arg;
	return 12;
}

static void check_clone(void)
{
	struct clone_args ca = { .exit_signal = SIGCHLD };
	int v = 5, pidfd = -1, st;
	volatile pid_t ptid = 0;
	pid_t pid;
	siginfo_t si;

	pid = clone(clone_fn, clone_stack + sizeof(clone_stack),
		    CLONE_VM | SIGCHLD, &v);
	st = reap(pid);
	ok(exited(st, 12) && clone_seen == 5, "clone with CLONE_VM");
	v = 6;
	clone_seen = 0;
	pid = clone(clone_fn, clone_stack + sizeof(clone_stack), SIGCHLD, &v);
	ok(exited(reap(pid), 12) && clone_seen == 0, "clone without");
	pid = clone(clone_fn, clone_stack + sizeof(clone_stack),
		    CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_PARENT_SETTID | SIGCHLD,
		    &v, &ptid);
	ok(exited(reap(pid), 12) && ptid == pid, "CLONE_PARENT_SETTID");
	ca.flags = CLONE_PIDFD;
	ca.pidfd = (long)&pidfd;
	pid = syscall(SYS_clone3, &ca, sizeof(ca));
	if (!pid)
		_exit(21);
	ok(pid > 0 && pidfd >= 0, "clone3 with CLONE_PIDFD");
	memset(&si, 0, sizeof(si));
	is(waitid(P_PIDFD, pidfd, &si, WEXITED), 0, "wait on the pidfd");
	is(si.si_status, 21, "the status through it");
	is_err(syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0), ESRCH,
	       "the process is gone");
	close(pidfd);
	ca.flags = CLONE_SIGHAND;
	is_err(syscall(SYS_clone3, &ca, sizeof(ca)), EINVAL,
	       "CLONE_SIGHAND without CLONE_VM");
	is_err(syscall(SYS_clone3, &ca, 8UL), EINVAL, "a size that is too small");
	is_err(syscall(SYS_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0), EINVAL,
	       "CLONE_THREAD without CLONE_SIGHAND");
}

TEST_HELPER(args)
{
	/* argv: args, count, total length; the rest is checked against it */
	extern char **environ;
	long len = 0, elen = 0;
	int i, n = 0;

	for (i = 3; i < argc; i++) {
		size_t j, l = strlen(argv[i]);

		for (j = 0; j < l; j++)
			if (argv[i][j] != 'a' + i % 26)
				return 3;
		len += l;
	}
	for (; environ[n]; n++)
		elen += strlen(environ[n]);
	if (argc < 3 || atoi(argv[1]) != argc - 3 || atol(argv[2]) != len)
		return 2;
	if (getenv("BIGENV") && strlen(getenv("BIGENV")) != 100000)
		return 4;
	if ((long)__builtin_frame_address(0) & 15)
		return 5;
	if (!getauxval(AT_RANDOM) || !getauxval(AT_PHDR) || getauxval(AT_PAGESZ) != 4096)
		return 6;
	return 0;
}

static int try_exec(int count, int len, const char *env)
{
	char **argv = calloc(count + 8, sizeof(char *)), *envp[2] = { 0 };
	char num[16], total[32];
	pid_t pid;
	int i, st;

	snprintf(num, sizeof(num), "%d", count);
	snprintf(total, sizeof(total), "%ld", (long)count * len);
	argv[0] = (char *)self_path;
	argv[1] = "--helper";
	argv[2] = "args";
	argv[3] = num;
	argv[4] = total;
	for (i = 0; i < count; i++) {
		argv[5 + i] = malloc(len + 1);
		memset(argv[5 + i], 'a' + (i + 3) % 26, len);
		argv[5 + i][len] = 0;
	}
	envp[0] = (char *)env;
	pid = fork();
	if (!pid) {
		execve(self_path, argv, envp);
		_exit(errno == E2BIG ? 100 : 101);
	}
	st = reap(pid);
	for (i = 0; i < count; i++)
		free(argv[5 + i]);
	free(argv);
	return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

static void check_exec(void)
{
	static char env[100008] = "BIGENV=";
	char path[] = "/tmp/umtest.XXXXXX", script[400];
	int fd, st;
	pid_t pid;

	is(try_exec(0, 0, NULL), 0, "exec without arguments");
	is(try_exec(20, 100, NULL), 0, "exec with 20 arguments");
	is(try_exec(128, 1024, NULL), 0, "128 KiB of arguments");
	is(try_exec(1, 131071, NULL), 0, "one argument of 128 KiB");
	is(try_exec(1, 131072, NULL), 100, "one byte more is E2BIG");
	is(try_exec(5000, 30, NULL), 0, "5000 arguments");
	memset(env + 7, 'e', 100000);
	is(try_exec(3, 3, env), 0, "an environment string of 100,000 bytes");
	is(try_exec(3000, 1000, NULL), 100, "3 MB are E2BIG");

	fd = mkstemp(path);
	snprintf(script, sizeof(script), "#!%s --helper\n", self_path);
	if (write(fd, "\177ELFgarbage", 11) != 11)
		return;
	fchmod(fd, 0755);
	close(fd);
	execl(path, path, NULL);
	ok(errno == ENOEXEC, "a broken ELF file is ENOEXEC (%d)", errno);
	chmod(path, 0644);
	execl(path, path, NULL);
	is(errno, EACCES, "not executable: EACCES");
	unlink(path);
	execl("/tmp", "x", NULL);
	is(errno, EACCES, "a directory: EACCES");
	snprintf(script, sizeof(script), "/tmp/umscript.%d", getpid());
	fd = open(script, O_CREAT | O_WRONLY | O_TRUNC, 0755);
	dprintf(fd, "#!%s --list\n", self_path);
	close(fd);
	pid = fork();
	if (!pid) {
		close(1);
		open("/dev/null", O_WRONLY);
		execl(script, script, "x", NULL);
		_exit(1);
	}
	st = reap(pid);
	ok(exited(st, 0), "a #! script with an argument (0x%x)", st);
	fd = open(script, O_WRONLY);
	execl(script, script, NULL);
	is(errno, ETXTBSY, "open for writing: ETXTBSY");
	close(fd);
	unlink(script);
	fd = open(self_path, O_RDONLY);
	pid = fork();
	if (!pid) {
		char *argv[] = { "x", "--helper", "status", "33", NULL };

		syscall(SYS_execveat, fd, "", argv, NULL, AT_EMPTY_PATH);
		_exit(1);
	}
	ok(exited(reap(pid), 33), "execveat on a descriptor");
	close(fd);
}

TEST_HELPER(after_exec)
{
	struct sigaction sa;
	sigset_t set;

	sigaction(SIGUSR1, NULL, &sa);
	if (sa.sa_handler != SIG_DFL)
		return 1;
	sigaction(SIGUSR2, NULL, &sa);
	if (sa.sa_handler != SIG_IGN)
		return 2;
	sigprocmask(SIG_BLOCK, NULL, &set);
	if (!sigismember(&set, SIGWINCH))
		return 3;
	if (fcntl(50, F_GETFD) != -1)
		return 4;
	if (fcntl(51, F_GETFD) != 0)
		return 5;
	if (getpid() != atoi(argv[1]) || gettid() != getpid())
		return 6;
	return 0;
}

static void *exec_thread(void *arg)
{
	char num[16];

	snprintf(num, sizeof(num), "%d", getpid());
	execl(self_path, self_path, "--helper", "after_exec", num, NULL);
	return NULL;
}

static void nothing(int sig)
{
}

static int exec_from_thread(void *arg)
{
	sigset_t set;
	pthread_t t;
	int fd = open("/dev/null", O_RDONLY);

	signal(SIGUSR1, nothing);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	dup3(fd, 50, O_CLOEXEC);
	dup2(fd, 51);
	pthread_create(&t, NULL, exec_thread, NULL);
	for (;;)
		pause();
	return 9;
}

static void check_orphans(void)
{
	int *sh = shared(PAGE), fd[2];
	pid_t pid;
	char c;
	int st;

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid = fork();
	if (!pid) {
		pid = fork();
		if (!pid) {
			while (getppid() == *(volatile int *)sh || !sh[0])
				usleep(1000);
			sh[1] = getppid();
			_exit(8);
		}
		sh[0] = getpid();
		_exit(pid & 0x7f);
	}
	reap(pid);
	pid = waitpid(-1, &st, 0);
	ok(pid > 0 && exited(st, 8), "an orphan comes to the subreaper");
	is(sh[1], getpid(), "which is its parent now");
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	if (pipe(fd))
		return;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
			for (;;)
				pause();
		}
		usleep(50000);
		_exit(0);
	}
	close(fd[1]);
	reap(pid);
	is(read(fd[0], &c, 1), 0, "PR_SET_PDEATHSIG ends the grandchild");
	close(fd[0]);
	signal(SIGCHLD, SIG_IGN);
	pid = fork();
	if (!pid)
		_exit(0);
	is_err(waitpid(pid, &st, 0), ECHILD, "SIGCHLD ignored: no zombies");
	signal(SIGCHLD, SIG_DFL);
}

static int job(void *arg)
{
	pid_t sid = setsid();

	if (sid != getpid() || getsid(0) != sid || getpgrp() != sid)
		return 1;
	if (setsid() != -1 || errno != EPERM)
		return 2;
	return 0;
}

static void check_stop(void)
{
	pid_t pid = fork();
	int st;

	if (!pid)
		for (;;)
			pause();
	kill(pid, SIGSTOP);
	is(waitpid(pid, &st, WUNTRACED), pid, "a stopped child is told of");
	ok(stopped(st, SIGSTOP), "with its signal");
	kill(pid, SIGCONT);
	is(waitpid(pid, &st, WCONTINUED), pid, "a continued one too");
	ok(WIFCONTINUED(st), "as continued");
	kill(pid, SIGTERM);
	ok(killed(reap(pid), SIGTERM), "then it ends");
}

static void check_rusage(void)
{
	struct rusage ru;
	pid_t pid = fork();
	int st;

	if (!pid) {
		double end = seconds() + 0.3;
		volatile long n = 0;

		while (seconds() < end)
			n++;
		_exit(0);
	}
	is(wait4(pid, &st, 0, &ru), pid, "wait4");
	ok(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec > 0 ||
	   ru.ru_utime.tv_usec + ru.ru_stime.tv_usec > 20000,
	   "a child's CPU time is accounted (%ld us user, %ld us system)",
	   (long)ru.ru_utime.tv_usec, (long)ru.ru_stime.tv_usec);
}

static int nproc_limit(void *arg)
{
	struct rlimit rl = { 3, 3 };
	pid_t pid;
	int i;

	if (setuid(12345) || setrlimit(RLIMIT_NPROC, &rl))
		return 5;
	for (i = 0; i < 5; i++) {
		pid = fork();
		if (!pid) {
			sleep(5);
			_exit(0);
		}
		if (pid < 0)
			return errno == EAGAIN ? 0 : 1;
	}
	return 2;
}

TEST_AREA(process, 120)
{
	check_exit();
	check_fork();
	check_vfork();
	check_clone();
	check_exec();
	is(in_child(exec_from_thread, NULL), 0,
	   "exec from a thread takes over the process");
	check_orphans();
	is(in_child(job, NULL), 0, "setsid");
	check_stop();
	check_rusage();
	if (in_guest())
		is(in_child(nproc_limit, NULL), 0, "RLIMIT_NPROC holds");
}
