// SPDX-License-Identifier: GPL-2.0
/*
 * What the guest can know of the other end of a line: /sys/class/tty/ttyS0/channel
 * and .../term.
 */
#include <linux/device.h>
#include <linux/kernel.h>
#include <linux/sysfs.h>

#include <um/line.h>
#include "line.h"

/* As on the command line, or more precise: "pts:/dev/pts/5". */
static ssize_t channel_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct line *line = dev_get_drvdata(dev);
	char text[3 * CHAN_VALUE];
	int n = line_describe(line->class->name, line->index, text, sizeof(text));

	return n < 0 ? n : sysfs_emit(buf, "%s\n", strchr(text, '=') + 1);
}
static DEVICE_ATTR_RO(channel);

/* The type that the terminal there says it is; an empty line: it has not. */
static ssize_t term_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct line *line = dev_get_drvdata(dev);
	struct chan *chan;
	const char *term = NULL;
	ssize_t n;

	line_lock_channels(line);
	chan = line->in;
	if (chan->up && chan->spec.ops->get_term)
		term = chan->spec.ops->get_term(chan);
	n = sysfs_emit(buf, "%s\n", term ?: "");
	line_unlock_channels(line);
	return n;
}
static DEVICE_ATTR_RO(term);

static struct attribute *line_attrs[] = {
	&dev_attr_channel.attr,
	&dev_attr_term.attr,
	NULL,
};

static const struct attribute_group line_group = {
	.attrs = line_attrs,
};

const struct attribute_group *line_groups[] = {
	&line_group,
	NULL,
};
