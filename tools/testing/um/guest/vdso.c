// SPDX-License-Identifier: GPL-2.0
/*
 * The vDSO: its functions make no system calls, and tell the same time as these
 * do, whatever is done to the clocks.
 */
#include "tap.h"
#include <elf.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <sys/auxv.h>
#include <sys/klog.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/timex.h>
#include <sys/user.h>

/* Where a guest's process has what is not the guest's (asm/layout.h). */
#define STUB_AREA	0x7fffc0000000UL
#define STUB_PAGES	64

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x80
#endif

static int (*cgt)(clockid_t, struct timespec *);
static int (*cgr)(clockid_t, struct timespec *);
static int (*gtod)(struct timeval *, struct timezone *);
static time_t (*tm)(time_t *);
static long (*gcpu)(unsigned int *, unsigned int *, void *);

/* What the vDSO tells by itself. */
static const clockid_t fine[] = {
	CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME,
	CLOCK_TAI,
};
static const clockid_t coarse[] = {
	CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE,
};
#define N(a)	((int)(sizeof(a) / sizeof((a)[0])))

static void *image_sym(char *base, const char *name)
{
	char *strtab = NULL;
	Elf64_Ehdr *eh = (void *)base;
	Elf64_Phdr *ph;
	Elf64_Sym *sym = NULL;
	Elf64_Dyn *dyn = NULL;
	uint32_t *hash = NULL, *gnu = NULL, n, i;
	long bias = 0, found = 0;

	if (!base)
		return NULL;
	ph = (void *)(base + eh->e_phoff);
	for (i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && !found) {
			found = 1;
			bias = (long)base + ph[i].p_offset - ph[i].p_vaddr;
		}
		if (ph[i].p_type == PT_DYNAMIC)
			dyn = (void *)(base + ph[i].p_offset);
	}
	for (; dyn && dyn->d_tag; dyn++) {
		void *p = (void *)(dyn->d_un.d_ptr + bias);

		if (dyn->d_tag == DT_STRTAB)
			strtab = p;
		if (dyn->d_tag == DT_SYMTAB)
			sym = p;
		if (dyn->d_tag == DT_HASH)
			hash = p;
		if (dyn->d_tag == DT_GNU_HASH)
			gnu = p;
	}
	if (!strtab || !sym)
		return NULL;
	/* The string table follows the symbols, in every vDSO there is. */
	n = hash ? hash[1] : ((char *)strtab - (char *)sym) / sizeof(*sym);
	(void)gnu;
	for (i = 0; i < n; i++)
		if (sym[i].st_shndx && !strcmp(strtab + sym[i].st_name, name))
			return (void *)(sym[i].st_value + bias);
	return NULL;
}

static void *vdso_sym(const char *name)
{
	return image_sym((char *)getauxval(AT_SYSINFO_EHDR), name);
}

static int64_t ns(const struct timespec *ts)
{
	return ts->tv_sec * 1000000000LL + ts->tv_nsec;
}

static int64_t by_vdso(clockid_t id)
{
	struct timespec ts = { -1, 0 };

	cgt(id, &ts);
	return ns(&ts);
}

static int64_t by_syscall(clockid_t id)
{
	struct timespec ts = { -1, 0 };

	syscall(SYS_clock_gettime, id, &ts);
	return ns(&ts);
}

/* On a host whose clock takes system calls the vDSO has to make some, too. */
static bool has_host_clock(void)
{
	static char log[1 << 20];
	int n;

	if (!in_guest())
		return true;
	n = klogctl(3 /* SYSLOG_ACTION_READ_ALL */, log, sizeof(log) - 1);
	log[n < 0 ? 0 : n] = 0;
	return !strstr(log, "vdso: asks the kernel");
}

