// SPDX-License-Identifier: GPL-2.0
/* Watching the kernel at the other end of standard input. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "../lib/clock.h"
#include "../lib/log.h"
#include "../mconsole/status.h"
#include "act.h"
#include "run.h"
#include "watch.h"

/* We were not let run if a step took so much longer: then it does not count. */
#define LATE_MS		1000

static void say_ready(void)
{
	static const char ready = UM_WATCHDOG_READY;

	/* It is a pipe; and who does not want to know may have closed it. */
	if (write(STDOUT_FILENO, &ready, 1) < 0)
		log_line("standard output: %s", strerror(errno));
	dup2(STDERR_FILENO, STDOUT_FILENO);
}

/* Is it still to be watched? */
static bool take(struct watch *watch, const struct guest *guest)
{
	bool hung = watch->hangs, odd = watch->odd;
	char bytes[4096], name[256];
	ssize_t n;

	n = read(STDIN_FILENO, bytes, sizeof(bytes));
	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	watch_take(watch, bytes, n);
	guest_text(guest, name, sizeof(name));
	if (watch->odd && !odd)
		log_line("%s: sends what is no message", name);
	if (hung && !watch->hangs && !watch->ended)
		log_line("%s: it pings again", name);
	return n && !watch->ended;
}

int kernel_run(struct arguments *args)
{
	struct pollfd pollfd = { .fd = STDIN_FILENO, .events = POLLIN };
	struct guest guest = { .umid = args->umid };
	struct watch watch;
	int err;

	/* Commands are not waited for, as that kernel is watched meanwhile. */
	signal(SIGCHLD, SIG_IGN);
	/* What we have of it is of the one with the pipe, if that is still open then. */
	err = guest_open(&guest, args->pid);
	if (err) {
		log_line("--pid %d: %s", args->pid, strerror(-err));
		return STATUS_USAGE;
	}
	watch_begin(&watch, args->timeout);
	say_ready();
	for (;;) {
		int wait = watch_wait(&watch);
		long begin = clock_ms();
		int n = poll(&pollfd, 1, wait);

		if (n < 0 && errno == EINTR)
			continue;
		if (n) {
			if (n < 0 || !take(&watch, &guest))
				return STATUS_OK;
			continue;
		}
		if (clock_ms() - begin > wait + LATE_MS || guest_is_stopped(&guest))
			continue;
		if (!watch_pass(&watch))
			continue;
		args->timeout = watch.timeout;
		act(args, &guest, "no ping", false);
		if (args->once)
			return STATUS_TIMEOUT;
	}
}
