// SPDX-License-Identifier: GPL-2.0
/* Signals: what handlers are told, masks, restarts, queues, stacks. */
#include "tap.h"
#include <setjmp.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <ucontext.h>

static sigjmp_buf jump;
static siginfo_t info;
static ucontext_t context;
static volatile int seen, order[64];

static void escape(int sig, siginfo_t *si, void *uc)
{
	info = *si;
	memcpy(&context, uc, sizeof(context));
	siglongjmp(jump, 1);
}

static void count(int sig)
{
	order[seen++ % 64] = sig;
}

static void take(int sig, siginfo_t *si, void *uc)
{
	info = *si;
	order[seen++ % 64] = si->si_value.sival_int;
}

static void handle(int sig, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = { .sa_sigaction = fn,
				.sa_flags = SA_SIGINFO | flags };

	sigaction(sig, &sa, NULL);
}

static void plain(int sig, void (*fn)(int), int flags)
{
	struct sigaction sa = { .sa_handler = fn, .sa_flags = flags };

	sigaction(sig, &sa, NULL);
}

#define FAULT(sig, stmt) ({						\
	int came_ = 0;							\
	memset(&info, 0, sizeof(info));					\
	handle(sig, escape, 0);						\
	if (!sigsetjmp(jump, 1)) {					\
		stmt;							\
	} else {							\
		came_ = 1;						\
	}								\
	signal(sig, SIG_DFL);						\
	came_; })

#define ERR_WRITE 2
#define ERR_USER 4
#define ERR_FETCH 16

static void check_segv(void)
{
	char *p = pages(4);
	volatile char *gone = p, *ro = p + PAGE, *none = p + 2 * PAGE;

	munmap(p, PAGE);
	mprotect((void *)ro, PAGE, PROT_READ);
	mprotect((void *)none, PAGE, PROT_NONE);

	ok(FAULT(SIGSEGV, gone[123] = 1), "write to an unmapped page");
	ok(info.si_signo == SIGSEGV && info.si_code == SEGV_MAPERR,
	   "it is SEGV_MAPERR (%d)", info.si_code);
	ok(info.si_addr == gone + 123, "si_addr is exact (%p)", info.si_addr);
	is(context.uc_mcontext.gregs[REG_CR2], (long)gone + 123, "cr2 too");
	is(context.uc_mcontext.gregs[REG_TRAPNO], 14, "the trap is a page fault");
	is(context.uc_mcontext.gregs[REG_ERR] & (ERR_WRITE | ERR_USER),
	   ERR_WRITE | ERR_USER, "the error code tells user and write");

	ok(FAULT(SIGSEGV, (void)gone[7]), "read of an unmapped page");
	ok(info.si_addr == gone + 7 && info.si_code == SEGV_MAPERR, "told so");
	is(context.uc_mcontext.gregs[REG_ERR] & ERR_WRITE, 0, "not a write");

	ok(FAULT(SIGSEGV, ro[5] = 1), "write to a read-only page");
	ok(info.si_addr == ro + 5 && info.si_code == SEGV_ACCERR,
	   "it is SEGV_ACCERR");
	ok(FAULT(SIGSEGV, (void)none[9]), "read of a PROT_NONE page");
	ok(info.si_addr == none + 9 && info.si_code == SEGV_ACCERR,
	   "it is SEGV_ACCERR");

	ok(FAULT(SIGSEGV, ((void (*)(void))(p + 3 * PAGE))()),
	   "running a page without PROT_EXEC");
	ok(info.si_addr == p + 3 * PAGE && info.si_code == SEGV_ACCERR,
	   "SEGV_ACCERR at the page (%p code %d)", info.si_addr, info.si_code);
	is(context.uc_mcontext.gregs[REG_RIP], (long)(p + 3 * PAGE),
	   "rip is there");
	ok(FAULT(SIGSEGV, ((void (*)(void))gone)()), "running an unmapped page");
	ok(info.si_addr == gone && info.si_code == SEGV_MAPERR, "SEGV_MAPERR");
	ok(FAULT(SIGSEGV, ((void (*)(void))NULL)()), "calling NULL");
	ok(info.si_addr == NULL && info.si_code == SEGV_MAPERR, "at address 0");

	ok(FAULT(SIGSEGV, *(volatile char *)0x8000000000000000ul = 1),
	   "a non-canonical address");
	is(info.si_code, SI_KERNEL, "it is SI_KERNEL (general protection)");
	ok(FAULT(SIGSEGV, *(volatile char *)0xffffffff81000000ul = 1),
	   "a kernel address");
	ok(info.si_addr == (void *)0xffffffff81000000ul,
	   "si_addr names it (%p)", info.si_addr);
	is(info.si_code, SEGV_MAPERR, "as not mapped");
	ok(FAULT(SIGSEGV, asm volatile("hlt")), "hlt is a general protection");
	is(info.si_code, SI_KERNEL, "SI_KERNEL");
	ok(FAULT(SIGSEGV, asm volatile("cli")), "cli too");
	munmap(p + PAGE, 3 * PAGE);
}

