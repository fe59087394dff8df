// SPDX-License-Identifier: GPL-2.0
/*
 * What a hostile program may try against its kernel and the host below:
 *
 *	guest-tests --helper attack NAME [ARGS]
 *
 * t/attack.t runs the attacks one by one and looks at the host meanwhile.  Each
 * prints rows "@@ROW good|BAD NAME | what happened".  What attacks is a child
 * without privilege, so that what it is forbidden in the guest it would have
 * been allowed only by the host.  Nothing here may harm a host that lets it
 * through: there it would show, in a result or in what t/attack.t looks after.
 */
#include "tap.h"
#include <elf.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <ucontext.h>

/* Where a stub has what, see asm/layout.h and asm/stub.h. */
#define STUB_START	0x7fffc0000000UL
#define STUB_CODE	STUB_START
#define STUB_DATA	(STUB_START + 0x1000)
#define STUB_VDSO	(STUB_START + 0x10000)
#define STUB_END	(STUB_VDSO + 0x20000)
#define STUB_FRAMES	(STUB_START + 0x200000)
#define AREA		8192UL
#define HOST_END	0x7ffffffff000UL
#define TRAP_NR		0x7fffff00

/* In a signal frame, in words: where the host keeps the registers. */
enum {
	F_R8 = 6, F_R9, F_R10, F_R11, F_R12, F_R13, F_R14, F_R15, F_DI, F_SI,
	F_BP, F_BX, F_DX, F_AX, F_CX, F_SP, F_IP, F_FLAGS, F_CS, F_ERR, F_TRAPNO,
	F_INFO = 39,
};

/* The attacked find their stub by this mapping, see t/attack.t. */
#define MARK		((void *)0x123456789000UL)

#define NOBODY		1000

static const char *attack;

static void row(bool good, const char *name, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("@@ROW %s %s: %s | %s\n", good ? "good" : "BAD", attack, name, text);
	fflush(stdout);
}

/* ---- random numbers ------------------------------------------------------ */

static uint64_t rnd_state = 88172645463325252ULL;

static uint64_t rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return rnd_state * 2685821657736338717ULL;
}

static uint64_t below(uint64_t n)
{
	return (rnd() >> 11) % n;
}

static void seed(uint64_t s)
{
	rnd_state = (s + 1) * 0x9e3779b97f4a7c15ULL;
	rnd();
}

#define pick(array)	((array)[below(sizeof(array) / sizeof((array)[0]))])

/* ---- running what may do anything ---------------------------------------- */

static void drop_privilege(void)
{
	if (syscall(SYS_getuid))
		return;
	syscall(SYS_setgroups, 0, NULL);
	syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY);
	syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY);
}

static void limit_children(int n)
{
	struct rlimit r = { n, n };

	setrlimit(RLIMIT_NPROC, &r);
}

static void alarm_in(int ms)
{
	struct itimerval it = {
		.it_value = { ms / 1000, ms % 1000 * 1000 },
		.it_interval = { 0, 20000 },
	};

	setitimer(ITIMER_REAL, &it, NULL);
}

/*
 * The status of a child within some time; it is killed then.  -2: it goes on
 * even so.
 */
static int reap_within(pid_t pid, int ms)
{
	double end = seconds() + ms / 1000.0;
	bool killing = false;
	int st, turns = 0;

	if (pid < 0)
		return -1;
	for (;;) {
		pid_t got = waitpid(pid, &st, WNOHANG | __WALL);

		if (got == pid)
			return st;
		if (got < 0 && errno != EINTR)
			return -1;
		if (seconds() > end) {
			if (killing)
				return -2;
			kill(pid, SIGKILL);
			killing = true;
			end = seconds() + 10;
		}
		/* It is mostly done as soon as it has run. */
		if (turns++ < 100)
			sched_yield();
		else
			usleep(500);
	}
}

/* Something that dies in a page of another's is no reason to wait. */
static void kill_nobodys(void)
{
	pid_t pid = fork();

	if (!pid) {
		drop_privilege();
		kill(-1, SIGKILL);
		_exit(0);
	}
	reap(pid);
	/* They are ours, if their parents have gone. */
	while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
		;
}

/* ---- jumping to where one has no business -------------------------------- */

/*
 * jump(where, registers): all of them but the stack pointer, which is taken if
 * it is not 0.  What comes back gets to jump_back, with its result in rax: by
 * r15, which many a gadget returns to, or by a signal's handler.
 */
struct jump {
	uint64_t ax, di, si, dx, r10, r8, r9, bx, bp, r12, r13, r14, r15, sp, flags;
};

long jump(unsigned long where, const struct jump *j);
extern const char jump_back[];
extern uint64_t jump_sp;

asm("	.local	jump_target\n"
"	.comm	jump_sp, 8, 8\n"
"	.comm	jump_target, 8, 8\n"
"	.globl	jump, jump_back, jump_sp\n"
"	.text\n"
"jump:	push	%rbx\n"
"	push	%rbp\n"
"	push	%r12\n"
"	push	%r13\n"
"	push	%r14\n"
"	push	%r15\n"
"	mov	%rsp, jump_sp(%rip)\n"
"	mov	%rdi, jump_target(%rip)\n"
"	mov	%rsi, %rcx\n"
"	mov	0(%rcx), %rax\n"
"	mov	8(%rcx), %rdi\n"
"	mov	16(%rcx), %rsi\n"
"	mov	24(%rcx), %rdx\n"
"	mov	32(%rcx), %r10\n"
"	mov	40(%rcx), %r8\n"
"	mov	48(%rcx), %r9\n"
"	mov	56(%rcx), %rbx\n"
"	mov	64(%rcx), %rbp\n"
"	mov	72(%rcx), %r12\n"
"	mov	80(%rcx), %r13\n"
"	mov	88(%rcx), %r14\n"
"	mov	96(%rcx), %r15\n"
"	test	%r15, %r15\n"
"	jnz	1f\n"
"	lea	jump_back(%rip), %r15\n"
"1:	mov	112(%rcx), %r11\n"
"	test	%r11, %r11\n"
"	jz	2f\n"
"	push	%r11\n"
"	popf\n"
"2:	mov	104(%rcx), %r11\n"
/* lea and jrcxz leave the flags. */
"	mov	%r11, %rcx\n"
"	jrcxz	3f\n"
"	mov	%r11, %rsp\n"
"3:	mov	jump_target(%rip), %r11\n"
"	jmp	*%r11\n"
"jump_back:\n"
"	mov	jump_sp(%rip), %rsp\n"
"	cld\n"
"	pop	%r15\n"
"	pop	%r14\n"
"	pop	%r13\n"
"	pop	%r12\n"
"	pop	%rbp\n"
"	pop	%rbx\n"
"	ret\n");

static volatile int stray;	/* the signal that brought it back, or 0 */
static volatile unsigned long stray_ip;

static void on_stray(int sig, siginfo_t *si, void *p)
{
	ucontext_t *uc = p;
	greg_t *r = uc->uc_mcontext.gregs;

	stray = sig;
	stray_ip = r[REG_RIP];
	r[REG_RIP] = (greg_t)jump_back;
	r[REG_EFL] &= ~0x44100;	/* AC, NT, TF */
	r[REG_CSGSFS] = (r[REG_CSGSFS] & 0x0000ffffffff0000) | 0x33 | 0x2bL << 48;
}

static void catch_strays(void)
{
	static const int sigs[] = { SIGSEGV, SIGTRAP, SIGILL, SIGBUS, SIGFPE,
				    SIGSYS, SIGALRM };
	struct sigaction sa = {
		.sa_sigaction = on_stray,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
	};
	stack_t ss = { .ss_size = 65536 };
	size_t i;

	ss.ss_sp = pages(16);
	sigaltstack(&ss, NULL);
	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		sigaction(sigs[i], &sa, NULL);
}

/* Reads a byte or -1, writes one, jumps: without harm. */
static long probe_insn;		/* lodsb; jmp *%r15 */

static bool readable(unsigned long addr)
{
	static const uint8_t code[] = { 0x8a, 0x06, 0x41, 0xff, 0xe7 };
	struct jump j = { .si = addr };

	if (!probe_insn) {
		void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		memcpy(p, code, sizeof(code));
		/* mov %al, (%rsi); jmp *%r15 */
		memcpy((char *)p + 64, "\x88\x06\x41\xff\xe7", 5);
		probe_insn = (long)p;
	}
	stray = 0;
	jump(probe_insn, &j);
	return !stray;
}

static bool writable(unsigned long addr)
{
	struct jump j = { .si = addr };

	if (!readable(addr))
		return false;
	j.ax = *(volatile uint8_t *)addr;
	stray = 0;
	jump(probe_insn + 64, &j);
	return !stray;
}

/* ---- what there is in the stub ------------------------------------------- */

static unsigned long gadgets[64];	/* system call instructions */
static int nr_gadgets, nr_in_code;
static unsigned long best_gadget;	/* one that comes back by r15 or int3 */
static unsigned long handler, trap_call, trapped;	/* of the seccomp engine */
static unsigned long ctl;		/* what r13 is in the handler */
static unsigned int ctl_frame;		/* displacement of the frame's offset */

static void find_handler(void)
{
	const uint8_t *code = (void *)STUB_CODE;
	unsigned int i, k, nr = TRAP_NR;
	uint64_t imm;

	for (i = 128; i < PAGE - 16; i++)
		if (code[i] == 0xb8 && !memcmp(code + i + 1, &nr, 4) &&
		    code[i + 5] == 0x0f && code[i + 6] == 0x05)
			break;
	if (i == PAGE - 16)
		return;
	trap_call = STUB_CODE + i + 5;
	trapped = trap_call + 2;
	for (k = i; k > i - 128; k--) {
		memcpy(&imm, code + k + 2, 8);
		if (code[k] == 0x49 && code[k + 1] == 0xbd && imm - STUB_DATA < PAGE)
			ctl = imm;
		/* add CTL_FRAME(%r13), whatever to */
		if (code[k] == 0x49 && code[k + 1] == 0x03 && (code[k + 2] & 0xc7) == 0x85)
			memcpy(&ctl_frame, code + k + 3, 4);
		if (code[k] == 0x49 && code[k + 1] == 0x03 && (code[k + 2] & 0xc7) == 0x45)
			ctl_frame = code[k + 3];
		if (!memcmp(code + k, "\x4c\x8b\x94\x24", 4))	/* mov FRAME_IP(%rsp), %r10 */
			handler = STUB_CODE + k;
	}
	/* Half of the attacks would miss their aim. */
	if (!handler || !ctl || !ctl_frame)
		row(false, "looking around", "the handler at %lx, its control block at %lx + %u",
		    handler, ctl, ctl_frame);
}

