// SPDX-License-Identifier: GPL-2.0
/*
 * Each request has a socket of its own.  It is connected to the console, so that the
 * host refuses what others send to it, and an answer that comes too late finds
 * nobody, rather than to be taken for that to the next request.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "../lib/clock.h"
#include "../lib/log.h"
#include "answer.h"
#include "instance.h"
#include "talk.h"
#include "text.h"

/* How often it is looked whether the guest is still there. */
#define LOOK_MS		500
/* Of one part, and of all: far more than a guest has to say. */
#define PART_MAX	65536
#define ANSWER_MAX	(64 * 1024 * 1024)

/**
 * struct wait - a request on its way
 * @name:	of the guest
 * @instance:	which it is
 * @fd:		the socket
 * @timeout:	in milliseconds; 0: none
 */
struct wait {
	const char	*name;
	struct instance	instance;
	int		fd;
	int		timeout;
};

/* Until the socket is ready. */
static enum status wait_for(const struct wait *wait, short events)
{
	long end = wait->timeout ? clock_ms() + wait->timeout : LONG_MAX;
	struct pollfd pollfd = { .fd = wait->fd, .events = events };
	bool live = true;

	for (;;) {
		long left = end - clock_ms();
		int n;

		/* What came before the guest ended is there by now. */
		n = poll(&pollfd, 1, !live || left <= 0 ? 0 : left < LOOK_MS ? left : LOOK_MS);
		if (n > 0)
			return STATUS_OK;
		if (n < 0 && errno != EINTR) {
			log_line("%s: %s", wait->name, strerror(errno));
			return STATUS_USAGE;
		}
		if (!live) {
			log_line("%s: the guest ended without an answer", wait->name);
			return STATUS_USAGE;
		}
		if (left <= 0) {
			log_line("%s: no answer within %g seconds", wait->name,
				 wait->timeout / 1000.0);
			return STATUS_TIMEOUT;
		}
		live = instance_is_live(&wait->instance);
	}
}

static enum status send_request(const struct wait *wait, const char *text, size_t len)
{
	struct um_mconsole_request request = {
		.magic = UM_MCONSOLE_MAGIC,
		.version = UM_MCONSOLE_VERSION,
		.length = len,
	};

	memcpy(request.data, text, len);
	while (send(wait->fd, &request, sizeof(request), MSG_NOSIGNAL) < 0) {
		enum status status;

		if (errno == EINTR)
			continue;
		if (errno != EAGAIN) {
			log_line("%s: %s: %s", wait->name, wait->instance.path,
				 strerror(errno));
			return STATUS_USAGE;
		}
		/* It has not taken earlier requests yet. */
		status = wait_for(wait, POLLOUT);
		if (status)
			return status;
	}
	return STATUS_OK;
}

static enum status not_understood(const struct wait *wait, const char *why)
{
	log_line("%s: the answer cannot be understood: %s", wait->name, why);
	return STATUS_ERROR;
}

static enum status receive_part(const struct wait *wait, struct answer_part *part)
{
	static char datagram[PART_MAX];
	enum status status;
	const char *why;
	ssize_t n;

	do {
		status = wait_for(wait, POLLIN);
		if (status)
			return status;
		n = recv(wait->fd, datagram, sizeof(datagram), 0);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0) {
		log_line("%s: %s", wait->name, strerror(errno));
		return STATUS_USAGE;
	}
	why = answer_parse(part, datagram, n);
	return why ? not_understood(wait, why) : STATUS_OK;
}

static enum status receive_answer(const struct wait *wait, struct answer *answer)
{
	struct answer_part part;
	enum status status;

	do {
		status = receive_part(wait, &part);
		if (!status && answer->len + part.len > ANSWER_MAX)
			status = not_understood(wait, "it is longer than 64 MiB");
		if (status) {
			/* Half an answer is none. */
			free(answer->text);
			*answer = (struct answer) { };
			return status;
		}
		answer->err = part.err;
		answer->text = add_text(answer->text, &answer->len, part.text, part.len);
	} while (part.more);
	return answer->err ? STATUS_ERROR : STATUS_OK;
}

enum status talk(const struct options *options, const char *name, const char *text,
		 size_t len, struct answer *answer)
{
	struct wait wait = { .name = name, .timeout = options->timeout };
	enum status status;

	*answer = (struct answer) { };
	wait.fd = instance_open(&wait.instance, options->dir, name);
	if (wait.fd < 0)
		return STATUS_USAGE;
	status = send_request(&wait, text, len);
	if (!status)
		status = receive_answer(&wait, answer);
	close(wait.fd);
	instance_close(&wait.instance);
	return status;
}