static void check_bus(void)
{
	char name[] = "/tmp/umtest.XXXXXX";
	int fd = mkstemp(name);
	volatile char *p;

	unlink(name);
	if (ftruncate(fd, 100))
		return;
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	p[0] = 1;
	ok(FAULT(SIGBUS, p[PAGE + 3] = 1), "a file mapping beyond the end");
	ok(info.si_code == BUS_ADRERR && info.si_addr == p + PAGE + 3,
	   "BUS_ADRERR with the address");
	munmap((void *)p, 2 * PAGE);
	close(fd);
}

static void check_fpe(void)
{
	volatile int zero = 0;
	char *here = NULL;
	double d;

	ok(FAULT(SIGFPE, asm volatile("lea 1f(%%rip), %%rcx\n mov %%rcx, %0\n"
				      "xor %%edx, %%edx\n mov $1, %%eax\n"
				      "1: divl %1\n"
				      : "+m"(here) : "m"(zero)
				      : "eax", "edx", "rcx", "cc")),
	   "division by zero");
	ok(info.si_code == FPE_INTDIV && info.si_addr == here,
	   "FPE_INTDIV at the instruction");
	is(context.uc_mcontext.gregs[REG_TRAPNO], 0, "trap number 0");
	ok(FAULT(SIGFPE, ({ unsigned int csr = 0x1f80 & ~0x200;

			  asm volatile("ldmxcsr %0\n divsd %2, %1"
				       : : "m"(csr), "x"(1.0), "x"(0.0)); })),
	   "an unmasked SSE division by zero");
	is(info.si_code, FPE_FLTDIV, "FPE_FLTDIV");
	ok(FAULT(SIGFPE, ({ unsigned short cw = 0x37f & ~4;

			  asm volatile("fldcw %0\n fld1\n fldz\n fdivrp\n fwait"
				       : : "m"(cw)); })),
	   "an unmasked x87 division by zero");
	is(info.si_code, FPE_FLTDIV, "FPE_FLTDIV");
	asm volatile("fninit");
	d = 1.0 / (zero + 2);
	ok(d == 0.5, "floating point still works");
}