static void find_in(unsigned long start, unsigned long len)
{
	const uint8_t *p = (void *)start;
	unsigned long i;

	for (i = 0; i + 8 < len && nr_gadgets < 64; i++) {
		if (p[i] != 0x0f || p[i + 1] != 0x05)
			continue;
		gadgets[nr_gadgets++] = start + i;
		if ((p[i + 2] == 0x41 && p[i + 3] == 0xff && p[i + 4] == 0xe7) ||
		    (p[i + 2] == 0xcc && !best_gadget))
			best_gadget = start + i;
	}
}

/* By the stub's own instruction. */
static long call(unsigned long where, long nr, long a, long b, long c, long d,
		 long e, long f)
{
	struct jump j = {
		.ax = nr, .di = a, .si = b, .dx = c, .r10 = d, .r8 = e, .r9 = f,
		.bx = 1, .bp = 0, .r13 = ctl,
	};

	stray = 0;
	return jump(where, &j);
}

/* Its pages of data change, and hold such bytes by chance: only what runs counts. */
static bool runs(unsigned long where)
{
	call(where, SYS_getpid, 0, 0, 0, 0, 0, 0);
	return !stray || stray_ip != where;
}

static void look_around(void)
{
	unsigned long a;
	int i;

	catch_strays();
	if (readable(STUB_CODE))
		find_in(STUB_CODE, PAGE);
	nr_in_code = nr_gadgets;
	if (readable(STUB_CODE))
		find_handler();
	for (a = STUB_VDSO; a < STUB_END; a += PAGE)
		if (readable(a))
			find_in(a, PAGE);
	for (i = nr_in_code; i < nr_gadgets;) {
		if (runs(gadgets[i]))
			i++;
		else
			gadgets[i] = gadgets[--nr_gadgets];
	}
}

#define gadget(nr, ...)	gadget_(nr, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define gadget_(nr, a, b, c, d, e, f, ...)				\
	call(best_gadget, nr, (long)(a), (long)(b), (long)(c), (long)(d),	\
	     (long)(e), (long)(f))

/* One of the program's own, which a signal brings back from like from the others. */
extern const char plain_insn[];

asm("plain_insn: syscall\n"
"	jmp	*%r15\n");

/* ---- calls: each number, from each place ---------------------------------- */

struct outcome {
	int st;			/* how the child ended, when it did */
	int done;
	long ret;
	pid_t pid;
};

static struct outcome *out;	/* shared */
static char *scratch;		/* shared, with a path at its start */
static const char *host_file = "/etc/shadow", *host_dir = "/nonexistent";
static pid_t host_pid = 30000, host_victim = 30001;

enum how { PLAIN, GADGET, VDSO };

