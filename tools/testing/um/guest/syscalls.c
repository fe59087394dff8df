// SPDX-License-Identifier: GPL-2.0
/* System calls: errno, registers, bad pointers, limits. */
#include "tap.h"
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>

/* One system call with every other register loaded with a known value. */
struct regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13,
		 r14, r15, rip;
};

void raw_syscall(struct regs *r);
asm(".text\n"
	"raw_syscall:\n"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"push %rdi\n"
	"mov %rdi, %rax\n"
	"mov 8(%rax), %rbx; mov 16(%rax), %rcx; mov 24(%rax), %rdx\n"
	"mov 32(%rax), %rsi; mov 48(%rax), %rbp; mov 56(%rax), %r8\n"
	"mov 64(%rax), %r9; mov 72(%rax), %r10; mov 80(%rax), %r11\n"
	"mov 88(%rax), %r12; mov 96(%rax), %r13; mov 104(%rax), %r14\n"
	"mov 112(%rax), %r15; mov 40(%rax), %rdi; mov (%rax), %rax\n"
	"syscall\n"
	"raw_syscall_after:\n"
	"xchg %rax, (%rsp)\n"
	"mov %rbx, 8(%rax); mov %rcx, 16(%rax); mov %rdx, 24(%rax)\n"
	"mov %rsi, 32(%rax); mov %rdi, 40(%rax); mov %rbp, 48(%rax)\n"
	"mov %r8, 56(%rax); mov %r9, 64(%rax); mov %r10, 72(%rax)\n"
	"mov %r11, 80(%rax); mov %r12, 88(%rax); mov %r13, 96(%rax)\n"
	"mov %r14, 104(%rax); mov %r15, 112(%rax)\n"
	"pop %rcx; mov %rcx, (%rax)\n"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"ret\n");
extern char raw_syscall_after[];

static void check_registers(void)
{
	struct regs r = {
		.rax = SYS_getppid, .rbx = 0x1111222233334444, .rcx = 3,
		.rdx = 0x2222333344445555, .rsi = 0x3333444455556666,
		.rdi = 0x4444555566667777, .rbp = 0x5555666677778888,
		.r8 = 0x6666777788889999, .r9 = 0x777788889999aaaa,
		.r10 = 0x88889999aaaabbbb, .r11 = 11,
		.r12 = 0x9999aaaabbbbcccc, .r13 = 0xaaaabbbbccccdddd,
		.r14 = 0xbbbbccccddddeeee, .r15 = 0xccccddddeeeeffff,
	}, s = r;

	raw_syscall(&s);
	is(s.rax, getppid(), "getppid through a bare syscall");
	ok(s.rbx == r.rbx && s.rdx == r.rdx && s.rsi == r.rsi &&
	   s.rdi == r.rdi && s.rbp == r.rbp && s.r8 == r.r8 && s.r9 == r.r9 &&
	   s.r10 == r.r10 && s.r12 == r.r12 && s.r13 == r.r13 &&
	   s.r14 == r.r14 && s.r15 == r.r15,
	   "a system call changes only rax, rcx and r11");
	is(s.rcx, (long)raw_syscall_after, "rcx is the return address");
	ok((s.r11 & 0x202) == 0x202, "r11 is rflags (0x%llx)",
	   (unsigned long long)s.r11);
}

static void check_numbers(void)
{
	is_err(syscall(100000), ENOSYS, "a number past the table gives ENOSYS");
	is_err(syscall(-1), ENOSYS, "number -1 gives ENOSYS");
	is_err(syscall(-4096), ENOSYS, "number -4096 gives ENOSYS");
	is_err(syscall(334 + 60), ENOSYS, "a hole in the table gives ENOSYS");
	is_err(syscall(0x40000000 | SYS_getpid), ENOSYS, "an x32 number gives ENOSYS");
	is(syscall(SYS_getpid), getpid(), "getpid");
}

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

/* Interrupts find such a call at each place of its way. */
static void check_interrupted_number(void)
{
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART }, old;
	struct itimerval often = { { 0, 300 }, { 0, 300 } }, off = { };
	unsigned int calls = 0;
	long got;

	alarms = 0;
	sigaction(SIGALRM, &sa, &old);
	setitimer(ITIMER_REAL, &often, NULL);
	do {
		got = syscall(-1) == -1 ? errno : 0;
		calls++;
	} while (got == ENOSYS && alarms < 2000);
	setitimer(ITIMER_REAL, &off, NULL);
	sigaction(SIGALRM, &old, NULL);
	is(got, ENOSYS, "number -1 gives ENOSYS each time");
	if (got != ENOSYS)
		diag("%u calls, %d alarms", calls, (int)alarms);
}

