// SPDX-License-Identifier: GPL-2.0
/* Futexes, threads and their storage. */
#include "tap.h"
#include <asm/prctl.h>
#include <linux/futex.h>
#include <semaphore.h>
#include <sys/auxv.h>

static long futex(volatile void *a, int op, int val, const void *ts,
		  volatile void *b, int val3)
{
	return syscall(SYS_futex, a, op, val, ts, b, val3);
}

static void check_errors(void)
{
	static volatile int f;
	struct timespec soon = { 0, 50000000 };
	double t = seconds();

	f = 1;
	is_err(futex(&f, FUTEX_WAIT, 2, NULL, NULL, 0), EAGAIN, "wrong value");
	is_err(futex(&f, FUTEX_WAIT, 1, &soon, NULL, 0), ETIMEDOUT, "timeout");
	ok(seconds() - t >= 0.05, "not too early");
	is(futex(&f, FUTEX_WAKE, 1, NULL, NULL, 0), 0, "nobody to wake");
	is_err(futex((char *)&f + 1, FUTEX_WAIT, 0, NULL, NULL, 0), EINVAL,
	       "not aligned");
	is_err(futex((void *)0x1000, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT,
	       "not mapped");
	is_err(futex(&f, 99, 0, NULL, NULL, 0), ENOSYS, "no such operation");
}

static volatile int word, woken, ready;

static void *waiter(void *arg)
{
	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&word, __ATOMIC_SEQ_CST) == 0)
		futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static volatile int word2;

static void *requeued(void *arg)
{
	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void check_wake(void)
{
	pthread_t t[5];
	int i, n;

	word = woken = ready = 0;
	for (i = 0; i < 5; i++)
		pthread_create(&t[i], NULL, waiter, NULL);
	while (ready < 5)
		usleep(1000);
	usleep(50000);
	word = 1;
	n = futex(&word, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0);
	for (i = 0; i < 5; i++)
		pthread_join(t[i], NULL);
	ok(woken == 5 && n <= 5, "five threads woken (%d asleep)", n);

	word = woken = ready = 0;
	for (i = 0; i < 5; i++)
		pthread_create(&t[i], NULL, requeued, NULL);
	while (ready < 5)
		usleep(1000);
	for (i = 0; i < 1000; i++) {
		/* Until all five are queued, nothing moves. */
		n = futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)0L, &word2, 0);
		usleep(1000);
		if (i > 100)
			break;
	}
	n = futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)100L, &word2, 0);
	is(n, 5, "requeue: one woken, four moved");
	is_err(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1L, &word2, 7),
	       EAGAIN, "requeue compares");
	n = futex(&word2, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0);
	is(n, 4, "the four wake at the second word");
	for (i = 0; i < 5; i++)
		pthread_join(t[i], NULL);
	is(woken, 5, "all came back");
}

static void check_shared(void)
{
	struct { sem_t a, b; volatile long n; } *s = shared(PAGE);
	pid_t pid;
	int i, bad = 0;

	sem_init(&s->a, 1, 0);
	sem_init(&s->b, 1, 0);
	pid = fork();
	if (!pid) {
		for (i = 0; i < 1000; i++) {
			sem_wait(&s->a);
			s->n++;
			sem_post(&s->b);
		}
		_exit(0);
	}
	for (i = 0; i < 1000; i++) {
		sem_post(&s->a);
		sem_wait(&s->b);
		bad += s->n != i + 1;
	}
	reap(pid);
	is(bad, 0, "1000 hand-overs between processes");
}

static pthread_mutex_t robust;

