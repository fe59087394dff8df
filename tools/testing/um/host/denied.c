// SPDX-License-Identifier: GPL-2.0
/* denied CALL PROGRAM ARGS: run it in a sandbox where CALL gives EPERM. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static const struct { const char *name; int nr; } calls[] = {
		{ "ptrace", SYS_ptrace }, { "seccomp", SYS_seccomp },
		{ "memfd_create", SYS_memfd_create },
		{ "process_vm_readv", SYS_process_vm_readv },
		{ "userfaultfd", SYS_userfaultfd }, { "io_uring_setup", 425 },
		{ "personality", SYS_personality },
	};
	size_t i;

	for (i = 0; argc > 2 && i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct sock_filter f[] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
				 offsetof(struct seccomp_data, nr)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].nr, 0, 1),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		};
		struct sock_fprog prog = { 4, f };

		if (strcmp(argv[1], calls[i].name))
			continue;
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog)) {
			perror("denied: seccomp");
			return 99;
		}
		execv(argv[2], argv + 2);
		perror(argv[2]);
		return 98;
	}
	fprintf(stderr, "usage: denied CALL PROGRAM ARGS\n");
	return 97;
}