static void check_redzone(void)
{
	long good;

	/* 128 bytes below the stack pointer belong to the function. */
	asm volatile("movq $0x1234567, -8(%%rsp)\n"
		     "movq $0x7654321, -128(%%rsp)\n"
		     "mov %1, %%rax\n syscall\n"
		     "xor %0, %0\n"
		     "cmpq $0x1234567, -8(%%rsp)\n jne 1f\n"
		     "cmpq $0x7654321, -128(%%rsp)\n jne 1f\n"
		     "mov $1, %0\n 1:\n"
		     : "=&r"(good) : "i"((long)SYS_getppid)
		     : "rax", "rcx", "r11", "memory", "cc");
	is(good, 1, "the red zone survives a system call");
}

static void check_pointers(void)
{
	char *p = pages(3), big[5000];
	char *end = p + PAGE;
	struct iovec iov[2] = { { p, 10 }, { end, 10 } };
	int fd[2], n;

	munmap(end, PAGE);
	mprotect(end + PAGE, PAGE, PROT_READ);
	if (pipe(fd))
		return;
	is_err(write(fd[1], NULL, 1), EFAULT, "write from NULL");
	is_err(write(fd[1], (void *)0xffffffff80000000, 1), EFAULT,
	       "write from a kernel address");
	is_err(write(fd[1], (void *)0x7ffffffff000, 1), EFAULT,
	       "write from the last page of user space");
	is_err(write(fd[1], (void *)0x800000000000, 1), EFAULT,
	       "write from a non-canonical address");
	is_err(write(fd[1], end, 1), EFAULT, "write from an unmapped page");
	memset(p, 'x', PAGE);
	is(write(fd[1], end - 10, 10), 10, "write up to the end of a mapping");
	n = write(fd[1], end - 10, 20);
	ok(n == 10 || (n == -1 && errno == EFAULT),
	   "write across the end of a mapping (%d)", n);
	is_err(read(fd[0], end + PAGE, 5), EFAULT, "read into a read-only page");
	is(read(fd[0], p, 5), 5, "what is left in the pipe can be read");
	n = writev(fd[1], iov, 2);
	ok(n == 10 || (n == -1 && errno == EFAULT), "writev with one bad part");
	is_err(open(NULL, O_RDONLY), EFAULT, "open(NULL)");
	is_err(open(end, O_RDONLY), EFAULT, "open with an unmapped path");
	is_err(open("", O_RDONLY), ENOENT, "open of an empty path");
	memset(big, 'a', sizeof(big));
	big[sizeof(big) - 1] = 0;
	is_err(open(big, O_RDONLY), ENAMETOOLONG, "a path that is too long");
	big[300] = 0;
	is_err(open(big, O_RDONLY), ENAMETOOLONG, "a name that is too long");
	strcpy(end - 5, "/tmp");
	n = open(end - 5, O_RDONLY);
	ok(n >= 0, "a path whose NUL is the last byte of a mapping");
	close(n);
	is_err(syscall(SYS_uname, NULL), EFAULT, "uname(NULL)");
	is_err(syscall(SYS_gettimeofday, 1, NULL), EFAULT, "gettimeofday(1)");
	is_err(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, end), EFAULT,
	       "clock_gettime to an unmapped page");
	/* A result that ends on a page edge must fit, one more must not. */
	is(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, end - 16), 0,
	   "clock_gettime to the last 16 bytes");
	is_err(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, end - 8), EFAULT,
	       "clock_gettime to the last 8 bytes");
	is_err(syscall(SYS_getcwd, big, 1UL), ERANGE, "getcwd into one byte");
	close(fd[0]);
	close(fd[1]);
	munmap(p, PAGE);
	munmap(end + PAGE, PAGE);
}

