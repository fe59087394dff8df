// SPDX-License-Identifier: GPL-2.0
/*
 * Stubs under ptrace: the first one, and what is done to all.
 *
 * A system call of the guest costs four calls here: host_ptrace_wait(),
 * host_ptrace_syscall(), host_ptrace_poke() and host_ptrace_run().  Nothing
 * may be added to them.
 */
#include <elf.h>
#include <linux/audit.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "internal.h"

#ifndef PTRACE_SYSEMU
#define PTRACE_SYSEMU			31
#define PTRACE_SYSEMU_SINGLESTEP	32
#endif
#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE			0x202
#endif

#define SAME_PLACE(ours, theirs)					\
	_Static_assert(offsetof(struct host_regs, ours) ==		\
		       offsetof(struct user_regs_struct, theirs),	\
		       "struct host_regs differs from the host's: " #ours)

SAME_PLACE(r15, r15);
SAME_PLACE(r14, r14);
SAME_PLACE(r13, r13);
SAME_PLACE(r12, r12);
SAME_PLACE(bp, rbp);
SAME_PLACE(bx, rbx);
SAME_PLACE(r11, r11);
SAME_PLACE(r10, r10);
SAME_PLACE(r9, r9);
SAME_PLACE(r8, r8);
SAME_PLACE(ax, rax);
SAME_PLACE(cx, rcx);
SAME_PLACE(dx, rdx);
SAME_PLACE(si, rsi);
SAME_PLACE(di, rdi);
SAME_PLACE(orig_ax, orig_rax);
SAME_PLACE(ip, rip);
SAME_PLACE(cs, cs);
SAME_PLACE(flags, eflags);
SAME_PLACE(sp, rsp);
SAME_PLACE(ss, ss);
SAME_PLACE(fs_base, fs_base);
SAME_PLACE(gs_base, gs_base);
SAME_PLACE(ds, ds);
SAME_PLACE(es, es);
SAME_PLACE(fs, fs);
SAME_PLACE(gs, gs);
_Static_assert(sizeof(struct host_regs) == sizeof(struct user_regs_struct),
	       "struct host_regs is as long as the host's");

/* ---- what is done to all stubs ------------------------------------------ */

int host_ptrace_getregs(int pid, struct host_regs *regs)
{
	return sys(SYS_ptrace, PTRACE_GETREGS, pid, 0, regs);
}

int host_ptrace_setregs_code(int pid, const struct host_regs *regs)
{
	struct iovec iov = {
		.iov_base = (void *)regs,
		.iov_len = offsetof(struct host_regs, fs_base),
	};

	return sys(SYS_ptrace, PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov);
}

/*
 * The host takes no segment base above its users' addresses, although a program
 * can set one by itself (WRGSBASE).  It keeps such a one, as nothing else here
 * changes the bases.
 */
int host_ptrace_setregs(int pid, const struct host_regs *regs)
{
	const um_u64 top = 0x7ffffffff000;
	int err;

	if (regs->fs_base < top && regs->gs_base < top)
		return sys(SYS_ptrace, PTRACE_SETREGS, pid, 0, regs);
	err = host_ptrace_setregs_code(pid, regs);
	if (err >= 0 && regs->fs_base < top)
		err = host_ptrace_poke(pid, offsetof(struct host_regs, fs_base),
				       regs->fs_base);
	if (err >= 0 && regs->gs_base < top)
		err = host_ptrace_poke(pid, offsetof(struct host_regs, gs_base),
				       regs->gs_base);
	return err;
}

int host_ptrace_get_ax_ip(int pid, um_u64 *ax, um_u64 *ip)
{
	struct host_regs regs;
	int err;

	/* All at once is less than two calls for one each. */
	err = host_ptrace_getregs(pid, &regs);
	if (err)
		return err;
	*ax = regs.ax;
	*ip = regs.ip;
	return 0;
}

int host_ptrace_getxstate(int pid, void *buf, unsigned long len)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	long err;

	err = sys(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &iov);
	return err ? err : (int)iov.iov_len;
}

/*
 * The host takes an image of its own full length only, AMX included, which may
 * be more than guests are given: the rest is zero, as not in use.
 */
int host_ptrace_setxstate(int pid, const void *buf, unsigned long len)
{
	static um_u8 image[16384] __attribute__((aligned(64)));
	static unsigned long full;
	struct iovec iov = { .iov_base = image, .iov_len = sizeof(image) };
	int err;

	if (!full) {
		err = sys(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &iov);
		if (err < 0)
			return err;
		full = iov.iov_len;
	}
	if (len > full)
		return -EINVAL;
	iov.iov_len = full;
	if (len == full) {
		iov.iov_base = (void *)buf;
	} else {
		memcpy(image, buf, len);
		memset(image + len, 0, full - len);
	}
	return sys(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &iov);
}