static long by(enum how how, long nr, const long *a)
{
	unsigned long where[] = {
		[PLAIN] = (unsigned long)plain_insn,
		[GADGET] = best_gadget,
		[VDSO] = gadgets[nr_in_code],
	};

	return call(where[how], nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void one_call(struct outcome *o, enum how how, long nr, const long *a)
{
	pid_t pid;

	memset(o, 0, sizeof(*o));
	memset(scratch, 0, 2 * PAGE);
	strcpy(scratch, host_file);
	strcpy(scratch + 1024, host_dir);
	pid = fork();
	if (!pid) {
		int fd = open("/dev/null", O_RDWR), i;

		for (i = 0; i < 3; i++)
			dup2(fd, i);
		syscall(SYS_close_range, 3, ~0U, 0);
		drop_privilege();
		limit_children(1);
		signal(SIGALRM, SIG_DFL);
		o->pid = syscall(SYS_getpid);
		alarm_in(8);
		o->ret = by(how, nr, a);
		if (syscall(SYS_getpid) == o->pid)
			o->done = 1;
		_exit(0);
	}
	o->st = reap_within(pid, 3000);
}

/* Calls that have no return, or no result that is the same twice. */
static bool incomparable(long nr)
{
	switch (nr) {
	case SYS_rt_sigreturn:	/* takes up what lies on the stack */
	case SYS_fork:
	case SYS_vfork:
	case SYS_clone:
	case 435:		/* clone3 */
		return true;
	}
	return false;
}

/* What others left in the guest is seen in these. */
static bool has_history(long nr)
{
	return (nr >= SYS_shmget && nr <= SYS_shmctl) || (nr >= SYS_semget && nr <= SYS_semctl) ||
		(nr >= SYS_shmdt && nr <= SYS_msgctl);
}

static bool same(const struct outcome *a, const struct outcome *b, bool ids)
{
	if (a->st == -2 || b->st == -2)
		return false;
	/* Whether it was done when the alarm came, the two may differ in. */
	if (killed(a->st, SIGALRM) || killed(b->st, SIGALRM))
		return a->st == b->st || a->done || b->done;
	if (a->st != b->st || a->done != b->done)
		return false;
	if (ids)
		return true;
	return !a->done || a->ret == b->ret || (a->ret >= 0 && b->ret >= 0) ||
		(a->ret < -4095 && b->ret < -4095);
}

static void calls(int argc, char **argv)
{
	static const long odd[] = {
		-1, -2, 0x40000000, 0x40000000 + SYS_getpid, 0x40000000 + 520,
		TRAP_NR, TRAP_NR - 1, TRAP_NR + 1, 0x7fffffff, 0x80000000, 511, 512,
		547, 548, 1000, 4096, 0x100000000 + SYS_getpid,
	};
	long fds[][6] = {
		{ 0, 0, 0, 0, 0, 0 },
		{ -1, -1, -1, -1, -1, -1 },
		{ (long)scratch, (long)scratch + 1024, 7, (long)scratch + 2048, 0, 0 },
		{ AT_FDCWD, (long)scratch, (long)scratch + 1024, 0x1ff, 0, 0 },
		{ 2, (long)scratch + 2048, 8, (long)scratch + 3072, 1, 0 },
		{ 0x30000000, 0x10000, 7, MAP_SHARED, 0, 0 },
		{ STUB_CODE, 0x40000000, 7, MAP_SHARED | MAP_FIXED, 0, 0 },
	};
	int how, bad[2] = { 0 }, count[2] = { 0 }, hung = 0, ids = 0;
	char what[2][300] = { "" };
	long nr, k;
	size_t set;

	for (k = 0; k < 500 + (long)(sizeof(odd) / sizeof(odd[0])); k++) {
		nr = k < 500 ? k : odd[k - 500];
		if (incomparable(nr))
			continue;
		for (set = 0; set < sizeof(fds) / sizeof(fds[0]); set++) {
			struct outcome plain;

			/* A quarter of the others each; the first for all. */
			if (set && (k * 7 + set) % 4)
				continue;
			/* PTRACE_TRACEME: what comes back by a signal, would not. */
			if (!set && nr == SYS_ptrace)
				continue;
			one_call(out, PLAIN, nr, fds[set]);
			plain = *out;
			for (how = GADGET; how <= (nr_gadgets > nr_in_code ? VDSO : GADGET); how++) {
				if (how == VDSO && set)
					continue;
				one_call(out, how, nr, fds[set]);
				count[how - 1]++;
				hung += out->st == -2;
				if (out->done && (nr == SYS_getpid || nr == SYS_gettid ||
						  nr == SYS_set_tid_address) &&
				    out->ret != out->pid)
					ids++;
				if (same(&plain, out, nr == SYS_getpid || has_history(nr)))
					continue;
				if (!bad[how - 1]++)
					snprintf(what[how - 1], sizeof(what[0]),
						 "; number %#lx set %zu by %s: plainly %s%#lx status %#x, there %s%#lx status %#x",
						 nr, set, how == VDSO ? "the vDSO" : "the stub",
						 plain.done ? "" : "not done ", plain.ret, plain.st,
						 out->done ? "" : "not done ", out->ret, out->st);
			}
		}
	}
	row(best_gadget && count[0] && !bad[0] && !hung, "every number by the stub's code",
	    "%d calls, %d differ from plain ones, %d cannot be ended%s", count[0], bad[0], hung, what[0]);
	row(!bad[1], "every number by the host's vDSO", "%d calls, %d differ%s",
	    count[1], bad[1], what[1]);
	row(!ids, "ids by the stub's code", "%d of the host's", ids);
	kill_nobodys();
}

/* Any system call instruction there, with whatever comes behind it. */
static int any_gadget(unsigned long where, long nr)
{
	struct jump j = {
		.ax = nr, .di = 1, .si = (long)scratch, .dx = 1, .bx = 1,
		.bp = (long)scratch + 64, .r12 = 1, .r13 = ctl,
	};
	pid_t pid = fork();

	if (!pid) {
		int fd = open("/dev/null", O_RDWR);

		dup2(fd, 1);
		drop_privilege();
		limit_children(1);
		alarm_in(30);
		stray = 0;
		jump(where, &j);
		_exit(0);
	}
	return reap_within(pid, 2000);
}

static void places(int argc, char **argv)
{
	static const long nrs[] = { SYS_getppid, SYS_mmap, SYS_exit, SYS_write };
	int i, st, bad = 0, n = 0;
	unsigned int a;
	size_t k;

	for (i = 0; i < nr_gadgets; i++)
		for (k = 0; k < sizeof(nrs) / sizeof(nrs[0]); k++, n++) {
			st = any_gadget(gadgets[i], nrs[k]);
			bad += st == -2 || st == -1;
		}
	row(nr_in_code > 0 && !bad, "each system call instruction, and on",
	    "%d places in the stub's code, %d in the vDSO: %d jumps, %d cannot be ended",
	    nr_in_code, nr_gadgets - nr_in_code, n, bad);
	for (bad = n = 0, a = 0; a < PAGE; a += 1 + below(12), n++) {
		st = any_gadget(STUB_CODE + a, pick(nrs));
		bad += st == -2 || st == -1;
	}
	row(!bad, "any place of the code page", "%d jumps, %d cannot be ended", n, bad);
	kill_nobodys();
}

/* ---- descriptors, files, processes of the host ----------------------------- */

static int no_descriptors(void *arg)
{
	int *bad = arg, fd;
	char buf[256];

	syscall(SYS_close_range, 0, ~0U, 0);
	drop_privilege();
	for (fd = 0; fd < 64; fd++) {
		long r[] = {
			gadget(SYS_write, fd, scratch, 8),
			gadget(SYS_read, fd, buf, 8),
			gadget(SYS_pwrite64, fd, scratch, 8, 0),
			gadget(SYS_mmap, 0, 65536, 3, MAP_SHARED, fd, 0),
			gadget(SYS_mmap, 0x40000000, 65536, 7, MAP_SHARED | MAP_FIXED, fd, 0),
			gadget(SYS_ftruncate, fd, 0),
			gadget(SYS_fallocate, fd, 3, 0, 1L << 20),
			gadget(SYS_dup, fd),
			gadget(SYS_fcntl, fd, F_GETFD),
			gadget(SYS_fstat, fd, buf),
			gadget(SYS_lseek, fd, 0, 1),
			gadget(SYS_sendto, fd, scratch, 1, 0),
			gadget(SYS_sendmsg, fd, scratch, 0),
			/* SECCOMP_IOCTL_NOTIF_RECV, _SEND, _ID_VALID, _ADDFD, _SET_FLAGS */
			gadget(SYS_ioctl, fd, 0xc0502100, buf),
			gadget(SYS_ioctl, fd, 0xc0182101, buf),
			gadget(SYS_ioctl, fd, 0x40082102, buf),
			gadget(SYS_ioctl, fd, 0x40182103, buf),
			gadget(SYS_ioctl, fd, 0x40082104, 0),
			gadget(SYS_close, fd),
		};
		size_t i;

		for (i = 0; i < sizeof(r) / sizeof(r[0]); i++) {
			bad[1]++;
			if (r[i] != -EBADF && !bad[0]++) {
				bad[2] = fd;
				bad[3] = i;
				bad[4] = r[i];
			}
		}
	}
	return 0;
}

static int no_files(void *arg)
{
	int *bad = arg;
	char in[300];
	size_t i;

	drop_privilege();
	snprintf(in, sizeof(in), "%s/made-by-the-guest", host_dir);
	long r[] = {
		gadget(SYS_open, host_file, O_RDONLY),
		gadget(SYS_open, host_file, O_RDWR | O_TRUNC),
		gadget(SYS_openat, AT_FDCWD, host_file, O_WRONLY),
		gadget(SYS_truncate, host_file, 0),
		gadget(SYS_unlink, host_file),
		gadget(SYS_chmod, host_file, 0),
		gadget(SYS_rename, host_file, in),
		gadget(SYS_link, host_file, in),
		gadget(SYS_creat, in, 0666),
		gadget(SYS_mkdir, in, 0777),
		gadget(SYS_symlink, "x", in),
		gadget(SYS_mknod, in, S_IFIFO | 0666, 0),
		gadget(SYS_chdir, host_dir),
		gadget(SYS_execve, host_file, 0, 0),
		gadget(SYS_utimensat, AT_FDCWD, host_file, 0, 0),
		gadget(SYS_stat, host_file, in + 260 - 260),
	};
	for (i = 0; i < sizeof(r) / sizeof(r[0]); i++) {
		bad[1]++;
		if (r[i] != -ENOENT && !bad[0]++) {
			bad[2] = -1;
			bad[3] = i;
			bad[4] = r[i];
		}
	}
	return 0;
}

/* As root of the guest, and as nobody. */
static int no_processes(void *arg)
{
	pid_t pids[] = { host_pid, host_victim };
	struct iovec iov = { scratch, 8 };
	int *bad = arg, w, p;
	struct rlimit none = { 0, 0 };
	cpu_set_t cpus;
	siginfo_t si = { .si_code = SI_QUEUE };
	size_t i;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	for (w = 0; w < 2; w++)
		for (p = 0; p < 2; p++) {
			long v = pids[p];
#define BOTH(nr, ...)	(w ? syscall(nr, ##__VA_ARGS__, 0, 0, 0, 0) < 0 ? -errno : 0 : \
			 gadget(nr, ##__VA_ARGS__))
			long r[] = {
				BOTH(SYS_kill, v, SIGKILL),
				BOTH(SYS_kill, -v, SIGKILL),
				BOTH(SYS_tkill, v, SIGKILL),
				BOTH(SYS_tgkill, v, v, SIGKILL),
				BOTH(SYS_rt_sigqueueinfo, v, SIGTERM, &si),
				BOTH(SYS_ptrace, PTRACE_ATTACH, v, 0, 0),
				BOTH(SYS_ptrace, PTRACE_SEIZE, v, 0, 0),
				BOTH(SYS_process_vm_readv, v, &iov, 1, &iov, 1, 0),
				BOTH(SYS_process_vm_writev, v, &iov, 1, &iov, 1, 0),
				BOTH(434 /* pidfd_open */, v, 0),
				BOTH(SYS_setpriority, PRIO_PROCESS, v, 19),
				BOTH(SYS_sched_setaffinity, v, sizeof(cpus), &cpus),
				BOTH(SYS_prlimit64, v, RLIMIT_NOFILE, &none, 0),
				BOTH(SYS_setpgid, v, v),
				BOTH(SYS_getpgid, v),
				BOTH(SYS_wait4, v, 0, WNOHANG, 0),
			};
			for (i = 0; i < sizeof(r) / sizeof(r[0]); i++) {
				bad[1]++;
				if (r[i] >= 0 && !bad[0]++) {
					bad[2] = p;
					bad[3] = i;
					bad[4] = r[i];
				}
			}
		}
	return 0;
}

static void foreign(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*fn)(void *);
	} tests[] = {
		{ "the stub's descriptors", no_descriptors },
		{ "files of the host", no_files },
		{ "processes of the host", no_processes },
	};
	int *bad = shared(PAGE), st;
	size_t i;

	for (i = 0; i < 3; i++) {
		if (i == 2 && (!kill(host_pid, 0) || !kill(host_victim, 0))) {
			row(true, tests[i].name, "not tried: the ids are taken here");
			continue;
		}
		memset(bad, 0, PAGE);
		st = in_child(tests[i].fn, bad);
		row(exited(st, 0) && !bad[0] && bad[1], tests[i].name,
		    "%d calls, %d succeed (%d, call %d: %d), status %#x", bad[1], bad[0],
		    bad[2], bad[3], bad[4], st);
	}
}

/*
 * What the host keeps for a process and a thread: all of it changed, then it
 * waits, for t/attack.t to look.
 */
static void hold(int argc, char **argv)
{
	struct sigaction ign = { .sa_handler = SIG_IGN };
	unsigned long all[16] = { [0 ... 15] = ~0UL };
	struct rlimit zero = { 0, 0 };
	stack_t ss = { .ss_flags = SS_DISABLE };
	struct { short len; void *f; } prog = { 1, (uint64_t[]) { 0x7fff000000000006 } };
	char line[16];
	int sig;

	mmap(MARK, PAGE, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*(volatile char *)MARK = 1;
	signal(SIGALRM, SIG_IGN);
	printf("@@BEFORE@@\n");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return;
	gadget(SYS_prctl, PR_SET_NAME, "attacked");
	gadget(SYS_prctl, PR_SET_PDEATHSIG, SIGUSR1);
	gadget(SYS_prctl, PR_SET_DUMPABLE, 1);
	gadget(SYS_prctl, PR_SET_TIMERSLACK, 12345678);
	gadget(SYS_umask, 0);
	gadget(SYS_chdir, "/proc");
	gadget(SYS_setpgid, 0, 0);
	gadget(SYS_sigaltstack, &ss, 0);
	/* One is what some gadgets come back by. */
	all[0] &= ~(1UL << (SIGTRAP - 1));
	for (sig = 1; sig < 65; sig++)
		if (sig != SIGTRAP)
			gadget(SYS_rt_sigaction, sig, &ign, 0, 8);
	gadget(SYS_rt_sigprocmask, SIG_SETMASK, all, 0, 8);
	gadget(SYS_setrlimit, RLIMIT_CORE, &zero);
	gadget(SYS_setrlimit, RLIMIT_FSIZE, &zero);
	gadget(SYS_setrlimit, RLIMIT_STACK, &zero);
	gadget(SYS_setpriority, PRIO_PROCESS, 0, 7);
	gadget(SYS_sched_setaffinity, 0, 128, all);
	gadget(SYS_mlockall, 3);
	gadget(SYS_personality, 0x0040000);
	gadget(SYS_set_robust_list, STUB_DATA, 24);
	gadget(SYS_set_tid_address, STUB_DATA);
	gadget(SYS_munmap, STUB_CODE, PAGE);
	gadget(SYS_munmap, 0x7fff00000000, 0xfffff000);
	gadget(SYS_mprotect, STUB_DATA, PAGE, 7);
	gadget(SYS_mprotect, STUB_FRAMES, 2 * PAGE, 7);
	gadget(SYS_mremap, STUB_DATA, PAGE, PAGE, 3, 0x40000000);
	gadget(SYS_madvise, STUB_START, 0x40000000, 4);
	gadget(SYS_mmap, STUB_CODE, PAGE, 7, 0x32, -1, 0);
	gadget(SYS_unshare, CLONE_NEWNS | CLONE_FILES | CLONE_FS);
	gadget(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
	gadget(SYS_seccomp, 1, 0, &prog);
	gadget(SYS_setresuid, 1234, 1234, 1234);
	printf("@@HELD@@\n");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return;
	_exit(0);
}

/* ---- memory ---------------------------------------------------------------- */

static uint64_t checksum(unsigned long addr)
{
	uint64_t sum = 0, *p = (void *)addr;
	size_t i;

	for (i = 0; i < PAGE / 8; i++)
		sum = (sum ^ p[i]) * 0x100000001b3;
	return sum;
}

static char *stub_elf(unsigned long addr)
{
	struct { Elf64_Ehdr e; Elf64_Phdr p; char code[16]; } f = {
		.e = {
			.e_ident = ELFMAG "\2\1\1", .e_type = ET_EXEC, .e_machine = EM_X86_64,
			.e_version = 1, .e_entry = addr + 120, .e_phoff = 64, .e_ehsize = 64,
			.e_phentsize = 56, .e_phnum = 1,
		},
		.p = {
			.p_type = PT_LOAD, .p_flags = 7, .p_vaddr = addr, .p_paddr = addr,
			.p_filesz = PAGE, .p_memsz = PAGE, .p_align = PAGE,
		},
		.code = "\xb8\xe7\0\0\0\xbf\x63\0\0\0\x0f\x05",	/* exit_group(99) */
	};
	static char path[] = "/tmp/attack-elf";
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0755);

	ftruncate(fd, PAGE);
	if (write(fd, &f, sizeof(f)) != sizeof(f))
		return NULL;
	close(fd);
	return path;
}

static int exec_it(void *path)
{
	execl(path, path, NULL);
	return 98;
}

static int pages_of_stub(void *arg)
{
	unsigned long at[] = {
		STUB_CODE, STUB_DATA, STUB_VDSO, STUB_END - PAGE, STUB_FRAMES,
		STUB_FRAMES + PAGE, STUB_FRAMES + AREA, HOST_END - PAGE,
		STUB_START - PAGE,
	};
	int *bad = arg, fd = memfd_create("x", 0), mem = open("/proc/self/mem", O_RDWR), p[2];
	int shm = shmget(IPC_PRIVATE, 16 * PAGE, 0600);
	int me = syscall(434, getpid(), 0);
	char *buf = pages(2);
	size_t a, i, k;

	ftruncate(fd, 1 << 20);
	if (pipe(p))
		return 1;
	for (a = 0; a < sizeof(at) / sizeof(at[0]); a++) {
		unsigned long v = at[a], lens[] = { PAGE, 2 * PAGE, 0x1000000, 0x40000000, -v & -PAGE };

		for (k = 0; k < 5; k++) {
			/* What starts below is to reach into it. */
			long n = v < STUB_START && lens[k] < 2 * PAGE ? 2 * PAGE : lens[k];
			struct iovec there = { (void *)v, n }, here = { buf, PAGE };

			if (write(p[1], buf, 64) < 0)
				return 2;
			long r[] = {
				syscall(SYS_munmap, v, n),
				syscall(SYS_mprotect, v, n, 7),
				syscall(SYS_mprotect, v, n, 0),
				syscall(SYS_mremap, v, PAGE, n, 1, 0),
				syscall(SYS_mremap, buf, PAGE, n, 3, v),
				syscall(SYS_mmap, v, n, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
				syscall(SYS_mmap, v, n, 3, MAP_SHARED | MAP_FIXED, fd, 0),
				syscall(SYS_mmap, v, n, 3, MAP_PRIVATE | MAP_ANONYMOUS | 0x100000, -1, 0),
				syscall(SYS_madvise, v, n, 4),
				syscall(SYS_madvise, v, n, 14),
				syscall(SYS_mlock, v, n),
				syscall(SYS_msync, v, n, 4),
				syscall(SYS_mincore, v, n, buf),
				syscall(SYS_mbind, v, n, 0, 0, 0, 0) ?: -1L,
				syscall(SYS_remap_file_pages, v, n, 0, 0, 0),
				(long)shmat(shm, (void *)v, SHM_REMAP) == -1 ? -1 : 0,
				syscall(440, me, &there, 1, 4, 0),
				syscall(SYS_process_vm_writev, getpid(), &here, 1, &there, 1, 0),
				v < STUB_START ? -1L : syscall(SYS_read, p[0], v, 16),
				v < STUB_START ? -1L : syscall(SYS_write, p[1], v, 16),
				v < STUB_START ? -1L : syscall(SYS_pwrite64, mem, buf, 16, v),
				v < STUB_START ? -1L : syscall(SYS_pread64, mem, buf, 16, v),
				v < STUB_START ? -1L : syscall(SYS_futex, v, 0, 0, 0, 0, 0),
				v < STUB_START ? -1L : syscall(SYS_futex, v, 5, 1, 1, v, 0),
				v < STUB_START ? -1L : syscall(SYS_getcwd, v, 100),
				v < STUB_START ? -1L : syscall(SYS_clock_gettime, 0, v),
				syscall(329 /* pkey_mprotect */, v, n, 7, -1),
			};
			for (i = 0; i < sizeof(r) / sizeof(r[0]); i++) {
				bad[1]++;
				if (r[i] != -1 && !bad[0]++) {
					bad[2] = a;
					bad[3] = i;
					bad[4] = k;
				}
			}
		}
	}
	/* It is moved elsewhere, or not at all. */
	for (a = 0; a < sizeof(at) / sizeof(at[0]); a++) {
		long r = syscall(SYS_mmap, at[a], 2 * PAGE, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (r != -1 && (unsigned long)r > STUB_START - 2 * PAGE && !bad[0]++)
			bad[3] = 100;
		syscall(SYS_brk, at[a]);
		if ((unsigned long)syscall(SYS_brk, 0) >= STUB_START - PAGE && !bad[0]++)
			bad[3] = 101;
	}
	return 0;
}

/* What the kernel keeps addresses of, and looks at later. */
static void *idle_thread(void *arg)
{
	usleep(1000);
	return NULL;
}

static int later_addresses(void *arg)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct sigaction sa = { .sa_handler = (void *)(handler ?: STUB_CODE), .sa_flags = SA_ONSTACK };
	stack_t ss = { .ss_sp = (void *)STUB_FRAMES, .ss_size = AREA };
	pthread_t t;

	switch ((long)arg) {
	case 0:
		syscall(SYS_set_tid_address, STUB_FRAMES);
		break;
	case 1:
		syscall(SYS_set_robust_list, STUB_FRAMES, 24);
		break;
	case 2:
		syscall(SYS_rseq, STUB_FRAMES, 32, 0, 0x53053053);
		break;
	case 3:
		sigaltstack(&ss, NULL);
		sa.sa_handler = (void *)jump_back;
		sigaction(SIGUSR1, &sa, NULL);
		raise(SIGUSR1);
		break;
	case 4:
		sigaction(SIGUSR1, &sa, NULL);
		raise(SIGUSR1);
		break;
	case 5:
		syscall(SYS_clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, STUB_FRAMES + 4096, 0, 0, 0);
		usleep(2000);
		break;
	case 6:
		syscall(SYS_clone, CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, 0,
			STUB_FRAMES, STUB_FRAMES, STUB_FRAMES);
		break;
	case 7:
		sa.sa_handler = SIG_DFL;
		asm volatile("mov %0, %%rsp; push %%rax" : : "r" (STUB_FRAMES + 6000) : "memory");
		for (;;)
			;
	case 8:
		asm volatile("mov %0, %%rsp; mov $39, %%eax; syscall; mov $231, %%eax; xor %%edi, %%edi; syscall"
			     : : "r" (STUB_FRAMES + 100) : "memory");
		break;
	case 9:
		pthread_create(&t, NULL, idle_thread, stack);
		asm volatile("mov %0, %%rsp; mov $15, %%eax; syscall; ud2" : : "r" (STUB_FRAMES + AREA / 2) : "memory");
		break;
	}
	syscall(SYS_exit_group, 0);
	return 0;
}

static void memory(int argc, char **argv)
{
	unsigned long at[] = { STUB_CODE, STUB_DATA, STUB_FRAMES, STUB_START - PAGE };
	int *bad = shared(PAGE), st, hung = 0, ran = 0;
	uint64_t code = checksum(STUB_CODE);
	bool w;
	size_t i;

	st = in_child(pages_of_stub, bad);
	row(exited(st, 0) && !bad[0] && bad[1], "unmap, remap, protect the stub's pages",
	    "%d calls, %d succeed (place %d, call %d, length %d), status %#x",
	    bad[1], bad[0], bad[2], bad[3], bad[4], st);
	w = writable(STUB_CODE) || writable(STUB_DATA);
	for (i = STUB_VDSO; i < STUB_END; i += PAGE)
		w |= writable(i);
	row(!w && code == checksum(STUB_CODE), "write to code, batch, vDSO", "%s",
	    w ? "WRITTEN" : "faults");
	for (i = 0; i < 4; i++) {
		st = in_child(exec_it, stub_elf(at[i]));
		ran += exited(st, 99) && at[i] >= STUB_START;
	}
	unlink("/tmp/attack-elf");
	row(!ran, "a program whose place is the stub's", "%d of 3 run", ran);
	for (i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (!pid) {
			drop_privilege();
			alarm_in(50);
			signal(SIGALRM, SIG_DFL);
			signal(SIGSEGV, SIG_DFL);
			later_addresses((void *)i);
			_exit(0);
		}
		st = reap_within(pid, 2000);
		hung += st < 0;
	}
	row(!hung, "addresses there for the kernel to write to", "%d ways, %d hang", 10, hung);
	kill_nobodys();
}

/* ---- forged frames --------------------------------------------------------- */

static unsigned long frame_offset(void)
{
	unsigned long off = ctl ? *(uint64_t *)(ctl + ctl_frame) : 0;

	return off >= AREA - 400 ? 0 : off;
}

static uint64_t nasty(void)
{
	static const uint64_t values[] = {
		0, 1, 0x1000, 0x7ffffffff000, 0x7fffffffffff, 0x800000000000, 0xffff800000000000,
		0xffffffff81000000, -1ULL, -512ULL, -4096ULL, 1ULL << 63, 0x60000000, 0x100000000000,
		STUB_CODE, STUB_DATA, STUB_FRAMES, STUB_FRAMES + 4096, STUB_FRAMES + AREA, STUB_VDSO,
		STUB_START - 1, STUB_START - 4096,
	};

	switch (below(8)) {
	case 0:
		return rnd();
	case 1:
		return STUB_FRAMES + below(3 * AREA);
	case 2:
		return STUB_CODE + below(PAGE);
	case 3:
		return (uint64_t)scratch + below(PAGE);
	case 4:
		return below(64);
	case 5:
		return handler ?: STUB_CODE + below(PAGE);
	default:
		return pick(values);
	}
}

static void after(void)
{
	int i;

	for (i = 0; i < 50; i++)
		asm volatile("syscall" : : "a" (SYS_getpid) : "rcx", "r11", "memory");
	asm volatile("syscall" : : "a" (SYS_exit_group), "D" (0) : "rcx", "r11", "memory");
}

static void forge_frame(uint64_t *f)
{
	static const uint16_t cs[] = { 0x33, 0x33, 0x33, 0x23, 0x10, 0, 3, 0x2b, 0xffff, 0x30, 0x1b };
	static const uint16_t ss[] = { 0x2b, 0x2b, 0x2b, 0, 3, 0x18, 0x33, 0x10, 0xffff, 0x2a };
	static const int codes[] = { 1, 1, 2, 3, 4, 5, 0, -1, -6, 0x80, 128, 0x7fffffff };
	static const int sigs[] = { 11, 11, 31, 31, 31, 5, 7, 8, 4, 10, 0, 9, 64, 65, -1 };
	static const long nrs[] = {
		SYS_getpid, SYS_exit, SYS_exit_group, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_clone,
		SYS_fork, SYS_vfork, SYS_execve, SYS_kill, SYS_mmap, SYS_munmap, SYS_futex, SYS_pause,
		SYS_sigaltstack, SYS_arch_prctl, 435, -1, 100000, TRAP_NR,
	};
	int i;

	for (i = F_R8; i <= F_CX; i++)
		f[i] = nasty();
	f[F_AX] = below(3) ? (uint64_t)pick(nrs) : below(470);
	f[F_SP] = nasty();
	f[F_IP] = below(2) ? (uint64_t)after : nasty();
	f[F_FLAGS] = below(2) ? 0x202 : below(2) ? 0x202 | 1ULL << below(22) : rnd();
	f[F_CS] = pick(cs) | (uint64_t)pick(ss) << 48;
	f[F_ERR] = below(40);
	f[F_TRAPNO] = below(4) ? 14 : below(32);
	((int *)(f + F_INFO))[0] = pick(sigs);
	((int *)(f + F_INFO))[2] = pick(codes);
	f[F_INFO + 2] = nasty();
}

/* All of an area, or a bit of it: it may be written at any time. */
static void scribble_area(char *area)
{
	unsigned long off = frame_offset();
	size_t i;

	switch (below(5)) {
	case 0:
		for (i = 0; i < AREA / 8; i++)
			((volatile uint64_t *)area)[i] = rnd();
		break;
	case 1:
		for (i = 0; i < 20; i++)
			((volatile uint64_t *)area)[below(AREA / 8)] = nasty();
		break;
	case 2:
		memset(area, below(256), AREA);
		break;
	case 3:		/* the header of the extended state, wherever it is */
		for (i = 0; i < 60; i++)
			area[off + 440 + below(700)] ^= 1 << below(8);
		break;
	default:
		forge_frame((void *)(area + off));
		break;
	}
}

static void enter_forged(uint64_t s)
{
	unsigned long off = frame_offset(), places[] = { handler, trap_call, trapped, trapped };
	char *area = (void *)STUB_FRAMES;
	struct jump j;
	uint64_t *p;
	size_t i;

	seed(s);
	for (p = (void *)&j; p < (uint64_t *)(&j + 1); p++)
		*p = nasty();
	if (below(3))
		j.flags = 0;
	else if (below(2))
		j.flags = 0x202 | 1 << pick(((int[]) { 8, 14, 18, 10, 0, 8, 14 }));
	j.r15 = 0;
	j.ax = below(4) ? TRAP_NR : below(500);
	j.di = below(3) ? below(34) : nasty();
	if (below(2))
		j.r13 = ctl;
	if (below(2))
		j.dx = STUB_FRAMES + off + 8;
	switch (below(6)) {
	case 0:
		j.sp = (uint64_t)scratch + 2 * PAGE;
		break;
	case 1:
		j.sp = nasty();
		break;
	case 2:
		j.sp = 0;
		break;
	default:
		j.sp = STUB_FRAMES + (below(2) ? off : below(AREA));
		break;
	}
	for (i = 0; i < PAGE / 8; i += 64)
		forge_frame((uint64_t *)scratch + i);
	if (trap_call) {
		if (below(4))
			scribble_area(area);
		if (below(2))
			forge_frame((void *)(area + off));
	}
	switch (below(trap_call ? 8 : 3)) {
	case 0:
		syscall(SYS_kill, syscall(SYS_getpid), 0);
		syscall(SYS_fork);
		break;
	case 1:
		*(volatile int *)nasty() = 0;
		break;
	case 2:
		jump(STUB_CODE + below(PAGE), &j);
		break;
	default:
		jump(pick(places), &j);
		break;
	}
}

static void frames(int argc, char **argv)
{
	double end = seconds() + (argc > 0 ? atof(argv[0]) : 5);
	int i, st, ends[4] = { 0 };
	uint64_t base = argc > 1 ? strtoull(argv[1], NULL, 0) : 0;
	uint64_t first_bad = 0;
	int *tries = shared(PAGE);

	for (i = 0; seconds() < end; i++) {
		pid_t pid = fork();

		if (!pid) {
			int fd = open("/dev/null", O_RDWR), k;

			for (k = 0; k < 3; k++)
				dup2(fd, k);
			drop_privilege();
			limit_children(8);
			alarm_in(6);
			signal(SIGALRM, SIG_DFL);
			/* Half of them go on after what kills others. */
			if (i % 2) {
				for (k = 1; k < 32; k++)
					signal(k, SIG_DFL);
				tries[0]++;
				enter_forged(base + i * 1000);
				after();
			}
			for (k = 0; k < 30; k++) {
				tries[0]++;
				enter_forged(base + i * 1000 + k);
			}
			syscall(SYS_exit_group, 0);
		}
		st = reap_within(pid, 400);
		if (st < 0 && !ends[3]++)
			first_bad = base + i * 1000;
		if (st >= 0)
			ends[WIFEXITED(st) ? 0 : killed(st, SIGALRM) ? 1 : 2]++;
		if (i % 64 == 63)
			kill_nobodys();
	}
	row(!ends[3], "frames of one's own making",
	    "%d tries of %d processes from seed %lu: %d go on, %d loop, %d die, %d cannot be ended (first: %lu)",
	    tries[0], i, base, ends[0], ends[1], ends[2], ends[3], first_bad);
	kill_nobodys();
}

/* ---- scribbling while others work ------------------------------------------ */

static void *scribbler(void *arg)
{
	for (;;) {
		scribble_area((char *)STUB_FRAMES + below(5) * AREA);
		if (!below(3))
			sched_yield();
	}
	return NULL;
}

static void nothing(int sig)
{
}

static void *worker(void *arg)
{
	char *p = pages(16);

	for (;;) {
		size_t i;

		for (i = 0; i < 16; i++)
			p[i * PAGE] = 1;
		madvise(p, 16 * PAGE, MADV_DONTNEED);
		syscall(SYS_getppid);
		syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), SIGUSR1);
		if (!below(20))
			usleep(100);
	}
	return NULL;
}

static void scribble(int argc, char **argv)
{
	double end = seconds() + (argc > 0 ? atof(argv[0]) : 2);
	int n = 0, hung = 0, st;

	while (seconds() < end) {
		pid_t pid = fork();

		if (!pid) {
			struct sigaction sa = { .sa_handler = nothing };
			pthread_t t[4];
			int i;

			drop_privilege();
			limit_children(20);
			seed(n + 7777);
			sigaction(SIGUSR1, &sa, NULL);
			for (i = 1; i < 32; i++)
				if (i != SIGUSR1)
					signal(i, SIG_DFL);
			alarm_in(150);
			for (i = 0; i < 3; i++)
				pthread_create(&t[i], NULL, worker, NULL);
			scribbler(NULL);
		}
		st = reap_within(pid, 1000);
		hung += st < 0;
		n++;
	}
	row(!hung, "areas overwritten while threads work", "%d processes of 4 threads, %d cannot be ended",
	    n, hung);
	kill_nobodys();
}

/* ---- the batch -------------------------------------------------------------- */

#define PLAYGROUND	((char *)0x200000000000UL)

static volatile int *race_bad;

static void *mapper(void *arg)
{
	char *p = PLAYGROUND + (long)arg * 64 * PAGE;
	long i;

	for (i = 0;; i++) {
		long at = below(60), n = 1 + below(4);
		volatile long *q = (void *)(p + at * PAGE);

		if (mmap((void *)q, n * PAGE, 3, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
			continue;
		if (q[5])
			race_bad[0]++;	/* not fresh */
		q[5] = i + 1;
		mprotect((void *)q, n * PAGE, PROT_READ);
		if (q[5] != i + 1)
			race_bad[1]++;
		if (below(2))
			munmap((void *)q, n * PAGE);
	}
	return NULL;
}

static void race(int argc, char **argv)
{
	double end = seconds() + (argc > 0 ? atof(argv[0]) : 1.5);
	int n = 0, hung = 0, st;

	race_bad = shared(PAGE);
	while (seconds() < end) {
		pid_t pid = fork();

		if (!pid) {
			unsigned long batch = STUB_DATA;
			pthread_t t;
			long i;

			drop_privilege();
			signal(SIGALRM, SIG_DFL);
			seed(n);
			alarm_in(200);
			for (i = 0; i < 2; i++)
				pthread_create(&t, NULL, mapper, (void *)i);
			/* One thread only is the one that jumps and is brought back. */
			for (;;) {
				uint64_t *op = (uint64_t *)batch + below(PAGE / 8);
				struct jump j = { .si = (long)op, .ax = rnd() };

				if (readable(batch) && *(volatile uint64_t *)op == 12345)
					race_bad[3]++;
				stray = 0;
				jump(probe_insn + 64, &j);
				race_bad[2] += !stray;
				gadget(SYS_mmap, PLAYGROUND, PAGE, 7, MAP_FIXED | MAP_SHARED, 0, 0);
				gadget(SYS_munmap, STUB_DATA, PAGE);
				gadget(SYS_ioctl, FD_CLOEXEC, 0xc0182101, STUB_DATA);
				gadget(SYS_futex, ctl ?: batch, 1, 100);
			}
		}
		st = reap_within(pid, 1000);
		hung += st < 0;
		n += 1;
	}
	row(!hung && !race_bad[0] && !race_bad[1] && !race_bad[2], "racing the batch",
	    "%d processes, %d cannot be ended; %d pages not fresh, %d changed, %d writes to the batch",
	    n, hung, race_bad[0], race_bad[1], race_bad[2]);
	kill_nobodys();
}

/* ---- not to be interrupted --------------------------------------------------- */

static void block_all(int way)
{
	unsigned long all = ~0UL, none[4] = { 1 /* SIG_IGN */ };
	int sig;

	if (way & 1) {
		/* One is what some gadgets come back by. */
		all &= ~(1UL << (SIGTRAP - 1));
		gadget(SYS_rt_sigprocmask, SIG_SETMASK, &all, 0, 8);
		for (sig = 1; sig < 65; sig++)
			if (sig != SIGTRAP)
				gadget(SYS_rt_sigaction, sig, none, 0, 8);
	} else {
		syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, 0, 8);
		for (sig = 1; sig < 65; sig++)
			syscall(SYS_rt_sigaction, sig, none, 0, 8);
	}
}

static void loop_forever(int way)
{
	uint8_t *code = mmap(NULL, PAGE, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct jump j = { .ax = SYS_getpid, .r13 = ctl };

	block_all(way);
	switch (way / 2) {
	case 0:
		for (;;)
			;
	case 1:		/* with the trap, nested-task and alignment flags */
		for (;;)
			asm volatile("pushf; orl $0x40000, (%%rsp); popf" : : : "memory", "cc");
	case 2:
		for (;;)
			asm volatile("pushf; orl $0x4000, (%%rsp); popf" : : : "memory", "cc");
	case 3:		/* on the area, at its end */
		asm volatile("mov %0, %%rsp\n1: jmp 1b" : : "r" (STUB_FRAMES + 64) : "memory");
		break;
	case 4:		/* no stack at all */
		asm volatile("mov %0, %%rsp\n1: jmp 1b" : : "r" (0x8000000000000000) : "memory");
		break;
	case 5:		/* in the stub: loops of its own there */
		for (;;)
			jump(gadgets[below(nr_in_code)], &j);
	case 6:		/* 32-bit code */
		code = mmap((void *)0x10000000, PAGE, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		memcpy(code, "\xeb\xfe", 2);
		asm volatile("push $0x23; push %0; lretq" : : "r" (0x10000000L) : "memory");
		break;
	case 7:		/* faults that come back */
		memcpy(code, "\x8a\x04\x25\0\0\0\0\xeb\xf7", 9);
		asm volatile("jmp *%0" : : "r" (code));
		break;
	case 8:		/* jumps to the handler for ever */
		for (;;) {
			j.ax = TRAP_NR;
			j.di = below(34);
			jump(handler ?: STUB_CODE, &j);
		}
	}
}

static void preempt(int argc, char **argv)
{
	int way, st, ends = 0, hung = 0, starved = 0;

	for (way = 0; way < 18; way++) {
		double t;
		pid_t pid = fork();
		int i;

		if (!pid) {
			drop_privilege();
			limit_children(1);
			loop_forever(way);
			_exit(0);
		}
		usleep(30000);
		t = seconds();
		for (i = 0; i < 5; i++)
			sched_yield();
		starved += seconds() - t > 3;
		st = waitpid(pid, &i, WNOHANG);
		if (st == pid) {
			ends++;
			continue;
		}
		kill(pid, SIGKILL);
		/* Or it ends by itself right now. */
		hung += reap_within(pid, 3000) < 0;
	}
	row(!hung && !starved, "endless loops, all blocked", "18 ways: %d end, %d not killed, %d starve others",
	    ends, hung, starved);
	kill_nobodys();
}

/* ---- instructions -------------------------------------------------------------- */

static uint8_t *code32;

static long in_32bit(const char *bytes, size_t n)
{
	/* ljmp $0x33, $code32 + 256, where is: jmp *%r15 */
	static const uint8_t back[] = { 0xea, 0, 1, 0, 0x10, 0x33, 0 };
	/* push $0x23; push $code32; lretq */
	static const uint8_t there[] = { 0x6a, 0x23, 0x68, 0, 0, 0, 0x10, 0x48, 0xcb };
	struct jump j = {
		.ax = 20, .dx = 0x10000f00, .bp = 0x10000f00, .bx = 0x10000f00, .di = 0x10000f00,
		.sp = 0x10000e00,
	};

	memcpy(code32, bytes, n);
	memcpy(code32 + n, back, sizeof(back));
	memcpy(code32 + 256, "\x41\xff\xe7", 3);
	memcpy(code32 + 768, there, sizeof(there));
	return jump((unsigned long)code32 + 768, &j);
}

#define I(name, code)	{ name, code, sizeof(code) - 1, 64 }
#define I32(name, code)	{ name, code, sizeof(code) - 1, 32 }

static const struct {
	const char *name, *code;
	int n, bits;
} insns[] = {
	I("cli", "\xfa"), I("sti", "\xfb"), I("hlt", "\xf4"),
	I("in", "\xe4\x80"), I("out", "\xe6\x80"), I("insb", "\x6c"),
	I("mov cr0", "\x0f\x20\xc0"), I("mov to cr3", "\x0f\x22\xd8"),
	I("mov dr7", "\x0f\x23\xf8"), I("rdmsr", "\x0f\x32"), I("wrmsr", "\x0f\x30"),
	I("invd", "\x0f\x08"), I("wbinvd", "\x0f\x09"), I("lgdt", "\x0f\x01\x10"),
	I("lidt", "\x0f\x01\x18"), I("lldt", "\x0f\x00\xd0"), I("ltr", "\x0f\x00\xd8"),
	I("swapgs", "\x0f\x01\xf8"), I("sysretq", "\x48\x0f\x07"), I("sysenter", "\x0f\x34"),
	I("sysexit", "\x0f\x35"), I("iretq", "\x48\xcf"), I("iret", "\xcf"),
	I("icebp", "\xf1"), I("ud2", "\x0f\x0b"), I("ud1", "\x0f\xb9\xc0"),
	I("int3", "\xcc"), I("vmcall", "\x0f\x01\xc1"), I("vmmcall", "\x0f\x01\xd9"),
	I("vmlaunch", "\x0f\x01\xc2"), I("vmrun", "\x0f\x01\xd8"), I("clgi", "\x0f\x01\xdd"),
	I("xsetbv", "\x0f\x01\xd1"), I("monitor", "\x0f\x01\xc8"), I("mwait", "\x0f\x01\xc9"),
	I("rsm", "\x0f\xaa"), I("clts", "\x0f\x06"), I("invlpg", "\x0f\x01\x38"),
	I("xsaves", "\x0f\xc7\x28"), I("xrstors", "\x0f\xc7\x18"), I("rdpmc", "\x0f\x33"),
	I("fld of rubbish", "\xdb\x28\xd9\xfa\x9b"), I("lss", "\x0f\xb2\x00"),
	I("div by 0", "\x31\xc9\xf7\xf1"), I("far jump", "\xff\x28"), I("far call", "\xff\x18"),
	I("wrfsbase high", "\x48\xc7\xc0\x00\x00\x00\x80\xf3\x48\x0f\xae\xd0\x64\x8a\x01"),
	I("wrfsbase bad", "\x48\xb8\0\0\0\0\0\0\0\x80\xf3\x48\x0f\xae\xd0\x64\x8a\x01"),
	I("wrgsbase bad", "\x48\xb8\0\0\0\0\0\x80\0\0\xf3\x48\x0f\xae\xd8\x65\x8a\x01"),
	I("fs=0x2b gs=3 ds es", "\xb8\x2b\0\0\0\x8e\xe0\x8e\xd8\x8e\xc0\xb8\3\0\0\0\x8e\xe8"),
	I("ds=0x33", "\xb8\x33\0\0\0\x8e\xd8"), I("fs=7", "\xb8\x07\0\0\0\x8e\xe0"),
	I("ss=0", "\x31\xc0\x8e\xd0"), I("ss=0x2b", "\xb8\x2b\0\0\0\x8e\xd0"),
	I("fs=gs=0", "\x31\xc0\x8e\xe0\x8e\xe8"),
	I("popf TF", "\x9c\x81\x0c\x24\0\1\0\0\x9d\x90\x90"),
	I("popf AC, unaligned", "\x9c\x81\x0c\x24\0\0\4\0\x9d\x8b\x44\x24\x01"),
	I("std", "\xfd"),
	I("wrpkru", "\xb8\xfc\xff\xff\xff\x31\xc9\x31\xd2\x0f\x01\xef"),
	I32("32-bit: nothing", "\x90"), I32("32-bit: int 0x80", "\xcd\x80"),
	I32("32-bit: syscall", "\x0f\x05"), I32("32-bit: sysenter", "\x0f\x34"),
	I32("32-bit: fault", "\xa0\0\0\0\0"), I32("32-bit: into", "\x30\xc0\xce"),
	I32("32-bit: bound", "\x62\x04\x24"), I32("32-bit: ud2", "\x0f\x0b"),
	I32("32-bit: les", "\xc4\x04\x24"), I32("32-bit: pop ss", "\x17"),
	/* These flags stay, if nobody cares. */
	I("popf all", "\x48\xc7\xc0\xff\xff\xff\xff\x50\x9d\x90"), I("popf NT, iretq", "\x9c\x81\x0c\x24\0\x40\0\0\x9d\x48\xcf"),
};

static int run_insn(int k, int vector, long *ret)
{
	uint8_t *code = code32 + 512;
	pid_t pid = fork();
	struct jump j = { .ax = SYS_getpid, .di = (long)scratch };
	int st;

	if (!pid) {
		drop_privilege();
		alarm_in(50);
		if (vector >= 0) {
			code[0] = 0xcd;
			code[1] = vector;
			memcpy(code + 2, "\x41\xff\xe7", 3);
		} else if (insns[k].bits == 64) {
			memcpy(code, insns[k].code, insns[k].n);
			memcpy(code + insns[k].n, "\x41\xff\xe7", 3);
		}
		stray = 0;
		if (vector < 0 && insns[k].bits == 32) {
			*ret = in_32bit(insns[k].code, insns[k].n);
		} else {
			if (vector < 0 && strstr(insns[k].name, "rubbish"))
				j.ax = (long)scratch;
			*ret = jump((unsigned long)code, &j);
		}
		/* It has to be as alive as before. */
		for (st = 0; st < 20; st++) {
			if (syscall(SYS_getpid) <= 1)
				_exit(3);
			((char *)pages(1))[0] = 1;
		}
		usleep(1);
		_exit(stray ? 100 + stray : 0);
	}
	return reap_within(pid, 2000);
}

static void instructions(int argc, char **argv)
{
	int k, st, hung = 0, lived = 0, died = 0, privileged = 0, killed = 0;
	char what[200] = "", killer[100] = "";
	long *ret = shared(PAGE);

	code32 = mmap((void *)0x10000000, PAGE, 7, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	for (k = 0; k < 256; k++) {
		st = run_insn(-1, k, ret);
		hung += st < 0;
		if (k == 0x80) {
			row((exited(st, 0) && *ret == -ENOSYS) ||
			    (host_lacks("int80") && exited(st, 100 + SIGSEGV)),
			    "int 0x80", "%ld, status %#x", *ret, st);
			continue;
		}
		/* Where it does nothing on the host, it does nothing here. */
		snprintf(what, sizeof(what), "int-%x", k);
		lived += exited(st, 0) && !host_lacks(what);
	}
	what[0] = '\0';
	row(!hung && !lived, "int n", "255: %d without a fault, %d cannot be ended", lived, hung);
	for (k = hung = died = lived = 0; k < (int)(sizeof(insns) / sizeof(insns[0])); k++) {
		st = run_insn(k, -1, ret);
		hung += st < 0;
		lived += WIFEXITED(st);
		died += WIFSIGNALED(st);
		/* Whatever they lead to, a 32-bit segment too, is a signal's. */
		if (WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL && !killed++)
			snprintf(killer, sizeof(killer), ": %s", insns[k].name);
		if (getenv("ATTACK_VERBOSE"))
			printf("# %s: status %#x, %ld\n", insns[k].name, st, *ret);
		/* The first twenty are the kernel's only. */
		if (k < 20 && exited(st, 0) && k != 19 && !privileged++)
			snprintf(what, sizeof(what), ": %s", insns[k].name);
	}
	row(!hung && !privileged, "privileged and odd instructions",
	    "%d: %d live on, %d die, %d cannot be ended, %d are done%s", k, lived, died, hung,
	    privileged, what);
	row(!killed, "instructions that cost the stub", "%d of %d%s", killed, k, killer);
}

/* Old programs' entry: emulated by the host, if it has it. */
static void vsyscall(int argc, char **argv)
{
	struct timeval tv[2] = { { 0 } };
	char what[100];
	int i, bad = 0;

	snprintf(what, sizeof(what), "not there");
	for (i = 0; i < 4; i++) {
		unsigned long at = 0xffffffffff600000 + i * 0x400;
		long ret;

		stray = 0;
		/* By a call: it returns by the stack. */
		struct jump j = { .ax = 1, .di = (long)tv, .bx = at };
		uint8_t *code = mmap(NULL, PAGE, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		memcpy(code, "\xff\xd3\x41\xff\xe7", 5);
		ret = jump((unsigned long)code, &j);
		if (stray)
			continue;
		if (i == 0) {
			struct timespec now;

			syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
			bad += ret || labs(now.tv_sec - tv[0].tv_sec) > 2;
			snprintf(what, sizeof(what), "answers %ld", ret);
		}
	}
	row(!bad, "the vsyscall page", "%s, %d of the host's times", what, bad);
}

/* ---- breakpoints in the stub, by a tracer ------------------------------------ */

static void tracer(int argc, char **argv)
{
	unsigned long at[] = { STUB_CODE, handler, trapped, STUB_DATA, STUB_FRAMES, -8UL, HOST_END };
	int set = 0, hung = 0, peeked = 0, n = 0, round, st;
	struct user_regs_struct r;
	size_t i;

	for (round = 0; round < 60; round++) {
		pid_t pid = fork();

		if (!pid) {
			drop_privilege();
			ptrace(PTRACE_TRACEME, 0, 0, 0);
			raise(SIGSTOP);
			enter_forged(round * 31 + 5);
			_exit(0);
		}
		reap(pid);
		for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
			if (!at[i])
				continue;
			ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[0]), at[i]);
			ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[7]), 1);
			errno = 0;
			set += ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user, u_debugreg[0]), 0) == (long)at[i];
			errno = 0;
			ptrace(PTRACE_PEEKTEXT, pid, at[i], 0);
			peeked += !errno;
			peeked += !ptrace(PTRACE_POKETEXT, pid, at[i], 0);
		}
		/* Registers of its own making, and steps into the stub. */
		seed(round);
		for (i = 0; i < 12; i++) {
			ptrace(PTRACE_GETREGS, pid, 0, &r);
			if (!below(3)) {
				r.rip = below(2) ? STUB_CODE + below(PAGE) : nasty();
				r.rsp = nasty();
				r.orig_rax = below(3) ? -1UL : nasty();
				r.eflags = below(2) ? r.eflags : rnd();
				r.cs = below(4) ? r.cs : nasty();
				r.ss = below(4) ? r.ss : nasty();
				r.fs_base = below(4) ? r.fs_base : nasty();
				r.gs_base = below(4) ? r.gs_base : nasty();
				ptrace(PTRACE_SETREGS, pid, 0, &r);
			}
			if (ptrace(below(2) ? PTRACE_SINGLESTEP : PTRACE_SYSCALL, pid, 0,
				   below(2) ? 0 : pick(((int[]) { 0, SIGUSR1, SIGSEGV }))))
				break;
			n++;
			for (st = 0; st < 300; st++) {
				int s;

				if (waitpid(pid, &s, WNOHANG | __WALL))
					break;
				usleep(50);
			}
		}
		kill(pid, SIGKILL);
		do {
			st = reap_within(pid, 2000);
		} while (WIFSTOPPED(st) && st >= 0);
		hung += st < -1;
	}
	row(!set && !hung && !peeked, "a tracer's breakpoints and registers",
	    "%d steps; %d breakpoints in the stub, %d words of it seen, %d cannot be ended",
	    n, set, peeked, hung);
	kill_nobodys();
}