static bool check_functions(void)
{
	char cmdline[4096];
	struct timespec a, b, c;
	struct timeval tv;
	unsigned int cpu = 999;
	int i, bad = 0;
	time_t t;

	if (in_guest() && read_file("/proc/cmdline", cmdline, sizeof(cmdline)) > 0 &&
	    strstr(cmdline, "vdso=0")) {
		ok(!getauxval(AT_SYSINFO_EHDR), "vdso=0: there is none");
		return false;
	}
	if (!getauxval(AT_SYSINFO_EHDR)) {
		ok(false, "AT_SYSINFO_EHDR is there");
		return false;
	}
	ok(true, "AT_SYSINFO_EHDR is there");
	ok(!memcmp((void *)getauxval(AT_SYSINFO_EHDR), ELFMAG, 4), "an ELF image");
	cgt = vdso_sym("__vdso_clock_gettime");
	cgr = vdso_sym("__vdso_clock_getres");
	gtod = vdso_sym("__vdso_gettimeofday");
	tm = vdso_sym("__vdso_time");
	gcpu = vdso_sym("__vdso_getcpu");
	if (!ok(cgt && cgr && gtod && tm && gcpu, "it has its five functions"))
		return false;
	for (i = 0; i < 2000; i++) {
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &a);
		bad += cgt(CLOCK_MONOTONIC, &b) != 0;
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &c);
		bad += ns(&a) > ns(&b) || ns(&b) > ns(&c);
	}
	is(bad, 0, "clock_gettime fits between system calls, 2000 times");
	for (bad = i = 0; i < 500; i++) {
		syscall(SYS_clock_gettime, CLOCK_REALTIME, &a);
		gtod(&tv, NULL);
		syscall(SYS_clock_gettime, CLOCK_REALTIME, &c);
		bad += tv.tv_sec * 1000000LL + tv.tv_usec < ns(&a) / 1000 ||
			tv.tv_sec * 1000000LL + tv.tv_usec > ns(&c) / 1000;
	}
	is(bad, 0, "so does gettimeofday");
	t = tm(NULL);
	syscall(SYS_clock_gettime, CLOCK_REALTIME, &a);
	ok(t <= a.tv_sec && t + 2 > a.tv_sec, "time");
	is(gcpu(&cpu, NULL, NULL), 0, "getcpu");
	ok(cpu < (unsigned int)sysconf(_SC_NPROCESSORS_CONF), "a CPU of ours (%u)", cpu);
	for (i = 0; i < 9; i++) {
		static const clockid_t ids[] = { 0, 1, 2, 3, 4, 5, 6, 7, 11 };

		bad = cgt(ids[i], &b);
		is(bad, 0, "clock %d through the vDSO", (int)ids[i]);
		syscall(SYS_clock_gettime, ids[i], &c);
		ok(ns(&b) <= ns(&c), "and not ahead of the system call");
	}
	bad = cgt(77, &b);
	ok(bad == -EINVAL || bad == -1, "an unknown clock fails");
	return true;
}

/* ---- no system calls ------------------------------------------------------ */

