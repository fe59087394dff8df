// SPDX-License-Identifier: GPL-2.0
/*
 * What is the same for stubs of all engines.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "internal.h"

/* glibc's registration of restartable sequences uses this signature. */
#define RSEQ_SIGNATURE	0x53053053
#define RSEQ_UNREGISTER	1

#define PAGE_BYTES	4096UL
#define PAGE_ROUND(x)	(((x) + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1))
#define BIRTH_STACK	(64 * 1024UL)
#define SA_RESTORER_	0x04000000UL

static int install_handlers(const struct host_stub_layout *l)
{
	struct {
		um_u64	handler;
		um_u64	flags;
		um_u64	restorer;
		um_u64	mask;
	} sa = {
		.handler = l->handler,
		.flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART |
			 SA_RESTORER_,
		/* Nobody returns. */
		.restorer = l->handler,
	}, none = { 0 };
	int err = 0;

	for (int sig = 1; sig <= 64 && !err; sig++) {
		if (sig == SIGKILL || sig == SIGSTOP)
			continue;
		err = sys(SYS_rt_sigaction, sig,
			  l->signals & sigmask_of(sig) ? &sa : &none, NULL,
			  sizeof(sa.mask));
	}
	return err;
}

static int close_from(int first)
{
	struct rlimit lim = { .rlim_cur = 1024 };
	long err = sys(SYS_close_range, first, ~0U, 0);

	if (err != -ENOSYS)
		return err;
	sys(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &lim);
	for (um_u64 fd = first; fd < lim.rlim_cur; fd++)
		sys(SYS_close, fd);
	return 0;
}

/* Those that the layout names, and no others. */
static int keep_fds(const struct host_stub_layout *l)
{
	int from[ARRAY_SIZE(((struct stub_birth *)0)->fds)];
	long err;

	/* Out of the way first. */
	for (int i = 0; i < l->nr_fds; i++) {
		from[i] = sys(SYS_fcntl, l->fds[i], F_DUPFD, l->nr_fds);
		if (from[i] < 0)
			return from[i];
	}
	for (int i = 0; i < l->nr_fds; i++) {
		err = sys(SYS_dup3, from[i], i, 0);
		if (err < 0)
			return err;
	}
	return close_from(l->nr_fds);
}