/* ---- what is left for the next one -------------------------------------------- */

static int *hijacks;

/* On whatever stack there is: without one. */
static __always_inline long bare_call(long nr, long a)
{
	asm volatile("syscall" : "+a" (nr) : "D" (a) : "rcx", "r11", "memory");
	return nr;
}

static void hijacked(void)
{
	__atomic_add_fetch(&hijacks[0], 1, __ATOMIC_SEQ_CST);
	hijacks[1] = bare_call(SYS_getuid, 0);
	for (;;)
		bare_call(SYS_exit_group, 77);
}

/* The area of this thread: the one that has its registers after a trap. */
static char *own_area(void)
{
	const long magic = 0x0b5cedace5ca1ab1;
	unsigned long off = frame_offset(), a;
	struct jump j = { .ax = SYS_kill, .di = getpid(), .si = 0, .r12 = magic, .r13 = ctl };

	if (!off)
		return NULL;
	/* No fault in between: it would have a frame there, too. */
	readable(STUB_FRAMES);
	jump(best_gadget, &j);
	for (a = STUB_FRAMES; readable(a + AREA - 1); a += AREA)
		if (((long *)(a + off))[F_R12] == magic)
			return (void *)a;
	return NULL;
}

/*
 * Leaves its host thread in what looks like the handler's call, with registers
 * that have whoever gets it next start where it likes.
 */
