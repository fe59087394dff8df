// SPDX-License-Identifier: GPL-2.0
/* Seccomp filters that guest programs install. */
#include "tap.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <ucontext.h>

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

static int filter_on(int nr, uint32_t action, unsigned int flags)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(f) / sizeof(f[0]), f };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

static int with_errno(void *arg)
{
	if (filter_on(SYS_getppid, SECCOMP_RET_ERRNO | 77, 0))
		return 1;
	if (syscall(SYS_getppid) != -1 || errno != 77)
		return 2;
	if (syscall(SYS_getpid) != getpid())
		return 3;
	/* A child has the filter too. */
	pid_t pid = fork();

	if (!pid)
		_exit(syscall(SYS_getppid) == -1 && errno == 77 ? 0 : 1);
	return exited(reap(pid), 0) ? 0 : 4;
}

static int with_args(void *arg)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_dup2, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x55667788, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1]) + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x11223344, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 99),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(f) / sizeof(f[0]), f };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return 1;
	if (syscall(SYS_dup2, 0, 0x1122334455667788) != -1 || errno != 99)
		return 2;
	if (syscall(SYS_dup2, -1, 0x55667788) != -1 || errno != EBADF)
		return 3;
	return 0;
}

static siginfo_t info;
static long trap_rip, trap_rax;

static void on_sigsys(int sig, siginfo_t *si, void *p)
{
	ucontext_t *uc = p;

	info = *si;
	trap_rip = uc->uc_mcontext.gregs[REG_RIP];
	trap_rax = uc->uc_mcontext.gregs[REG_RAX];
	uc->uc_mcontext.gregs[REG_RAX] = 4242;
}

static int with_trap(void *arg)
{
	struct sigaction sa = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };
	long r = SYS_getppid, here;

	sigaction(SIGSYS, &sa, NULL);
	if (filter_on(SYS_getppid, SECCOMP_RET_TRAP | 0x123, 0))
		return 1;
	asm volatile("lea 1f(%%rip), %1\n syscall\n1:"
		     : "+a"(r), "=&r"(here) : : "rcx", "r11", "memory");
	if (r != 4242)
		return 2;
	if (info.si_signo != SIGSYS || info.si_code != SYS_SECCOMP)
		return 3;
	if (info.si_syscall != SYS_getppid || info.si_errno != 0x123)
		return 4;
	if (info.si_arch != AUDIT_ARCH_X86_64)
		return 5;
	if ((long)info.si_call_addr != here || trap_rip != here)
		return 6;
	if (trap_rax != SYS_getppid && trap_rax != -ENOSYS)
		return 7;
	return 0;
}

static int with_kill(void *arg)
{
	filter_on(SYS_getppid, (long)arg, 0);
	syscall(SYS_getppid);
	return 0;
}

static void *thread_kill(void *arg)
{
	filter_on(SYS_getppid, SECCOMP_RET_KILL_THREAD, 0);
	syscall(SYS_getppid);
	*(int *)arg = 1;
	return NULL;
}

static int with_kill_thread(void *arg)
{
	int survived = 0;
	pthread_t t;

	pthread_create(&t, NULL, thread_kill, &survived);
	usleep(200000);
	return survived;
}

static int strict(void *arg)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		return 1;
	if (arg)
		syscall(SYS_getppid);
	syscall(SYS_exit, 33);
	return 0;
}

static int with_notify(void *arg)
{
	struct seccomp_notif req;
	struct seccomp_notif_resp resp;
	int fd, st, i;
	pid_t pid;

	fd = filter_on(SYS_getppid, SECCOMP_RET_USER_NOTIF,
		       SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (fd < 0)
		return 1;
	pid = fork();
	if (!pid) {
		if (syscall(SYS_getppid, 1, 2, 3) != 1234)
			_exit(1);
		if (syscall(SYS_getppid) != -1 || errno != EXDEV)
			_exit(2);
		_exit(0);
	}
	for (i = 0; i < 2; i++) {
		memset(&req, 0, sizeof(req));
		memset(&resp, 0, sizeof(resp));
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &req))
			return 2;
		if (req.data.nr != SYS_getppid || (pid_t)req.pid != pid ||
		    (i == 0 && (req.data.args[0] != 1 || req.data.args[2] != 3)))
			return 3;
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &req.id))
			return 4;
		resp.id = req.id;
		if (i == 0)
			resp.val = 1234;
		else
			resp.error = -EXDEV;
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp))
			return 5;
	}
	st = reap(pid);
	return exited(st, 0) ? 0 : 6;
}

static int with_trace(void *arg)
{
	pid_t pid = fork();
	unsigned long msg = 0;
	int st;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		filter_on(SYS_getppid, SECCOMP_RET_TRACE | 0x321, 0);
		_exit(syscall(SYS_getppid) == -1 && errno == ENOSYS ? 1 : 0);
	}
	waitpid(pid, &st, 0);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESECCOMP);
	ptrace(PTRACE_CONT, pid, 0, 0);
	waitpid(pid, &st, 0);
	if (st >> 8 != (SIGTRAP | PTRACE_EVENT_SECCOMP << 8))
		return 1;
	ptrace(PTRACE_GETEVENTMSG, pid, 0, &msg);
	if (msg != 0x321)
		return 2;
	ptrace(PTRACE_CONT, pid, 0, 0);
	return exited(reap(pid), 0) ? 0 : 3;
}

static int trace_without(void *arg)
{
	filter_on(SYS_getppid, SECCOMP_RET_TRACE, 0);
	return syscall(SYS_getppid) == -1 && errno == ENOSYS ? 0 : 1;
}

static void *tsync_thread(void *arg)
{
	while (!*(volatile int *)arg)
		usleep(1000);
	return (void *)(long)(syscall(SYS_getppid) == -1 && errno == 7);
}

static int with_tsync(void *arg)
{
	volatile int go = 0;
	pthread_t t;
	void *r;

	pthread_create(&t, NULL, tsync_thread, (void *)&go);
	if (filter_on(SYS_getppid, SECCOMP_RET_ERRNO | 7,
		      SECCOMP_FILTER_FLAG_TSYNC))
		return 1;
	go = 1;
	pthread_join(t, &r);
	return r ? 0 : 2;
}

TEST_AREA(seccomps, 60)
{
	int st;

	is(prctl(PR_GET_SECCOMP), 0, "no seccomp at first");
	is(in_child(with_errno, NULL), 0, "RET_ERRNO, inherited by fork");
	is(in_child(with_args, NULL), 0, "filters see 64-bit arguments");
	is(in_child(with_trap, NULL), 0, "RET_TRAP and its siginfo");
	st = in_child(with_kill, (void *)(long)SECCOMP_RET_KILL_PROCESS);
	ok(killed(st, SIGSYS), "RET_KILL_PROCESS");
	is(in_child(with_kill_thread, NULL), 0, "RET_KILL_THREAD kills the thread");
	ok(killed(in_child(strict, (void *)1), SIGKILL), "strict mode kills");
	ok(exited(in_child(strict, NULL), 33), "strict mode allows exit");
	is(in_child(with_notify, NULL), 0, "user notification");
	is(in_child(with_trace, NULL), 0, "RET_TRACE with a tracer");
	is(in_child(trace_without, NULL), 0, "RET_TRACE without is ENOSYS");
	is(in_child(with_tsync, NULL), 0, "TSYNC reaches other threads");
	is_err(syscall(SYS_seccomp, 77, 0, 0), EINVAL, "an unknown operation");
}