static void check_ill_trap(void)
{
	char *here = NULL;

	ok(FAULT(SIGILL, asm volatile("lea 1f(%%rip), %%rcx\n mov %%rcx, %0\n"
				      "1: ud2" : "+m"(here) : : "rcx")),
	   "ud2");
	ok(info.si_code == ILL_ILLOPN && info.si_addr == here,
	   "ILL_ILLOPN at the instruction (%d)", info.si_code);
	ok(FAULT(SIGTRAP, asm volatile("lea 1f(%%rip), %%rcx\n mov %%rcx, %0\n"
				       "int3\n1:" : "+m"(here) : : "rcx")),
	   "int3");
	is(info.si_code, SI_KERNEL, "int3 is SI_KERNEL");
	is(context.uc_mcontext.gregs[REG_RIP], (long)here,
	   "rip is behind int3");
	is(context.uc_mcontext.gregs[REG_TRAPNO], 3, "trap number 3");
	ok(FAULT(SIGTRAP, asm volatile("pushfq\n orq $0x100, (%%rsp)\n popfq\n"
				       "nop\n nop\n" : : : "cc", "memory")),
	   "the trap flag");
	is(info.si_code, TRAP_TRACE, "it is TRAP_TRACE");
	is(context.uc_mcontext.gregs[REG_TRAPNO], 1, "trap number 1");
}

static void check_masks(void)
{
	sigset_t set, old, pend;
	siginfo_t si;
	struct timespec zero = { 0, 0 };
	union sigval v;
	int i;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, &old);
	plain(SIGUSR1, count, 0);
	seen = 0;
	raise(SIGUSR1);
	raise(SIGUSR1);
	is(seen, 0, "a blocked signal waits");
	sigpending(&pend);
	is(sigismember(&pend, SIGUSR1), 1, "it is pending");
	sigprocmask(SIG_SETMASK, &old, NULL);
	is(seen, 1, "unblocked, a standard signal comes once");
	sigprocmask(SIG_BLOCK, &set, NULL);

	handle(SIGRTMIN, take, 0);
	handle(SIGRTMIN + 1, take, 0);
	seen = 0;
	for (i = 0; i < 5; i++) {
		v.sival_int = 100 + i;
		sigqueue(getpid(), SIGRTMIN + 1, v);
		v.sival_int = i;
		sigqueue(getpid(), SIGRTMIN, v);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	is(seen, 10, "real-time signals queue");
	/* Handlers nest: the lowest number is entered last of those set up
	 * at one time, so it is the values' order within one number and the
	 * lowest first taken by sigtimedwait that count.
	 */
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < 3; i++) {
		v.sival_int = 100 + i;
		sigqueue(getpid(), SIGRTMIN + 1, v);
		v.sival_int = i;
		sigqueue(getpid(), SIGRTMIN, v);
	}
	for (i = 0; i < 6; i++) {
		int sig = sigtimedwait(&set, &si, &zero);

		if (sig != SIGRTMIN + i / 3 ||
		    si.si_value.sival_int != (i / 3) * 100 + i % 3)
			break;
	}
	is(i, 6, "lowest number first, in order of sending");
	is(si.si_code, SI_QUEUE, "si_code is SI_QUEUE");
	is(si.si_pid, getpid(), "si_pid is the sender");
	is_err(sigtimedwait(&set, &si, &zero), EAGAIN, "then there is none");
	kill(getpid(), SIGUSR1);
	is(sigtimedwait(&set, &si, &zero), SIGUSR1, "kill arrives");
	ok(si.si_code == SI_USER && si.si_uid == getuid(), "SI_USER and the uid");
	syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1);
	/* Not through glibc, which shows SI_TKILL as SI_USER. */
	syscall(SYS_rt_sigtimedwait, &set, &si, &zero, 8UL);
	is(si.si_code, SI_TKILL, "tgkill is SI_TKILL");
	sigprocmask(SIG_SETMASK, &old, NULL);
	is_err(kill(getpid(), 65), EINVAL, "signal 65");
	is(kill(getpid(), 0), 0, "signal 0");
	is_err(sigqueue(0x3ffffff, 0, v), ESRCH, "no such process");
	is_err(sigaction(SIGKILL, &(struct sigaction){ .sa_handler = count },
			 NULL), EINVAL, "SIGKILL has no handler");
	is_err(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 4UL), EINVAL,
	       "a wrong set size");
}

static sigset_t inside;