static int poison(void *arg)
{
	unsigned long off = frame_offset();
	char *area = own_area();
	char *other = area == (char *)STUB_FRAMES ? area + AREA : (char *)STUB_FRAMES;
	uint64_t *f, *block;
	struct jump j;
	long way = (long)arg;
	pthread_t t;

	drop_privilege();
	if (way == 3)
		asm volatile("pushf; orl $0x4000, (%%rsp); popf; syscall"
			     : : "a" (SYS_exit_group), "D" (0) : "memory");
	if (!area || pthread_create(&t, NULL, idle_thread, NULL) || pthread_join(t, NULL))
		return 1;
	/* A control block that has the frame elsewhere, and a frame there. */
	block = (void *)(area + 512);
	memcpy(block, (void *)ctl, 512);
	if (way == 0)
		*(uint64_t *)((char *)block + ctl_frame) = 2048;
	f = (void *)(way == 1 ? other + off : area + 2048);
	memset(f, 0, 300);
	*(uint64_t *)other = 0;
	f[F_IP] = (uint64_t)hijacked;
	f[F_SP] = (uint64_t)scratch + 8 * PAGE;
	f[F_FLAGS] = 0x202;
	f[F_CS] = 0x33 | 0x2bUL << 48;
	/* The kernel is told: exit_group(0) */
	f = (void *)(area + off);
	f[F_AX] = SYS_exit_group;
	f[F_DI] = 0;
	f[F_IP] = (uint64_t)hijacked;
	((int *)(f + F_INFO))[0] = SIGSYS;
	((int *)(f + F_INFO))[1] = 0;
	((int *)(f + F_INFO))[2] = 1;
	j = (struct jump) {
		.ax = TRAP_NR, .di = SIGSYS, .dx = (uint64_t)(area + off + 8),
		.r13 = way == 0 ? (uint64_t)block : ctl,
		.sp = way == 0 ? (uint64_t)(area + off) :
		      way == 1 ? (uint64_t)(other + off) : 0x1234567,
	};
	jump(trap_call, &j);
	return 2;
}

