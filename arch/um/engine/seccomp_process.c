// SPDX-License-Identifier: GPL-2.0
/*
 * Host processes of the seccomp engine: the first, those made from it, and those
 * that wait for their next life.
 */
#include <linux/gfp.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/cpu.h>
#include <asm/physmem.h>
#include <asm/unistd.h>
#include <asm/vdso.h>
#include <uapi/asm/hwcap2.h>
#include <uapi/linux/auxvec.h>
#include <uapi/linux/sched.h>

#include "filter.h"
#include "seccomp.h"

/* What all are made from; its data page is memory of the host's. */
static struct seccomp_process first_worker = { .pidfd = -1, .dead = true };

int seccomp_event_fd __ro_after_init;
bool seccomp_fsgsbase __ro_after_init;
static int spare_fd[SPARE_PROCESSES] __ro_after_init;

/* What the first worker is given: its descriptors, and its code. */
static int worker_fds[FD_LISTENERS] __ro_after_init;
static char worker_image[PAGE_SIZE] __ro_after_init;

static void free_process(struct seccomp_process *p)
{
	struct seccomp_thread *t, *next;

	list_for_each_entry_safe(t, next, &p->idle, idle) {
		host_close(t->listener);
		free_pages((unsigned long)t->area, STUB_FRAME_ORDER);
		kfree(t);
	}
	if (p->pidfd >= 0)
		host_close(p->pidfd);
	free_page((unsigned long)p->data);
	kfree(p);
}

/* Ends it.  All its threads are idle. */
void seccomp_end_process(struct seccomp_process *p)
{
	/* It is reaped, and so has let go of what is freed. */
	host_stub_kill(p->pid);
	free_process(p);
}

static int make_first_worker(const char **why);

static void end_first_worker(void)
{
	host_stub_kill(first_worker.pid);
	if (first_worker.pidfd >= 0)
		host_close(first_worker.pidfd);
	first_worker.pid = 0;
	first_worker.pidfd = -1;
	first_worker.dead = true;
}

/* With interrupts disabled.  @p->data is there. */
static int make_process(struct seccomp_process *p)
{
	struct stub_control *first = &first_worker.data->ctl;
	const char *why;
	int err;

	if (first_worker.dead || host_pidfd_ended(first_worker.pidfd)) {
		/* Somebody has ended it. */
		end_first_worker();
		err = make_first_worker(&why);
		if (err)
			return err;
		seccomp_worker_follow(&first_worker, um_cpu_confine());
	}
	p->data->ctl.frame = seccomp_layout.frame;
	p->data->ctl.xstate = seccomp_layout.xstate;
	p->data->ctl.xfeatures = seccomp_layout.xfeatures;

	first_worker.data->op[0] = (struct stub_op) {
		.nr = __NR_clone,
		.args = { CLONE_PARENT | CLONE_PARENT_SETTID, 0,
			  STUB_DATA + offsetof(struct stub_data, ctl.child), 0,
			  host_getpid(), __pa(p->data) },
	};
	first->child = 0;
	err = seccomp_batch_run(&first_worker, 1);
	/* Where it was ended in between there is a child, too: its id is written first. */
	p->pid = first->child;
	if (err)
		return err;
	p->cpu = first_worker.cpu;
	p->pidfd = host_pidfd(p->pid);
	return p->pidfd < 0 ? p->pidfd : 0;
}

static struct seccomp_process *new_process(void)
{
	struct seccomp_process *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	unsigned long flags;
	int err = -ENOMEM;

	if (!p)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&p->idle);
	p->pidfd = -1;
	p->data = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (p->data) {
		local_irq_save(flags);
		if (!first_worker.dead)
			seccomp_worker_follow(&first_worker, um_cpu_confine());
		err = make_process(p);
		if (err == -ESRCH) {
			/* A child of unknown id may be using it; one page, once in a life. */
			if (!p->pid)
				p->data = NULL;
			first_worker.dead = true;
		}
		local_irq_restore(flags);
	}
	if (!err)
		return p;
	seccomp_end_process(p);
	return ERR_PTR(err);
}

struct seccomp_process *seccomp_new_process(void)
{
	struct seccomp_process *p = new_process();

	/* Somebody has just ended the first worker; the next one has another. */
	if (p == ERR_PTR(-ESRCH))
		p = new_process();
	if (!IS_ERR(p) || p == ERR_PTR(-ENOMEM))
		return p;
	pr_warn_ratelimited("the host refuses another process: %pe\n", p);
	return ERR_PTR(-EAGAIN);
}

/* ---- those that wait for a new address space ------------------------------ */

/* One with more threads is not worth keeping. */
#define SPARE_THREADS_MAX	4

/*
 * A ring, so that a process has had time to let go of its memory when it is
 * needed.  Interrupts are disabled while it is used.
 */
static struct {
	unsigned int		first, nr;
	struct seccomp_process	*process[SPARE_PROCESSES];
} spare;

struct seccomp_process *seccomp_get_spare(void)
{
	struct seccomp_process *p = NULL;
	unsigned long flags;
	unsigned int slot;

	local_irq_save(flags);
	while (spare.nr && !p) {
		slot = spare.first;
		p = spare.process[slot];
		spare.first = (slot + 1) % SPARE_PROCESSES;
		spare.nr--;
		/* Somebody may have ended it, like any process of the user's. */
		if (seccomp_batch_wait(p, spare_fd[slot])) {
			seccomp_end_process(p);
			p = NULL;
		}
	}
	local_irq_restore(flags);
	return p;
}

/*
 * Nothing of what it was comes into its next life.  Guest code can pretend that
 * it waits in the handler, with registers of its choice; but behind this trap it
 * has not run.
 */
