// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's messages on a line.
 */
#include <linux/console.h>
#include <linux/init.h>

#include "line.h"

static void line_console_write(struct console *console, const char *text,
			       unsigned int count)
{
	line_print(&lines[console->index], text, count);
}

static struct tty_driver *line_console_device(struct console *console, int *index)
{
	*index = console->index;
	return line_driver;
}

static int line_console_setup(struct console *console, char *options)
{
	if (console->index < 0 || console->index >= LINE_COUNT ||
	    !line_exists(&lines[console->index]))
		return -ENODEV;
	/* Stays open: the kernel may have something to say at any time. */
	return chan_open(&lines[console->index].out, CHAN_OUT);
}

static struct console line_console = {
	.name	= "tty",
	.write	= line_console_write,
	.device	= line_console_device,
	.setup	= line_console_setup,
	.flags	= CON_PRINTBUFFER | CON_ANYTIME,
	.index	= -1,
};

static int __init line_console_init(void)
{
	unsigned int i;

	lines_init();
	for (i = 0; i < LINE_COUNT && !line_exists(&lines[i]); i++)
		;
	if (i == LINE_COUNT)
		return 0;
	/* Unless console= says otherwise: con0, or the first that there is. */
	if (!console_set_on_cmdline)
		add_preferred_console("tty", i, NULL);
	register_console(&line_console);
	return 0;
}
console_initcall(line_console_init);