static void inherit(int argc, char **argv)
{
	static const char *const ways[] = {
		"the control block forged", "the stack pointer forged",
		"a stack pointer without memory", "the nested-task flag set",
	};
	int way, i, n, poisoned, harmed, st, first, last = 3;
	char name[100];
	pid_t pid;

	hijacks = shared(PAGE);
	way = 0;
	if (argc > 0)
		way = last = atoi(argv[0]) & 3;
	for (; way <= last; way++) {
		snprintf(name, sizeof(name), "a host thread left with %s", ways[way]);
		if (!trap_call && way < 3) {
			row(true, name, "no such thing with this engine");
			continue;
		}
		n = poisoned = harmed = first = hijacks[0] = 0;
		for (i = 0; i < 60 && harmed < 3; i++) {
			if (i < 20) {
				pid = fork();
				if (!pid)
					_exit(poison((void *)(long)way));
				/* An interrupt at the wrong moment, and it loops. */
				st = reap_within(pid, 300);
				poisoned += exited(st, 0);
			}
			pid = fork();
			if (!pid)
				_exit(55);
			/* The next one, with all privileges. */
			st = reap_within(pid, 1000);
			n++;
			if (!exited(st, 55) && !harmed++)
				first = st;
		}
		row(poisoned && !harmed && !hijacks[0], name,
		    "%d left; of %d processes after them %d are harmed (status %#x), %d run code of the attacker's choice%s",
		    poisoned, n, harmed, first, hijacks[0], hijacks[0] && !hijacks[1] ? " as root" : "");
	}
}

