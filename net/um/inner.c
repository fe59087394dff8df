// SPDX-License-Identifier: GPL-2.0
/*
 * Programs inside of this executable that serve a network, each in a process of
 * its own: libraries of the host run there, and what is wrong with them stays
 * there.  Frames are messages on one socket, control goes by another (child.h).
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/options.h>

#include <um/spawn.h>
#include "net.h"

#define INNER_MS	10000
#define INNER_BUFFER	(4 << 20)

/* "+<what it serves>" or "-<why it does not>" */
static int inner_hear(struct um_link *link, const char *name, struct um_why *why)
{
	char text[sizeof(why->text)] = "";
	int err = um_net_wait(link->control, link->pidfd, INNER_MS);
	long n = err ?: host_read(link->control, text, sizeof(text) - 1);

	if (n > 0 && *text == '+') {
		snprintf(link->about, sizeof(link->about), "%s: %s", name, text + 1);
		return 0;
	}
	if (n > 0 && *text == '-')
		um_net_say(why, "%s", text + 1);
	else
		um_net_say(why, "%s: its process %s", name,
			   err == -ETIMEDOUT ? "does not answer" : "has ended");
	return -EINVAL;
}

int um_inner_start(struct um_net *net, struct um_link *link, const char *name,
		   const char *const *args, int nr_args, struct um_why *why)
{
	const char *argv[UM_ARGS_MAX + 4] = { HOST_OWN_PATH, HOST_INNER, name };
	int frames[2], control[2] = { -1, -1 }, fds[3], err, i;

	for (i = 0; i < nr_args; i++)
		argv[3 + i] = args[i];
	err = host_message_pair(frames);
	if (err)
		return um_net_say(why, "no sockets: %s", um_strerror(err));
	link->fd = frames[0];
	err = host_message_pair(control);
	link->control = control[0];
	link->answers = true;
	if (!err) {
		host_socket_buffers(frames[0], INNER_BUFFER);
		host_socket_buffers(frames[1], INNER_BUFFER);
		fds[0] = frames[1];
		fds[1] = control[1];
		fds[2] = -1;
		link->pidfd = host_spawn(argv, fds, 3);
		err = link->pidfd;
		host_close(control[1]);
	}
	host_close(frames[1]);
	if (err < 0)
		return um_net_say(why, "%s: no process: %s", name, um_strerror(err));
	link->framing = &um_framing_dgram;
	link->ends = true;
	return inner_hear(link, name, why);
}