static int map_pages(const struct host_stub_layout *l)
{
	um_u64 len = PAGE_ROUND(l->code_len);
	long ret;

	ret = sys(SYS_mmap, l->code, len, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (ret != (long)l->code)
		return ret;
	memcpy((void *)l->code, l->image, l->code_len);
	ret = sys(SYS_mprotect, l->code, len, PROT_READ | PROT_EXEC);
	if (ret || !l->data)
		return ret;
	ret = sys(SYS_mremap, l->data_here, PAGE_BYTES, PAGE_BYTES,
		  MREMAP_MAYMOVE | MREMAP_FIXED, l->data);
	return ret < 0 && ret > -4096 ? ret : 0;
}

/* The host must not write to memory that will be the guest's. */
static int forget_thread_areas(void)
{
	const long *rseq_offset;

	sys(SYS_set_robust_list, NULL, 3 * sizeof(long));
	sys(SYS_set_tid_address, NULL);

	/* By the GOT, so that it is not copied into the executable. */
	asm("mov __rseq_offset@GOTPCREL(%%rip), %0" : "=r" (rseq_offset));

	/* The length must be what it was registered with. */
	for (unsigned int len = 32; len <= 256; len += 4) {
		long err = sys(SYS_rseq, thread_pointer() + *rseq_offset, len,
			       RSEQ_UNREGISTER, RSEQ_SIGNATURE);

		if (!err || err == -ENOSYS)
			return 0;
	}
	/* Switched off by a tunable, or something that we do not know. */
	return 0;
}

static void name_and_limit(void)
{
	struct rlimit no_core = { 0, 0 }, cpu;

	sys(SYS_prctl, PR_SET_NAME, "um-stub", 0, 0, 0);
	sys(SYS_prlimit64, 0, RLIMIT_CORE, &no_core, NULL);
	/* Limits for a session's processes are not for a guest's. */
	if (!sys(SYS_prlimit64, 0, RLIMIT_CPU, NULL, &cpu)) {
		cpu.rlim_cur = cpu.rlim_max;
		sys(SYS_prlimit64, 0, RLIMIT_CPU, &cpu, NULL);
	}
}

/* On a stack of its own, with all signals blocked. */
static __noreturn int first_child(void *arg)
{
	struct stub_birth *birth = arg;
	const struct host_stub_layout *l = &birth->layout;
	int err;

	/* Until somebody traces it, nothing else ends it with its parent. */
	sys(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (sys(SYS_getppid) != own_pid)
		sys(SYS_exit_group, 1);
	while (!__atomic_load_n(&birth->go, __ATOMIC_ACQUIRE))
		sys(SYS_futex, &birth->go, FUTEX_WAIT, 0, NULL);

	birth->step = "setsid";
	err = sys(SYS_setsid);
	if (err < 0)
		goto fail;
	birth->step = "sigaction";
	err = install_handlers(l);
	if (err)
		goto fail;
	birth->step = "close_range";
	err = keep_fds(l);
	if (err)
		goto fail;
	birth->step = "prctl(PR_SET_NO_NEW_PRIVS)";
	err = sys(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (err)
		goto fail;
	name_and_limit();
	birth->step = "rseq";
	err = forget_thread_areas();
	if (err)
		goto fail;
	birth->step = "moving the vDSO";
	err = vdso_move(l->start, l->end, l->vdso);
	if (err)
		goto fail;
	birth->step = "mapping the stub's pages";
	err = map_pages(l);
	if (!err && birth->last)
		err = birth->last(birth);
	if (err)
		goto fail;

	birth->step = "unmapping the stub's memory";
	((void (*)(void))l->entry)();

fail:
	birth->err = err;
	for (;;)
		sys(SYS_exit_group, 1);
}

int stub_birth_start(const struct host_stub_layout *layout,
		     int (*last)(struct stub_birth *birth),
		     struct stub_birth **birth, const char **step)
{
	struct stub_birth *b;
	um_u64 old;
	int pid;
	long mem;

	*step = "descriptors";
	if (layout->nr_fds > (int)ARRAY_SIZE(b->fds))
		return -EMFILE;
	*step = "mmap";
	mem = host_shared_alloc(PAGE_BYTES + BIRTH_STACK);
	if (mem < 0 && mem > -4096)
		return mem;
	b = (struct stub_birth *)mem;
	b->layout = *layout;
	memcpy(b->fds, layout->fds, layout->nr_fds * sizeof(*layout->fds));
	b->layout.fds = b->fds;
	b->last = last;
	b->step = "the child's start";

	*step = "fork";
	old = sigmask_change(SIG_SETMASK, SIGMASK_ALL);
	/* With SIGCHLD it is a fork: debuggers let go of such children. */
	pid = clone(first_child, (void *)(mem + PAGE_BYTES + BIRTH_STACK),
		    SIGCHLD, b);
	if (pid < 0)
		pid = -errno;
	sigmask_change(SIG_SETMASK, old);
	if (pid < 0)
		stub_birth_end(b);
	else
		*birth = b;
	return pid;
}

void stub_birth_go(struct stub_birth *birth)
{
	__atomic_store_n(&birth->go, 1, __ATOMIC_RELEASE);
	sys(SYS_futex, &birth->go, FUTEX_WAKE, 1);
}

void stub_birth_end(struct stub_birth *birth)
{
	sys(SYS_munmap, birth, PAGE_BYTES + BIRTH_STACK);
}

/* Every stub is a process of its own, though some share their memory. */
void host_stub_kill(int pid)
{
	struct host_stop_info info;

	/* Those are not processes, but many. */
	if (pid <= 0)
		return;
	sys(SYS_kill, pid, SIGKILL);
	do {
		if (host_ptrace_wait(pid, &info) < 0)
			return;
	} while (info.why != HOST_STOP_DEAD);
}
