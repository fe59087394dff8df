// SPDX-License-Identifier: GPL-2.0
/*
 * The worker of a stub under the seccomp engine: batches of host system calls.
 */
#include <linux/bug.h>
#include <asm/stub.h>
#include <asm/unistd.h>

#include "seccomp.h"

void seccomp_command(struct seccomp_process *p, unsigned int nr)
{
	struct stub_control *ctl = &p->data->ctl;

	ctl->nr = nr;
	/* The worker looks at the rest after it has seen this. */
	smp_store_release(&ctl->seq, ctl->seq + 1);
	host_shared_wake(&ctl->seq);
}

void seccomp_worker_follow(struct seccomp_process *p, int cpu)
{
	if (p->cpu != cpu && host_set_cpu(p->pid, cpu) >= 0)
		p->cpu = cpu;
}

/*
 * Has the worker start on the first @nr operations of the data page, and report
 * to its descriptor @report.
 */
void seccomp_batch_start(struct seccomp_process *p, unsigned int nr, int report)
{
	struct stub_control *ctl = &p->data->ctl;

	ctl->then = (struct stub_op) {
		.nr = __NR_write,
		.args = { report, seccomp_address(seccomp_image_done),
			  sizeof(u64) },
	};
	ctl->orelse[0].nr = 0;
	ctl->orelse[1].nr = 0;
	ctl->report = report;
	seccomp_command(p, nr);
}

/*
 * -errno of the first operation that failed; -ESRCH: the process has ended;
 * -EAGAIN: a new thread has.
 */
int seccomp_batch_wait(struct seccomp_process *p, int event)
{
	long n, sum = 0;

	do {
		n = host_event_wait(event, p->pidfd);
		if (n == -ESRCH)
			p->dead = true;
		if (n < 0)
			return n;
		sum += n;
		/* The worker itself has something to say, too. */
	} while (!(sum & ~SECCOMP_THREAD_FAILED));

	if (sum & SECCOMP_THREAD_FAILED)
		return -EAGAIN;
	return sum == SECCOMP_BATCH_DONE ? 0 : -(int)sum;
}

/*
 * The process is of no use any more.  It has ended when this returns, so that
 * neither its worker nor its threads use memory that was lent to them, but its
 * id is still its own.
 */
void seccomp_lose(struct seccomp_process *p)
{
	p->dead = true;
	p->deferred = 0;
	host_kill(p->pid, SIGKILL);
	host_pidfd_wait(p->pidfd);
	/* What its worker may have said. */
	host_event_take(seccomp_event_fd);
}

int seccomp_batch_run(struct seccomp_process *p, unsigned int nr)
{
	WARN_ON_ONCE(host_event_take(seccomp_event_fd) != -EAGAIN);
	seccomp_batch_start(p, nr, FD_EVENT);
	return seccomp_batch_wait(p, seccomp_event_fd);
}