/* From here on each system call that tells the time ends the process. */
static int forbid_clocks(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_getres, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_gettimeofday, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_time, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getcpu, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog prog = { N(code), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

/* All that the vDSO has, by its own names and by libc's. */
static int use_all(void *arg)
{
	struct timezone tz;
	struct timespec ts;
	struct timeval tv;
	unsigned int cpu = 77, node = 77;
	int i, round;

	if (forbid_clocks())
		return 1;
	for (round = 0; round < 200; round++) {
		for (i = 0; i < N(fine); i++)
			if (cgt(fine[i], &ts) || cgr(fine[i], &ts))
				return 2;
		for (i = 0; i < N(coarse); i++)
			if (cgt(coarse[i], &ts) || cgr(coarse[i], &ts))
				return 3;
		if (gtod(&tv, &tz) || gtod(NULL, &tz) || gtod(&tv, NULL))
			return 4;
		if (tm(NULL) < 1000 || gcpu(&cpu, &node, NULL))
			return 5;
		if (gcpu(NULL, NULL, NULL) || cpu > 1000 || node > 1000)
			return 6;
		if (clock_gettime(CLOCK_MONOTONIC, &ts) || gettimeofday(&tv, NULL) ||
		    time(NULL) < 1000 || sched_getcpu() < 0)
			return 7;
	}
	return 0;
}

static int use_syscall(void *arg)
{
	struct timespec ts;

	if (forbid_clocks())
		return 1;
	return syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
}

static void check_traps(bool host_clock)
{
	int st;

	ok(killed(in_child(use_syscall, NULL), SIGSYS), "a filter forbids the clocks' system calls");
	if (!host_clock) {
		skip("the host's clock takes system calls", "the vDSO makes none");
		return;
	}
	st = in_child(use_all, NULL);
	ok(exited(st, 0), "the vDSO makes none");
	if (!exited(st, 0))
		diag("status 0x%x", st);
}

/* ---- the same time -------------------------------------------------------- */

/* How often a clock went back from one way of reading it to the other. */
static int backwards(clockid_t id, int rounds)
{
	int64_t last = by_syscall(id), now;
	int i, bad = 0;

	for (i = 0; i < rounds; i++) {
		/* Now and then many readings of one kind. */
		now = (i & 64 ? i & 1 : i & 16) ? by_syscall(id) : by_vdso(id);
		bad += now < last;
		last = now;
	}
	return bad;
}

/* And is the time of one within those of the other? */
static int outside(clockid_t id, int rounds)
{
	int i, bad = 0;

	for (i = 0; i < rounds; i++) {
		int64_t a = by_syscall(id), b = by_vdso(id), c = by_syscall(id);

		bad += b < a || c < b;
	}
	return bad;
}

static int all_fit(int rounds)
{
	int i, bad = 0;

	for (i = 0; i < N(fine); i++)
		bad += backwards(fine[i], rounds) + outside(fine[i], rounds);
	for (i = 0; i < N(coarse); i++)
		bad += backwards(coarse[i], rounds) + outside(coarse[i], rounds);
	return bad;
}

static void check_consistent(void)
{
	struct timespec a, b;
	int i;

	for (i = 0; i < N(fine); i++)
		is(backwards(fine[i], 5000) + outside(fine[i], 1000), 0,
		   "clock %d by vDSO and system call is one", (int)fine[i]);
	for (i = 0; i < N(coarse); i++)
		is(backwards(coarse[i], 5000) + outside(coarse[i], 1000), 0,
		   "clock %d by vDSO and system call is one", (int)coarse[i]);
	for (i = 0; i < 12; i++) {
		int v, s;

		memset(&a, 0, sizeof(a));
		memset(&b, 0, sizeof(b));
		v = cgr(i, &a);
		s = syscall(SYS_clock_getres, i, &b);
		ok(!v == !s && ns(&a) == ns(&b), "clock %d: its resolution, too", i);
	}
}

static volatile int ticks, tick_bad;
static int64_t tick_last;

static void tick(int sig)
{
	int64_t now = by_vdso(CLOCK_MONOTONIC);

	tick_bad += now < tick_last;
	tick_last = now;
	ticks++;
}

/* Signals in the midst of it, whose handlers want the time themselves. */
static void check_signals(void)
{
	struct itimerval it = { { 0, 500 }, { 0, 500 } }, none = { };
	struct sigaction sa = { .sa_handler = tick };
	int64_t now, last, end;
	long n = 0, bad = 0;

	sigaction(SIGALRM, &sa, NULL);
	tick_last = last = by_vdso(CLOCK_MONOTONIC);
	end = last + 500000000;
	setitimer(ITIMER_REAL, &it, NULL);
	do {
		now = by_vdso(CLOCK_MONOTONIC);
		bad += now < last;
		last = now;
		n++;
	} while (now < end);
	setitimer(ITIMER_REAL, &none, NULL);
	ok(ticks > 10 && n > 1000, "%d signals during %ld calls", ticks, n);
	is(bad + tick_bad, 0, "the clock runs for them and between them");
}

/* ---- clocks that are set -------------------------------------------------- */

/*
 * Monotonic clocks go on, whatever is done to the others.  But the coarse ones
 * may step back by some nanoseconds when the speed is changed, on this kernel.
 */
static int watch(void *arg)
{
	volatile int *stop = arg;
	static const clockid_t ids[] = {
		CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME,
	};
	int64_t last[N(ids)] = { }, now;
	int i, bad = 0;

	while (!*stop)
		for (i = 0; i < N(ids); i++) {
			now = by_vdso(ids[i]);
			bad += now < last[i] ||
			       (last[i] && now - last[i] > 60 * 1000000000LL);
			last[i] = now;
		}
	return bad > 100 ? 100 : bad;
}

static void check_set(void)
{
	struct timezone tz = { 77, 3 }, zone = { }, old_zone;
	struct timeval tv;
	struct timespec ts, old;
	struct timex tx = { .modes = 0 };
	volatile int *stop = shared(4096);
	long freq, tick_us, tai;
	int i, bad = 0;
	pid_t pid;

	if (!in_guest() || geteuid()) {
		skip("needs root in a guest", "clocks that are set");
		return;
	}
	pid = fork();
	if (!pid)
		_exit(watch((void *)stop));

	clock_gettime(CLOCK_REALTIME, &old);
	for (i = 0; i < 50; i++) {
		ts.tv_sec = 1000000000 + i * 1000;
		ts.tv_nsec = 999999999;
		bad += clock_settime(CLOCK_REALTIME, &ts) != 0;
		bad += by_vdso(CLOCK_REALTIME) < ns(&ts) ||
		       by_vdso(CLOCK_REALTIME) > ns(&ts) + 100000000000LL;
		bad += tm(NULL) < ts.tv_sec || tm(NULL) > ts.tv_sec + 100;
		gtod(&tv, NULL);
		bad += tv.tv_sec < ts.tv_sec || tv.tv_sec > ts.tv_sec + 100;
		bad += by_vdso(CLOCK_REALTIME_COARSE) < ns(&ts) - 100000000;
	}
	is(bad, 0, "a time that is set is there at once");
	is(all_fit(200), 0, "for all");

	/* The first zone without a time would set the clock as well. */
	syscall(SYS_gettimeofday, &tv, &old_zone);
	/* libc's function takes one or the other. */
	is(syscall(SYS_settimeofday, &tv, &tz), 0, "a zone can be set");
	gtod(NULL, &zone);
	ok(zone.tz_minuteswest == 77 && zone.tz_dsttime == 3, "and is there at once");
	syscall(SYS_settimeofday, NULL, &old_zone);
	clock_settime(CLOCK_REALTIME, &old);

	adjtimex(&tx);
	freq = tx.freq;
	tick_us = tx.tick;
	tai = tx.tai;
	tx = (struct timex){ .modes = ADJ_TAI, .constant = 37 };
	ok(adjtimex(&tx) >= 0, "TAI's offset can be set");
	for (bad = i = 0; i < 200; i++) {
		int64_t a = by_vdso(CLOCK_REALTIME), b = by_vdso(CLOCK_TAI);
		int64_t c = by_vdso(CLOCK_REALTIME);

		bad += b < a + 37000000000LL || b > c + 37000000000LL;
	}
	is(bad, 0, "and is there at once");

	ts.tv_sec = by_vdso(CLOCK_REALTIME) / 1000000000;
	tx = (struct timex){ .modes = ADJ_SETOFFSET, .time = { 5000, 0 } };
	ok(adjtimex(&tx) >= 0 && tm(NULL) >= ts.tv_sec + 5000, "a jump of adjtimex's");
	tx = (struct timex){ .modes = ADJ_SETOFFSET, .time = { -5000, 0 } };
	adjtimex(&tx);

	for (bad = i = 0; i < 40; i++) {
		tx = (struct timex){ .modes = ADJ_FREQUENCY | ADJ_TICK,
				     .freq = (i % 3 - 1) * 32768000L,
				     .tick = 10000 + (i % 5 - 2) * 450 };
		bad += adjtimex(&tx) < 0;
		bad += all_fit(50);
		if (i % 8 == 0)
			usleep(10000);
	}
	is(bad, 0, "the speed of the clock is changed 40 times, and all agree");
	tx = (struct timex){ .modes = ADJ_OFFSET_SINGLESHOT, .offset = 20000 };
	ok(adjtimex(&tx) >= 0, "adjtime");
	for (bad = i = 0; i < 20; i++) {
		bad += all_fit(50);
		usleep(5000);
	}
	is(bad, 0, "and all agree");
	tx = (struct timex){ .modes = ADJ_OFFSET_SINGLESHOT, .offset = 0 };
	adjtimex(&tx);
	tx = (struct timex){ .modes = ADJ_FREQUENCY | ADJ_TICK, .freq = freq, .tick = tick_us };
	adjtimex(&tx);
	tx = (struct timex){ .modes = ADJ_TAI, .constant = tai };
	adjtimex(&tx);
	*stop = 1;
	ok(exited(reap(pid), 0), "no monotonic clock went back or jumped meanwhile");
}

/* ---- time namespaces ------------------------------------------------------ */

struct in_ns {
	int64_t mono, boot, real, tai;
	bool host_clock;
};

/* 0, or what is wrong. */
static int look_around(const struct in_ns *out)
{
	const int64_t day = 86400 * 1000000000LL, slack = 60 * 1000000000LL;
	int64_t d;

	d = by_vdso(CLOCK_MONOTONIC) - out->mono;
	if (d < 2 * day || d > 2 * day + slack)
		return 11;
	d = by_vdso(CLOCK_MONOTONIC_COARSE) - out->mono;
	if (d < 2 * day - slack || d > 2 * day + slack)
		return 12;
	d = by_vdso(CLOCK_BOOTTIME) - out->boot;
	if (d < 9 * day || d > 9 * day + slack)
		return 13;
	d = by_vdso(CLOCK_REALTIME) - out->real;
	if (d < 0 || d > slack)
		return 14;
	d = by_vdso(CLOCK_TAI) - out->tai;
	if (d < 0 || d > slack)
		return 15;
	if (all_fit(300))
		return 16;
	return out->host_clock && !exited(in_child(use_all, NULL), 0) ? 17 : 0;
}

TEST_HELPER(vdso_ns)
{
	struct in_ns out;

	cgt = vdso_sym("__vdso_clock_gettime");
	cgr = vdso_sym("__vdso_clock_getres");
	gtod = vdso_sym("__vdso_gettimeofday");
	tm = vdso_sym("__vdso_time");
	gcpu = vdso_sym("__vdso_getcpu");
	if (argc < 6)
		return 31;
	out.mono = strtoll(argv[1], NULL, 10);
	out.boot = strtoll(argv[2], NULL, 10);
	out.real = strtoll(argv[3], NULL, 10);
	out.tai = strtoll(argv[4], NULL, 10);
	out.host_clock = atoi(argv[5]);
	return look_around(&out);
}

static int time_ns(void *arg)
{
	struct in_ns out = {
		.mono = by_vdso(CLOCK_MONOTONIC),
		.boot = by_vdso(CLOCK_BOOTTIME),
		.real = by_vdso(CLOCK_REALTIME),
		.tai = by_vdso(CLOCK_TAI),
		.host_clock = *(bool *)arg,
	};
	char text[5][24];
	int st, fd;
	pid_t pid;

	if (unshare(CLONE_NEWTIME))
		return 42;
	if (!write_file("/proc/self/timens_offsets",
			"monotonic 172800 0\nboottime 777600 0\n"))
		return 1;
	/* Only children are in it; the caller's data page is as it was. */
	if (by_vdso(CLOCK_MONOTONIC) - out.mono > 60 * 1000000000LL)
		return 2;
	pid = fork();
	if (!pid) {
		int ret = look_around(&out);

		if (ret)
			_exit(ret);
		/* exec is a new address space. */
		snprintf(text[0], 24, "%lld", (long long)out.mono);
		snprintf(text[1], 24, "%lld", (long long)out.boot);
		snprintf(text[2], 24, "%lld", (long long)out.real);
		snprintf(text[3], 24, "%lld", (long long)out.tai);
		snprintf(text[4], 24, "%d", out.host_clock);
		execl(self_path, self_path, "--helper", "vdso_ns", text[0],
		      text[1], text[2], text[3], text[4], NULL);
		_exit(30);
	}
	st = reap(pid);
	if (!exited(st, 0))
		return WIFEXITED(st) ? WEXITSTATUS(st) : 3;
	if (all_fit(100))
		return 4;
	/* Entering it changes what is mapped already. */
	fd = open("/proc/self/ns/time_for_children", O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWTIME))
		return 5;
	if (look_around(&out))
		return 6;
	fd = open("/proc/1/ns/time", O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWTIME))
		return 7;
	if (by_vdso(CLOCK_MONOTONIC) - out.mono > 60 * 1000000000LL)
		return 8;
	return all_fit(100) ? 9 : 0;
}

