// SPDX-License-Identifier: GPL-2.0
/*
 * The bare cost of a system call that a tracer emulates, with nothing of a
 * kernel around it: PTRACE_SYSEMU, PTRACE_GET_SYSCALL_INFO, PTRACE_POKEUSER,
 * both sides on one CPU.  Prints "ptrace_roundtrip value" in nanoseconds, best
 * of five rounds.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N 20000
#define ROUNDS 5

int main(void)
{
	double *best = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct __ptrace_syscall_info info;
	cpu_set_t all, one;
	int cpu, st;
	pid_t pid;

	sched_getaffinity(0, sizeof(all), &all);
	for (cpu = 0; !CPU_ISSET(cpu, &all); cpu++)
		;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
	pid = fork();
	if (!pid) {
		int i, r;

		if (ptrace(PTRACE_TRACEME, 0, 0, 0)) {
			perror("ptrace");
			_exit(1);
		}
		raise(SIGSTOP);
		*best = 1e30;
		for (r = 0; r < ROUNDS; r++) {
			struct timespec a, b;
			double t;

			clock_gettime(CLOCK_MONOTONIC, &a);
			for (i = 0; i < N; i++)
				syscall(SYS_getppid);
			clock_gettime(CLOCK_MONOTONIC, &b);
			t = ((b.tv_sec - a.tv_sec) * 1e9 + b.tv_nsec - a.tv_nsec) / N;
			if (t < *best)
				*best = t;
		}
		syscall(SYS_exit_group, 0);
	}
	waitpid(pid, &st, 0);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	for (;;) {
		ptrace(PTRACE_SYSEMU, pid, 0, 0);
		waitpid(pid, &st, __WALL);
		if (!WIFSTOPPED(st) || WSTOPSIG(st) != (SIGTRAP | 0x80))
			break;
		ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info);
		if (info.entry.nr == SYS_exit_group)
			break;
		ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax),
		       info.entry.nr == SYS_clock_gettime ? -38L : 1234L);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &st, 0);
	printf("ptrace_roundtrip %.1f\n", *best);
	return *best <= 0 || *best >= 1e30;
}
