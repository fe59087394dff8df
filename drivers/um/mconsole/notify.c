// SPDX-License-Identifier: GPL-2.0
/*
 * Notifications: mconsole=notify:SOCKET, and what the guest has to say by writing
 * to /proc/mconsole.
 */
#define pr_fmt(fmt) "mconsole: " fmt

#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/panic_notifier.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/options.h>
#include <um/host.h>

#include "mconsole.h"

static const char *notify_path;
static struct host_address notify_to;
static int notify_fd = -1;

static int __init um_mconsole_option(char *arg)
{
	const char *path = arg + strlen("notify:");

	if (strncmp(arg, "notify:", strlen("notify:")))
		return um_option_error("mconsole=%s: only notify:SOCKET is known", arg);
	if (!*path)
		return um_option_error("mconsole=notify:: the name of the socket is missing");
	if (host_unix_address(&notify_to, path))
		return um_option_error("mconsole=notify:%s: longer than a socket's name may be",
				       path);
	notify_path = path;
	return 0;
}

UM_OPTION(mconsole, "mconsole=", um_mconsole_option, "mconsole=notify:SOCKET",
	  "A UNIX datagram socket that is told when the management console is\n"
	  "there, when the kernel panics, and what the guest writes to\n"
	  "/proc/mconsole.\n");

const char *mconsole_notify_path(void)
{
	return notify_path;
}

static int mconsole_notify_send(enum um_mconsole_type type, const char *data, size_t len)
{
	struct um_mconsole_notify notify = {
		.magic = UM_MCONSOLE_MAGIC,
		.version = UM_MCONSOLE_VERSION,
		.type = type,
		.length = min_t(size_t, len, UM_MCONSOLE_DATA),
	};

	if (notify_fd < 0)
		return -ENOTCONN;
	memcpy(notify.data, data, notify.length);
	return host_dgram_send(notify_fd, &notify_to, &notify,
			       UM_MCONSOLE_NOTIFY_HEAD + notify.length);
}

void mconsole_notify(enum um_mconsole_type type, const char *data, size_t len)
{
	int err = mconsole_notify_send(type, data, len);

	if (err && err != -ENOTCONN)
		pr_warn("notify:%s: %s\n", notify_path, um_strerror(err));
}

static int mconsole_panic(struct notifier_block *nb, unsigned long event, void *message)
{
	mconsole_notify_send(UM_MCONSOLE_PANIC, message, strlen(message) + 1);
	return NOTIFY_DONE;
}

static struct notifier_block mconsole_panic_notifier = {
	.notifier_call = mconsole_panic,
	/* Before what may take long. */
	.priority = INT_MAX,
};

static ssize_t mconsole_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	size_t n = min_t(size_t, len, UM_MCONSOLE_DATA);
	char *data = memdup_user(buf, n);
	int err;

	if (IS_ERR(data))
		return PTR_ERR(data);
	err = mconsole_notify_send(UM_MCONSOLE_USER, data, n);
	kfree(data);
	return err ?: len;
}

static const struct proc_ops mconsole_proc_ops = {
	.proc_write	= mconsole_write,
	.proc_lseek	= noop_llseek,
};

static int __init mconsole_notify_init(void)
{
	if (notify_path) {
		notify_fd = host_dgram_open();
		if (notify_fd < 0)
			pr_err("notify:%s: %s\n", notify_path, um_strerror(notify_fd));
	}
	atomic_notifier_chain_register(&panic_notifier_list, &mconsole_panic_notifier);
	proc_create("mconsole", 0200, NULL, &mconsole_proc_ops);
	return 0;
}
fs_initcall(mconsole_notify_init);
