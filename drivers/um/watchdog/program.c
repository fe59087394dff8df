// SPDX-License-Identifier: GPL-2.0
/*
 * The program uml_watchdog of the host, and the pipe by which it is told that this
 * kernel lives.  It is another process, and so notices as well that nothing at all
 * runs here any more.
 */
#define pr_fmt(fmt) "watchdog: " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/spinlock.h>
#include <asm/options.h>
#include <asm/umid.h>
#include <um/abi/watchdog.h>
#include <um/host.h>
#include <um/notify.h>
#include <um/spawn.h>
#include <um/watchdog.h>

#include "program.h"

/* How long it may take until the program watches. */
#define READY_MS	5000

/* The kernel's end of the pipe, or -1, and what it was last told. */
static int pipe_fd = -1;
static unsigned int pipe_timeout;
static ktime_t pipe_since;
/* How often it was stopped. */
static unsigned int stops;
static DEFINE_SPINLOCK(pipe_lock);

/* Nothing is waited for: a program that does not read has pings enough to read. */
static int watchdog_tell(enum um_watchdog_verb verb)
{
	struct um_watchdog_message message = { .verb = verb, .timeout = pipe_timeout };
	long n;

	lockdep_assert_held(&pipe_lock);
	if (pipe_fd < 0)
		return -ENOTCONN;
	n = host_write(pipe_fd, &message, sizeof(message));
	if (verb != UM_WATCHDOG_PAUSE)
		pipe_since = ktime_get();
	return n < 0 && n != -EAGAIN ? n : 0;
}

static void watchdog_close(void)
{
	lockdep_assert_held(&pipe_lock);
	if (pipe_fd >= 0)
		host_close(pipe_fd);
	pipe_fd = -1;
}

void um_watchdog_pause(void)
{
	unsigned long flags;

	spin_lock_irqsave(&pipe_lock, flags);
	watchdog_tell(UM_WATCHDOG_PAUSE);
	spin_unlock_irqrestore(&pipe_lock, flags);
}

void um_watchdog_go(void)
{
	unsigned long flags;

	spin_lock_irqsave(&pipe_lock, flags);
	watchdog_tell(UM_WATCHDOG_GO);
	spin_unlock_irqrestore(&pipe_lock, flags);
}

/* Starts it with these as its standard input and output; a descriptor to be closed. */
static int watchdog_spawn(int in, int out, const char *action, unsigned int timeout)
{
	/* Callers are serialized, by the lock of the device. */
	static char path[512];
	const int fds[] = { in, out, host_fd_is_open(2) ? 2 : -1 };
	const char *socket = mconsole_notify_path();
	char pid[16], seconds[16];
	const char *argv[] = {
		path, "--pid", pid, "--umid", umid_name(), "--timeout", seconds,
		"--action", action, socket ? "--notify" : NULL, socket, NULL,
	};
	int err = host_find_program("uml_watchdog", path, sizeof(path));

	if (err)
		return err;
	snprintf(pid, sizeof(pid), "%d", host_getpid());
	snprintf(seconds, sizeof(seconds), "%u", timeout);
	return host_spawn(argv, fds, ARRAY_SIZE(fds));
}

/* There are other programs of that name, which end. */
static int watchdog_wait_ready(int fd)
{
	char ready;

	if (!host_poll_one(fd, HOST_POLLIN, READY_MS))
		return -ETIMEDOUT;
	return host_read(fd, &ready, 1) == 1 && ready == UM_WATCHDOG_READY ? 0 : -ENODEV;
}

/* The program, watching, at the other end of @pipe; or -errno. */
static int watchdog_run(int pipe, const char *action, unsigned int timeout)
{
	int ends[2], err;

	err = host_pipe(ends);
	if (err)
		return err;
	err = watchdog_spawn(pipe, ends[1], action, timeout);
	host_close(ends[1]);
	if (err >= 0) {
		/* The end of the pipe ends it, and tells us of its own end. */
		host_close(err);
		err = watchdog_wait_ready(ends[0]);
	}
	host_close(ends[0]);
	return err;
}

int watchdog_program_start(const char *action, unsigned int timeout)
{
	unsigned int before;
	unsigned long flags;
	int ends[2], err;

	watchdog_program_stop();
	before = READ_ONCE(stops);
	err = host_pipe(ends);
	if (err)
		goto report;
	err = host_set_nonblock(ends[1], 1);
	if (!err)
		err = watchdog_run(ends[0], action, timeout);
	host_close(ends[0]);
	if (err) {
		host_close(ends[1]);
		goto report;
	}
	spin_lock_irqsave(&pipe_lock, flags);
	pipe_fd = ends[1];
	pipe_timeout = timeout;
	/* The guest may have begun to end meanwhile. */
	if (stops == before) {
		err = watchdog_tell(UM_WATCHDOG_PING);
	} else {
		watchdog_tell(UM_WATCHDOG_STOP);
		watchdog_close();
	}
	spin_unlock_irqrestore(&pipe_lock, flags);
	if (!err)
		return 0;

report:
	pr_err_ratelimited("uml_watchdog cannot be started: %s\n", um_strerror(err));
	return err;
}

int watchdog_program_ping(const char *action, unsigned int timeout)
{
	unsigned long flags;
	int err;

	spin_lock_irqsave(&pipe_lock, flags);
	pipe_timeout = timeout;
	err = watchdog_tell(UM_WATCHDOG_PING);
	spin_unlock_irqrestore(&pipe_lock, flags);
	/* On the way down it was stopped, and the device still gets pings. */
	if (!err || system_state > SYSTEM_RUNNING)
		return 0;
	if (err == -EPIPE)
		pr_warn_ratelimited("uml_watchdog has ended, and is started anew\n");
	return watchdog_program_start(action, timeout);
}

void watchdog_program_stop(void)
{
	unsigned long flags;

	spin_lock_irqsave(&pipe_lock, flags);
	watchdog_tell(UM_WATCHDOG_STOP);
	watchdog_close();
	stops++;
	spin_unlock_irqrestore(&pipe_lock, flags);
}

unsigned int watchdog_program_left(void)
{
	unsigned long flags;
	s64 left;

	spin_lock_irqsave(&pipe_lock, flags);
	left = pipe_timeout - ktime_ms_delta(ktime_get(), pipe_since) / MSEC_PER_SEC;
	spin_unlock_irqrestore(&pipe_lock, flags);
	return max_t(s64, left, 0);
}