static void look(int sig)
{
	sigprocmask(SIG_BLOCK, NULL, &inside);
	if (seen++ == 0)
		raise(sig);
	order[seen] = seen;
}

static void check_flags(void)
{
	struct sigaction sa = { .sa_handler = look }, now;

	sigaddset(&sa.sa_mask, SIGUSR2);
	seen = 0;
	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	ok(sigismember(&inside, SIGUSR1) && sigismember(&inside, SIGUSR2),
	   "the signal and sa_mask are blocked in the handler");
	is(seen, 2, "the one raised inside came after");
	sigprocmask(SIG_BLOCK, NULL, &inside);
	ok(!sigismember(&inside, SIGUSR1) && !sigismember(&inside, SIGUSR2),
	   "the mask is restored");
	seen = 0;
	plain(SIGUSR1, look, SA_NODEFER);
	raise(SIGUSR1);
	ok(seen == 2 && !sigismember(&inside, SIGUSR1), "SA_NODEFER nests");
	plain(SIGUSR1, count, SA_RESETHAND);
	seen = 0;
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &now);
	ok(seen == 1 && now.sa_handler == SIG_DFL, "SA_RESETHAND resets");
}

static void *poke(void *arg)
{
	pthread_t *t = arg;
	int i;

	/* Often: the first may come before the wait begins. */
	for (i = 0; i < 40 && !__atomic_load_n(&order[63], __ATOMIC_SEQ_CST); i++) {
		usleep(20000);
		pthread_kill(*t, SIGUSR1);
	}
	return NULL;
}

static void *feed(void *arg)
{
	usleep(200000);
	if (write(*(int *)arg, "x", 1) != 1)
		return arg;
	return NULL;
}

static void check_restart(void)
{
	pthread_t me = pthread_self(), t, t2;
	int fd[2];
	char c;

	if (pipe(fd))
		return;
	plain(SIGUSR1, count, 0);
	seen = 0;
	order[63] = 0;
	pthread_create(&t, NULL, poke, &me);
	is_err(read(fd[0], &c, 1), EINTR, "read without SA_RESTART is interrupted");
	order[63] = 1;
	pthread_join(t, NULL);
	plain(SIGUSR1, count, SA_RESTART);
	seen = 0;
	order[63] = 0;
	pthread_create(&t, NULL, poke, &me);
	pthread_create(&t2, NULL, feed, &fd[1]);
	is(read(fd[0], &c, 1), 1, "read with SA_RESTART goes on");
	order[63] = 1;
	pthread_join(t, NULL);
	pthread_join(t2, NULL);
	ok(seen > 0, "though %d signals came", seen);
	close(fd[0]);
	close(fd[1]);
	{
		struct timespec ts = { 30, 0 }, rem = { 0, 0 };

		order[63] = 0;
		pthread_create(&t, NULL, poke, &me);
		is_err(nanosleep(&ts, &rem), EINTR, "nanosleep never restarts");
		order[63] = 1;
		ok(rem.tv_sec >= 25 && rem.tv_sec < 30, "what is left is told");
		pthread_join(t, NULL);
	}
}

static int sleeper_result;

static int stopped_sleeper(void *arg)
{
	struct timespec ts = { 0, 300000000 };

	return nanosleep(&ts, NULL) ? errno : 0;
}

static void check_restart_block(void)
{
	pid_t pid = fork();
	double t = seconds();
	int st;

	if (!pid)
		_exit(stopped_sleeper(NULL));
	usleep(50000);
	kill(pid, SIGSTOP);
	waitpid(pid, &st, WUNTRACED);
	ok(stopped(st, SIGSTOP), "a sleeper stops");
	kill(pid, SIGCONT);
	waitpid(pid, &st, WCONTINUED);
	ok(WIFCONTINUED(st), "and continues");
	st = reap(pid);
	sleeper_result = st;
	ok(exited(st, 0), "nanosleep ends well over stop and continue");
	ok(seconds() - t >= 0.29, "not too early");
}

