// SPDX-License-Identifier: GPL-2.0
/*
 * Page faults that cannot be told from others at first sight, and what faults
 * bring along.
 */
#include "tap.h"

#include <setjmp.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <ucontext.h>

static long minor_faults(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return ru.ru_minflt;
}

/* ---- code that writes near itself ------------------------------------------- */

/* movb $0xc6, -7(%rip): to its own first byte, which is that; ret */
static const uint8_t to_itself[] = {
	0xc6, 0x05, 0xf9, 0xff, 0xff, 0xff, 0xc6, 0xc3,
};

/* movb $0xc3, 0(%rip): to the byte behind it; ret */
static const uint8_t behind_itself[] = {
	0xc6, 0x05, 0x00, 0x00, 0x00, 0x00, 0xc3, 0xc3,
};

/* After a fork the page is read-only again, though it may be executed. */
static int writes_near(const uint8_t *code, int times)
{
	uint8_t *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	alarm(20);
	memcpy(p, code, 8);
	for (i = 0; i < times; i++) {
		pid_t pid;

		((void (*)(void))p)();
		pid = fork();
		if (!pid) {
			((void (*)(void))p)();
			_exit(0);
		}
		if (!exited(reap(pid), 0))
			return 1;
	}
	alarm(0);
	munmap(p, PAGE);
	return 0;
}

static int writes_itself(void *arg)
{
	return writes_near(to_itself, 20);
}

static int writes_behind(void *arg)
{
	return writes_near(behind_itself, 20);
}

