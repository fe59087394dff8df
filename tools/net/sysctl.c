// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "sysctl.h"

int sysctl_set(const char *name, char value)
{
	char path[128], old = '\0';
	int fd, err = 1;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	/* Where it cannot be written it may have the right value all the same. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (read(fd, &old, 1) < 0)
		err = -errno;
	close(fd);
	if (err < 0 || old == value)
		return err < 0 ? err : 0;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, &value, 1) != 1)
		err = -errno;
	close(fd);
	return err;
}

int sysctl_set_dev(const char *ip, const char *dev, const char *name, char value)
{
	char full[64];

	snprintf(full, sizeof(full), "%s/conf/%s/%s", ip, dev, name);
	return sysctl_set(full, value);
}
