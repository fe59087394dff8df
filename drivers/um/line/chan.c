// SPDX-License-Identifier: GPL-2.0
/*
 * The kinds of channels.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "chan.h"

static const struct chan_ops * const chan_kinds[] = {
	&chan_fd_ops,
	&chan_null_ops,
};

/* Known to users of other versions, but not to this one. */
static const char * const chan_missing[] = {
	"pty", "pts", "tty", "port", "xterm",
};

static bool chan_is_named(const char *text, int len, const char *name)
{
	return strlen(name) == len && !strncmp(text, name, len);
}

const char *chan_parse(struct chan *chan, const char *text, char *reason, int size)
{
	int all = strcspn(text, ",");
	int len = strcspn(text, ",:");
	const char *value = text[len] == ':' ? text + len + 1 : NULL;
	unsigned int i;

	if (!all)
		return "the channel is missing";
	/* No channel at all is no kind of channel. */
	if (chan_is_named(text, all, "none"))
		return NULL;

	for (i = 0; i < ARRAY_SIZE(chan_kinds); i++) {
		if (!chan_is_named(text, len, chan_kinds[i]->name))
			continue;
		chan->ops = chan_kinds[i];
		return chan->ops->parse(chan, value, reason, size);
	}
	for (i = 0; i < ARRAY_SIZE(chan_missing); i++) {
		if (!chan_is_named(text, len, chan_missing[i]))
			continue;
		snprintf(reason, size, "channel %s is not supported yet",
			 chan_missing[i]);
		return reason;
	}
	snprintf(reason, size, "unknown channel %.*s (there are fd:N, null and none)",
		 all, text);
	return reason;
}

int chan_open(struct chan *chan, enum chan_dir dir)
{
	int err;

	if (!chan->users) {
		chan->fd = -1;
		chan->is_tty = false;
		chan->never_blocks = false;
		err = chan->ops->open(chan, dir);
		if (err)
			return err;
	}
	chan->users++;
	return 0;
}

void chan_close(struct chan *chan)
{
	if (--chan->users)
		return;
	chan->ops->close(chan);
	chan->fd = -1;
}

int chan_describe(const struct chan *chan, char *buf, size_t len)
{
	if (!chan->ops)
		return scnprintf(buf, len, "none");
	if (chan->ops == &chan_fd_ops)
		return scnprintf(buf, len, "%s:%d", chan->ops->name, chan->number);
	return scnprintf(buf, len, "%s", chan->ops->name);
}
