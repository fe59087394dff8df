// SPDX-License-Identifier: GPL-2.0
/*
 * Lines that are shown, changed, made and removed while the kernel runs.
 */
#define pr_fmt(fmt) fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/tty.h>

#include <um/line.h>
#include "line.h"

/* One change at a time; also of the ports behind the lines. */
static DEFINE_MUTEX(hotplug_lock);

static struct line *line_find(const char *name, int unit)
{
	struct line_class *class;

	for_each_line_class(class)
		if (!strcmp(class->name, name))
			return unit >= 0 && unit < class->count ? &class->lines[unit] : NULL;
	return NULL;
}

int line_describe(const char *name, int unit, char *buf, size_t len)
{
	struct line *line = line_find(name, unit);
	int n;

	if (!line)
		return -ENODEV;
	n = scnprintf(buf, len, "%s=", line->name);
	line_lock_channels(line);
	n += chan_describe(line->in, buf + n, len - n);
	if (line->out != line->in) {
		n += scnprintf(buf + n, len - n, ",");
		n += chan_describe(line->out, buf + n, len - n);
	}
	line_unlock_channels(line);
	return n;
}

/*
 * Closes the line for all who have it open; then nobody opens it until its port's
 * mutex is given back.
 */
static void line_shut(struct line *line)
{
	struct tty_struct *tty = tty_port_tty_get(&line->port);

	if (tty) {
		tty_vhangup(tty);
		tty_kref_put(tty);
	}
	mutex_lock(&line->port.mutex);
	line_force_close(line);
}

/*
 * Port mutex held; the line is closed but for the kernel's messages.  @choice is
 * what it was, then.
 */
static int line_swap(struct line *line, struct line_choice *choice)
{
	struct line_choice old;
	int err = 0;

	line_lock_channels(line);
	line->lost = false;
	if (line->held)
		chan_close(line->out);
	chan_release(&line->chans[0]);
	chan_release(&line->chans[1]);
	old.in = line->chans[0].spec;
	old.out = line->chans[1].spec;
	line_set_channels(line, choice);
	*choice = old;
	if (line->printing) {
		err = chan_open(line->out);
		line->held = err >= 0;
	}
	line_unlock_channels(line);
	return min(err, 0);
}

/* So that a bad one does not replace a good one. */
static const char *line_check(const struct chan_spec *spec, char *reason, int size)
{
	return spec->ops && spec->ops->check ? spec->ops->check(spec, reason, size) : NULL;
}

/*
 * Another end for a line, which may be none; those who have it open see it hang
 * up.
 */
static int line_change(struct line *line, struct line_choice *choice)
{
	bool was = line_exists(line), is = choice->in.ops;
	int err;

	line_shut(line);
	err = line_swap(line, choice);
	mutex_unlock(&line->port.mutex);
	if (was && !is)
		line_unregister(line);
	else if (!was && is)
		err = line_register(line);
	return err;
}

int line_configure(const char *name, int unit, const char *value, char *why, size_t len)
{
	struct line *line = line_find(name, unit);
	struct line_choice choice = { };
	char reason[200];
	const char *error;
	int err;

	if (!line) {
		scnprintf(why, len, "%s%d: there is no such line", name, unit);
		return -ENODEV;
	}
	mutex_lock(&hotplug_lock);
	error = line_parse(&choice, value, reason, sizeof(reason)) ?:
		line_check(&choice.in, reason, sizeof(reason)) ?:
		line_check(&choice.out, reason, sizeof(reason));
	if (error) {
		scnprintf(why, len, "%s=%s: %s", line->name, value, error);
		err = -EINVAL;
	} else if (!choice.in.ops && line->printing) {
		scnprintf(why, len, "%s: the kernel's messages go there", line->name);
		err = -EBUSY;
	} else {
		err = line_change(line, &choice);
		if (err)
			scnprintf(why, len, "%s=%s: %s", line->name, value, um_strerror(err));
	}
	line_choice_forget(&choice);
	mutex_unlock(&hotplug_lock);
	return err;
}

int line_remove(const char *name, int unit, char *why, size_t len)
{
	struct line *line = line_find(name, unit);

	if (!line || !line_exists(line)) {
		scnprintf(why, len, "%s%d: there is no such device", name, unit);
		return -ENODEV;
	}
	return line_configure(name, unit, "none", why, len);
}
