// SPDX-License-Identifier: GPL-2.0
/* Watching any guest that has a management console. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../lib/clock.h"
#include "../lib/log.h"
#include "../mconsole/instance.h"
#include "../mconsole/talk.h"
#include "act.h"
#include "log_quiet.h"
#include "run.h"

#define ASK_MS		5000	/* how often it is asked */
#define RETRY_MS	200	/* when there is no console, as while it starts anew */
#define SURE_MS		5000	/* for the last question */

/* The process of the guest, which has to be there.  0, or -1 after a line. */
static int find(struct guest *guest, const struct arguments *args)
{
	struct instance instance;
	int fd, err;
	pid_t pid;

	fd = instance_open(&instance, args->dir, args->umid);
	if (fd < 0)
		return -1;
	close(fd);
	pid = instance_pid(&instance);
	instance_close(&instance);
	/* One that cannot be ended can still be asked. */
	if (!pid)
		return 0;
	err = guest_open(guest, pid);
	if (err)
		log_line("%s: process %d: %s", args->umid, pid, strerror(-err));
	return err;
}

static enum status ask(const struct arguments *args, int timeout)
{
	struct options options = { .dir = args->dir, .timeout = timeout };
	static const char question[] = "version";
	enum status status;
	struct answer answer;

	status = talk(&options, args->umid, question, strlen(question), &answer);
	free(answer.text);
	/* An error is a sign of life, too. */
	return status == STATUS_ERROR ? STATUS_OK : status;
}

/* Asks until there is an answer, the guest has ended (STATUS_USAGE), or time is over. */
static enum status ask_for(const struct arguments *args, const struct guest *guest, int ms)
{
	long end = clock_ms() + ms;

	for (;;) {
		long left = end - clock_ms();
		enum status status;

		if (left <= 0)
			return STATUS_TIMEOUT;
		status = ask(args, left);
		if (status != STATUS_USAGE)
			return status;
		/* Without a process, nothing but the console tells that it is there. */
		if (guest->pidfd < 0 || guest_wait_end(guest, RETRY_MS))
			return STATUS_USAGE;
	}
}

int guest_run(const struct arguments *args)
{
	int timeout = args->timeout * 1000;
	/* Some questions fit into the time that it has. */
	int pause = timeout / 4 < ASK_MS ? timeout / 4 : ASK_MS;
	struct guest guest = { .umid = args->umid, .pidfd = -1 };
	bool hangs = false;

	if (find(&guest, args))
		return STATUS_USAGE;
	/* From now on it is not to be told why each question has no answer. */
	log_quiet = true;
	for (;;) {
		enum status status = ask_for(args, &guest, timeout);

		/* Both may have stood still: if so, it answers now. */
		if (status == STATUS_TIMEOUT && !hangs)
			status = ask_for(args, &guest, SURE_MS);
		if (status == STATUS_USAGE || guest_wait_end(&guest, 0))
			return STATUS_OK;
		log_quiet = false;
		if (status == STATUS_TIMEOUT && !hangs) {
			act(args, &guest, "no answer", true);
			if (args->once)
				return STATUS_TIMEOUT;
		} else if (status == STATUS_OK && hangs) {
			log_line("%s: it answers again", args->umid);
		}
		log_quiet = true;
		hangs = status == STATUS_TIMEOUT;
		if (guest_wait_end(&guest, pause))
			return STATUS_OK;
	}
}