int host_ptrace_syscall(int pid, struct host_syscall *sc)
{
	struct ptrace_syscall_info info;
	long ret;

	ret = sys(SYS_ptrace, PTRACE_GET_SYSCALL_INFO, pid, sizeof(info),
		  &info);
	if (ret < 0)
		return ret;
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return -EIO;
	sc->arch = info.arch;
	sc->nr = info.entry.nr;
	for (unsigned int i = 0; i < ARRAY_SIZE(sc->args); i++)
		sc->args[i] = info.entry.args[i];
	sc->ip = info.instruction_pointer;
	sc->sp = info.stack_pointer;
	return 0;
}

int host_ptrace_fault(int pid, struct host_fault *fault)
{
	siginfo_t info;
	long err;

	err = sys(SYS_ptrace, PTRACE_GETSIGINFO, pid, 0, &info);
	if (err)
		return err;
	fault->sig = info.si_signo;
	fault->code = info.si_code;
	fault->err = info.si_errno;
	fault->addr = (um_u64)info.si_addr;
	return 0;
}

int host_ptrace_pending(int pid)
{
	struct ptrace_peeksiginfo_args args = { .nr = 8 };
	siginfo_t info[8];
	long n;

	n = sys(SYS_ptrace, PTRACE_PEEKSIGINFO, pid, &args, info);
	for (long i = 0; i < n; i++)
		if (info[i].si_code > 0 &&
		    sigmask_of(info[i].si_signo) & (fault_signals() | sigmask_of(SIGTRAP)))
			return 1;
	return 0;
}

int host_ptrace_poke(int pid, unsigned long offset, um_u64 value)
{
	return sys(SYS_ptrace, PTRACE_POKEUSR, pid, offset, value);
}

int host_ptrace_peek(int pid, unsigned long offset, um_u64 *value)
{
	return sys(SYS_ptrace, PTRACE_PEEKUSR, pid, offset, value);
}

int host_ptrace_peek_debug(int pid, int n, um_u64 *value)
{
	if (n < 0 || n > 7)
		return -EINVAL;
	return host_ptrace_peek(pid, offsetof(struct user, u_debugreg[0]) +
				n * sizeof(*value), value);
}

int host_ptrace_poke_debug(int pid, int n, um_u64 value)
{
	if (n < 0 || n > 7)
		return -EINVAL;
	return host_ptrace_poke(pid, offsetof(struct user, u_debugreg[0]) +
				n * sizeof(value), value);
}

int host_ptrace_run(int pid, int single_step)
{
	return sys(SYS_ptrace,
		   single_step ? PTRACE_SYSEMU_SINGLESTEP : PTRACE_SYSEMU, pid,
		   0, 0);
}

int host_ptrace_cont(int pid)
{
	return sys(SYS_ptrace, PTRACE_CONT, pid, 0, 0);
}

int host_ptrace_interrupt(int pid)
{
	return sys(SYS_ptrace, PTRACE_INTERRUPT, pid, 0, 0);
}

int host_ptrace_wait(int pid, struct host_stop_info *info)
{
	int status, sig;
	long ret;

	ret = sys_retry(SYS_wait4, pid, &status, __WALL, NULL);
	if (ret < 0)
		return ret;
	if (!WIFSTOPPED(status)) {
		info->why = HOST_STOP_DEAD;
		info->sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
		return ret;
	}
	sig = WSTOPSIG(status);
	info->sig = sig;
	if (sig == (SIGTRAP | 0x80))
		info->why = HOST_STOP_SYSCALL;
	else if (status >> 16 == PTRACE_EVENT_STOP)
		info->why = HOST_STOP_INTERRUPT;
	else
		info->why = HOST_STOP_SIGNAL;
	return ret;
}

/* ---- threads that are traced for a moment only --------------------------- */

int host_ptrace_borrow(int tid)
{
	int err = sys(SYS_ptrace, PTRACE_SEIZE, tid, 0, 0);

	if (err)
		return err;
	err = host_ptrace_interrupt(tid);
	if (err)
		sys(SYS_ptrace, PTRACE_DETACH, tid, 0, 0);
	return err;
}

