// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's processes, for a client of the management console.
 *
 * All of it is known to the kernel: no process is asked, and none can be in the way.
 */
#include <linux/cred.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/cputime.h>
#include <linux/sched/task.h>
#include <linux/time64.h>
#include <linux/uidgid.h>

#include "mconsole.h"

/* The one that follows @nr, with a reference; *@nr becomes its number. */
static struct task_struct *ps_next(int *nr)
{
	struct task_struct *task = NULL;
	struct pid *pid;

	rcu_read_lock();
	while (!task) {
		pid = find_ge_pid(*nr + 1, &init_pid_ns);
		if (!pid)
			break;
		*nr = pid_nr(pid);
		/* Other threads than the first are none. */
		task = pid_task(pid, PIDTYPE_TGID);
	}
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	return task;
}

/* Without a reference to the memory: it might be the last one. */
static unsigned long ps_rss_kib(struct task_struct *task)
{
	unsigned long pages = 0;

	task_lock(task);
	if (task->mm && !(task->flags & PF_KTHREAD))
		pages = get_mm_rss(task->mm);
	task_unlock(task);
	return pages << (PAGE_SHIFT - 10);
}

/* A process can give itself any name. */
static void ps_name(struct task_struct *task, char *to)
{
	char comm[TASK_COMM_LEN], *c;
	bool kernel = task->flags & PF_KTHREAD;

	get_task_comm(comm, task);
	for (c = comm; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	sprintf(to, "%s%s%s", kernel ? "[" : "", comm, kernel ? "]" : "");
}

static void ps_show(struct mconsole_answer *answer, struct task_struct *task, int pid)
{
	char name[TASK_COMM_LEN + 2];
	u64 user, system, seconds;
	u32 minute, second;

	thread_group_cputime_adjusted(task, &user, &system);
	seconds = div_u64(user + system, NSEC_PER_SEC);
	seconds = div_u64_rem(seconds, 60, &second);
	seconds = div_u64_rem(seconds, 60, &minute);
	ps_name(task, name);
	mconsole_printf(answer, "%7d %7d %c %5u %02llu:%02u:%02u %8lu %s\n", pid,
			task_ppid_nr(task), task_state_to_char(task),
			from_kuid_munged(&init_user_ns, task_cred_xxx(task, euid)),
			seconds, minute, second, ps_rss_kib(task), name);
}

void mconsole_ps(struct mconsole_answer *answer, const char *args)
{
	struct task_struct *task;
	int pid = 0;

	mconsole_printf(answer, "    PID    PPID S   UID     TIME      RSS COMMAND\n");
	while ((task = ps_next(&pid))) {
		ps_show(answer, task, pid);
		put_task_struct(task);
		cond_resched();
	}
}
