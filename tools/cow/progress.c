// SPDX-License-Identifier: GPL-2.0
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "progress.h"

#define PROGRESS_MS	200

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static volatile sig_atomic_t stopped;
static const char *job;
static long last;
static int shown;

static void stop(int sig)
{
	stopped = sig;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(const char *what)
{
	struct sigaction action = { .sa_handler = stop };
	unsigned int i;

	job = what;
	last = now_ms();
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction old;

		/* What nohup and shells have ignored stays so. */
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &action, NULL);
	}
}

int progress(um_u64 done, um_u64 all)
{
	long now = now_ms();

	if (stopped)
		return fail("stopped by signal %d (%s)", (int)stopped, strsignal(stopped));
	if (now - last < PROGRESS_MS || !isatty(STDERR_FILENO))
		return 0;
	last = now;
	shown = 1;
	fprintf(stderr, "\r%s: %5.1f%%", job, all ? 100.0 * done / all : 100.0);
	fflush(stderr);
	return 0;
}

void progress_end(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = 0;
}

void progress_raise(void)
{
	if (!stopped)
		return;
	signal(stopped, SIG_DFL);
	raise(stopped);
}
