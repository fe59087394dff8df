// SPDX-License-Identifier: GPL-2.0
/*
 * Threads, what they wait for, and where they run.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

#include "internal.h"

/* Thread-local storage of libraries lies there too; only what is used counts. */
#define HELPER_STACK	(256UL * 1024)

#define MASK_BITS	(8 * sizeof(unsigned long))
#define MAX_HOST_CPUS	8192

int own_pid;

/* The host CPUs that this process was given. */
static unsigned long allowed[MAX_HOST_CPUS / MASK_BITS];
static long allowed_len;	/* bytes */
static int nr_allowed;

static int cpu_is_allowed(int cpu)
{
	return cpu >= 0 && cpu < MAX_HOST_CPUS &&
	       (allowed[cpu / MASK_BITS] >> (cpu % MASK_BITS) & 1);
}

void thread_start(void)
{
	own_pid = sys(SYS_getpid);
	allowed_len = sys(SYS_sched_getaffinity, 0, sizeof(allowed), allowed);
	if (allowed_len <= 0) {
		/* Then affinity is not ours to use. */
		allowed_len = 0;
		nr_allowed = 1;
		return;
	}
	for (int cpu = 0; cpu < MAX_HOST_CPUS; cpu++)
		nr_allowed += cpu_is_allowed(cpu);
}

/**
 * struct thread_args - what a new thread copies from its maker's stack
 * @tid:	the new thread's id, once it has copied the rest
 */
struct thread_args {
	void		(*fn)(void *arg);
	void		*arg;
	const char	*name;
	um_u32		tid;
};

static void *thread_main(void *data)
{
	struct thread_args *args = data;
	void (*fn)(void *arg) = args->fn;
	void *arg = args->arg;

	irq_forget_thread();
	host_thread_name(args->name);
	/* Its maker may be confined to the CPU of its stub. */
	host_set_cpu(0, -1);
	__atomic_store_n(&args->tid, host_gettid(), __ATOMIC_RELEASE);
	host_futex_wake(&args->tid, 1);

	fn(arg);
	return NULL;
}

int host_thread_start(void (*fn)(void *), void *arg, const char *name)
{
	struct thread_args args = { .fn = fn, .arg = arg, .name = name };
	pthread_attr_t attr;
	pthread_t thread;
	um_u64 old;
	um_u32 tid;
	int err;

	/*
	 * The new thread inherits the mask.  It also keeps the scheduler out of
	 * libc, which takes locks here.  A fault has to be reported still.
	 */
	old = sigmask_change(SIG_SETMASK, SIGMASK_ALL & ~fault_signals());
	err = pthread_attr_init(&attr);
	if (err)
		goto out;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, HELPER_STACK);
	err = pthread_create(&thread, &attr, thread_main, &args);
	pthread_attr_destroy(&attr);
	if (err)
		goto out;
	while (!(tid = __atomic_load_n(&args.tid, __ATOMIC_ACQUIRE)))
		host_futex_wait(&args.tid, 0, 0);
out:
	sigmask_change(SIG_SETMASK, old);
	return err ? -err : (int)tid;
}

void host_thread_name(const char *name)
{
	sys(SYS_prctl, PR_SET_NAME, name, 0, 0, 0);
}

int host_gettid(void)
{
	return sys(SYS_gettid);
}

int host_getpid(void)
{
	return own_pid;
}

int host_irq_raise(int tid, enum host_irq irq)
{
	static const int sigs[HOST_NR_IRQS] = {
		[HOST_IRQ_TIMER]	= SIGALRM,
		[HOST_IRQ_IO]		= SIGIO,
		[HOST_IRQ_IPI]		= SIGURG,
		[HOST_IRQ_WINCH]	= SIGWINCH,
		[HOST_IRQ_SHUTDOWN]	= SIGTERM,
	};

	if ((unsigned int)irq >= HOST_NR_IRQS)
		return -EINVAL;
	return sys(SYS_tgkill, own_pid, tid, sigs[irq]);
}

/* An absolute time, so that an interrupt does not prolong the sleep. */
static int futex_wait_until(volatile um_u32 *word, um_u32 val, um_u64 ns)
{
	struct timespec ts = {
		.tv_sec = ns / NSEC_PER_SEC,
		.tv_nsec = ns % NSEC_PER_SEC,
	};

	return sys_retry(SYS_futex, word,
			 FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, val, ns ? &ts : NULL,
			 NULL, FUTEX_BITSET_MATCH_ANY);
}

int host_futex_wait(volatile um_u32 *word, um_u32 val, um_u64 ns)
{
	return futex_wait_until(word, val, ns ? host_monotonic_ns() + ns : 0);
}

/* A handler that comes before the sleep, or interrupts it, has changed the word. */
void host_irq_wait(volatile um_u32 *pending, um_u64 ns)
{
	futex_wait_until(pending, 0, ns);
}

int host_futex_wake(volatile um_u32 *word, int n)
{
	return sys(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, n);
}

int host_getcpu(void)
{
	/* libc's, which need not enter the host's kernel. */
	int cpu = sched_getcpu();

	return cpu < 0 ? -ENOSYS : cpu;
}

int host_set_cpu(int tid, int cpu)
{
	unsigned long mask[MAX_HOST_CPUS / MASK_BITS];
	unsigned int word;
	long ret;

	if (!allowed_len)
		return -ENOSYS;
	if (cpu < 0) {
		ret = sys(SYS_sched_setaffinity, tid, allowed_len, allowed);
		return ret < 0 ? ret : 0;
	}
	if (!cpu_is_allowed(cpu))
		return -EINVAL;
	/* Only as far as the bit: what lies behind counts as zero. */
	word = cpu / MASK_BITS;
	for (unsigned int i = 0; i < word; i++)
		mask[i] = 0;
	mask[word] = 1UL << (cpu % MASK_BITS);
	ret = sys(SYS_sched_setaffinity, tid, (word + 1) * sizeof(mask[0]),
		  mask);
	return ret < 0 ? ret : 0;
}

int host_nr_cpus(void)
{
	return nr_allowed;
}

int host_next_cpu(int cpu)
{
	if (cpu < 0 || cpu >= MAX_HOST_CPUS)
		cpu = -1;
	for (int i = 0; i < MAX_HOST_CPUS; i++) {
		if (++cpu == MAX_HOST_CPUS)
			cpu = 0;
		if (cpu_is_allowed(cpu))
			return cpu;
	}
	return 0;
}
