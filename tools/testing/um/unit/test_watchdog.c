// SPDX-License-Identifier: GPL-2.0
/* The watchdog: actions, and what a kernel says to the program that watches it. */
#include <stdlib.h>
#include "unit.h"
#include "drivers/um/watchdog/action.h"
#include "tools/uml_watchdog/watch.h"

static void good(const char *text, enum watchdog_what what, const char *command)
{
	struct watchdog_action action;

	ok(!watchdog_action_parse(&action, text), "%s: an action", text);
	is(action.what, what, "which one");
	if (command)
		is_str(action.command, command, "its command");
	else
		ok(!action.command, "no command");
}

static void bad(const char *text, const char *want)
{
	struct watchdog_action action;

	is_str(watchdog_action_parse(&action, text), want, text);
}

static void test_actions(void)
{
	const char *unknown =
		"unknown action (there are notify, kill, abort, exec:COMMAND and none)";

	good("none", WATCHDOG_NONE, NULL);
	good("notify", WATCHDOG_NOTIFY, NULL);
	good("kill", WATCHDOG_KILL, NULL);
	good("abort", WATCHDOG_ABORT, NULL);
	good("exec:x", WATCHDOG_EXEC, "x");
	good("exec: a b:c", WATCHDOG_EXEC, " a b:c");
	bad("", "the action is missing");
	bad("exec:", "the command is missing");
	bad("exec", unknown);
	bad("Kill", unknown);
	bad("kill ", unknown);
	bad("killx", unknown);
	bad("notif", unknown);
}

static void say(struct watch *w, int verb, int zero, int timeout)
{
	struct um_watchdog_message message = { verb, zero, timeout };
	/* Of its very size, so that the sanitizer sees the ends. */
	char *bytes = malloc(sizeof(message));

	memcpy(bytes, &message, sizeof(message));
	watch_take(w, bytes, sizeof(message));
	free(bytes);
}

/* Steps until it hangs, or -1 when it never does. */
static int steps(struct watch *w)
{
	int n = 0;

	while (watch_wait(w) >= 0) {
		n++;
		if (watch_pass(w))
			return n;
	}
	return -1;
}

static void test_watch(void)
{
	struct um_watchdog_message pings[2] = {
		{ UM_WATCHDOG_PING, 0, 7 }, { UM_WATCHDOG_STOP, 0, 7 },
	};
	struct watch w;
	size_t i;

	watch_begin(&w, 3);
	is(watch_wait(&w), 1000, "it waits in steps of a second");
	is(steps(&w), 3, "3 seconds without a ping");
	ok(w.hangs, "it hangs");
	is(watch_wait(&w), -1, "and is waited for");
	ok(!watch_pass(&w), "but does not hang a second time");
	say(&w, UM_WATCHDOG_PING, 0, 3);
	ok(!w.hangs, "a ping: it does not");
	ok(!watch_pass(&w) && !watch_pass(&w), "2 seconds");
	say(&w, UM_WATCHDOG_PING, 0, 3);
	is(steps(&w), 3, "a ping in time begins anew");
	say(&w, UM_WATCHDOG_PING, 0, 1);
	is(steps(&w), 1, "a shorter time");
	say(&w, UM_WATCHDOG_PING, 0, 3600);
	is(steps(&w), 3600, "the longest time");

	say(&w, UM_WATCHDOG_PING, 0, 2);
	say(&w, UM_WATCHDOG_PAUSE, 0, 2);
	is(watch_wait(&w), -1, "while it was told to stand still");
	ok(!watch_pass(&w) && !w.hangs, "it does not hang");
	say(&w, UM_WATCHDOG_GO, 0, 2);
	is(steps(&w), 2, "when it goes on it has its time");
	say(&w, UM_WATCHDOG_PAUSE, 0, 2);
	ok(w.hangs, "one that hangs does so when it stands still, too");

	watch_begin(&w, 5);
	watch_pass(&w);
	say(&w, UM_WATCHDOG_PING, 0, 0);
	say(&w, UM_WATCHDOG_PING, 0, 3601);
	say(&w, UM_WATCHDOG_PING, 1, 5);
	say(&w, 'x', 0, 5);
	say(&w, 0, 0, 5);
	is(w.odd, 5, "messages that are none");
	is(steps(&w), 4, "are no pings");

	for (i = 1; i < sizeof(pings); i++) {
		watch_begin(&w, 5);
		watch_take(&w, pings, i);
		is(w.timeout, i < sizeof(*pings) ? 5 : 7, "half a message is none");
		ok(!w.ended, "not yet");
		watch_take(&w, (char *)pings + i, sizeof(pings) - i);
		ok(w.timeout == 7 && w.ended && !w.odd, "the rest after %zu bytes", i);
	}
	watch_take(&w, "anything", 8);
	is(w.odd, 0, "what comes behind the end is not looked at");
}

int main(void)
{
	test_actions();
	test_watch();
	return done();
}
