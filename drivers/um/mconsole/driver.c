// SPDX-License-Identifier: GPL-2.0
/*
 * The management console: its socket, and the thread that serves it.
 *
 * The thread goes before all ordinary ones, so that it answers when the guest's
 * processes do nothing but spin.  Answers go out as their clients take them, so
 * that one who does not is in nobody's way.
 */
#define pr_fmt(fmt) "mconsole: " fmt

#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <asm/irq.h>
#include <asm/options.h>
#include <asm/umid.h>
#include <um/host.h>

#include "mconsole.h"

/* Answers that wait; with more than these no further request is looked at. */
#define MCONSOLE_WAITING	64

static char socket_path[400];
static int socket_fd = -1;
static struct um_fd_watch socket_watch;
/* Answers that took longer, and are to be sent. */
static LIST_HEAD(finished);
static DEFINE_SPINLOCK(finished_lock);
static bool wanted;
static DECLARE_WAIT_QUEUE_HEAD(wanted_wait);

static void mconsole_wake(void)
{
	WRITE_ONCE(wanted, true);
	wake_up(&wanted_wait);
}

static irqreturn_t mconsole_interrupt(int irq, void *data)
{
	mconsole_wake();
	return IRQ_HANDLED;
}

void mconsole_finish(struct mconsole_answer *answer)
{
	answer->since = jiffies;
	spin_lock(&finished_lock);
	list_add_tail(&answer->list, &finished);
	spin_unlock(&finished_lock);
	mconsole_wake();
}

static void mconsole_take_finished(struct list_head *answers)
{
	spin_lock(&finished_lock);
	list_splice_tail_init(&finished, answers);
	spin_unlock(&finished_lock);
}

static struct mconsole_answer *mconsole_new_answer(void)
{
	struct mconsole_answer *answer = kzalloc(sizeof(*answer), GFP_KERNEL);

	if (answer)
		answer->since = jiffies;
	return answer;
}

static void mconsole_stop(struct mconsole_answer *answer, struct list_head *answers)
{
	struct mconsole_answer *go = mconsole_new_answer();

	if (!go) {
		mconsole_fail(answer, -ENOMEM, "stop: out of memory");
		return;
	}
	mconsole_printf(answer, "stopped");
	mconsole_send(socket_fd, answer);
	answer->sent = answer->len;
	mconsole_stand_still(socket_fd, go);
	mconsole_printf(go, "goes on");
	list_add_tail(&go->list, answers);
}

/* One request; false: there is none. */
static bool mconsole_take(struct list_head *answers)
{
	static struct um_mconsole_request datagram;
	static struct mconsole_request request;
	struct mconsole_answer *answer = mconsole_new_answer();
	const char *why;
	long n;

	if (!answer)
		return false;
	n = host_dgram_receive(socket_fd, &datagram, sizeof(datagram), &answer->to);
	/* Who cannot be answered is not served. */
	if (n < 0 || !answer->to.len) {
		mconsole_free(answer);
		return n >= 0;
	}
	why = mconsole_parse(&request, &datagram, min_t(u64, n, sizeof(datagram)));
	if (why) {
		mconsole_refuse(answer, &request, why);
	} else if (mconsole_is_stop(&request)) {
		mconsole_stop(answer, answers);
		if (!answer->err) {
			mconsole_free(answer);
			return true;
		}
	} else {
		mconsole_do(answer, &request);
	}
	if (!answer->later)
		list_add_tail(&answer->list, answers);
	return true;
}

/* How many still wait. */
static unsigned int mconsole_send_all(struct list_head *answers)
{
	struct mconsole_answer *answer, *next;
	unsigned int waiting = 0;

	list_for_each_entry_safe(answer, next, answers, list) {
		if (!mconsole_send(socket_fd, answer)) {
			waiting++;
			continue;
		}
		list_del(&answer->list);
		if (answer->then)
			answer->then();
		mconsole_free(answer);
	}
	return waiting;
}

static int mconsole_thread(void *unused)
{
	unsigned int waiting = 0;
	LIST_HEAD(answers);

	sched_set_fifo(current);
	for (;;) {
		WRITE_ONCE(wanted, false);
		mconsole_take_finished(&answers);
		while (waiting < MCONSOLE_WAITING && mconsole_take(&answers))
			waiting = mconsole_send_all(&answers);
		waiting = mconsole_send_all(&answers);
		if (waiting < MCONSOLE_WAITING)
			um_fd_watch_arm(&socket_watch, HOST_POLLIN);
		if (waiting)
			wait_event_interruptible_timeout(wanted_wait, READ_ONCE(wanted),
							 msecs_to_jiffies(10));
		else
			wait_event_interruptible(wanted_wait, READ_ONCE(wanted));
	}
	return 0;
}

static int __init mconsole_open(void)
{
	if (!*umid_dir())
		return -ENOENT;
	snprintf(socket_path, sizeof(socket_path), "%s/" UM_MCONSOLE_SOCKET_NAME, umid_dir());
	/* The directory is locked: it is of one that was killed. */
	host_unlink(socket_path);
	return host_dgram_bind(socket_path);
}

static int __init mconsole_init(void)
{
	struct task_struct *thread;
	int err;

	socket_fd = mconsole_open();
	if (socket_fd < 0) {
		if (socket_fd != -ENOENT)
			pr_err("%s: %s\n", socket_path, um_strerror(socket_fd));
		return 0;
	}
	err = um_fd_watch_init(&socket_watch, socket_fd, "mconsole", mconsole_interrupt, NULL);
	if (err)
		goto close;
	thread = kthread_run(mconsole_thread, NULL, "mconsole");
	if (IS_ERR(thread)) {
		err = PTR_ERR(thread);
		um_fd_watch_free(&socket_watch);
		goto close;
	}
	mconsole_notify(UM_MCONSOLE_SOCKET, socket_path, strlen(socket_path) + 1);
	return 0;

close:
	host_close(socket_fd);
	host_unlink(socket_path);
	pr_err("%s: %s\n", socket_path, um_strerror(err));
	return 0;
}
late_initcall(mconsole_init);
