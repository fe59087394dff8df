// SPDX-License-Identifier: GPL-2.0
/* In a guest: each word is something to do with /dev/watchdog, which is opened first. */
#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int fd;

static void number(const char *word, unsigned long request, int value)
{
	if (ioctl(fd, request, &value) < 0)
		printf("%s: %s\n", word, strerror(errno));
	else
		printf("%s: %d\n", word, value);
}

int main(int argc, char **argv)
{
	struct watchdog_info info = { 0 };

	fd = open("/dev/watchdog", O_WRONLY);
	if (fd < 0) {
		printf("open: %s\n", strerror(errno));
		return 1;
	}
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i], *value = strchr(word, '=');

		if (!strcmp(word, "support")) {
			ioctl(fd, WDIOC_GETSUPPORT, &info);
			printf("support: %#x %s\n", info.options, (char *)info.identity);
		} else if (!strcmp(word, "ping")) {
			number(word, WDIOC_KEEPALIVE, 0);
		} else if (!strcmp(word, "timeout")) {
			number(word, WDIOC_GETTIMEOUT, 0);
		} else if (!strcmp(word, "left")) {
			number(word, WDIOC_GETTIMELEFT, 0);
		} else if (!strcmp(word, "status")) {
			number(word, WDIOC_GETSTATUS, 0);
		} else if (!strcmp(word, "boot")) {
			number(word, WDIOC_GETBOOTSTATUS, 0);
		} else if (!strncmp(word, "timeout=", 8)) {
			number(word, WDIOC_SETTIMEOUT, atoi(value + 1));
		} else if (!strcmp(word, "off")) {
			number(word, WDIOC_SETOPTIONS, WDIOS_DISABLECARD);
		} else if (!strcmp(word, "on")) {
			number(word, WDIOC_SETOPTIONS, WDIOS_ENABLECARD);
		} else if (!strcmp(word, "V")) {
			if (write(fd, "V", 1) < 0)
				printf("V: %s\n", strerror(errno));
		} else if (!strcmp(word, "again")) {
			printf("again: %s\n", open("/dev/watchdog", O_WRONLY) < 0 ?
			       strerror(errno) : "opened");
		}
	}
	return 0;
}
