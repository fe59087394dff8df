// SPDX-License-Identifier: GPL-2.0
/* ptrace for guest programs: what strace and gdb live on. */
#include "tap.h"
#include <cpuid.h>
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#define TRAP_SYSGOOD (SIGTRAP | 0x80)

static int wait_stop(pid_t pid)
{
	int st;

	if (waitpid(pid, &st, __WALL) != pid)
		return -1;
	return st;
}

static pid_t traced(void (*fn)(void))
{
	pid_t pid = fork();
	int st;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		fn();
		_exit(0);
	}
	st = wait_stop(pid);
	if (!stopped(st, SIGSTOP))
		diag("no first stop: 0x%x", st);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD |
	       PTRACE_O_EXITKILL);
	return pid;
}

static void finish(pid_t pid)
{
	kill(pid, SIGKILL);
	reap(pid);
}

static void calls(void)
{
	syscall(SYS_getppid, 11, 22, 33, 44, 55, 66);
	if (syscall(SYS_getpid) != 777)
		_exit(2);
	if (syscall(SYS_close, 987654) != 5)	/* the tracer changes all */
		_exit(3);
	_exit(44);
}

static void check_syscalls(void)
{
	struct __ptrace_syscall_info si;
	struct user_regs_struct r;
	pid_t pid = traced(calls);
	int st, i;

	/* raise() returns with a call of its own: sigprocmask */
	for (i = 0; i < 10; i++) {
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
		st = wait_stop(pid);
		ptrace(PTRACE_GETREGS, pid, 0, &r);
		if (r.orig_rax == SYS_getppid)
			break;
	}
	ok(stopped(st, TRAP_SYSGOOD), "a stop at the entry, with bit 7");
	ok(r.rdi == 11 && r.rsi == 22 && r.rdx == 33 && r.r10 == 44 &&
	   r.r8 == 55 && r.r9 == 66, "six arguments");
	is(r.rax, -ENOSYS, "rax is -ENOSYS at the entry");
	memset(&si, 0, sizeof(si));
	ok(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(si), &si) > 0,
	   "PTRACE_GET_SYSCALL_INFO");
	ok(si.op == PTRACE_SYSCALL_INFO_ENTRY && si.entry.nr == SYS_getppid &&
	   si.entry.args[5] == 66 && si.instruction_pointer == r.rip &&
	   si.stack_pointer == r.rsp, "tells of the entry");
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
	wait_stop(pid);
	ptrace(PTRACE_GETREGS, pid, 0, &r);
	is(r.rax, getpid(), "the result at the exit");
	is(r.orig_rax, SYS_getppid, "and still the number");
	ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(si), &si);
	ok(si.op == PTRACE_SYSCALL_INFO_EXIT && si.exit.rval == getpid() &&
	   !si.exit.is_error, "the info tells of the exit");
	/* change a result */
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
	wait_stop(pid);
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
	wait_stop(pid);
	ptrace(PTRACE_GETREGS, pid, 0, &r);
	r.rax = 777;
	is(ptrace(PTRACE_SETREGS, pid, 0, &r), 0, "SETREGS");
	/* turn a call into another one: close -> dup2(0, 5) */
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
	wait_stop(pid);
	ptrace(PTRACE_GETREGS, pid, 0, &r);
	is(r.orig_rax, SYS_close, "at close");
	r.orig_rax = SYS_dup2;
	r.rdi = 0;
	r.rsi = 5;
	ptrace(PTRACE_SETREGS, pid, 0, &r);
	ptrace(PTRACE_CONT, pid, 0, 0);
	st = reap(pid);
	ok(exited(st, 44), "changed results and numbers took effect (0x%x)", st);
}

static void skipped(void)
{
	_exit(syscall(SYS_kill, getpid(), SIGKILL) == -1 && errno == ENOSYS ? 55 : 1);
}

static void check_skip(void)
{
	struct user_regs_struct r;
	pid_t pid = traced(skipped);
	int st, i;

	for (i = 0; i < 10; i++) {
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
		wait_stop(pid);
		ptrace(PTRACE_GETREGS, pid, 0, &r);
		if (r.orig_rax == SYS_kill)
			break;
	}
	r.orig_rax = -1;
	ptrace(PTRACE_SETREGS, pid, 0, &r);
	ptrace(PTRACE_CONT, pid, 0, 0);
	st = reap(pid);
	ok(exited(st, 55), "a call is skipped with number -1 (0x%x)", st);
}

