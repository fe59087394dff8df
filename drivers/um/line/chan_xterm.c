// SPDX-License-Identifier: GPL-2.0
/*
 * Channel xterm: a window on the host's display, made when the line is opened.
 */
#define pr_fmt(fmt) fmt

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/options.h>
#include <asm/umid.h>

#include <um/host.h>
#include "handover.h"
#include "line.h"

/* After one that could not be made, the next is not tried at once. */
#define XTERM_RETRY	(5 * HZ)

/* What a display is told with, and where the window's title and program stand. */
static char xterm_emulator[CHAN_VALUE] = "xterm";
static char xterm_title[32] = "-T";
static char xterm_exec[32] = "-e";

/* ---- options ----------------------------------------------------------------- */

static bool __init xterm_take(char *to, size_t size, const char **from)
{
	size_t len = strcspn(*from, ",");

	if (!len || len >= size)
		return false;
	strscpy(to, *from, len + 1);
	*from += len + ((*from)[len] == ',');
	return true;
}

static int __init um_xterm_option(char *arg)
{
	const char *at = arg;

	if (!xterm_take(xterm_emulator, sizeof(xterm_emulator), &at) ||
	    (*at && (!xterm_take(xterm_title, sizeof(xterm_title), &at) ||
		     !xterm_take(xterm_exec, sizeof(xterm_exec), &at))) || *at)
		return um_option_error("xterm=%s: write xterm=EMULATOR,TITLE,EXEC, as in xterm=xterm,-T,-e",
				       arg);
	return 0;
}

UM_OPTION(xterm, "xterm=", um_xterm_option, "xterm=EMULATOR,TITLE,EXEC",
	  "What makes a window of a channel xterm: a terminal emulator, its switch\n"
	  "for the window's title, and its switch for the program to run, which all\n"
	  "that follows belongs to.  Default: xterm,-T,-e.\n");

static const char *chan_xterm_parse(struct chan_spec *spec, char *reason, int size)
{
	if (*spec->value)
		return "channel xterm takes no value";
	/* Another emulator may have other ways. */
	if (!strcmp(xterm_emulator, "xterm") && !host_getenv("DISPLAY"))
		return "there is no display for an xterm (DISPLAY is not set)";
	return NULL;
}

static const char *chan_xterm_check(const struct chan_spec *spec, char *reason, int size)
{
	char path[512];

	if (!host_find_program(xterm_emulator, path, sizeof(path)))
		return NULL;
	snprintf(reason, size, "there is no program %s", xterm_emulator);
	return reason;
}

/* ---- the window comes and goes ------------------------------------------------ */

static int xterm_start(struct handover *h)
{
	const struct line *line = h->chan->line;
	char title[96];
	const char *argv[] = {
		xterm_emulator, xterm_title, title, xterm_exec,
		h->helper, "-uml-socket", h->path, NULL,
	};
	static const int fds[] = { -1, -1, 2 };
	int err = handover_listen(h);

	if (err)
		return err;
	snprintf(title, sizeof(title), "%s %u (%s)", line->class->title, line->index,
		 umid_name());
	return handover_start(h, argv, fds, ARRAY_SIZE(fds));
}

static int chan_xterm_open(struct chan *chan)
{
	struct handover *h;
	int err;

	if (chan->failed && time_before(jiffies, chan->failed + XTERM_RETRY))
		return -EIO;
	chan->failed = 0;
	h = handover_new(chan, NULL, xterm_emulator, "a window (is the display right?)");
	if (IS_ERR(h))
		return PTR_ERR(h);
	err = xterm_start(h);
	if (err) {
		handover_end(h);
		return err;
	}
	return 1;
}

static int chan_xterm_wait(struct chan *chan)
{
	return handover_wait(chan->handover);
}

static void chan_xterm_close(struct chan *chan)
{
	handover_end(chan->handover);
}

const struct chan_ops chan_xterm_ops = {
	.name		= "xterm",
	.syntax		= "xterm",
	.takes_calls	= true,
	.terminal	= true,
	.parse		= chan_xterm_parse,
	.check		= chan_xterm_check,
	.open		= chan_xterm_open,
	.wait		= chan_xterm_wait,
	.close		= chan_xterm_close,
	.read		= chan_fd_read_now,
	.write		= chan_fd_write_now,
	.write_all	= chan_fd_write_patiently,
	.get_size	= chan_tty_get_size,
	.set_size	= chan_tty_set_size,
};