static void check_time_ns(bool host_clock)
{
	int st;

	if (geteuid() || !in_guest()) {
		skip("needs root in a guest", "time namespaces");
		return;
	}
	st = in_child(time_ns, &host_clock);
	if (exited(st, 42))
		skip("not available", "time namespaces");
	else
		is(WIFEXITED(st) ? WEXITSTATUS(st) : -st, 0,
		   "a time namespace: born in it, exec, enter and leave");
}

/* ---- what is behind it ---------------------------------------------------- */

static sigjmp_buf nothing_there;

static void no_page(int sig)
{
	siglongjmp(nothing_there, 1);
}

/*
 * A host that cannot read its clock any more has its vDSO ask for it, which in
 * here is a system call of the guest's: it is to get the host's time.
 */
static void check_host_syscall(char *image, int (*clock)(clockid_t, struct timespec *))
{
	unsigned char *insn = (unsigned char *)image;
	struct user_regs_struct regs;
	struct timespec a, *b = shared(PAGE), c;
	pid_t pid;

	while (insn < (unsigned char *)image + PAGE && (insn[0] != 0x0f || insn[1] != 0x05))
		insn++;
	if (insn == (unsigned char *)image + PAGE) {
		skip("its first page makes none", "a system call of the host's vDSO");
		return;
	}
	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	ptrace(PTRACE_GETREGS, pid, NULL, &regs);
	regs.rip = (unsigned long)insn;
	regs.orig_rax = -1;
	regs.rax = SYS_clock_gettime;
	regs.rdi = CLOCK_MONOTONIC;
	regs.rsi = (unsigned long)b;
	ptrace(PTRACE_SETREGS, pid, NULL, &regs);
	clock(CLOCK_MONOTONIC, &a);
	ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
	waitpid(pid, NULL, 0);
	clock(CLOCK_MONOTONIC, &c);
	ptrace(PTRACE_GETREGS, pid, NULL, &regs);
	is(regs.rax, 0, "a system call of the host's vDSO");
	ok(ns(&a) < ns(b) && ns(b) < ns(&c), "gets the host's time");
	kill(pid, SIGKILL);
	reap(pid);
}