static void *die_holding(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

static void check_robust(void)
{
	pthread_mutexattr_t a;
	pthread_mutex_t *m = shared(PAGE);
	pthread_t t;
	pid_t pid;
	int r;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&robust, &a);
	pthread_mutex_init(m, &a);
	pthread_create(&t, NULL, die_holding, &robust);
	pthread_join(t, NULL);
	r = pthread_mutex_lock(&robust);
	is(r, EOWNERDEAD, "a robust mutex tells that its thread died");
	pthread_mutex_consistent(&robust);
	pthread_mutex_unlock(&robust);
	pid = fork();
	if (!pid) {
		pthread_mutex_lock(m);
		kill(getpid(), SIGKILL);
	}
	reap(pid);
	is(pthread_mutex_lock(m), EOWNERDEAD, "or its process");
	pthread_mutex_consistent(m);
	pthread_mutex_unlock(m);
	is(pthread_mutex_lock(m), 0, "and works again");
	pthread_mutex_unlock(m);
}

static pthread_mutex_t pi;
static volatile long pi_count;

static void *pi_thread(void *arg)
{
	int i;

	for (i = 0; i < 500; i++) {
		long v;

		pthread_mutex_lock(&pi);
		v = pi_count;
		if (i % 50 == 0)
			sched_yield();
		pi_count = v + 1;
		pthread_mutex_unlock(&pi);
	}
	return NULL;
}

static void check_pi(void)
{
	pthread_mutexattr_t a;
	pthread_t t[4];
	int i, r;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
	r = pthread_mutex_init(&pi, &a);
	if (r) {
		skip("no PI mutexes", "priority inheritance");
		return;
	}
	pthread_mutex_lock(&pi);
	for (i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, pi_thread, NULL);
	usleep(20000);
	pthread_mutex_unlock(&pi);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	is(pi_count, 2000, "a PI mutex under contention");
}

static void check_waitv(void)
{
	struct {
		uint64_t val, addr;
		uint32_t flags, pad;
	} w[2];
	static volatile int a, b;
	struct timespec ts;

	memset(w, 0, sizeof(w));
	w[0].addr = (long)&a;
	w[1].addr = (long)&b;
	w[0].flags = w[1].flags = 2;
	b = 1;
	if (syscall(449, w, 2, 0, NULL, CLOCK_MONOTONIC) < 0 && errno == ENOSYS) {
		skip("no futex_waitv", "futex_waitv");
		return;
	}
	is_err(syscall(449, w, 2, 0, NULL, CLOCK_MONOTONIC), EAGAIN,
	       "futex_waitv compares");
	b = 0;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	is_err(syscall(449, w, 2, 0, &ts, CLOCK_MONOTONIC), ETIMEDOUT,
	       "futex_waitv times out");
}

static __thread long tls_a = 5;
static __thread char tls_buf[300];

static void *tls_thread(void *arg)
{
	long me = (long)arg, bad = 0;
	int i;

	bad += tls_a != 5 || tls_buf[299] != 0;
	tls_a = me;
	memset(tls_buf, me, sizeof(tls_buf));
	for (i = 0; i < 50; i++) {
		sched_yield();
		bad += tls_a != me || tls_buf[0] != (char)me ||
			tls_buf[299] != (char)me;
	}
	return (void *)bad;
}

static void check_tls(void)
{
	pthread_t t[40];
	long i, bad = 0, n;
	void *r;

	for (n = 0; n < 40; n++)
		if (pthread_create(&t[n], NULL, tls_thread, (void *)(n + 1)))
			break;
	for (i = 0; i < n; i++) {
		pthread_join(t[i], &r);
		bad += (long)r;
	}
	is(n, 40, "40 threads");
	is(bad, 0, "each with its own storage");
	is(tls_a, 5, "the main thread's is untouched");
}

static void *nothing(void *arg)
{
	return arg;
}

static void check_create(void)
{
	pthread_t t;
	long i, bad = 0;
	void *r;

	for (i = 0; i < 500; i++) {
		if (pthread_create(&t, NULL, nothing, (void *)i))
			break;
		pthread_join(t, &r);
		bad += r != (void *)i;
	}
	is(i, 500, "500 threads one after another");
	is(bad, 0, "each with its result");
}