static void emulated(void)
{
	long r = syscall(SYS_kill, getpid(), SIGKILL);

	_exit(r == 99 ? 66 : 1);
}

static void check_sysemu(void)
{
	pid_t pid = traced(emulated);
	struct user_regs_struct r;
	int st, i;

	for (i = 0; i < 10; i++) {
		if (ptrace(PTRACE_SYSEMU, pid, 0, 0)) {
			skip("refused", "PTRACE_SYSEMU");
			finish(pid);
			return;
		}
		st = wait_stop(pid);
		ptrace(PTRACE_GETREGS, pid, 0, &r);
		if (r.orig_rax == SYS_kill)
			break;
		r.rax = r.orig_rax == SYS_getpid ? pid : 0;
		ptrace(PTRACE_SETREGS, pid, 0, &r);
	}
	r.rax = 99;
	ptrace(PTRACE_SETREGS, pid, 0, &r);
	ptrace(PTRACE_CONT, pid, 0, 0);
	st = reap(pid);
	ok(exited(st, 66), "PTRACE_SYSEMU runs no call (0x%x)", st);
}

static volatile long data_word = 0x1122334455667788;

static void spin_then_exit(void)
{
	while (data_word == 0x1122334455667788)
		sched_yield();
	_exit(data_word == 0x42 ? 7 : 8);
}

static void check_memory(void)
{
	pid_t pid = traced(spin_then_exit);
	long v;

	errno = 0;
	v = ptrace(PTRACE_PEEKDATA, pid, &data_word, 0);
	is(v, 0x1122334455667788, "PEEKDATA");
	v = ptrace(PTRACE_PEEKTEXT, pid, (char *)&data_word + 3, 0);
	is(v & 0xff, 0x55, "PEEKTEXT off alignment");
	is_err(ptrace(PTRACE_PEEKDATA, pid, 8, 0), EIO, "PEEKDATA of nothing");
	is(ptrace(PTRACE_POKEDATA, pid, &data_word, 0x42), 0, "POKEDATA");
	is(data_word, 0x1122334455667788, "ours is untouched");
	errno = 0;
	v = ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user_regs_struct, cs), 0);
	is(v, 0x33, "PEEKUSER cs");
	is_err(ptrace(PTRACE_PEEKUSER, pid, 0x100001, 0), EIO,
	       "PEEKUSER far out");
	ptrace(PTRACE_CONT, pid, 0, 0);
	ok(exited(reap(pid), 7), "the child saw what was poked");
}

static volatile int bp_hits;

void bp_target(void);
asm(".text\nbp_target:\n nop\n nop\n nop\n nop\n ret\n");

static void call_target(void)
{
	int i;

	for (i = 0; i < 3; i++) {
		bp_target();
		bp_hits++;
	}
	_exit(bp_hits);
}

static void check_breakpoint(void)
{
	pid_t pid = traced(call_target);
	struct user_regs_struct r;
	siginfo_t si;
	long text;
	int i, st, n = 0;

	errno = 0;
	text = ptrace(PTRACE_PEEKTEXT, pid, bp_target, 0);
	is(ptrace(PTRACE_POKETEXT, pid, bp_target, (text & ~0xffL) | 0xcc), 0,
	   "a breakpoint in read-only text");
	for (i = 0; i < 3; i++) {
		ptrace(PTRACE_CONT, pid, 0, 0);
		st = wait_stop(pid);
		if (!stopped(st, SIGTRAP))
			break;
		ptrace(PTRACE_GETSIGINFO, pid, 0, &si);
		ptrace(PTRACE_GETREGS, pid, 0, &r);
		if (r.rip != (unsigned long)bp_target + 1 ||
		    (si.si_code != SI_KERNEL && si.si_code != TRAP_BRKPT))
			break;
		n++;
		/* As gdb: take it out, step over, put it back. */
		ptrace(PTRACE_POKETEXT, pid, bp_target, text);
		r.rip--;
		ptrace(PTRACE_SETREGS, pid, 0, &r);
		ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
		st = wait_stop(pid);
		ptrace(PTRACE_GETREGS, pid, 0, &r);
		if (!stopped(st, SIGTRAP) || r.rip != (unsigned long)bp_target + 1)
			break;
		ptrace(PTRACE_POKETEXT, pid, bp_target, (text & ~0xffL) | 0xcc);
	}
	is(n, 3, "hit three times");
	ptrace(PTRACE_POKETEXT, pid, bp_target, text);
	ptrace(PTRACE_CONT, pid, 0, 0);
	st = reap(pid);
	ok(exited(st, 3), "and the program is unharmed (0x%x)", st);
}

