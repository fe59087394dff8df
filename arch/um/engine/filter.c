// SPDX-License-Identifier: GPL-2.0
/*
 * The filter of a host thread that runs guest code under the seccomp engine.
 *
 * No system call of such a thread reaches the host, whatever its number, its
 * arguments or its place.  What is decided here is only how the kernel hears of
 * it: by a notification, which brings number and arguments and takes a result;
 * or, where the call needs all of the thread's registers or is likely to end in
 * a signal, by a signal's frame.
 *
 * There is one exception, on hosts whose CPU, or kernel, has no instructions for
 * segment bases: from the code page a thread may set its own, as those
 * instructions would let it do from anywhere.
 */
#include <linux/array_size.h>
#include <linux/filter.h>
#include <linux/init.h>
#include <linux/seccomp.h>
#include <linux/string.h>
#include <asm/stub.h>
#include <asm/unistd.h>
#include <uapi/asm/prctl.h>
#include <uapi/linux/audit.h>

#include "filter.h"

/* The page of old entries, which the host emulates. */
#define HOST_VSYSCALL	0xffffffffff600000UL

/* These need all registers, or the stack pointer. */
static const u32 needs_frame[] __initconst = {
	__NR_rt_sigreturn,
	__NR_clone,
	__NR_fork,
	__NR_vfork,
	__NR_clone3,
	__NR_execve,
	__NR_execveat,
	__NR_arch_prctl,
	__NR_sigaltstack,
	/* Its host thread is to have another task. */
	__NR_exit,
	/* Mostly to oneself. */
	__NR_kill,
	__NR_tkill,
	__NR_tgkill,
	/* To the host that is none: one that a kick interrupts is not begun anew. */
	(u32)-1,
};

#define LOAD(field)							\
	((struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS,	\
				       offsetof(struct seccomp_data, field)))
#define LOAD_HIGH(field)						\
	((struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS,	\
				       offsetof(struct seccomp_data, field) + 4))
#define RETURN(value)	((struct sock_filter) BPF_STMT(BPF_RET | BPF_K, value))
#define MASK(value)							\
	((struct sock_filter) BPF_STMT(BPF_ALU | BPF_AND | BPF_K, value))
#define JUMP_IF(value, yes, no)						\
	((struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no))

/* arch_prctl(): what the code page does to the bases is for the host. */
static const struct sock_filter own_bases[] __initconst = {
	LOAD(instruction_pointer),
	MASK((u32)PAGE_MASK),
	JUMP_IF((u32)STUB_CODE, 0, 6),
	LOAD_HIGH(instruction_pointer),
	JUMP_IF(STUB_CODE >> 32, 0, 4),
	LOAD(args[0]),	/* an int */
	JUMP_IF(ARCH_SET_FS, 1, 0),
	JUMP_IF(ARCH_SET_GS, 0, 1),
	RETURN(SECCOMP_RET_ALLOW),
	RETURN(SECCOMP_RET_TRAP),
};

void __init seccomp_filter_make(void *to, bool bases_by_host)
{
	struct sock_filter f[SECCOMP_FILTER_LEN];
	unsigned int i, n = 0, calls = ARRAY_SIZE(needs_frame);

	static_assert(sizeof(f[0]) == sizeof(struct stub_filter_insn));
	static_assert(8 + ARRAY_SIZE(needs_frame) + ARRAY_SIZE(own_bases) <=
		      SECCOMP_FILTER_LEN);

	/* There is no 32-bit system call. */
	f[n++] = LOAD(arch);
	f[n++] = JUMP_IF(AUDIT_ARCH_X86_64, 1, 0);
	f[n++] = RETURN(SECCOMP_RET_ERRNO | ENOSYS);
	/* What the host emulates it does not begin anew after a kick either. */
	f[n++] = LOAD_HIGH(instruction_pointer);
	f[n++] = JUMP_IF(HOST_VSYSCALL >> 32, calls + 2, 0);
	f[n++] = LOAD(nr);
	for (i = 0; i < calls; i++) {
		bool own = bases_by_host && needs_frame[i] == __NR_arch_prctl;

		f[n++] = JUMP_IF(needs_frame[i], calls - i + own, 0);
	}
	f[n++] = RETURN(SECCOMP_RET_USER_NOTIF);
	f[n++] = RETURN(SECCOMP_RET_TRAP);
	memcpy(f + n, own_bases, sizeof(own_bases));
	n += ARRAY_SIZE(own_bases);
	/* The rest of the place is never come to, but is a program's end. */
	while (n < SECCOMP_FILTER_LEN)
		f[n++] = RETURN(SECCOMP_RET_TRAP);
	memcpy(to, f, sizeof(f));
}
