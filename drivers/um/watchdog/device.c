// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/watchdog: who opens it has to write to it now and then, or the host does what
 * watchdog= says.
 */
#define pr_fmt(fmt) "watchdog: " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/watchdog.h>
#include <asm/options.h>
#include <um/abi/watchdog.h>

#include "action.h"
#include "program.h"

static bool nowayout = WATCHDOG_NOWAYOUT;
module_param(nowayout, bool, 0);
MODULE_PARM_DESC(nowayout, "Once started it cannot be stopped (default="
			   __MODULE_STRING(WATCHDOG_NOWAYOUT) ")");

static unsigned int timeout;
module_param(timeout, uint, 0);
MODULE_PARM_DESC(timeout, "Seconds, 1 to 3600 (default="
			  __MODULE_STRING(UM_WATCHDOG_TIMEOUT_DEFAULT) ")");

static const char *action = "notify";
static bool idle;

static int __init um_watchdog_option(char *arg)
{
	struct watchdog_action parsed;
	const char *why = watchdog_action_parse(&parsed, arg);

	if (why)
		return um_option_error("watchdog=%s: %s", arg, why);
	action = arg;
	idle = parsed.what == WATCHDOG_NONE;
	return 0;
}

UM_OPTION(watchdog, "watchdog=", um_watchdog_option, "watchdog=ACTION",
	  "What is done when the guest has opened /dev/watchdog and does not write\n"
	  "to it in time.  notify, the default: a line on standard error, and the\n"
	  "notification hang for mconsole=notify:.  kill: then the kernel is killed.\n"
	  "abort: it is by SIGABRT.  exec:COMMAND: a command of the shell is run,\n"
	  "with UMID and PID in its environment.  none: nothing.\n");

static int um_watchdog_start(struct watchdog_device *wdd)
{
	return idle ? 0 : watchdog_program_start(action, wdd->timeout);
}

static int um_watchdog_ping(struct watchdog_device *wdd)
{
	return idle ? 0 : watchdog_program_ping(action, wdd->timeout);
}

static int um_watchdog_stop(struct watchdog_device *wdd)
{
	watchdog_program_stop();
	return 0;
}

static unsigned int um_watchdog_left(struct watchdog_device *wdd)
{
	return idle ? wdd->timeout : watchdog_program_left();
}

static const struct watchdog_info um_watchdog_info = {
	.identity	= "User-mode Linux watchdog",
	.options	= WDIOF_SETTIMEOUT | WDIOF_KEEPALIVEPING | WDIOF_MAGICCLOSE,
};

/* The core pings after it has set a timeout, and a ping tells it. */
static const struct watchdog_ops um_watchdog_ops = {
	.owner		= THIS_MODULE,
	.start		= um_watchdog_start,
	.stop		= um_watchdog_stop,
	.ping		= um_watchdog_ping,
	.get_timeleft	= um_watchdog_left,
};

static struct watchdog_device um_watchdog = {
	.info		= &um_watchdog_info,
	.ops		= &um_watchdog_ops,
	.min_timeout	= UM_WATCHDOG_TIMEOUT_MIN,
	.max_timeout	= UM_WATCHDOG_TIMEOUT_MAX,
	.timeout	= UM_WATCHDOG_TIMEOUT_DEFAULT,
};

static int __init um_watchdog_init(void)
{
	watchdog_init_timeout(&um_watchdog, timeout, NULL);
	watchdog_set_nowayout(&um_watchdog, nowayout);
	/* Disks may be written out for longer than somebody pings. */
	watchdog_stop_on_reboot(&um_watchdog);
	return watchdog_register_device(&um_watchdog);
}
device_initcall(um_watchdog_init);
