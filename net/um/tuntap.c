// SPDX-License-Identifier: GPL-2.0
/*
 * tuntap[,<tap>][,<mac>][,<host ip>]
 *
 * A tap of the host: one that is there, one that the user may make, or one that
 * uml_net makes, with all that the host needs to reach the guest.
 */
#include <um/abi/uml_net.h>
#include <um/spawn.h>
#include <asm/options.h>

#include "net.h"

static const char *tuntap_parse(struct um_net *net)
{
	const char *tap = net->args.arg[1], *why = um_helper_parse(net, 3);

	if (net->args.nr > 4)
		return "there is more than a tap, a MAC address and the host's IP";
	if (strlen(tap) >= HOST_TAP_NAME || strchr(tap, '/'))
		return "the tap's name is none: it has at most 15 characters";
	if (!why && *tap && *net->gate)
		return "a tap that is there has its IP already: give one of both";
	return why;
}

static int tuntap_open_own(struct um_net *net, struct um_link *link, struct um_why *why)
{
	const char *tap = net->args.arg[1];
	bool known = net->dev->reg_state == NETREG_REGISTERED;
	int fd;

	/* Whoever has removed it does not want it back. */
	if (known && *tap && host_interface_exists(tap) <= 0) {
		um_net_say(why, "%s: the host has no interface %s any more", net->spec, tap);
		return -EAGAIN;
	}
	strscpy(link->host_dev, *tap ? tap : "tap%d", sizeof(link->host_dev));
	fd = host_tap_open(link->host_dev, &link->vnet);
	switch (fd) {
	case 0 ... INT_MAX:
		break;
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		um_net_say(why, "the host has no taps: /dev/net/tun: %s", um_strerror(fd));
		break;
	case -EBUSY:
		um_net_say(why, "tap %s: another program has it", tap);
		break;
	case -EINVAL:
		um_net_say(why, "%s of the host is no tap", *tap ? tap : "it");
		break;
	case -EPERM:
	case -EACCES:
		if (!*tap)
			um_net_say(why, "this user may not make a tap: give one that is there, or the host's IP for uml_net to make one");
		else if (host_interface_exists(tap) > 0)
			um_net_say(why, "tap %s: it is not this user's (tunctl -u USER -t %s)",
				   tap, tap);
		else
			um_net_say(why, "tap %s: the host has none of that name, and this user may not make it",
				   tap);
		break;
	default:
		um_net_say(why, "tap %s: %s", link->host_dev, um_strerror(fd));
	}
	if (fd < 0)
		return known ? -EAGAIN : fd;
	link->fd = fd;
	return 0;
}

static int tuntap_by_helper(struct um_net *net, struct um_link *link, struct um_why *why)
{
	const char *const args[] = { "tuntap", "up", net->gate, UM_NET_VNET, NULL };
	struct {
		struct um_net_tuntap	head;
		char			log[UM_NET_LOG_MAX];
	} *answer;
	int socket, err, fd = -1;
	long n;

	answer = kzalloc(sizeof(*answer), GFP_KERNEL);
	if (!answer)
		return -ENOMEM;
	err = um_helper_run(args, -1, -1, true, &socket, &link->pidfd, why);
	if (err)
		goto out;
	n = um_net_wait(socket, link->pidfd, UM_HELPER_MS);
	if (!n)
		n = host_stream_receive(socket, answer, sizeof(*answer) - 1, &fd);
	host_close(socket);
	if (n > (long)sizeof(answer->head))
		um_helper_print(net, answer->log, n - sizeof(answer->head));
	err = -EIO;
	if (fd < 0) {
		um_net_say(why, "uml_net has made no tap (its reason is in the log)");
		goto out;
	}
	link->fd = fd;
	if (host_set_nonblock(fd, 1) < 0 ||
	    host_tap_identify(fd, link->host_dev, &link->vnet)) {
		um_net_say(why, "uml_net: what it has made is no tap");
		goto out;
	}
	err = 0;
out:
	kfree(answer);
	/* It has ended, or should have. */
	if (link->pidfd >= 0) {
		host_spawn_end(link->pidfd);
		host_close(link->pidfd);
	}
	link->pidfd = -1;
	return err;
}

static int tuntap_open(struct um_net *net, struct um_link *link, struct um_why *why)
{
	int err = *net->gate ? tuntap_by_helper(net, link, why) :
				      tuntap_open_own(net, link, why);

	link->framing = &um_framing_tap;
	snprintf(link->about, sizeof(link->about), "tuntap: the host's %s%s", link->host_dev,
		 link->vnet ? ", with offloads" : "");
	return err;
}

const struct um_transport um_net_tuntap = {
	.name		= "tuntap",
	.mac_at		= 2,
	.parse		= tuntap_parse,
	.open		= tuntap_open,
	.address	= um_helper_address,
};