#define SECRET	0x5ec7e75ec7e7a11dULL
#define LOW		((uint32_t)SECRET)
#define HIGH		((uint32_t)(SECRET >> 32))
#define SECRET_PLACE	((char *)0x2b5ec2e71000UL)
#define PLACE_LOW	((uint32_t)(uint64_t)SECRET_PLACE >> 16)
#define PLACE_HIGH	((uint32_t)((uint64_t)SECRET_PLACE >> 32))

/*
 * A word's bits from @shift on.  The whole of it is never in a register, which the
 * host may put on these very pages at any time.
 */
static long find_secret(unsigned long start, unsigned long end, uint32_t low, uint32_t high, int shift)
{
	unsigned long a, i;
	long n = 0;

	for (a = start; a < end; a += PAGE) {
		if (!readable(a))
			continue;
		for (i = 0; i < PAGE / 8; i++)
			n += ((volatile uint32_t *)a)[2 * i] >> shift == low &&
			     ((volatile uint32_t *)a)[2 * i + 1] == high;
	}
	return n;
}

static void *keeper(void *arg)
{
	/* In a vector register, when it ends. */
	uint64_t s = ~(uint64_t)arg;

	asm volatile("not %0\n"
		     "movq %0, %%xmm7; movq %0, %%xmm15; mov %0, %%r12; mov %0, %%r8\n"
		     "xor %0, %0\n"
		     "mov $60, %%eax; xor %%edi, %%edi; syscall"
		     : "+r" (s) : : "memory", "rax", "rdi", "rcx", "r11", "r12", "r8", "xmm7", "xmm15");
	return NULL;
}

