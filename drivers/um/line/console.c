// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's messages on a line.
 */
#define pr_fmt(fmt) fmt

#include <linux/console.h>
#include <linux/init.h>
#include <linux/string.h>

#include "line.h"

static struct line *line_of_console(struct console *console)
{
	struct line_class *class = console->data;

	if (console->index < 0 || console->index >= class->count)
		return NULL;
	return &class->lines[console->index];
}

static void line_console_write(struct console *console, const char *text,
			       unsigned int count)
{
	line_print(line_of_console(console), text, count);
}

static struct tty_driver *line_console_device(struct console *console, int *index)
{
	struct line_class *class = console->data;

	*index = console->index;
	return class->driver;
}

static int line_console_setup(struct console *console, char *options)
{
	struct line *line = line_of_console(console);
	int ret;

	if (!line || !line_exists(line))
		return -ENODEV;
	/* Stays open: the kernel may have something to say at any time. */
	line_lock_channels(line);
	ret = chan_open(line->out);
	line_unlock_channels(line);
	if (ret < 0)
		return ret;
	line->printing = true;
	line->held = true;
	/* Only the start waits for somebody to see it. */
	if (ret && line->out->spec.ops->wait && system_state < SYSTEM_SCHEDULING &&
	    line->out->spec.ops->wait(line->out)) {
		line_lock_channels(line);
		chan_disconnect(line->out);
		chan_wait_again(line->out);
		line_unlock_channels(line);
	}
	return 0;
}

static int line_console_exit(struct console *console)
{
	struct line *line = line_of_console(console);

	if (!line || !line->printing)
		return 0;
	line_lock_channels(line);
	line->printing = false;
	if (line->held)
		chan_close(line->out);
	line->held = false;
	line_unlock_channels(line);
	return 0;
}

static void __init line_console_register(struct line_class *class)
{
	struct console *console = &class->console;

	strscpy(console->name, class->tty_name, sizeof(console->name));
	console->write = line_console_write;
	console->device = line_console_device;
	console->setup = line_console_setup;
	console->exit = line_console_exit;
	console->flags = CON_PRINTBUFFER | CON_ANYTIME;
	console->index = -1;
	console->data = class;
	register_console(console);
}

static int __init line_console_init(void)
{
	struct line_class *class = line_classes;
	struct line *line;

	lines_init();
	/* Unless console= says otherwise: con0, or the first that there is. */
	for_each_line_of(line, class) {
		if (!line_exists(line))
			continue;
		if (!console_set_on_cmdline)
			add_preferred_console(class->tty_name, line->index, NULL);
		break;
	}
	for_each_line_class(class)
		line_console_register(class);
	return 0;
}
console_initcall(line_console_init);
