// SPDX-License-Identifier: GPL-2.0
/*
 * What this machine lacks of what x86 promises, one word each.  Tests run it on
 * the host: what that does not have no guest can be blamed for.  Some virtual
 * machines pass no debug registers on, for one.
 *
 *	watchpoints	debug registers can be set, and nothing comes of it
 *	int-N		the instruction "int N" is not a fault (N in hex)
 *	int80		there is no 32-bit system call entry
 */
#include "tap.h"
#include <sys/ptrace.h>
#include <sys/user.h>

static volatile long watched;

static bool watchpoint_hits(void)
{
	size_t at = offsetof(struct user, u_debugreg);
	pid_t pid = fork();
	int st;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		watched = 1;
		_exit(0);
	}
	waitpid(pid, &st, 0);
	/* Where they are refused it is for the test to see. */
	if (ptrace(PTRACE_POKEUSER, pid, at, &watched) ||
	    ptrace(PTRACE_POKEUSER, pid, at + 7 * 8, 0xd0001L)) {
		kill(pid, SIGKILL);
		waitpid(pid, &st, 0);
		return true;
	}
	ptrace(PTRACE_CONT, pid, 0, 0);
	waitpid(pid, &st, 0);
	if (!WIFSTOPPED(st))
		return false;
	kill(pid, SIGKILL);
	waitpid(pid, &st, 0);
	return true;
}

static int try_vector(uint8_t *code, int n)
{
	pid_t pid;
	int st;

	/* mov $20, %eax (getpid() for 32-bit code); int n; ret */
	memcpy(code, "\xb8\x14\0\0\0\xcd\0\xc3", 8);
	code[6] = n;
	pid = fork();
	if (!pid) {
		((void (*)(void))code)();
		_exit(0);
	}
	waitpid(pid, &st, 0);
	return st;
}

TEST_HELPER(lacks)
{
	uint8_t *code = mmap(NULL, PAGE, 7, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int n;

	if (!watchpoint_hits())
		puts("watchpoints");
	for (n = 0; n < 256; n++) {
		int st = try_vector(code, n);

		if (n == 0x80 && !exited(st, 0))
			puts("int80");
		else if (n != 0x80 && exited(st, 0))
			printf("int-%x\n", n);
	}
	return 0;
}

bool host_lacks(const char *word)
{
	const char *words = getenv("umlacks"), *p = words;
	size_t len = strlen(word);

	while (p && (p = strstr(p, word))) {
		if ((p == words || p[-1] == ',') && (!p[len] || p[len] == ','))
			return true;
		p += len;
	}
	return false;
}