static int keep_secret(void *arg)
{
	pthread_t t;
	int i;

	mmap(SECRET_PLACE, 16 * PAGE, 3, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(SECRET_PLACE, 16 * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < 16; i += 2)
		*(volatile uint64_t *)(SECRET_PLACE + i * PAGE) = SECRET;
	for (i = 0; i < 3; i++)
		pthread_create(&t, NULL, keeper, (void *)SECRET);
	usleep(3000);
	/* Many operations in a row: the pages become read-only, one by one. */
	i = fork();
	if (!i)
		_exit(0);
	waitpid(i, NULL, 0);
	/* And so does the first. */
	asm volatile("mov %0, %%rbx; movq %0, %%xmm7; movq %0, %%xmm13\n"
		     "mov $231, %%eax; xor %%edi, %%edi; syscall" : : "r" (SECRET)
		     : "rbx", "rax", "rdi", "xmm7", "xmm13", "memory");
	return 0;
}

/* Of a process that was given what another had: the secret must not be in itself. */
static int search_stub(void *arg)
{
	long *found = arg;
	drop_privilege();
	found[0] += find_secret(STUB_FRAMES, STUB_FRAMES + 128 * AREA, LOW, HIGH, 0);
	found[1] += find_secret(STUB_DATA, STUB_DATA + PAGE, LOW, HIGH, 0);
	found[2] += find_secret(STUB_DATA, STUB_DATA + PAGE, PLACE_LOW, PLACE_HIGH, 16);
	found[3]++;
	return 0;
}

static int wait_for_end(void *arg)
{
	pause();
	return 0;
}

static void *sleeper(void *arg)
{
	usleep(300000);
	return NULL;
}

static int search_with_threads(void *arg)
{
	pthread_attr_t attr;
	pthread_t t;
	int i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	for (i = 0; i < 120; i++)
		pthread_create(&t, &attr, sleeper, NULL);
	return search_stub(arg);
}

static int much_secret(void *arg)
{
	size_t n = 160 << 20, i;
	uint64_t *p = mmap(NULL, n, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 1;
	for (i = 0; i < n / 8; i++)
		p[i] = SECRET;
	return 0;
}

static void leftover(int argc, char **argv)
{
	long *found = shared(PAGE);
	pid_t pids[40];
	int i, st;

	for (i = 0; i < 40; i++)
		in_child(keep_secret, NULL);
	for (i = 0; i < 40; i++) {
		st = in_child(search_stub, found);
		if (st)
			found[4]++;
	}
	row(found[3] && !found[0] && !found[4], "registers of who had the stub before",
	    "%ld processes look, %ld words found", found[3], found[0]);
	row(found[3] && !found[1] && !found[2], "mappings of who had the stub before",
	    "%ld processes look, %ld addresses found", found[3], found[1] + found[2]);

	/* Fresh ones: the waiting ones are all taken. */
	memset(found, 0, PAGE);
	for (i = 0; i < 40; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(wait_for_end(NULL));
	}
	for (i = 0; i < 5; i++) {
		in_child(much_secret, NULL);
		in_child(search_with_threads, found);
	}
	for (i = 0; i < 40; i++) {
		kill(pids[i], SIGKILL);
		reap(pids[i]);
	}
	row(found[3] && !found[0] && !found[1], "memory that others have freed",
	    "%ld processes look, %ld words found", found[3], found[0] + found[1]);
}

/* Everything that can be read above what is the guest's. */
static int search_all(void *arg)
{
	long *found = arg;
	unsigned long a;
	int i;

	drop_privilege();
	for (a = STUB_START; a < STUB_START + 0x400000; a += PAGE)
		if (readable(a)) {
			found[1]++;
			found[0] += find_secret(a, a + PAGE, LOW, HIGH, 0);
			if (a >= STUB_FRAMES && (a - STUB_FRAMES) / AREA >= 8)
				found[2]++;	/* more areas than threads */
		}
	for (i = 0; i < 6000; i++) {
		static const unsigned long bases[] = {
			STUB_START, 0x7ffff0000000, 0x100000000000, 0x60000000, 0x300000000000,
			0x20000000, 0x550000000000, 0x7e0000000000, 0xffff800000000000,
			0xffffffff80000000, 0x800000000000, 0xffffc90000000000,
		};

		a = (pick(bases) + below(1UL << (12 + below(24)))) & -PAGE;
		if (i < 600)
			a = rnd() & -PAGE;
		if (a - STUB_START < 0x400000 || (a >= 0x10000000 && a < 0x10001000))
			continue;
		if (a >= 0xffffffffff600000)
			continue;
		if (readable(a)) {
			char line[200], maps[8192], *p;
			bool known = false;

			/* Its own? */
			read_file("/proc/self/maps", maps, sizeof(maps));
			for (p = strtok(maps, "\n"); p; p = strtok(NULL, "\n")) {
				unsigned long s, e;

				known |= sscanf(p, "%lx-%lx", &s, &e) == 2 && a >= s && a < e;
			}
			snprintf(line, sizeof(line), "%lx", a);
			if (!known && !found[3]++)
				found[4] = a;
		}
	}
	return 0;
}

static void search(int argc, char **argv)
{
	long *found = shared(PAGE);
	uint64_t *key = malloc(1024);
	pid_t pid;
	int i, st, p[2];

	for (i = 0; i < 128; i++)
		key[i] = SECRET;
	/* In the kernel, and in another process. */
	syscall(SYS_add_key, "user", "attack", key, 1024, -3);
	if (!pipe(p))
		write(p[1], key, 1024);
	pid = fork();
	if (!pid) {
		uint64_t *q = pages(256);

		for (i = 0; i < 256 * 512; i++)
			q[i] = SECRET;
		pause();
	}
	/* Ours go, so that what is found is somebody else's. */
	memset(key, 0, 1024);
	st = in_child(search_all, found);
	kill(pid, SIGKILL);
	reap(pid);
	row(exited(st, 0) && !found[0] && !found[2] && !found[3],
	    "all that can be read outside of what is its own",
	    "%ld pages of the stub; %ld secrets in them, %ld unknown areas, %ld other pages (%#lx)",
	    found[1], found[0], found[2], found[3], found[4]);
}

/* ---- nothing left ----------------------------------------------------------------- */

/* Forks until it is refused; how many, and the error. */
static int many_processes(void *arg)
{
	long *r = arg, max = r[2];
	int p[2], i;

	if (pipe(p))
		return 1;
	for (i = 0; i < max; i++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (!pid) {
			char c;

			close(p[1]);
			/* It has to work as well, not only to be there. */
			_exit(getpid() > 1 && read(p[0], &c, 1) == 0 ? 0 : 1);
		}
	}
	r[0] = i;
	r[1] = i < max ? errno : 0;
	close(p[1]);
	r[3] = 0;
	while (i--) {
		int st;

		wait(&st);
		r[3] += st != 0;
	}
	return 0;
}

static void *wait_for_pipe(void *arg)
{
	char c;

	read((long)arg, &c, 1);
	return NULL;
}

static int many_threads(void *arg)
{
	static pthread_t t[5000];
	long *r = arg, max = r[2];
	pthread_attr_t attr;
	int p[2], i, err = 0;

	if (pipe(p))
		return 1;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	for (i = 0; i < max; i++) {
		err = pthread_create(&t[i], &attr, wait_for_pipe, (void *)(long)p[0]);
		if (err)
			break;
	}
	r[0] = i;
	r[1] = err;
	close(p[1]);
	while (i--)
		pthread_join(t[i], NULL);
	return 0;
}

static int many_mappings(void *arg)
{
	long *r = arg, i;

	/* Backwards, so that none is one with its neighbour. */
	int fd = memfd_create("x", 0);
	char *at = (char *)0x300000000000;

	if (fd < 0 || ftruncate(fd, 16 * PAGE))
		return 1;
	for (i = 0; i < r[2]; i++) {
		volatile char *p = mmap(at + i * PAGE, PAGE, 3, MAP_SHARED | MAP_FIXED, fd,
					(15 - i % 16) * PAGE);

		if (p == MAP_FAILED)
			break;
		*p += 1;
	}
	r[0] = i;
	r[1] = i < r[2] ? errno : 0;
	return 0;
}

static int one_more(void *arg)
{
	pthread_t t;

	if (pthread_create(&t, NULL, sleeper, NULL))
		return 1;
	return pthread_join(t, NULL);
}

static void exhaust(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*fn)(void *);
	} what[] = {
		{ "processes", many_processes }, { "threads", many_threads },
		{ "mappings", many_mappings },
	};
	bool host_limit = argc > 1 && !strcmp(argv[1], "host");
	long *r = shared(PAGE);
	size_t i;
	int st, st2, k;

	for (i = 0; i < 3; i++) {
		r[0] = r[1] = 0;
		r[2] = i == 2 ? 65000 : argc > 0 ? atoi(argv[0]) : 300;
		r[3] = 0;
		if (i == 2 && host_limit)
			break;
		if (!host_limit && i < 2)
			limit_children(10000);
		st = in_child(what[i].fn, r);
		for (k = 0, st2 = 1; k < 20 && st2; k++) {
			st2 = in_child(one_more, NULL);
			if (st2)
				usleep(50000);
		}
		row(exited(st, 0) && (!r[1] || r[1] == EAGAIN || (i != 1 && r[1] == ENOMEM)) && !r[3] &&
		    !st2 && r[0] > 5 && (!host_limit || r[1]),
		    what[i].name, "%ld, then %s; %ld fail, the attacker's status %#x, another's afterwards %#x",
		    r[0], r[1] ? strerror(r[1]) : "enough", r[3], st, st2);
	}
}

/* ---- a process that does no harm, and minds if it is harmed ------------------------ */

static volatile sig_atomic_t asked;

static void on_term(int sig)
{
	asked = 1;
}

static int bystander(void)
{
	uint64_t *p = pages(64);
	struct sigaction sa = { .sa_handler = on_term };
	double x = 1.25;
	pid_t me = getpid();

	sigaction(SIGTERM, &sa, NULL);
	fill(p, 64 * PAGE, 99);
	while (!asked) {
		asm volatile("movq %0, %%xmm11" : : "r" (SECRET + 5) : "xmm11");
		if (!filled(p, 64 * PAGE, 99))
			return 2;
		if (syscall(SYS_getpid) != me)
			return 3;
		usleep(5000);
		x *= 1.0;
		if (x != 1.25)
			return 4;
	}
	return 0;
}

TEST_HELPER(attack)
{
	static const struct {
		const char *name;
		void (*fn)(int argc, char **argv);
	} attacks[] = {
		{ "calls", calls }, { "places", places }, { "foreign", foreign }, { "hold", hold },
		{ "memory", memory }, { "frames", frames }, { "scribble", scribble }, { "race", race },
		{ "preempt", preempt }, { "instructions", instructions }, { "vsyscall", vsyscall },
		{ "tracer", tracer }, { "inherit", inherit }, { "leftover", leftover },
		{ "search", search }, { "exhaust", exhaust },
	};
	size_t i;

	if (argc < 2)
		return 97;
	attack = argv[1];
	if (!strcmp(attack, "bystander"))
		return bystander();
	if (getenv("ATTACK_PID"))
		host_pid = atoi(getenv("ATTACK_PID"));
	if (getenv("ATTACK_VICTIM"))
		host_victim = atoi(getenv("ATTACK_VICTIM"));
	if (getenv("ATTACK_FILE"))
		host_file = getenv("ATTACK_FILE");
	if (getenv("ATTACK_DIR"))
		host_dir = getenv("ATTACK_DIR");
	/* Orphans come here, to be seen. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	out = shared(PAGE);
	scratch = shared(16 * PAGE);
	look_around();
	for (i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		if (strcmp(attack, attacks[i].name))
			continue;
		attacks[i].fn(argc - 2, argv + 2);
		printf("@@DONE %s\n", attack);
		return 0;
	}
	return 96;
}
