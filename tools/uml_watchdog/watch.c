// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include "watch.h"

/*
 * Time is counted in small steps, each of which was waited for, and not by a clock:
 * so only what this program sees pass counts, however long it, or the host, stood
 * still in between.
 */
#define STEP_MS		1000

static void watch_begin_anew(struct watch *watch)
{
	watch->left = watch->timeout * 1000;
	watch->hangs = false;
}

void watch_begin(struct watch *watch, unsigned int timeout)
{
	*watch = (struct watch) { .timeout = timeout };
	watch_begin_anew(watch);
}

static bool message_is_valid(const struct um_watchdog_message *message)
{
	return !message->zero && message->timeout >= UM_WATCHDOG_TIMEOUT_MIN &&
	       message->timeout <= UM_WATCHDOG_TIMEOUT_MAX;
}

static void watch_message(struct watch *watch, const struct um_watchdog_message *message)
{
	if (!message_is_valid(message)) {
		watch->odd++;
		return;
	}
	switch (message->verb) {
	case UM_WATCHDOG_PING:
	case UM_WATCHDOG_GO:
		watch->timeout = message->timeout;
		watch_begin_anew(watch);
		break;
	case UM_WATCHDOG_PAUSE:
		watch->timeout = message->timeout;
		watch->left = 0;
		break;
	case UM_WATCHDOG_STOP:
		watch->ended = true;
		break;
	default:
		watch->odd++;
	}
}

void watch_take(struct watch *watch, const void *bytes, size_t len)
{
	const unsigned char *from = bytes;
	struct um_watchdog_message message;

	while (len-- && !watch->ended) {
		watch->part[watch->have++] = *from++;
		if (watch->have < sizeof(message))
			continue;
		memcpy(&message, watch->part, sizeof(message));
		watch->have = 0;
		watch_message(watch, &message);
	}
}

int watch_wait(const struct watch *watch)
{
	if (!watch->left)
		return -1;
	return watch->left < STEP_MS ? watch->left : STEP_MS;
}

bool watch_pass(struct watch *watch)
{
	if (!watch->left)
		return false;
	watch->left -= watch_wait(watch);
	if (!watch->left)
		watch->hangs = true;
	return watch->hangs;
}
