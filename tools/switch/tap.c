// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../lib/tun.h"
#include "log.h"
#include "switch.h"

int tap_open(struct uml_switch *sw, struct endpoint *at)
{
	char name[IFNAMSIZ] = "";
	int fd, err;

	fd = open(TUN_CLONE_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		log_line("-tap %s: %s: %s", at->name, TUN_CLONE_DEVICE, strerror(errno));
		return -1;
	}
	snprintf(name, sizeof(name), "%s", at->name);
	err = tun_attach_queues(fd, name, IFF_TAP | IFF_NO_PI);
	if (err) {
		log_line("-tap %s: %s%s", at->name, strerror(-err),
			 err == -EPERM ? " (tunctl -u USER makes one for a user)" : "");
		close(fd);
		return -1;
	}
	if (!port_add(sw, at, fd, NULL)) {
		close(fd);
		return -1;
	}
	return 0;
}
