// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include "tun.h"

int tun_attach(int fd, char name[IFNAMSIZ], int flags)
{
	struct ifreq ifr = { .ifr_flags = flags };

	memcpy(ifr.ifr_name, name, IFNAMSIZ);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0)
		return -errno;
	memcpy(name, ifr.ifr_name, IFNAMSIZ);
	return 0;
}

int tun_attach_queues(int fd, char name[IFNAMSIZ], int flags)
{
	int err = tun_attach(fd, name, flags);

	/* It says so where the number of queues is the other. */
	if (err == -EINVAL)
		err = tun_attach(fd, name, flags ^ IFF_MULTI_QUEUE);
	return err;
}

const char *tun_bad_name(const char *name)
{
	if (!*name)
		return "an empty name";
	if (strlen(name) >= IFNAMSIZ)
		return "a name has at most 15 characters";
	if (!strcmp(name, ".") || !strcmp(name, "..") || strpbrk(name, "/: \t\n\v\f\r"))
		return "no name of an interface";
	return NULL;
}