static void check_descriptors(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), fd2;

	ok(fd >= 0, "open /dev/null");
	is(fcntl(fd, F_GETFD), FD_CLOEXEC, "O_CLOEXEC is set");
	fd2 = fcntl(fd, F_DUPFD, 200);
	is(fd2, 200, "F_DUPFD at 200");
	is(fcntl(fd2, F_GETFD), 0, "a duplicate has no close-on-exec");
	is(dup3(fd, 201, O_CLOEXEC), 201, "dup3");
	is_err(dup3(fd, fd, 0), EINVAL, "dup3 to itself");
	is(syscall(SYS_close_range, 200, 201, 0), 0, "close_range");
	is_err(fcntl(200, F_GETFD), EBADF, "it closed");
	is_err(close(-1), EBADF, "close(-1)");
	is_err(read(fd, NULL, -1UL), EFAULT, "read with a size of -1") ;
	is(write(fd, "x", 1), 1, "write to /dev/null");
	is_err(lseek(fd, 0, 99), EINVAL, "lseek with a bad whence");
	is_err(ioctl(fd, 0x5401, NULL), ENOTTY, "TCGETS on /dev/null");
	close(fd);
}

static int limited(void *arg)
{
	struct rlimit lim = { 12, 12 };
	int fd;

	setrlimit(RLIMIT_NOFILE, &lim);
	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		if (fd > 11)
			return 1;
	return errno == EMFILE ? 0 : 2;
}

static int file_limited(void *arg)
{
	struct rlimit lim = { 5000, 5000 };
	char name[] = "/tmp/umtest.XXXXXX", buf[4096] = "";
	int fd = mkstemp(name);

	unlink(name);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &lim);
	if (write(fd, buf, 4096) != 4096 || write(fd, buf, 4096) != 904)
		return 1;
	return write(fd, buf, 1) == -1 && errno == EFBIG ? 0 : 2;
}

static int as_limited(void *arg)
{
	struct rlimit lim = { 64 << 20, 64 << 20 };

	setrlimit(RLIMIT_AS, &lim);
	if (mmap(NULL, 256 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
	    != MAP_FAILED)
		return 1;
	return errno == ENOMEM ? 0 : 2;
}

static void check_info(void)
{
	struct utsname u;
	struct sysinfo si;
	struct rusage ru;
	struct rlimit rl;
	struct tms tms;
	cpu_set_t set;

	is(uname(&u), 0, "uname");
	ok(!strcmp(u.machine, "x86_64"), "the machine is x86_64 (%s)", u.machine);
	ok(!strcmp(u.sysname, "Linux"), "the system is Linux");
	is(sysinfo(&si), 0, "sysinfo");
	ok(si.totalram > 8 << 20 && si.freeram <= si.totalram && si.procs > 0,
	   "sysinfo makes sense");
	is(getrusage(RUSAGE_SELF, &ru), 0, "getrusage");
	ok(ru.ru_maxrss > 0 && ru.ru_minflt > 0, "it counts memory and faults");
	ok(times(&tms) != (clock_t)-1, "times");
	is(getrlimit(RLIMIT_STACK, &rl), 0, "getrlimit");
	ok(sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) >= 1,
	   "sched_getaffinity");
	ok(sysconf(_SC_NPROCESSORS_ONLN) >= 1, "there is a CPU");
	is(sched_setaffinity(0, sizeof(set), &set), 0, "sched_setaffinity");
	CPU_ZERO(&set);
	is_err(sched_setaffinity(0, sizeof(set), &set), EINVAL, "no CPU at all");
	is(in_child(limited, NULL), 0, "RLIMIT_NOFILE holds");
	is(in_child(file_limited, NULL), 0, "RLIMIT_FSIZE holds");
	is(in_child(as_limited, NULL), 0, "RLIMIT_AS holds");
}

static void check_six(void)
{
	char *p = (char *)syscall(SYS_mmap, NULL, 2 * PAGE,
				  PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char name[] = "/tmp/umtest.XXXXXX";
	int fd = mkstemp(name), fd2 = dup(fd);
	loff_t in = 0, out = 8192;
	char buf[16] = "";

	ok(p != MAP_FAILED, "six arguments: mmap");
	munmap(p, 2 * PAGE);
	unlink(name);
	is(pwrite(fd, "six arguments", 13, 0), 13, "pwrite");
	is(syscall(SYS_copy_file_range, fd, &in, fd2, &out, 13UL, 0), 13,
	   "six arguments: copy_file_range");
	is(pread(fd, buf, 13, 8192), 13, "pread");
	ok(!strcmp(buf, "six arguments") && in == 13 && out == 8205,
	   "all six had their effect");
	close(fd);
	close(fd2);
}

TEST_AREA(syscalls, 60)
{
	check_registers();
	check_numbers();
	check_interrupted_number();
	check_redzone();
	check_pointers();
	check_descriptors();
	check_info();
	check_six();
}