void step_start(void);
extern char step_end[];
asm(".text\nstep_start:\n mov $5, %ecx\n1: nop\n dec %ecx\n jnz 1b\n"
	"mov $110, %eax\n syscall\n push %rax\n pop %rax\n pushfq\n pop %rax\n"
	"step_end: nop\n ret\n");

static void stepped(void)
{
	raise(SIGUSR1);		/* marks the place: the tracer swallows it */
	step_start();
	_exit(9);
}

static void check_step(void)
{
	pid_t pid = traced(stepped);
	struct user_regs_struct r;
	siginfo_t si;
	int st, n = 0, i, code = 0;

	ptrace(PTRACE_CONT, pid, 0, 0);
	wait_stop(pid);
	for (i = 0; i < 2000; i++) {
		ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
		st = wait_stop(pid);
		if (!stopped(st, SIGTRAP))
			break;
		ptrace(PTRACE_GETREGS, pid, 0, &r);
		if (r.rip == (unsigned long)step_start)
			break;
	}
	is(r.rip, (long)step_start, "steps from the call into the function");
	for (n = 0; n < 100 && r.rip != (unsigned long)step_end; n++) {
		ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
		st = wait_stop(pid);
		if (!stopped(st, SIGTRAP))
			break;
		ptrace(PTRACE_GETSIGINFO, pid, 0, &si);
		code = si.si_code;
		ptrace(PTRACE_GETREGS, pid, 0, &r);
	}
	/* 1 + 5 * 3 + mov, syscall, push, pop, pushfq, pop */
	is(n, 22, "one stop an instruction, system call included");
	is(code, TRAP_TRACE, "its si_code is TRAP_TRACE");
	ptrace(PTRACE_CONT, pid, 0, 0);
	st = reap(pid);
	ok(exited(st, 9), "then it runs on (0x%x)", st);
}

static uint8_t xin[64], xout[64];

static void hold_registers(void)
{
	fill(xin, 64, 5);
	if (has_feature("avx"))
		asm volatile("vmovdqu (%0), %%ymm3\n int3\n"
			     "vmovdqu %%ymm3, (%1)\n"
			     : : "r"(xin), "r"(xout) : "xmm3", "memory");
	else
		asm volatile("movdqu (%0), %%xmm3\n int3\n"
			     "movdqu %%xmm3, (%1)\n"
			     : : "r"(xin), "r"(xout) : "xmm3", "memory");
	_exit(xout[0] == 0x77 && (!has_feature("avx") || xout[16] == 0x88) ? 0 : 1);
}

