// SPDX-License-Identifier: GPL-2.0
/*
 * What the guest can know of a device's other end: /sys/class/net/eth0/um/spec, as
 * on the command line; .../link, what there is; and .../stats, for slirp and pcap
 * what the process says that serves it.
 */
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/rtnetlink.h>
#include <linux/sysfs.h>

#include "net.h"

/* The process answers at once, unless it is stopped or starved. */
#define STATS_MS	2000

static ssize_t spec_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", um_net_of(to_net_dev(dev))->spec);
}
static DEVICE_ATTR_ADMIN_RO(spec);

static ssize_t link_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct um_net *net = um_net_of(to_net_dev(dev));
	ssize_t n;

	/* Who removes the device has that lock, and waits for us. */
	if (!rtnl_trylock())
		return restart_syscall();
	n = sysfs_emit(buf, "%s\n", net->link.fd >= 0 ? net->link.about : "none");
	rtnl_unlock();
	return n;
}
static DEVICE_ATTR_ADMIN_RO(link);

/* 0, or -errno; the answer comes to um_net_answer(). */
static int stats_ask(struct um_net *net)
{
	long n;

	if (!rtnl_trylock())
		return restart_syscall();
	if (READ_ONCE(net->going))
		n = -ENODEV;
	else if (!net->link.answers)
		n = -EOPNOTSUPP;
	else if (net->link.control < 0)
		n = -ENOTCONN;
	else
		n = host_write(net->link.control, "stats", 5);
	rtnl_unlock();
	return min(n, 0);
}

static ssize_t stats_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct um_net *net = um_net_of(to_net_dev(dev));
	struct um_question *q = &net->question;
	ssize_t n;

	if (mutex_lock_interruptible(&q->one_mutex))
		return -ERESTARTSYS;
	mutex_lock(&q->mutex);
	q->answer = buf;
	q->len = -ETIMEDOUT;
	reinit_completion(&q->answered);
	mutex_unlock(&q->mutex);
	n = stats_ask(net);
	if (!n)
		wait_for_completion_killable_timeout(&q->answered, msecs_to_jiffies(STATS_MS));
	mutex_lock(&q->mutex);
	q->answer = NULL;
	n = n ?: q->len;
	mutex_unlock(&q->mutex);
	mutex_unlock(&q->one_mutex);
	return n;
}
static DEVICE_ATTR_ADMIN_RO(stats);

static void um_net_answer_with(struct um_net *net, const char *text, int len, int err)
{
	struct um_question *q = &net->question;

	mutex_lock(&q->mutex);
	if (q->answer) {
		q->len = err ?: sysfs_emit(q->answer, "%.*s\n", len, text);
		q->answer = NULL;
		complete(&q->answered);
	}
	mutex_unlock(&q->mutex);
}

void um_net_answer(struct um_net *net, const char *text, unsigned int len)
{
	while (len && text[len - 1] == '\n')
		len--;
	um_net_answer_with(net, text, len, 0);
}

void um_net_answer_none(struct um_net *net)
{
	um_net_answer_with(net, NULL, 0, -ENODEV);
}

static struct attribute *um_net_attrs[] = {
	&dev_attr_spec.attr,
	&dev_attr_link.attr,
	&dev_attr_stats.attr,
	NULL,
};

static const struct attribute_group um_net_group = {
	.name	= "um",
	.attrs	= um_net_attrs,
};

void um_sysfs_init(struct um_net *net)
{
	mutex_init(&net->question.one_mutex);
	mutex_init(&net->question.mutex);
	init_completion(&net->question.answered);
	net->dev->sysfs_groups[0] = &um_net_group;
}
