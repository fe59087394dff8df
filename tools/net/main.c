// SPDX-License-Identifier: GPL-2.0
/*
 * uml_net: sets up the host's side of a guest's network device, as root for a
 * caller who is not.  <um/abi/uml_net.h> has the protocol, policy.h what is
 * allowed, privilege.h what is given up and when.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../lib/tun.h"
#include "address.h"
#include "host.h"
#include "privilege.h"

static const char help[] =
"Usage: uml_net 4 tuntap up GATE [vnet]\n"
"       uml_net 4 add|del DEV ADDR MASK\n"
"       uml_net 4 slip up GATE\n"
"       uml_net 4 slip down DEV\n"
"       uml_net 4 ethertap DEV DATAFD [GATE]\n"
"       uml_net --help|--version\n"
"\n"
"Sets up the host's side of a guest's network device.  Guests run it.\n"
"\n"
"  4       the version of the protocol; of 3, what differs is served as well\n"
"  GATE    address of the host's end\n"
"  vnet    a tap for checksum and segmentation offload\n"
"  DEV     interface of the host's end\n"
"  ADDR    address of the guest's end, and\n"
"  MASK    its netmask\n"
"  DATAFD  number of the descriptor that frames come and go by\n"
"\n"
"Who may use which addresses, root says in " CONFIG_PATH ".\n";

static struct host host = { .tun = -1 };

/* What takes more rights than those that are kept. */
static int open_files(const struct request *request, char **rules)
{
	char why[CONFIG_WHY_MAX];
	int found = 0, err;

	err = netlink_open(&host.nl, 0);
	if (err)
		return answer_wrong(&host.answer, "rtnetlink: %s", strerror(-err));
	if (request->op == REQUEST_TUNTAP || request->op == REQUEST_ETHERTAP ||
	    request->op == REQUEST_SLIP_UP) {
		host.tun = open(TUN_CLONE_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		if (host.tun < 0)
			return answer_wrong(&host.answer, "%s: %s", TUN_CLONE_DEVICE,
					    strerror(errno));
	}
	if (host.policy.caller.uid)
		found = config_read(CONFIG_PATH, rules, why);
	host.policy.has_file = found;
	return found < 0 ? answer_wrong(&host.answer, "%s", why) : 0;
}

/* The rights of the caller and CAP_NET_ADMIN are enough after this. */
static int begin(const struct request *request)
{
	char *rules = NULL, why[CONFIG_WHY_MAX];
	int err;

	err = privilege_caller(&host.policy.caller);
	if (err)
		return answer_wrong(&host.answer, "the caller's groups: %s", strerror(-err));
	if (open_files(request, &rules))
		return -1;
	err = privilege_drop();
	if (err)
		return answer_wrong(&host.answer,
				    "%s (it has to be setuid root, or to have CAP_NET_ADMIN)",
				    strerror(-err));
	if (rules && config_parse(CONFIG_PATH, rules, &host.policy.rules, why))
		return answer_wrong(&host.answer, "%s", why);
	free(rules);
	return 0;
}

/* An address of the guest. */
static int change(const struct request *request)
{
	struct link link;

	if (device_find(&host, request->dev, &link))
		return -1;
	return request->op == REQUEST_ADD ? guest_add(&host, &link, request->addr)
					  : guest_del(&host, &link, request->addr);
}

static int serve(const struct request *request)
{
	int err = -1;

	guest_sweep(&host.nl);
	switch (request->op) {
	case REQUEST_TUNTAP:
		return tuntap_up(&host, request);
	case REQUEST_ETHERTAP:
		return ethertap_serve(&host, request);
	case REQUEST_SLIP_UP:
		err = slip_up(&host, request);
		break;
	case REQUEST_SLIP_DOWN:
		err = slip_down(&host, request);
		break;
	default:
		err = change(request);
	}
	if (!err)
		answer_send_good(&host.answer, request);
	return err;
}

int main(int argc, char **argv)
{
	char why[ARGS_WHY_MAX];
	struct request request;
	int err;

	(void)argc;
	privilege_begin();
	err = args_parse(&request, argv, why);
	if (err)
		answer_wrong(&host.answer, "%s", why);
	request.data_fd = privilege_close_files(request.data_fd);
	if (request.op == REQUEST_HELP) {
		fputs(help, stdout);
		return 0;
	}
	if (request.op == REQUEST_VERSION) {
		printf("uml_net %s\n", VERSION);
		return 0;
	}
	if (!err)
		err = begin(&request);
	if (!err)
		err = serve(&request);
	if (err)
		answer_send_bad(&host.answer, &request);
	return err ? 1 : 0;
}
