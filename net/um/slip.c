// SPDX-License-Identifier: GPL-2.0
/*
 * slip[,<host ip>]
 *
 * A terminal of the host with SLIP on it, at the other end of which is an interface
 * of the host: uml_net makes it, or who reads the terminal's name in the log.
 */
#include <linux/kernel.h>
#include <asm/options.h>

#include <um/pty.h>
#include <um/spawn.h>
#include "net.h"

static const char *slip_parse(struct um_net *net)
{
	if (net->args.nr > 2)
		return "there is more than the host's IP";
	return um_helper_parse(net, 1);
}

/* The interface that the host's own SLIP has made, if it has. */
static int slip_up(struct um_net *net, struct um_link *link, int tty, struct um_why *why)
{
	const char *const args[] = { "slip", "up", net->gate, NULL };
	int answer, pidfd, err;

	err = um_helper_run(args, tty, -1, false, &answer, &pidfd, why);
	if (err)
		return err;
	err = um_net_wait(answer, pidfd, UM_HELPER_MS) ?:
	      um_helper_log(net, answer, link->host_dev, 1000);
	host_close(answer);
	if (err)
		host_spawn_end(pidfd);
	host_close(pidfd);
	if (!err && *link->host_dev) {
		/* It carries the packets itself: when it ends, the line is to end. */
		host_close(link->tx_fd);
		link->tx_fd = -1;
	} else if (!err) {
		err = host_tty_interface(tty, link->host_dev);
	}
	if (err)
		um_net_say(why, "uml_net has made no interface (its reason is in the log)");
	return err;
}

static int slip_open(struct um_net *net, struct um_link *link, struct um_why *why)
{
	struct host_pty pty;
	int err = host_pty_open(&pty, 0);

	if (err) {
		um_net_say(why, "no terminal: %s", um_strerror(err));
		return err;
	}
	link->fd = pty.master;
	/* So the other end lives as long as this one does, whoever opens it. */
	link->tx_fd = pty.slave;
	link->framing = &um_framing_slip;
	if (!*net->gate) {
		snprintf(link->about, sizeof(link->about),
			 "slip: the terminal %s (slattach -p slip)", pty.name);
		return 0;
	}
	err = slip_up(net, link, pty.slave, why);
	snprintf(link->about, sizeof(link->about), "slip: the host's %s, at the terminal %s",
		 link->host_dev, pty.name);
	return err;
}

const struct um_transport um_net_slip = {
	.name		= "slip",
	.ip_only	= true,
	.device		= "umn",
	.parse		= slip_parse,
	.open		= slip_open,
	.address	= um_helper_address,
};
