// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts and faults of the kernel: signals on the threads of the CPUs.
 *
 * A handler runs on the interrupted stack, as an interrupt does on hardware,
 * and with nothing blocked: the kernel behind um_interrupt() may switch to
 * another task, whose stack has no handler on it, and come back much later and
 * on another thread.  Hence SA_NODEFER, hence no alternate stack (the next
 * signal would start at its top again, over the frames of a task that still
 * sleeps there), and hence nothing that belongs to a thread is kept over the
 * call.  The price is that an overflow of a kernel stack has no room for a
 * frame: the host then ends the process by SIGSEGV.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "internal.h"

#define MAX_CPU_THREADS		512

/**
 * struct cpu_thread - a thread that runs the kernel
 * @tp:		its thread pointer, which costs nothing to ask for; 0: unused
 * @tid:	its id
 * @schedstat:	descriptor of its schedstat file, or -1
 */
struct cpu_thread {
	um_u64	tp;
	int	tid;
	int	schedstat;
};

static struct cpu_thread cpu_threads[MAX_CPU_THREADS];

static const struct {
	int		sig;
	enum host_irq	irq;
} irq_table[] = {
	{ SIGALRM,	HOST_IRQ_TIMER },
	{ SIGIO,	HOST_IRQ_IO },
	{ SIGURG,	HOST_IRQ_IPI },
	{ SIGWINCH,	HOST_IRQ_WINCH },
	{ SIGTERM,	HOST_IRQ_SHUTDOWN },
	{ SIGINT,	HOST_IRQ_SHUTDOWN },
	{ SIGHUP,	HOST_IRQ_SHUTDOWN },
};

static const int fault_table[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };

um_u64 sigmask_change(int how, um_u64 mask)
{
	um_u64 old = 0;

	sys(SYS_rt_sigprocmask, how, &mask, &old, sizeof(mask));
	return old;
}

um_u64 irq_signals(void)
{
	um_u64 mask = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(irq_table); i++)
		mask |= sigmask_of(irq_table[i].sig);
	return mask;
}

um_u64 fault_signals(void)
{
	um_u64 mask = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(fault_table); i++)
		mask |= sigmask_of(fault_table[i]);
	return mask;
}

static struct cpu_thread *find_thread(um_u64 tp)
{
	for (unsigned int i = 0; i < MAX_CPU_THREADS; i++) {
		um_u64 other = __atomic_load_n(&cpu_threads[i].tp,
					       __ATOMIC_ACQUIRE);

		if (other == tp)
			return &cpu_threads[i];
		/* Filled from the front, and a place is never emptied. */
		if (!other)
			break;
	}
	return NULL;
}

void irq_forget_thread(void)
{
	struct cpu_thread *t = find_thread(thread_pointer());

	if (!t || !t->tid)
		return;
	t->tid = 0;
	if (t->schedstat >= 0)
		sys(SYS_close, t->schedstat);
}

