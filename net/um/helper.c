// SPDX-License-Identifier: GPL-2.0
/*
 * uml_net, the program that sets up the host's side of a device where that takes
 * privileges which the guest has not (um/abi/uml_net.h).
 */
#define pr_fmt(fmt) fmt

#include <linux/ctype.h>
#include <linux/slab.h>
#include <asm/options.h>

#include <um/abi/uml_net.h>
#include <um/spawn.h>
#include "net.h"

#define HELPER_ARGS	8

int um_helper_run(const char *const *args, int in, int extra, bool dgram, int *answer,
		  int *pidfd, struct um_why *why)
{
	const char *argv[HELPER_ARGS] = { NULL, __stringify(UM_NET_VERSION) };
	char *path = kmalloc(HOST_PATH_MAX, GFP_KERNEL);
	int ends[2], fds[4] = { in, -1, 2, extra };
	int i, err;

	if (!path)
		return -ENOMEM;
	err = host_find_program(UM_NET_PROGRAM, path, HOST_PATH_MAX);
	if (err) {
		um_net_say(why, "there is no program %s on the host, which it needs",
			   UM_NET_PROGRAM);
		goto out;
	}
	argv[0] = path;
	for (i = 0; args[i]; i++)
		argv[2 + i] = args[i];
	err = dgram ? host_dgram_pair(ends) : host_stream_pair(ends);
	if (err) {
		um_net_say(why, "no sockets: %s", um_strerror(err));
		goto out;
	}
	/* It waits for what it reads. */
	host_set_nonblock(ends[1], 0);
	fds[1] = ends[1];
	*pidfd = host_spawn(argv, fds, extra >= 0 ? 4 : 3);
	host_close(ends[1]);
	if (*pidfd < 0) {
		err = *pidfd;
		host_close(ends[0]);
		um_net_say(why, "%s: %s", path, um_strerror(err));
		goto out;
	}
	*answer = ends[0];
out:
	kfree(path);
	return err;
}

const char *um_helper_parse(struct um_net *net, int at)
{
	u8 addr[4];

	net->gate = net->args.arg[at];
	return *net->gate && um_args_ipv4(net->gate, addr) ?
	       "the host's IP is not like 192.168.0.254" : NULL;
}

void um_helper_print(struct um_net *net, const char *log, size_t len)
{
	while (len && *log) {
		size_t n = strnlen(log, len), line = strcspn(log, "\n");
		char text[256];
		size_t i;

		n = min3(n, line, sizeof(text) - 1);
		for (i = 0; i < n; i++)
			text[i] = isprint(log[i]) ? log[i] : '?';
		text[n] = 0;
		/* Once, where it is tried again and again. */
		if (n && !net->told)
			pr_info("%s: %s\n", net->irq_name, text);
		n += log[n] == '\n';
		log += n;
		len -= min(n, len);
	}
}

/* @len bytes; they come when they come. */
static int um_helper_read(int answer, void *buf, size_t len, unsigned int ms)
{
	while (len) {
		long n;
		int err = um_net_wait(answer, -1, ms);

		if (err)
			return err;
		n = host_read(answer, buf, len);
		if (n == -EAGAIN)
			continue;
		if (n <= 0)
			return n ?: -EPIPE;
		buf += n;
		len -= n;
	}
	return 0;
}

/* The interface that the log names, if it does. */
static void um_helper_device(const char *log, char device[HOST_TAP_NAME])
{
	const char *at = strstr(log, UM_NET_SLIP_DEV);
	size_t len;

	if (!at)
		return;
	at += strlen(UM_NET_SLIP_DEV);
	len = strcspn(at, "\n");
	if (len && len < HOST_TAP_NAME) {
		memcpy(device, at, len);
		device[len] = 0;
	}
}

int um_helper_log(struct um_net *net, int answer, char *device, unsigned int ms)
{
	struct um_net_log head;
	int err = um_helper_read(answer, &head, sizeof(head), ms);
	char *log;

	if (err)
		return err;
	if (head.length < 0 || head.length > UM_NET_LOG_MAX)
		return -EPROTO;
	if (!head.length)
		return 0;
	log = kzalloc(head.length + 1, GFP_KERNEL);
	if (!log)
		return -ENOMEM;
	err = um_helper_read(answer, log, head.length, ms);
	if (!err)
		um_helper_print(net, log, head.length);
	if (!err && device)
		um_helper_device(log, device);
	kfree(log);
	return err;
}

void um_helper_address(struct um_net *net, struct um_link *link, bool add, __be32 addr,
		       __be32 mask)
{
	char a[16], m[16];
	const char *const args[] = { add ? "add" : "del", link->host_dev, a, m, NULL };
	struct um_why why = { };
	int answer, pidfd, err;

	if (!*net->gate)
		return;
	snprintf(a, sizeof(a), "%pI4", &addr);
	snprintf(m, sizeof(m), "%pI4", &mask);
	err = um_helper_run(args, -1, -1, false, &answer, &pidfd, &why);
	if (!err) {
		err = um_net_wait(answer, pidfd, UM_HELPER_MS) ?:
		      um_helper_log(net, answer, NULL, 1000);
		host_close(answer);
		if (err)
			host_spawn_end(pidfd);
		host_close(pidfd);
		um_net_say(&why, "uml_net has not answered");
	}
	if (err)
		pr_warn("%s: %s %s: %s\n", net->dev->name, args[0], a, why.text);
}