int host_ptrace_borrowed(int tid)
{
	struct host_stop_info info;
	int err = host_ptrace_wait(tid, &info);

	if (err < 0)
		return err;
	return info.why == HOST_STOP_INTERRUPT ? 0 : -ESRCH;
}

void host_ptrace_give_back(int tid)
{
	/* Of one that was killed meanwhile its process waits until it is seen. */
	if (sys(SYS_ptrace, PTRACE_DETACH, tid, 0, 0) < 0)
		sys_retry(SYS_wait4, tid, NULL, __WALL, NULL);
}

/* ---- the first stub ----------------------------------------------------- */

/* What a faked getppid() returns to show that it was faked. */
#define FAKED_RESULT	0x5ca1ab1eUL

/* The parent lets us stop, and then makes this system call up. */
static long faked_syscall(void)
{
	long ret = SYS_getppid;

	asm volatile("int3\n\t"
		     "syscall"
		     : "+a" (ret) : : "rcx", "r11", "memory");
	return ret;
}

static int check_faking(struct stub_birth *birth)
{
	birth->step = "PTRACE_SYSEMU";
	sigmask_change(SIG_SETMASK, 0);
	return faked_syscall() == FAKED_RESULT ? 0 : -ENOSYS;
}

/* Waits for the int3 that the child runs next; other signals are lost on it. */
static int wait_for_trap(struct stub_birth *birth, int pid)
{
	struct host_stop_info info;

	for (;;) {
		int ret = host_ptrace_wait(pid, &info);

		if (ret < 0)
			return ret;
		if (info.why == HOST_STOP_DEAD)
			return birth->err ?: -ECHILD;
		if (info.why == HOST_STOP_SIGNAL) {
			if (info.sig == SIGTRAP)
				return 0;
			/* It would only fault again. */
			if (sigmask_of(info.sig) & fault_signals())
				return -EFAULT;
		}
		ret = host_ptrace_cont(pid);
		if (ret)
			return ret;
	}
}

static int fake_syscall(int pid, const char **step)
{
	struct host_stop_info info;
	struct host_syscall sc;
	int err;

	*step = "PTRACE_SYSEMU";
	do {
		err = host_ptrace_run(pid, 0);
		if (err)
			return err;
		err = host_ptrace_wait(pid, &info);
		if (err < 0)
			return err;
		if (info.why == HOST_STOP_DEAD)
			return -ECHILD;
	} while (info.why != HOST_STOP_SYSCALL);

	*step = "PTRACE_GET_SYSCALL_INFO";
	err = host_ptrace_syscall(pid, &sc);
	if (err)
		return err;
	if (sc.arch != AUDIT_ARCH_X86_64 || sc.nr != SYS_getppid)
		return -EPROTO;

	*step = "PTRACE_POKEUSER";
	err = host_ptrace_poke(pid, offsetof(struct host_regs, ax),
			       FAKED_RESULT);
	if (err)
		return err;
	*step = "PTRACE_CONT";
	return host_ptrace_cont(pid);
}

/*
 * A debugger that follows our children lets go of this one in a moment; one
 * that does not is a lasting reason.
 */
static int seize(int pid)
{
	int err;

	for (int i = 0; i < 20; i++) {
		err = sys(SYS_ptrace, PTRACE_SEIZE, pid, 0,
			  PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
		if (err != -EPERM)
			break;
		sys(SYS_poll, NULL, 0, 5);
	}
	return err;
}

static int build_first(struct stub_birth *birth, int pid, const char **step)
{
	struct host_regs regs;
	int err;

	*step = "PTRACE_SEIZE";
	err = seize(pid);
	if (err)
		return err;
	stub_birth_go(birth);

	*step = NULL;
	err = wait_for_trap(birth, pid);
	if (!err)
		err = fake_syscall(pid, step);
	if (err)
		return err;

	*step = NULL;
	err = wait_for_trap(birth, pid);
	if (err)
		return err;
	*step = "PTRACE_GETREGS";
	err = host_ptrace_getregs(pid, &regs);
	if (err)
		return err;
	*step = "starting the stub's code";
	if (regs.ip < birth->layout.start || regs.ip >= birth->layout.end)
		return -EFAULT;
	return 0;
}

int host_stub_first(const struct host_stub_layout *layout, const char **step)
{
	struct stub_birth *birth;
	int pid, err;

	pid = stub_birth_start(layout, check_faking, &birth, step);
	if (pid < 0)
		return pid;
	err = build_first(birth, pid, step);
	if (!*step)
		*step = birth->step;
	if (err)
		host_stub_kill(pid);
	stub_birth_end(birth);
	return err ?: pid;
}