static int register_thread(void)
{
	um_u64 tp = thread_pointer();
	struct cpu_thread *t = find_thread(tp);

	if (t)
		irq_forget_thread();
	for (unsigned int i = 0; !t && i < MAX_CPU_THREADS; i++) {
		um_u64 unused = 0;

		if (__atomic_compare_exchange_n(&cpu_threads[i].tp, &unused, tp,
						0, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			t = &cpu_threads[i];
	}
	if (!t)
		return -ENOSPC;
	t->schedstat = sys_retry(SYS_openat, AT_FDCWD,
				 "/proc/thread-self/schedstat",
				 O_RDONLY | O_CLOEXEC, 0);
	t->tid = host_gettid();
	return 0;
}

int irq_schedstat_fd(void)
{
	struct cpu_thread *t = find_thread(thread_pointer());

	return t && t->tid ? t->schedstat : -1;
}

static int on_cpu_thread(void)
{
	struct cpu_thread *t = find_thread(thread_pointer());

	return t && t->tid == host_gettid();
}

/*
 * libc says that errno's place is the same throughout a function.  It is not
 * here, so each look is made from a function of its own.
 */
static noinline int errno_load(void)
{
	asm volatile("" : : : "memory");
	return errno;
}

static noinline void errno_store(int value)
{
	asm volatile("" : : : "memory");
	errno = value;
}

static void regs_from_context(struct host_regs *regs, const ucontext_t *uc)
{
	const greg_t *g = uc->uc_mcontext.gregs;
	um_u64 selectors = g[REG_CSGSFS];

	*regs = (struct host_regs) {
		.r15 = g[REG_R15], .r14 = g[REG_R14], .r13 = g[REG_R13],
		.r12 = g[REG_R12], .bp = g[REG_RBP], .bx = g[REG_RBX],
		.r11 = g[REG_R11], .r10 = g[REG_R10], .r9 = g[REG_R9],
		.r8 = g[REG_R8], .ax = g[REG_RAX], .cx = g[REG_RCX],
		.dx = g[REG_RDX], .si = g[REG_RSI], .di = g[REG_RDI],
		.orig_ax = -1UL, .ip = g[REG_RIP], .flags = g[REG_EFL],
		.sp = g[REG_RSP],
		.cs = selectors & 0xffff, .gs = (selectors >> 16) & 0xffff,
		.fs = (selectors >> 32) & 0xffff, .ss = selectors >> 48,
	};
}

static void regs_to_context(const struct host_regs *regs, ucontext_t *uc)
{
	greg_t *g = uc->uc_mcontext.gregs;

	g[REG_R15] = regs->r15;
	g[REG_R14] = regs->r14;
	g[REG_R13] = regs->r13;
	g[REG_R12] = regs->r12;
	g[REG_RBP] = regs->bp;
	g[REG_RBX] = regs->bx;
	g[REG_R11] = regs->r11;
	g[REG_R10] = regs->r10;
	g[REG_R9] = regs->r9;
	g[REG_R8] = regs->r8;
	g[REG_RAX] = regs->ax;
	g[REG_RCX] = regs->cx;
	g[REG_RDX] = regs->dx;
	g[REG_RSI] = regs->si;
	g[REG_RDI] = regs->di;
	g[REG_RIP] = regs->ip;
	g[REG_EFL] = regs->flags;
	g[REG_RSP] = regs->sp;
}

static void irq_handler(int sig, siginfo_t *info, void *context)
{
	greg_t *ip = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	struct host_regs regs;
	int err = errno_load();

	(void)info;
	*ip = poll_handler_return(*ip);
	for (unsigned int i = 0; i < ARRAY_SIZE(irq_table); i++) {
		if (irq_table[i].sig != sig)
			continue;
		regs_from_context(&regs, context);
		um_interrupt(irq_table[i].irq, &regs);
		break;
	}
	errno_store(err);
}

void die_by_signal(int sig)
{
	struct sigaction sa;

	host_tty_restore();
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_DFL;
	sigaction(sig, &sa, NULL);
	sigmask_change(SIG_UNBLOCK, sigmask_of(sig));
	sys(SYS_tgkill, own_pid, host_gettid(), sig);
	for (;;)
		sys(SYS_exit_group, 128 + sig);
}

static void fault_handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	struct host_fault fault;
	struct host_regs regs;
	int err = errno_load();

	/* Someone sent it, or it is not the kernel's code that faults. */
	if (info->si_code <= 0 || !on_cpu_thread())
		die_by_signal(sig);

	fault = (struct host_fault) {
		.sig = sig,
		.code = info->si_code,
		.err = uc->uc_mcontext.gregs[REG_ERR],
		.addr = (um_u64)info->si_addr,
	};
	regs_from_context(&regs, uc);
	um_kernel_fault(&fault, &regs);
	regs_to_context(&regs, uc);
	errno_store(err);
}

/* A shell or nohup may have wanted that we do not hear of a signal. */
static int is_ignored(int sig)
{
	struct sigaction sa;

	return !sigaction(sig, NULL, &sa) && sa.sa_handler == SIG_IGN;
}

static int install_handlers(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;

	sa.sa_sigaction = fault_handler;
	for (unsigned int i = 0; i < ARRAY_SIZE(fault_table); i++)
		if (sigaction(fault_table[i], &sa, NULL))
			return -errno;

	/* Frames of signals that come together must not pile up on the stack. */
	for (unsigned int i = 0; i < ARRAY_SIZE(irq_table); i++)
		sigaddset(&sa.sa_mask, irq_table[i].sig);
	sa.sa_sigaction = irq_handler;
	for (unsigned int i = 0; i < ARRAY_SIZE(irq_table); i++) {
		int sig = irq_table[i].sig;

		if ((sig == SIGINT || sig == SIGHUP) && is_ignored(sig))
			continue;
		if (sigaction(sig, &sa, NULL))
			return -errno;
	}
	return 0;
}

int host_irq_init(void)
{
	static um_u32 installed;
	int err;

	err = register_thread();
	if (err)
		return err;
	/* A further CPU's thread finds the handlers there. */
	if (!__atomic_exchange_n(&installed, 1, __ATOMIC_ACQ_REL)) {
		err = install_handlers();
		if (err)
			return err;
	}
	sigmask_change(SIG_UNBLOCK, irq_signals() | fault_signals());
	return 0;
}

void host_irq_block(int block)
{
	sigmask_change(block ? SIG_BLOCK : SIG_UNBLOCK, irq_signals());
}
