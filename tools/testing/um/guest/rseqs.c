// SPDX-License-Identifier: GPL-2.0
/* Restartable sequences, registered by hand in a thread of our own. */
#include "tap.h"
#include <sys/auxv.h>
#include <sys/rseq.h>

#define SIG 0x53053053

struct cs {
	uint32_t version, flags;
	uint64_t start, post_offset, abort_ip;
} __attribute__((aligned(32)));

static struct rseq area __attribute__((aligned(32)));
static volatile int signals;

static void on_signal(int sig)
{
	signals++;
}

/* Spin inside a critical section until something aborts it. */
static int section(long *loops)
{
	static struct cs cs;
	int aborted = 0;
	long n = 0;

	asm volatile("lea 1f(%%rip), %%rax\n mov %%rax, 8(%2)\n"
		     "lea 2f(%%rip), %%rcx\n sub %%rax, %%rcx\n mov %%rcx, 16(%2)\n"
		     "lea 3f(%%rip), %%rcx\n mov %%rcx, 24(%2)\n"
		     "movl $0, (%2)\n movl $0, 4(%2)\n"
		     "mov %2, 8(%3)\n"
		     "1: inc %1\n cmp %4, %1\n jb 1b\n"
		     "2: jmp 4f\n"
		     ".byte 0x0f, 0xb9, 0x3d\n .long 0x53053053\n"
		     "3: mov $1, %0\n"
		     "4: movq $0, 8(%3)\n"
		     : "+r"(aborted), "+r"(n)
		     : "r"(&cs), "r"(&area), "r"(20000000000L)
		     : "rax", "rcx", "memory", "cc");
	*loops = n;
	return aborted;
}

static void *body(void *arg)
{
	long r, loops = 0;
	struct itimerval it = { { 0, 20000 }, { 0, 20000 } }, zero = { { 0, 0 }, { 0, 0 } };
	unsigned int cpu;
	double t;

	/* glibc may have registered its own for this thread: give that back */
	r = syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset,
		    32, 1, SIG);
	if (r && errno == EINVAL)
		r = syscall(SYS_rseq, (char *)__builtin_thread_pointer() +
			    __rseq_offset, getauxval(27) ? : 32, 1, SIG);
	if (__rseq_size)
		is(r, 0, "glibc's registration was there and can go");
	area.cpu_id = area.cpu_id_start = -1;
	r = syscall(SYS_rseq, &area, sizeof(area), 0, SIG);
	if (r && errno == ENOSYS) {
		skip("no rseq", "registration");
		return NULL;
	}
	is(r, 0, "registration");
	is_err(syscall(SYS_rseq, &area, sizeof(area), 0, SIG), EBUSY, "only once");
	sched_yield();
	getcpu(&cpu, NULL);
	ok(area.cpu_id < (unsigned int)sysconf(_SC_NPROCESSORS_CONF),
	   "cpu_id is valid (%u)", area.cpu_id);
	ok(area.cpu_id == cpu || sysconf(_SC_NPROCESSORS_CONF) > 1,
	   "and that of getcpu");
	signal(SIGALRM, on_signal);
	setitimer(ITIMER_REAL, &it, NULL);
	t = seconds();
	ok(section(&loops), "preemption or a signal aborts a critical section");
	setitimer(ITIMER_REAL, &zero, NULL);
	diag("after %d signals, %ld loops, %.3f s", signals, loops,
	     seconds() - t);
	is(area.rseq_cs, 0, "the section is left");
	is(syscall(SYS_rseq, &area, sizeof(area), 1, SIG), 0, "unregistration");
	return NULL;
}

static int bad_section(void *arg)
{
	static struct cs cs;

	syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset,
		getauxval(27) ? : 32, 1, SIG);
	if (syscall(SYS_rseq, &area, sizeof(area), 0, SIG))
		return 0;
	cs.abort_ip = 0xffff800000000000;
	cs.start = 0x1000;
	cs.post_offset = 0x700000000000;
	area.rseq_cs = (uint64_t)&cs;
	raise(SIGCONT);
	usleep(1000);
	sched_yield();
	return 7;
}

TEST_AREA(rseqs, 60)
{
	int st;

	body(NULL);
	st = in_child(bad_section, NULL);
	ok(killed(st, SIGSEGV) || exited(st, 0), "a bad descriptor is SIGSEGV (0x%x)", st);
}