static void check_regsets(void)
{
	static uint8_t xs[16384], want[64];
	struct user_fpregs_struct fp;
	struct user_regs_struct r;
	struct iovec v;
	unsigned int a, b, c, d;
	pid_t pid;
	int st;

	has_feature("avx");
	pid = traced(hold_registers);
	ptrace(PTRACE_CONT, pid, 0, 0);
	st = wait_stop(pid);
	ok(stopped(st, SIGTRAP), "at int3");
	fill(want, 64, 5);
	v.iov_base = &r;
	v.iov_len = sizeof(r);
	is(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &v), 0, "NT_PRSTATUS");
	is(v.iov_len, sizeof(r), "27 registers");
	ok(r.cs == 0x33 && r.ss == 0x2b, "cs and ss");
	is(ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &v), 0, "set back");
	v.iov_base = &fp;
	v.iov_len = sizeof(fp);
	is(ptrace(PTRACE_GETREGSET, pid, NT_PRFPREG, &v), 0, "NT_PRFPREG");
	ok(v.iov_len == 512 && !memcmp(&fp.xmm_space[12], want, 16), "shows xmm3");
	memset(&fp, 0, sizeof(fp));
	is(ptrace(PTRACE_GETFPREGS, pid, 0, &fp), 0, "GETFPREGS");
	ok(!memcmp(&fp.xmm_space[12], want, 16), "shows it too");
	v.iov_base = xs;
	v.iov_len = sizeof(xs);
	is(ptrace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &v), 0, "NT_X86_XSTATE");
	ok(v.iov_len >= 576 && !memcmp(xs + 160 + 48, want, 16),
	   "%zu bytes with xmm3", v.iov_len);
	ok((*(uint64_t *)(xs + 464) & 3) == 3, "the mask of features is told (0x%llx)",
	   *(unsigned long long *)(xs + 464));
	memset(xs + 160 + 48, 0x77, 16);
	if (has_feature("avx")) {
		__cpuid_count(0xd, 2, a, b, c, d);
		ok(!memcmp(xs + b + 48, want + 16, 16), "and ymm3's upper half");
		memset(xs + b + 48, 0x88, 16);
	}
	is(ptrace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &v), 0, "set");
	ptrace(PTRACE_CONT, pid, 0, 0);
	st = reap(pid);
	ok(exited(st, 0), "the program has the changed registers (0x%x)", st);
	(void)a;
	(void)c;
	(void)d;
}

static volatile long watched;

static void write_watched(void)
{
	watched = 1;
	watched = 2;
	_exit(watched);
}

static void check_watchpoint(void)
{
	pid_t pid = traced(write_watched);
	size_t at = offsetof(struct user, u_debugreg);
	siginfo_t si;
	long dr6;
	int st;

	if (host_lacks("watchpoints")) {
		skip("the host's do not hit", "a hardware watchpoint");
		finish(pid);
		return;
	}
	if (ptrace(PTRACE_POKEUSER, pid, at, &watched) ||
	    ptrace(PTRACE_POKEUSER, pid, at + 7 * 8, 0xd0001L)) {
		skip("debug registers are refused", "a hardware watchpoint");
		finish(pid);
		return;
	}
	ptrace(PTRACE_CONT, pid, 0, 0);
	st = wait_stop(pid);
	ok(stopped(st, SIGTRAP), "a watchpoint hits (0x%x)", st);
	ptrace(PTRACE_GETSIGINFO, pid, 0, &si);
	is(si.si_code, TRAP_HWBKPT, "TRAP_HWBKPT");
	is(ptrace(PTRACE_PEEKDATA, pid, &watched, 0), 1, "after the first write");
	dr6 = ptrace(PTRACE_PEEKUSER, pid, at + 6 * 8, 0);
	is(dr6 & 0xf, 1, "DR6 tells which");
	ptrace(PTRACE_CONT, pid, 0, 0);
	st = wait_stop(pid);
	ok(stopped(st, SIGTRAP), "and hits again");
	ptrace(PTRACE_POKEUSER, pid, at + 7 * 8, 0);
	ptrace(PTRACE_CONT, pid, 0, 0);
	st = reap(pid);
	ok(exited(st, 2), "switched off, the program ends (0x%x)", st);
}