static int forget(struct seccomp_process *p)
{
	struct seccomp_thread *t;
	int err = 0;

	list_for_each_entry(t, &p->idle, idle) {
		t->trapped = false;
		err = seccomp_trap(t);
		if (err)
			break;
		memset(t->area, 0, STUB_FRAME_SIZE);
	}
	/* Its batches tell addresses, and can be read. */
	if (!err)
		memset(p->data->op, 0, sizeof(p->data->op));
	return err;
}

/*
 * Lets go of its memory while others run.  Not on another CPU: to move there and
 * back costs more than is won.
 */
bool seccomp_put_spare(struct seccomp_process *p)
{
	unsigned int slot = (spare.first + spare.nr) % SPARE_PROCESSES;

	if (p->dead || spare.nr == SPARE_PROCESSES ||
	    p->threads > SPARE_THREADS_MAX || forget(p))
		return false;
	p->deferred = 0;
	p->data->op[0] = (struct stub_op) {
		.nr = __NR_munmap, .args = { 0, STUB_START },
	};
	seccomp_batch_start(p, 1, FD_SPARE + slot);
	spare.process[slot] = p;
	spare.nr++;
	return true;
}

/* ---- the start ----------------------------------------------------------- */

static int __init prepare_first_worker(const char **why)
{
	int pair[2], err, i;
	long mem;

	memcpy(worker_image, seccomp_image, seccomp_image_end - seccomp_image);
	seccomp_fsgsbase = host_auxval(AT_HWCAP2) & HWCAP2_FSGSBASE;
	worker_image[seccomp_image_fsgsbase - seccomp_image] = seccomp_fsgsbase;
	seccomp_filter_make(worker_image + (seccomp_image_filter - seccomp_image),
			    !seccomp_fsgsbase);

	*why = "eventfd";
	for (i = FD_EVENT; i < FD_LISTENERS; i++) {
		worker_fds[i] = host_eventfd();
		if (worker_fds[i] < 0)
			return worker_fds[i];
	}
	seccomp_event_fd = worker_fds[FD_EVENT];
	memcpy(spare_fd, worker_fds + FD_SPARE, sizeof(spare_fd));

	*why = "socketpair";
	err = host_socketpair(pair);
	if (err < 0)
		return err;
	seccomp_sock_fd = pair[0];
	worker_fds[FD_SOCKET] = pair[1];
	worker_fds[FD_MEM] = physmem_fd;

	*why = "mmap";
	mem = host_shared_alloc(PAGE_SIZE);
	if (mem < 0 && mem > -4096)
		return mem;
	first_worker.data = (void *)mem;
	return 0;
}

static int make_first_worker(const char **why)
{
	const struct host_stub_layout l = {
		.code		= STUB_CODE,
		.image		= worker_image,
		.code_len	= seccomp_image_end - seccomp_image,
		.entry		= seccomp_address(seccomp_image_first),
		.handler	= seccomp_address(seccomp_image_handler),
		.signals	= SECCOMP_SIGNALS,
		.start		= STUB_START,
		.end		= STUB_END,
		.vdso		= um_host_clock ? STUB_VDSO : 0,
		.data		= STUB_DATA,
		.data_here	= first_worker.data,
		.fds		= worker_fds,
		.nr_fds		= FD_LISTENERS,
	};
	const char *step;
	int err;

	first_worker.data->ctl.seq = 0;
	err = host_worker_first(&l, why);
	if (err < 0)
		return err;
	first_worker.pid = err;
	first_worker.cpu = -1;
	first_worker.dead = false;
	*why = "pidfd_open";
	err = host_pidfd(first_worker.pid);
	first_worker.pidfd = err;
	if (err >= 0)
		err = seccomp_batch_run(&first_worker, 0);
	if (!err)
		return host_worker_built(&step);

	if (first_worker.dead)
		err = host_worker_built(why) ?: err;
	else
		host_worker_built(&step);
	end_first_worker();
	return err;
}

/* Makes a process and a thread, in memory that nobody uses yet. */
static int __init try_out(const char **why)
{
	void *end = (void *)PAGE_OFFSET + physmem_size;
	struct seccomp_process p = { .data = end - PAGE_SIZE, .pidfd = -1 };
	struct seccomp_thread t = { .area = end - 4 * STUB_FRAME_SIZE };
	struct host_notify n;
	int err;

	INIT_LIST_HEAD(&p.idle);
	*why = "clone";
	err = make_process(&p);
	if (err)
		goto out;
	*why = "a seccomp filter with a listener";
	err = seccomp_make_thread(&p, &t, &n);
	if (!err)
		err = seccomp_learn_layout(&t, &n, why);
	if (t.listener > 0)
		host_close(t.listener);
out:
	if (p.pid)
		host_stub_kill(p.pid);
	if (p.pidfd >= 0)
		host_close(p.pidfd);
	host_punch(physmem_fd, physmem_size - SZ_128K, SZ_128K);
	return err;
}

void __init seccomp_processes_end(void)
{
	int i;

	host_workers_end();
	end_first_worker();
	for (i = FD_MEM + 1; i < FD_LISTENERS; i++)
		if (worker_fds[i] > 0)
			host_close(worker_fds[i]);
	if (seccomp_sock_fd > 0)
		host_close(seccomp_sock_fd);
	if (first_worker.data)
		host_unmap(first_worker.data, PAGE_SIZE);
}

int __init seccomp_processes_start(const char **why)
{
	int err = prepare_first_worker(why);

	if (!err)
		err = make_first_worker(why);
	return err ?: try_out(why);
}
