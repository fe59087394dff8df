// SPDX-License-Identifier: GPL-2.0
/*
 * Commands that run in the guest, for a client of the management console.
 *
 * Each has two works: one is the parent of the shell and waits for it, the other
 * takes what comes through the pipe, and finishes the answer.  The console's own
 * thread waits for neither.
 *
 * This is not call_usermodehelper(), because at power-off and reboot the kernel
 * waits for such helpers: for five seconds, if "halt" comes while a command runs, or
 * is that command's own doing.
 */
#include <linux/atomic.h>
#include <linux/binfmts.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/initrd.h>
#include <linux/pipe_fs_i.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <asm/options.h>

#include "mconsole.h"

/* So many commands run at a time. */
#define EXEC_MAX	16

/**
 * struct mconsole_exec - a command that runs
 * @run:	the shell's parent
 * @collect:	reads what it says
 * @answer:	for the client
 * @in:		the end of the pipe that is read
 * @out:	the other one; the shell's, once there is one
 * @ended:	the shell has ended
 * @status:	how, as wait(2) tells it; or -errno: there was none
 * @step:	what failed then
 * @page:	to read to
 * @command:	for the shell
 */
struct mconsole_exec {
	struct work_struct	run;
	struct work_struct	collect;
	struct mconsole_answer	*answer;
	struct file		*in;
	struct file		*out;
	bool			ended;
	int			status;
	const char		*step;
	char			page[SZ_4K];
	char			command[UM_MCONSOLE_DATA];
};

static atomic_t running = ATOMIC_INIT(0);

/* ---- the shell ------------------------------------------------------------ */

static int exec_open_files(struct mconsole_exec *exec)
{
	struct file *null;
	int err;

	exec->step = "/dev/null";
	/* Whatever the guest has in its place, nothing is waited for. */
	null = filp_open("/dev/null", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (IS_ERR(null))
		return PTR_ERR(null);
	null->f_flags &= ~O_NONBLOCK;
	err = replace_fd(0, null, 0);
	fput(null);
	exec->step = "pipe";
	if (err >= 0)
		err = replace_fd(1, exec->out, 0);
	if (err >= 0)
		err = replace_fd(2, exec->out, 0);
	return err < 0 ? err : 0;
}

/* The process that becomes the shell; what it begins with is a kernel thread's. */
static int exec_shell(void *data)
{
	static const char *const env[] = {
		"HOME=/",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"TERM=dumb",
		NULL,
	};
	struct mconsole_exec *exec = data;
	const char *const argv[] = { "/bin/sh", "-c", exec->command, NULL };
	int err;

	spin_lock_irq(&current->sighand->siglock);
	flush_signal_handlers(current, 1);
	spin_unlock_irq(&current->sighand->siglock);
	/* A "kill 0" in it is not for init. */
	ksys_setsid();
	current->fs->umask = 0022;
	wait_for_initramfs();

	err = exec_open_files(exec);
	fput(exec->out);
	if (!err) {
		exec->step = argv[0];
		err = kernel_execve(argv[0], argv, env);
	}
	if (!err)
		return 0;
	exec->status = err;
	do_exit(0);
}

static void exec_run(struct work_struct *work)
{
	struct mconsole_exec *exec = container_of(work, struct mconsole_exec, run);
	struct pipe_inode_info *pipe = exec->in->private_data;
	pid_t pid;

	/* Who ignores the signal is not told how a child ended. */
	kernel_sigaction(SIGCHLD, SIG_DFL);
	pid = user_mode_thread(exec_shell, exec, SIGCHLD);
	if (pid < 0) {
		exec->step = "no process can be made";
		exec->status = pid;
		fput(exec->out);
	} else {
		kernel_wait(pid, &exec->status);
	}
	kernel_sigaction(SIGCHLD, SIG_IGN);

	WRITE_ONCE(exec->ended, true);
	wake_up_interruptible(&pipe->rd_wait);
}

/* ---- what it says --------------------------------------------------------- */

static ssize_t exec_read(struct mconsole_exec *exec)
{
	ssize_t n = kernel_read(exec->in, exec->page, sizeof(exec->page), NULL);

	if (n > 0)
		mconsole_put(exec->answer, exec->page, n);
	return n;
}

/* Until the shell ends: others may have the pipe open for ever. */
static void exec_read_all(struct mconsole_exec *exec)
{
	struct pipe_inode_info *pipe = exec->in->private_data;
	bool open = true;
	ssize_t n, left;

	for (;;) {
		wait_event_interruptible(pipe->rd_wait, READ_ONCE(exec->ended) ||
					 (open && vfs_poll(exec->in, NULL) & (EPOLLIN | EPOLLHUP)));
		if (READ_ONCE(exec->ended))
			break;
		n = exec_read(exec);
		open = n > 0 || n == -EAGAIN;
	}
	/* What was there by then, which others may add to as fast as it is read. */
	left = (ssize_t)READ_ONCE(pipe->max_usage) << PAGE_SHIFT;
	do {
		n = exec_read(exec);
		left -= n;
	} while (n > 0 && left > 0);
}

static void exec_conclude(struct mconsole_exec *exec)
{
	if (exec->status < 0)
		mconsole_fail(exec->answer, exec->status, "exec: %s: %s", exec->step,
			      um_strerror(exec->status));
	else if (exec->status & 0x7f)
		exec->answer->err = 128 + (exec->status & 0x7f);
	else
		exec->answer->err = exec->status >> 8 & 0xff;
}

static void exec_collect(struct work_struct *work)
{
	struct mconsole_exec *exec = container_of(work, struct mconsole_exec, collect);

	exec_read_all(exec);
	flush_work(&exec->run);
	exec_conclude(exec);
	fput(exec->in);
	atomic_dec(&running);
	mconsole_finish(exec->answer);
	kfree(exec);
}

/* ---- all ------------------------------------------------------------------ */

static struct mconsole_exec *exec_new(struct mconsole_answer *answer, const char *command)
{
	struct mconsole_exec *exec = kzalloc(sizeof(*exec), GFP_KERNEL);
	struct file *pipe[2];
	int err;

	if (!exec)
		return ERR_PTR(-ENOMEM);
	err = create_pipe_files(pipe, 0);
	if (err) {
		kfree(exec);
		return ERR_PTR(err);
	}
	exec->in = pipe[0];
	exec->in->f_flags |= O_NONBLOCK;
	exec->out = pipe[1];
	exec->answer = answer;
	strscpy(exec->command, command, sizeof(exec->command));
	INIT_WORK(&exec->run, exec_run);
	INIT_WORK(&exec->collect, exec_collect);
	return exec;
}

void mconsole_exec(struct mconsole_answer *answer, const char *command)
{
	struct mconsole_exec *exec;

	/* Only the console's thread adds to them. */
	if (atomic_read(&running) >= EXEC_MAX) {
		mconsole_fail(answer, -EBUSY, "exec: %d commands run already, and no more can",
			      EXEC_MAX);
		return;
	}
	exec = exec_new(answer, command);
	if (IS_ERR(exec)) {
		mconsole_fail(answer, PTR_ERR(exec), "exec: %s", um_strerror(PTR_ERR(exec)));
		return;
	}
	atomic_inc(&running);
	answer->later = true;
	queue_work(system_unbound_wq, &exec->run);
	queue_work(system_unbound_wq, &exec->collect);
}