/*
 * The host's vDSO is there for whoever finds it.  What it would ask of the host
 * is a system call of the guest's.
 */
static void check_host_image(void)
{
	struct sigaction sa = { .sa_handler = no_page }, dfl = { .sa_handler = SIG_DFL };
	int (*volatile clock)(clockid_t, struct timespec *) = NULL;
	char *volatile image = NULL;
	volatile unsigned long page;
	volatile int written = 0;
	struct timespec ts = { };
	int64_t a, b;

	if (!in_guest())
		return;
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	for (page = 0; page < STUB_PAGES; page++) {
		char *p = (char *)(STUB_AREA + page * PAGE);

		if (sigsetjmp(nothing_there, 1))
			continue;
		if (*(volatile uint32_t *)p == *(uint32_t *)ELFMAG)
			image = p;
		*(volatile char *)p = *(volatile char *)p;
		written++;
	}
	is(written, 0, "nothing of the stub's area can be written");
	if (!image) {
		skip("no vDSO of the host", "its system calls are the guest's");
		goto out;
	}
	if (sigsetjmp(nothing_there, 1) == 0)
		clock = image_sym(image, "__vdso_clock_gettime");
	if (ok(clock, "the host's vDSO has a clock") && sigsetjmp(nothing_there, 1) == 0) {
		a = by_syscall(CLOCK_PROCESS_CPUTIME_ID);
		is(clock(CLOCK_PROCESS_CPUTIME_ID, &ts), 0, "CPU time by it");
		b = by_syscall(CLOCK_PROCESS_CPUTIME_ID);
		ok(a <= ns(&ts) && ns(&ts) <= b, "is the guest process's");
		check_host_syscall(image, clock);
	}
out:
	sigaction(SIGSEGV, &dfl, NULL);
	sigaction(SIGBUS, &dfl, NULL);
}

TEST_AREA(vdso, 180)
{
	bool host_clock = has_host_clock();

	if (!check_functions())
		return;
	check_traps(host_clock);
	check_consistent();
	check_signals();
	check_set();
	check_time_ns(host_clock);
	check_host_image();
}
