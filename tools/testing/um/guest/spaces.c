// SPDX-License-Identifier: GPL-2.0
/* Namespaces, control groups, capabilities. */
#include "tap.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>

static int user_ns(void *arg)
{
	char map[64], buf[4096];
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (unshare(CLONE_NEWUSER))
		return errno == EPERM || errno == EUSERS || errno == ENOSPC ||
			errno == EINVAL ? 42 : 1;
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %d 1", uid);
	if (!write_file("/proc/self/uid_map", map))
		return 2;
	snprintf(map, sizeof(map), "0 %d 1", gid);
	if (!write_file("/proc/self/gid_map", map))
		return 3;
	if (geteuid() != 0)
		return 4;
	if (unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC))
		return 5;
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	if (sethostname("inside", 6))
		return 6;
	if (mount("t", "/tmp", "tmpfs", 0, NULL))
		return 7;
	if (!write_file("/tmp/only-here", "x"))
		return 8;
	if (mount("/tmp", "/tmp", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL))
		return 9;
	if (write_file("/tmp/only-here2", "x") || errno != EROFS)
		return 10;
	read_file("/proc/self/mountinfo", buf, sizeof(buf));
	return 0;
}

static int pid_ns(void *arg)
{
	pid_t pid;
	int st;

	if (unshare(CLONE_NEWPID))
		return errno == EPERM || errno == EINVAL ? 42 : 1;
	pid = fork();
	if (!pid) {
		pid_t kid;

		if (getpid() != 1)
			_exit(2);
		kid = fork();
		if (!kid)
			for (;;)
				pause();
		_exit(kid == 2 ? 0 : 3);	/* its end takes the other along */
	}
	st = reap(pid);
	return exited(st, 0) ? 0 : 4;
}

static int net_ns(void *arg)
{
	char buf[4096];

	if (unshare(CLONE_NEWNET))
		return errno == EPERM || errno == EINVAL ? 42 : 1;
	if (read_file("/proc/net/dev", buf, sizeof(buf)) <= 0)
		return 2;
	return strstr(buf, "lo:") && !strstr(buf, "eth0") ? 0 : 3;
}

static int time_ns(void *arg)
{
	struct timespec a, b;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &a);
	if (unshare(0x80 /* CLONE_NEWTIME */))
		return 42;
	if (!write_file("/proc/self/timens_offsets", "monotonic 100000 0\n"))
		return 1;
	pid = fork();
	if (!pid) {
		clock_gettime(CLOCK_MONOTONIC, &b);
		if (b.tv_sec - a.tv_sec < 100000)
			_exit(2);
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &b);
		_exit(b.tv_sec - a.tv_sec < 100000 ? 3 : 0);
	}
	return WEXITSTATUS(reap(pid));
}

static int caps(void *arg)
{
	if (prctl(PR_CAPBSET_READ, 21) != 1)
		return 1;
	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 2;
	if (mount("t", "/tmp", "tmpfs", 0, NULL) != -1 || errno != EPERM)
		return 3;
	if (kill(1, 0) != -1 || errno != EPERM)
		return 4;
	if (open("/proc/1/mem", O_RDONLY) >= 0)
		return 5;
	return setuid(0) == -1 && errno == EPERM ? 0 : 6;
}

static int cgroups(void *arg)
{
	char buf[512], path[300];
	const char *top = "/tmp/umcg";
	int i;
	pid_t pid;

	mkdir(top, 0755);
	if (mount("cgroup2", top, "cgroup2", 0, NULL))
		return 42;
	snprintf(path, sizeof(path), "%s/cgroup.controllers", top);
	read_file(path, buf, sizeof(buf));
	diag("controllers: %s", buf);
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", top);
	write_file(path, "+memory");
	write_file(path, "+pids");
	snprintf(path, sizeof(path), "%s/child", top);
	if (mkdir(path, 0755))
		return 2;
	pid = fork();
	if (!pid) {
		snprintf(path, sizeof(path), "%s/child/cgroup.procs", top);
		if (!write_file(path, "0"))
			_exit(3);
		read_file("/proc/self/cgroup", buf, sizeof(buf));
		if (!strstr(buf, "/child"))
			_exit(4);
		snprintf(path, sizeof(path), "%s/child/pids.max", top);
		if (strstr(buf, "pids") || write_file(path, "2")) {
			pid = fork();
			if (!pid)
				_exit(fork() >= 0 ? 1 : 0);
			if (!exited(reap(pid), 0))
				_exit(5);
		}
		for (;;)
			pause();
	}
	/* freeze, thaw, kill */
	for (i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "%s/child/cgroup.procs", top);
		read_file(path, buf, sizeof(buf));
		if (atoi(buf) == pid)
			break;
		usleep(10000);
	}
	usleep(200000);
	snprintf(path, sizeof(path), "%s/child/cgroup.freeze", top);
	write_file(path, "1");
	snprintf(path, sizeof(path), "%s/child/cgroup.events", top);
	for (i = 0; i < 500; i++) {
		read_file(path, buf, sizeof(buf));
		if (strstr(buf, "frozen 1"))
			break;
		usleep(10000);
	}
	if (!strstr(buf, "frozen 1"))
		return 6;
	snprintf(path, sizeof(path), "%s/child/cgroup.kill", top);
	write_file(path, "1");
	if (!killed(reap(pid), SIGKILL))
		return 7;
	snprintf(path, sizeof(path), "%s/child", top);
	for (i = 0; i < 100 && rmdir(path); i++)
		usleep(10000);
	return i == 100 ? 8 : umount(top) ? 9 : 0;
}

static void report(int st, const char *name)
{
	if (exited(st, 42))
		skip("not available", "%s", name);
	else
		is(WIFEXITED(st) ? WEXITSTATUS(st) : -st, 0, "%s", name);
}

TEST_AREA(spaces, 60)
{
	report(in_child(user_ns, NULL), "user, mount, UTS and IPC namespaces");
	if (geteuid() || !in_guest()) {
		skip("needs root in a guest", "PID, network, time namespaces; cgroups");
		return;
	}
	report(in_child(pid_ns, NULL), "a PID namespace");
	report(in_child(net_ns, NULL), "a network namespace");
	report(in_child(time_ns, NULL), "a time namespace, vDSO included");
	is(in_child(caps, NULL), 0, "an ordinary user has no privilege");
	report(in_child(cgroups, NULL), "cgroup v2: mount, pids, freeze, kill");
}