/* An instruction that begins where code may run, and ends where it may not. */
static int runs_over(void *arg)
{
	uint8_t *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* A write to memory that is there, so that the decoder says "write". */
	memcpy(p + PAGE - 4, to_itself, 8);
	mprotect(p, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	((void (*)(void))(p + PAGE - 4))();
	return 0;
}

/* ---- what is brought along ---------------------------------------------------- */

#define MANY	1024

/* A child reads what it has inherited. */
static int reads_inherited(void *arg)
{
	volatile char *p = arg;
	long before = minor_faults();
	int i, sum = 0;

	for (i = 0; i < MANY; i++)
		sum += p[i * PAGE];
	diag("%d inherited pages cost %ld faults", MANY, minor_faults() - before);
	return sum != MANY;
}

static void check_ahead(void)
{
	char *p = mmap(NULL, MANY * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char there[MANY];
	int i, n = 0;

	madvise(p, MANY * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < MANY / 2; i++)
		p[i * PAGE] = 1;
	mincore(p, MANY * PAGE, there);
	for (i = MANY / 2; i < MANY; i++)
		n += there[i] & 1;
	ok(n <= MANY / 4, "pages in a row come in advance, but not too many (%d)", n);
	for (i = 0; i < MANY; i++)
		p[i * PAGE] = 1;
	is(in_child(reads_inherited, p), 0, "a child sees them");
	munmap(p, MANY * PAGE);

	/* Here and there: none is brought that may not be wanted. */
	p = mmap(NULL, MANY * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(p, MANY * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < MANY; i += 32)
		p[i * PAGE] = 1;
	mincore(p, MANY * PAGE, there);
	for (i = n = 0; i < MANY; i++)
		n += there[i] & 1;
	is(n, MANY / 32, "pages far from each other come alone");
	munmap(p, MANY * PAGE);
}

/* A limit that what is asked for fits in, and what could be brought does not. */
static int writes_sparsely(void *arg)
{
	int fd = *(int *)arg, i;
	char *p = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	if (p == MAP_FAILED || !write_file("/tmp/faults.cg/tight/cgroup.procs", pid))
		return 1;
	for (i = 0; i < 16 << 20; i += 32768)
		p[i] = 2;
	return 0;
}

static void check_limit(void)
{
	char *buf = calloc(1, 1 << 20);
	int fd = open("/tmp/faults.file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int i;

	mkdir("/tmp/faults.cg", 0700);
	if (mount("cgroup2", "/tmp/faults.cg", "cgroup2", 0, NULL) ||
	    !write_file("/tmp/faults.cg/cgroup.subtree_control", "+memory") ||
	    mkdir("/tmp/faults.cg/tight", 0700) ||
	    !write_file("/tmp/faults.cg/tight/memory.max", "4194304")) {
		skip("no memory controller", "a limit holds");
	} else {
		for (i = 0; i < 16; i++)
			if (write(fd, buf, 1 << 20) != 1 << 20)
				diag("write: %m");
		is(in_child(writes_sparsely, &fd), 0,
		   "2 MiB of a private mapping fit in a limit of 4 MiB");
		rmdir("/tmp/faults.cg/tight");
	}
	umount("/tmp/faults.cg");
	rmdir("/tmp/faults.cg");
	unlink("/tmp/faults.file");
	close(fd);
	free(buf);
}

/* ---- segment bases ------------------------------------------------------------- */

static int sets_base(void *arg)
{
	asm volatile("wrgsbase %0" : : "r" (0x123456789000UL + *(int *)arg));
	return 0;
}

static int keeps_base(void *arg)
{
	unsigned long high = 0xffff800000000000UL, now, child;
	pid_t pid;
	int fd[2];

	asm volatile("wrgsbase %0" : : "r" (high));
	if (pipe(fd))
		return 1;
	pid = fork();
	if (!pid) {
		asm volatile("rdgsbase %0" : "=r" (now));
		_exit(write(fd[1], &now, 8) != 8);
	}
	if (!exited(reap(pid), 0) || read(fd[0], &child, 8) != 8)
		return 2;
	asm volatile("rdgsbase %0" : "=r" (now));
	if (now != high)
		return 3;
	/* Its own, or none; never that of a program that ran before. */
	return child != high && child ? 4 : 0;
}

static void check_bases(void)
{
	int i;

	if (!has_feature("fsgsbase")) {
		skip("no FSGSBASE", "segment bases");
		return;
	}
	for (i = 0; i < 12; i++)
		in_child(sets_base, &i);
	is(in_child(keeps_base, NULL), 0, "a segment base is nobody else's");
}

/* ---- an address space whose stub is killed ---------------------------------------- */

static volatile char *shared_page;
/* t/lifecycle.t finds them on the host by it. */
#define SHARED_PLACE	((void *)0x2abc12340000UL)
static int wake_doomed[2], wake_other[2], ready[2];

static int doomed(void *arg)
{
	char c;

	if (read(wake_doomed[0], &c, 1) != 1)
		return 1;
	for (;;)
		pause();
}

static void on_bus_error(int sig)
{
	_exit(0);
}

/*
 * Two processes share an address space.  What it has mapped goes away while both
 * sleep; then the host thread of one is killed, before it could let go of that.
 * The other must not find it.
 */
TEST_HELPER(shared_space)
{
	static char stack[65536] __attribute__((aligned(16)));
	int fd = open("/tmp/shared_space", O_RDWR | O_CREAT | O_TRUNC, 0600);
	pid_t pid;
	char c;
	int i;

	if (ftruncate(fd, PAGE) || pipe(wake_doomed) || pipe(wake_other) || pipe(ready))
		return 1;
	pid = fork();
	if (!pid) {
		shared_page = mmap(SHARED_PLACE, PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_FIXED, fd, 0);
		*shared_page = 1;
		signal(SIGBUS, on_bus_error);
		if (clone(doomed, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL) < 0 ||
		    write(ready[1], "x", 1) != 1 || read(wake_other[0], &c, 1) != 1)
			_exit(2);
		c = *shared_page;
		_exit(3);
	}
	if (read(ready[0], &c, 1) != 1)
		return 1;
	usleep(100000);
	printf("READY\n");
	fflush(stdout);
	/* A line says that it is. */
	if (read(0, &c, 1) != 1 || ftruncate(fd, 0) || write(wake_doomed[1], "x", 1) != 1)
		return 1;
	usleep(300000);
	if (write(wake_other[1], "x", 1) != 1)
		return 1;
	i = reap(pid);
	printf("RESULT %d\n", WIFEXITED(i) ? WEXITSTATUS(i) : -WTERMSIG(i));
	return 0;
}

static volatile int fault_error;
static sigjmp_buf fault_back;

static void on_fault_error(int sig, siginfo_t *si, void *p)
{
	fault_error = ((ucontext_t *)p)->uc_mcontext.gregs[REG_ERR];
	siglongjmp(fault_back, 1);
}

static int error_of(volatile char *p, bool write)
{
	fault_error = -1;
	if (!sigsetjmp(fault_back, 1)) {
		if (write)
			*p = 1;
		else
			(void)*p;
	}
	return fault_error;
}

/* What hardware says: 1 there was a page, 2 a write, 4 by a user. */
static int check_error(void *arg)
{
	struct sigaction sa = { .sa_sigaction = on_fault_error, .sa_flags = SA_SIGINFO };
	char *p = pages(2);

	sigaction(SIGSEGV, &sa, NULL);
	mprotect(p, PAGE, PROT_NONE);
	if (error_of(p, false) != 4 || error_of(p, true) != 6)
		return 1;
	mprotect(p, PAGE, PROT_READ | PROT_WRITE);
	*p = 1;
	mprotect(p, PAGE, PROT_READ);
	if (error_of(p, true) != 7)
		return 2;
	munmap(p, PAGE);
	return error_of(p, false) != 4 || error_of(p, true) != 6 ? 3 : 0;
}

TEST_AREA(faults, 120)
{
	is(in_child(check_error, NULL), 0, "the error code of a fault");
	is(in_child(writes_itself, NULL), 0, "an instruction writes to itself");
	is(in_child(writes_behind, NULL), 0, "one writes to what follows it");
	ok(killed(in_child(runs_over, NULL), SIGSEGV),
	   "one that ends in a page without execution does not run");
	check_ahead();
	if (in_guest())
		check_limit();
	check_bases();
}

/*
 * Page faults one after the other until the file @argv[1] is there, with values in
 * registers and memory that none of them may change.
 */
TEST_HELPER(refault)
{
	enum { PAGES = 64 };
	unsigned long rounds = 0, sum = 0, bad = 0, i;
	volatile unsigned long *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (argc < 2 || p == MAP_FAILED)
		return 2;
	while (access(argv[1], F_OK)) {
		for (i = 0; i < PAGES; i++) {
			volatile unsigned long *word = p + i * PAGE / sizeof(*p);

			bad += *word;
			*word = rounds + i;
			sum += *word - rounds;
		}
		if (madvise((void *)p, PAGES * PAGE, MADV_DONTNEED))
			return 3;
		rounds++;
	}
	printf("%lu rounds, %lu pages not new, the sum is %s\n", rounds, bad,
	       sum == rounds * (PAGES * (PAGES - 1) / 2) ? "right" : "wrong");
	return 0;
}