/* Exhaust the stack; the handler must run on the alternate one. */
static char *alt;
static size_t alt_size = 1 << 16;

static void on_alt(int sig, siginfo_t *si, void *uc)
{
	char here;
	stack_t ss;

	sigaltstack(NULL, &ss);
	order[0] = &here >= alt && &here < alt + alt_size;
	order[1] = ss.ss_flags == SS_ONSTACK;
	order[2] = si->si_code;
	order[3] = sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL) == -1 &&
		   errno == EPERM;
	siglongjmp(jump, 1);
}

static volatile int deep;

static int __attribute__((noinline)) recurse(int n)
{
	volatile char room[4096];

	room[0] = n;
	room[4095] = deep++;
	return recurse(n + 1) + room[0];
}

static void check_altstack(void)
{
	struct rlimit rl = { 1 << 20, 1 << 20 }, old;
	stack_t ss = { .ss_size = alt_size }, now;

	alt = malloc(alt_size);
	ss.ss_sp = alt;
	is(sigaltstack(&ss, NULL), 0, "sigaltstack");
	handle(SIGSEGV, on_alt, SA_ONSTACK);
	getrlimit(RLIMIT_STACK, &old);
	rl.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_STACK, &rl);
	if (!sigsetjmp(jump, 1))
		recurse(0);
	ok(order[0], "stack overflow is handled on the alternate stack");
	ok(order[1], "which knows that it is in use");
	ok(order[2] == SEGV_MAPERR || order[2] == SEGV_ACCERR, "a fault code");
	ok(order[3], "and cannot be changed meanwhile");
	ok(deep > 100, "%d frames deep", deep);
	setrlimit(RLIMIT_STACK, &old);
	signal(SIGSEGV, SIG_DFL);
	sigaltstack(NULL, &now);
	is(now.ss_flags, 0, "unused again");
	ss.ss_flags = SS_DISABLE;
	is(sigaltstack(&ss, NULL), 0, "disabled");
	ss.ss_flags = 0;
	ss.ss_size = 64;
	is_err(sigaltstack(&ss, NULL), ENOMEM, "too small a stack");
}

static int dies_by(void *arg)
{
	long sig = (long)arg;
	struct rlimit rl = { 0, 0 };

	setrlimit(RLIMIT_CORE, &rl);
	signal(sig, SIG_DFL);
	raise(sig);
	return 0;
}

static int no_stack_left(void *arg)
{
	/* A frame that cannot be written kills, handler or not. */
	handle(SIGUSR1, take, 0);
	asm volatile("mov $0, %%rsp\n"
		     "mov %0, %%eax\n syscall\n"
		     "mov %%eax, %%edi\n mov %1, %%eax\n"
		     "mov $10, %%esi\n syscall\n"
		     "mov %2, %%eax\n xor %%edi, %%edi\n syscall\n"
		     : : "i"(SYS_getpid), "i"(SYS_kill), "i"(SYS_exit_group)
		     : "memory");
	__builtin_unreachable();
}

static int ignored_fault(void *arg)
{
	signal(SIGSEGV, SIG_IGN);
	*(volatile int *)8 = 1;
	return 0;
}

static int blocked_fault(void *arg)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	*(volatile int *)8 = 1;
	return 0;
}

static void check_fates(void)
{
	static const int deadly[] = { SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGABRT,
		SIGFPE, SIGKILL, SIGSEGV, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1,
		SIGBUS, SIGXCPU, SIGSYS, 64 };
	static const int harmless[] = { SIGCHLD, SIGURG, SIGWINCH, SIGCONT };
	size_t i;

	for (i = 0; i < sizeof(deadly) / sizeof(int); i++)
		ok(killed(in_child(dies_by, (void *)(long)deadly[i]), deadly[i]),
		   "signal %d kills by default", deadly[i]);
	for (i = 0; i < sizeof(harmless) / sizeof(int); i++)
		ok(exited(in_child(dies_by, (void *)(long)harmless[i]), 0),
		   "signal %d does not", harmless[i]);
	ok(killed(in_child(ignored_fault, NULL), SIGSEGV),
	   "an ignored SIGSEGV kills all the same");
	ok(killed(in_child(blocked_fault, NULL), SIGSEGV),
	   "a blocked SIGSEGV kills all the same");
	ok(killed(in_child(no_stack_left, NULL), SIGSEGV),
	   "no room for a signal frame is SIGSEGV");
}