static int set_fs_bad(void *arg)
{
	if (syscall(SYS_arch_prctl, ARCH_SET_FS, 0xffff800000000000UL) != -1)
		return 1;
	if (errno != EPERM)
		return 2;
	return syscall(SYS_arch_prctl, ARCH_SET_GS, 0x800000000000UL) == -1 ? 0 : 3;
}

static void *gs_thread(void *arg)
{
	unsigned long gs = 1;

	syscall(SYS_arch_prctl, ARCH_GET_GS, &gs);
	if (gs != *(unsigned long *)arg)
		return (void *)1;
	syscall(SYS_arch_prctl, ARCH_SET_GS, 0x7000L);
	sched_yield();
	syscall(SYS_arch_prctl, ARCH_GET_GS, &gs);
	return (void *)(long)(gs != 0x7000);
}

static void check_bases(void)
{
	unsigned long fs = 0, gs = 1, want, self;
	static unsigned long area[16];
	pthread_t t;
	void *r;

	asm volatile("mov %%fs:0, %0" : "=r"(self));
	is(syscall(SYS_arch_prctl, ARCH_GET_FS, &fs), 0, "ARCH_GET_FS");
	is(fs, self, "it is the thread pointer");
	is(syscall(SYS_arch_prctl, ARCH_SET_GS, area), 0, "ARCH_SET_GS");
	area[2] = 0x77;
	asm volatile("mov %%gs:16, %0" : "=r"(want));
	is(want, 0x77, "reads through gs");
	sched_yield();
	usleep(1000);
	is(syscall(SYS_arch_prctl, ARCH_GET_GS, &gs), 0, "ARCH_GET_GS");
	is(gs, (long)area, "gs stays over a sleep");
	asm volatile("mov %%gs:16, %0" : "=r"(want));
	is(want, 0x77, "and still reads");
	pthread_create(&t, NULL, gs_thread, &gs);
	pthread_join(t, &r);
	is((long)r, 0, "a thread inherits it and has its own");
	syscall(SYS_arch_prctl, ARCH_GET_GS, &gs);
	is(gs, (long)area, "the first thread's is as it was");
	{
		pid_t pid = fork();

		if (!pid) {
			asm volatile("mov %%gs:16, %0" : "=r"(want));
			_exit(want != 0x77);
		}
		ok(exited(reap(pid), 0), "fork inherits it");
	}
	is(in_child(set_fs_bad, NULL), 0, "bases outside user space are refused");
	is_err(syscall(SYS_arch_prctl, 0x9999, 0), EINVAL, "an unknown code");
	if (!(getauxval(AT_HWCAP2) & 2)) {
		skip("AT_HWCAP2 does not promise FSGSBASE", "wrgsbase");
		return;
	}
	asm volatile("wrgsbase %0" : : "r"(area + 1));
	sched_yield();
	usleep(1000);
	asm volatile("rdgsbase %0" : "=r"(gs));
	is(gs, (long)(area + 1), "wrgsbase stays over a sleep");
	syscall(SYS_arch_prctl, ARCH_GET_GS, &gs);
	is(gs, (long)(area + 1), "ARCH_GET_GS knows of it");
	asm volatile("mov %%gs:8, %0" : "=r"(want));
	is(want, 0x77, "and it is used");
	asm volatile("rdfsbase %0" : "=r"(fs));
	is(fs, self, "rdfsbase");
	{
		pid_t pid = fork();

		if (!pid) {
			asm volatile("rdgsbase %0" : "=r"(gs));
			_exit(gs != (unsigned long)(area + 1));
		}
		ok(exited(reap(pid), 0), "fork inherits what wrgsbase set");
	}
	syscall(SYS_arch_prctl, ARCH_SET_GS, 0L);
}

TEST_AREA(futexes, 60)
{
	check_errors();
	check_wake();
	check_shared();
	check_robust();
	check_pi();
	check_waitv();
}

TEST_AREA(tls, 60)
{
	check_tls();
	check_create();
	check_bases();
}