static void check_seize(void)
{
	pid_t pid = fork();
	struct user_regs_struct r;
	int st;

	if (!pid) {
		volatile long n = 0;

		for (;;)
			n++;
	}
	usleep(20000);
	is(ptrace(PTRACE_SEIZE, pid, 0, 0), 0, "SEIZE");
	is(ptrace(PTRACE_INTERRUPT, pid, 0, 0), 0, "INTERRUPT");
	st = wait_stop(pid);
	is(st >> 8, SIGTRAP | PTRACE_EVENT_STOP << 8, "an event stop");
	is(ptrace(PTRACE_GETREGS, pid, 0, &r), 0, "with registers");
	ptrace(PTRACE_CONT, pid, 0, 0);
	kill(pid, SIGUSR2);
	st = wait_stop(pid);
	ok(stopped(st, SIGUSR2), "signals stop it");
	ptrace(PTRACE_CONT, pid, 0, 0);
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	wait_stop(pid);
	is(ptrace(PTRACE_DETACH, pid, 0, 0), 0, "DETACH");
	is(waitpid(pid, &st, WNOHANG), 0, "it goes on");
	finish(pid);
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	usleep(20000);
	is(ptrace(PTRACE_ATTACH, pid, 0, 0), 0, "ATTACH to a sleeper");
	st = wait_stop(pid);
	ok(stopped(st, SIGSTOP), "stops it");
	ptrace(PTRACE_GETREGS, pid, 0, &r);
	is(r.orig_rax, SYS_pause, "in pause");
	ptrace(PTRACE_DETACH, pid, 0, 0);
	finish(pid);
}

static void *nop_thread(void *arg)
{
	return arg;
}

static void make_all(void)
{
	pthread_t t;
	pid_t pid;

	pthread_create(&t, NULL, nop_thread, NULL);
	pthread_join(t, NULL);
	pid = fork();
	if (!pid)
		_exit(0);
	reap(pid);
	pid = vfork();
	if (!pid)
		_exit(0);
	reap(pid);
	execl(self_path, self_path, "--helper", "status", "17", NULL);
}

static void check_events(void)
{
	pid_t pid = traced(make_all), who;
	int st, seen[20] = { 0 }, result = -1, i;

	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACECLONE |
	       PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
	       PTRACE_O_TRACEEXIT | PTRACE_O_TRACEVFORKDONE | PTRACE_O_EXITKILL);
	ptrace(PTRACE_CONT, pid, 0, 0);
	for (i = 0; i < 200; i++) {
		who = waitpid(-1, &st, __WALL);
		if (who < 0)
			break;
		if (WIFEXITED(st) || WIFSIGNALED(st)) {
			if (who == pid)
				result = st;
			continue;
		}
		if (st >> 16)
			seen[(st >> 16) % 20]++;
		ptrace(PTRACE_CONT, who, 0,
		       st >> 16 || WSTOPSIG(st) == SIGSTOP ||
		       WSTOPSIG(st) == SIGTRAP ? 0 : WSTOPSIG(st));
	}
	is(seen[PTRACE_EVENT_CLONE], 1, "one CLONE event");
	is(seen[PTRACE_EVENT_FORK], 1, "one FORK event");
	is(seen[PTRACE_EVENT_VFORK], 1, "one VFORK event");
	is(seen[PTRACE_EVENT_VFORK_DONE], 1, "one VFORK_DONE event");
	is(seen[PTRACE_EVENT_EXEC], 1, "one EXEC event");
	ok(seen[PTRACE_EVENT_EXIT] >= 4, "EXIT events (%d)", seen[PTRACE_EVENT_EXIT]);
	ok(exited(result, 17), "and the program ran to its end (0x%x)", result);
}

static void signalled(void)
{
	raise(SIGUSR1);
	_exit(5);
}

static void check_signals(void)
{
	pid_t pid = traced(signalled);
	siginfo_t si;
	int st;

	ptrace(PTRACE_CONT, pid, 0, 0);
	st = wait_stop(pid);
	ok(stopped(st, SIGUSR1), "a signal is shown first");
	is(ptrace(PTRACE_GETSIGINFO, pid, 0, &si), 0, "GETSIGINFO");
	ok(si.si_signo == SIGUSR1 && si.si_pid == pid, "with its sender");
	ptrace(PTRACE_CONT, pid, 0, 0);
	ok(exited(reap(pid), 5), "and can be kept from it");
	pid = traced(signalled);
	ptrace(PTRACE_CONT, pid, 0, 0);
	wait_stop(pid);
	ptrace(PTRACE_CONT, pid, 0, SIGTERM);
	ok(killed(reap(pid), SIGTERM), "or exchanged");
}

TEST_AREA(ptraces, 120)
{
	check_syscalls();
	check_skip();
	check_sysemu();
	check_memory();
	check_breakpoint();
	check_step();
	check_regsets();
	check_watchpoint();
	check_seize();
	check_events();
	check_signals();
}
