// SPDX-License-Identifier: GPL-2.0
/*
 * Programs for terminals.
 *
 *	guest-tests --helper drains TTY
 *
 * Reads lines until one is "end", while the terminal echoes them and another
 * process waits again and again for the end of output (tcdrain()), which that has to
 * see behind the last line.
 */
#define _GNU_SOURCE
#include "tap.h"
#include <fcntl.h>
#include <sched.h>
#include <termios.h>

static void drain(int fd, const volatile bool *end)
{
	/* It comes in the midst of whatever there is. */
	const struct sched_param first = { .sched_priority = 1 };
	bool last;

	if (sched_setscheduler(0, SCHED_FIFO, &first))
		_exit(2);
	do {
		last = *end;
		usleep(20);
		if (tcdrain(fd))
			_exit(1);
	} while (!last);
	_exit(0);
}

TEST_HELPER(drains)
{
	volatile bool *end = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = open(argv[1], O_RDWR | O_NOCTTY), st, tenths;
	char line[256] = "";
	pid_t drainer;
	FILE *in;

	if (fd < 0 || end == MAP_FAILED)
		return 2;
	in = fdopen(fd, "r");
	drainer = fork();
	if (!drainer)
		drain(fd, end);
	puts("reading");
	fflush(stdout);
	while (strcmp(line, "end\n") && fgets(line, sizeof(line), in))
		;
	*end = true;
	for (tenths = 0; tenths < 100; tenths++) {
		if (waitpid(drainer, &st, WNOHANG) == drainer)
			return !exited(st, 0);
		usleep(100000);
	}
	kill(drainer, SIGKILL);
	waitpid(drainer, &st, 0);
	return 1;
}