static void check_signalfd(void)
{
	struct signalfd_siginfo si;
	sigset_t set, old;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	ok(fd >= 0, "signalfd");
	is_err(read(fd, &si, sizeof(si)), EAGAIN, "nothing yet");
	raise(SIGUSR2);
	is(read(fd, &si, sizeof(si)), sizeof(si), "one signal");
	ok(si.ssi_signo == SIGUSR2 && (pid_t)si.ssi_pid == getpid(), "the right one");
	close(fd);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void *sleeper_thread(void *arg)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigwait(&set, &sig);
	*(int *)arg = sig;
	return NULL;
}

static void check_threads(void)
{
	pthread_t t;
	sigset_t set;
	int got = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_create(&t, NULL, sleeper_thread, &got);
	usleep(50000);
	kill(getpid(), SIGUSR2);
	pthread_join(t, NULL);
	is(got, SIGUSR2, "a process' signal goes to the thread that waits");
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* Nested faults: a fault in a fault's handler, three deep. */
static volatile char *nest_page;
static volatile int nest;

static void nester(int sig, siginfo_t *si, void *uc)
{
	if (++nest < 4)
		nest_page[nest * PAGE] = nest;
	mprotect((void *)((long)si->si_addr & -PAGE), PAGE,
		 PROT_READ | PROT_WRITE);
}

static void check_nested(void)
{
	int i, good = 1;

	nest_page = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	handle(SIGSEGV, nester, SA_NODEFER);
	nest_page[0] = 42;
	for (i = 1; i < 4; i++)
		good &= nest_page[i * PAGE] == i;
	ok(nest == 4 && good && nest_page[0] == 42,
	   "faults nest in handlers and all instructions restart");
	signal(SIGSEGV, SIG_DFL);
	munmap((void *)nest_page, 4 * PAGE);
}

static void storm(int sig)
{
	seen++;
}

static void check_storm(void)
{
	struct itimerval it = { { 0, 1000 }, { 0, 1000 } }, zero = { { 0, 0 }, { 0, 0 } };
	double end = seconds() + 1.5;
	uint64_t a, b, first = 0, rounds = 0, bad = 0, bad_fp = 0;
	double x = 1;

	seen = 0;
	plain(SIGALRM, storm, SA_RESTART);
	setitimer(ITIMER_REAL, &it, NULL);
	while (seconds() < end) {
		int i;

		a = b = 1;
		x = 1;
		for (i = 0; i < 10000; i++) {
			uint64_t t = a + b;

			a = b;
			b = t;
			x = x * 1.0000001;
		}
		if (!rounds++)
			first = b;
		bad += b != first;
		bad_fp += x < 1.0010004 || x > 1.0010006;
	}
	setitimer(ITIMER_REAL, &zero, NULL);
	ok(seen > 5, "%d timer signals in a computation of %llu rounds", seen,
	   (unsigned long long)rounds);
	is(bad, 0, "whose integer results were the same each time");
	is(bad_fp, 0, "and the floating point ones");
}

TEST_AREA(signals, 120)
{
	check_segv();
	check_bus();
	check_fpe();
	check_ill_trap();
	check_masks();
	check_flags();
	check_restart();
	check_restart_block();
	check_altstack();
	check_fates();
	check_signalfd();
	check_threads();
	check_nested();
	check_storm();
}
