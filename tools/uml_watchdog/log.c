// SPDX-License-Identifier: GPL-2.0
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>
#include "../lib/log.h"
#include "log_quiet.h"

bool log_quiet;

/* A terminal that a console of the guest has made raw does not begin at the left. */
static const char *line_end(void)
{
	struct termios attr;

	if (!tcgetattr(STDERR_FILENO, &attr) && !(attr.c_oflag & OPOST))
		return "\r\n";
	return "\n";
}

void log_line(const char *format, ...)
{
	struct pollfd pollfd = { .fd = STDERR_FILENO, .events = POLLOUT };
	char line[2048] = "uml_watchdog: ";
	const size_t room = sizeof(line) - 3;
	size_t len;
	va_list args;
	int n;

	if (log_quiet)
		return;
	len = snprintf(line, sizeof(line), "uml_watchdog: ");
	va_start(args, format);
	n = vsnprintf(line + len, room - len, format, args);
	va_end(args);
	if (n > 0)
		len = len + n < room ? len + n : room - 1;
	len += snprintf(line + len, sizeof(line) - len, "%s", line_end());
	/* There is more to be done, so nobody who does not read is waited for. */
	if (poll(&pollfd, 1, 0) > 0 && pollfd.revents & POLLOUT)
		len = write(STDERR_FILENO, line, len);
}
