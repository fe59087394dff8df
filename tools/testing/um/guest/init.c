// SPDX-License-Identifier: GPL-2.0
/*
 * Process 1 of a test guest.  Mounts what programs expect, then does what the
 * kernel's command line says:
 *
 *	umtest=A,B	run these areas of guest-tests, power off
 *	umrun=PATH	run this program of the archive (with sh if it is a
 *			script), power off
 *	umsh		a shell on the console
 *	umend=WORD	poweroff (default), halt, reboot, exit, or none
 *
 * With none of these it powers off at once, which makes it a boot benchmark.
 * The exit status is also written to /proc/exitcode, where there is one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char cmdline[8192];

static char *option(const char *name)
{
	static char copy[8192];
	size_t len = strlen(name);
	char *word;

	strcpy(copy, cmdline);
	for (word = strtok(copy, " \n"); word; word = strtok(NULL, " \n")) {
		if (strncmp(word, name, len))
			continue;
		if (word[len] == '=')
			return word + len + 1;
		if (!word[len])
			return word + len;
	}
	return NULL;
}

static void mnt(const char *what, const char *where, const char *type,
		const char *opt)
{
	mkdir(where, 0755);
	if (mount(what, where, type, 0, opt) && errno != EBUSY)
		printf("init: mount %s: %s\n", where, strerror(errno));
}

static void say(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		printf("init: write %s: %s\n", path, strerror(errno));
	close(fd);
}

/* The terminal behind /dev/console, which can control a session. */
static void own_terminal(void)
{
	char name[64] = "/dev/", *p;
	int fd = open("/sys/class/tty/console/active", O_RDONLY), n;

	if (fd < 0)
		return;
	n = read(fd, name + 5, sizeof(name) - 6);
	close(fd);
	if (n <= 0)
		return;
	name[5 + n] = 0;
	name[strcspn(name, "\n")] = 0;
	p = strrchr(name, ' ');
	if (p)
		memmove(name + 5, p + 1, strlen(p));
	fd = open(name, O_RDWR);
	if (fd < 0)
		return;
	setsid();
	ioctl(fd, TIOCSCTTY, 1);
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	if (fd > 2)
		close(fd);
}

static int run(char *const argv[])
{
	pid_t pid = fork(), got;
	int st;

	if (!pid) {
		signal(SIGUSR1, SIG_DFL);
		signal(SIGUSR2, SIG_DFL);
		signal(SIGPWR, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		own_terminal();
		execv(argv[0], argv);
		printf("init: %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	while ((got = wait(&st)) != pid)
		if (got < 0 && errno == ECHILD)
			return 255;
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

/* Tell the harness whether the kernel complained. */
static void judge_log(void)
{
	static const char *const bad[] = {
		"WARNING:", "BUG:", "cut here", "Call Trace", "Oops",
		"INFO: task", "rcu_sched", "self-detected stall", "scheduling while",
		"possible recursive", "soft lockup", "UBSAN", "Bad page",
		"Bad rss-counter", "unhandled signal", "general protection",
	};
	static char log[1 << 20];
	int n = klogctl(3, log, sizeof(log) - 1), found = 0;
	char *line;
	size_t i;

	if (n < 0)
		n = 0;
	log[n] = 0;
	for (line = strtok(log, "\n"); line; line = strtok(NULL, "\n")) {
		for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
			if (strstr(line, bad[i]) && !strstr(line, "umtest-expected"))
				break;
		if (i < sizeof(bad) / sizeof(bad[0]))
			found = 30;
		if (found > 0) {
			printf("@@KMSG %s\n", line);
			if (--found == 0)
				found = -1;
		}
	}
	printf("@@LOG %s\n", found ? "complains" : "clean");
}

/* As other inits do when they are asked to end. */
static void on_signal(int sig)
{
	sync();
	if (sig == SIGUSR1)
		reboot(RB_HALT_SYSTEM);
	else if (sig == SIGINT || sig == SIGTERM)
		reboot(RB_AUTOBOOT);
	else
		reboot(RB_POWER_OFF);
}

int main(int argc, char **argv)
{
	char *areas, *prog, *how, code[16];
	int status = 0, fd, i;

	if (getpid() != 1)
		return 1;
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, on_signal);
	signal(SIGPWR, on_signal);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	fd = open("/proc/cmdline", O_RDONLY);
	if (fd >= 0) {
		if (read(fd, cmdline, sizeof(cmdline) - 1) < 0)
			cmdline[0] = 0;
		close(fd);
	}
	if (option("umtest") || option("umrun") || option("umsh")) {
		mnt("sysfs", "/sys", "sysfs", NULL);
		mnt("devtmpfs", "/dev", "devtmpfs", NULL);
		mkdir("/dev/pts", 0755);
		mkdir("/dev/shm", 01777);
		mnt("devpts", "/dev/pts", "devpts", "ptmxmode=666");
		mnt("tmpfs", "/dev/shm", "tmpfs", NULL);
		mnt("tmpfs", "/tmp", "tmpfs", "mode=1777");
		mnt("tmpfs", "/run", "tmpfs", NULL);
		if (symlink("/proc/self/fd", "/dev/fd") && errno != EEXIST)
			printf("init: /dev/fd: %s\n", strerror(errno));
		setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
		setenv("HOME", "/root", 1);
		setenv("TERM", "linux", 0);
		setenv("UMTEST_GUEST", "1", 1);
		sethostname("umtest", 6);
	}
	for (i = 1; i < argc; i++)
		printf("init: argument %s\n", argv[i]);
	fflush(stdout);

	areas = option("umtest");
	if (areas) {
		areas = strdup(areas);
		/* Programs that crash on purpose must not flood the console. */
		say("/proc/sys/kernel/print-fatal-signals", "0\n");
		run((char *[]){ "/bin/busybox", "ip", "link", "set", "lo", "up",
		     NULL });
		if (!strcmp(areas, "all"))
			status = run((char *[]){ "/tests/guest-tests", NULL });
		else
			status = run((char *[]){ "/tests/guest-tests", areas,
						 NULL });
		judge_log();
	}
	prog = option("umrun");
	if (prog) {
		prog = strdup(prog);
		status = run((char *[]){ "/bin/busybox", "sh", "-c", prog,
					 NULL });
		printf("@@STATUS %d\n", status);
	}
	if (option("umsh")) {
		printf("@@SHELL@@\n");
		fflush(stdout);
		status = run((char *[]){ "/bin/busybox", "sh", "-i", NULL });
	}
	fflush(stdout);
	sync();
	snprintf(code, sizeof(code), "%d\n", status);
	if (status)
		say("/proc/exitcode", code);
	how = option("umend");
	if (how && !strcmp(how, "none"))
		for (;;)
			pause();
	if (how && !strcmp(how, "exit"))
		return status;
	if (how && !strcmp(how, "halt"))
		reboot(RB_HALT_SYSTEM);
	else if (how && !strcmp(how, "reboot"))
		reboot(RB_AUTOBOOT);
	else
		reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
