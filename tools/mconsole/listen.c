// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include "../lib/clock.h"
#include "../lib/json.h"
#include "../lib/log.h"
#include "../lib/path.h"
#include "answer.h"
#include "listen.h"
#include "text.h"

#define DATAGRAM_MAX	65536

/* A descriptor from which signals that end us are read, or -1 after a line. */
static int open_signals(void)
{
	sigset_t signals;
	int fd;

	/* Those that are ignored, as nohup wants it, are not seen there. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* The socket is to be removed when nobody reads any more, too. */
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (fd < 0)
		log_line("--listen: %s", strerror(errno));
	return fd;
}

static void print_notification(const struct options *options,
			       const struct notification *notification)
{
	static const char * const names[UM_MCONSOLE_NR_TYPES] = {
		[UM_MCONSOLE_SOCKET] = "socket",
		[UM_MCONSOLE_PANIC] = "panic",
		[UM_MCONSOLE_HANG] = "hang",
		[UM_MCONSOLE_USER] = "user",
	};
	char *text = make_text("%.*s", (int)notification->len, notification->text);
	int type = notification->type;
	char *name, *end;

	if (type >= 0 && type < UM_MCONSOLE_NR_TYPES)
		name = make_text("%s", names[type]);
	else
		name = make_text("type%d", type);
	if (options->json) {
		printf("{\"type\": \"%s\", \"text\": ", name);
		json_string(text);
		puts("}");
	} else {
		/* Each is a line, of which it may have the end. */
		end = text + notification->len;
		if (end > text && end[-1] == '\n')
			*--end = 0;
		while ((end = memrchr(text, '\n', end - text)))
			*end = ' ';
		printf("%s ", name);
		print_text(text, "\t");
		putchar('\n');
	}
	free(name);
	free(text);
}

/* Until a datagram is there, or @stop because a signal is. */
static enum status wait_for_datagram(const struct options *options, int fd, int signals,
				     bool *stop)
{
	struct pollfd pollfds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	long end = clock_ms() + options->timeout, left;
	int n;

	do {
		left = end - clock_ms();
		n = poll(pollfds, ARRAY_SIZE(pollfds),
			 !options->timeout ? -1 : left > 0 ? left : 0);
	} while (n < 0 && errno == EINTR);
	*stop = pollfds[0].revents;
	if (n > 0)
		return STATUS_OK;
	if (n < 0) {
		log_line("--listen %s: %s", options->listen, strerror(errno));
		return STATUS_USAGE;
	}
	log_line("--listen %s: no notification within %g seconds", options->listen,
		 options->timeout / 1000.0);
	return STATUS_TIMEOUT;
}

static enum status listen_loop(const struct options *options, int fd, int signals)
{
	static char datagram[DATAGRAM_MAX];
	struct notification notification;
	unsigned long seen = 0;
	enum status status;
	bool stop = false;
	const char *why;
	ssize_t n;

	while (!ferror(stdout) && (!options->count || seen < options->count)) {
		status = wait_for_datagram(options, fd, signals, &stop);
		if (status || stop)
			return status;
		n = recv(fd, datagram, sizeof(datagram), 0);
		if (n < 0)
			continue;
		why = notification_parse(&notification, datagram, n);
		if (why) {
			log_line("--listen %s: %zd bytes are no notification: %s",
				 options->listen, n, why);
			continue;
		}
		print_notification(options, &notification);
		fflush(stdout);
		seen++;
	}
	return STATUS_OK;
}

enum status listen_run(const struct options *options)
{
	struct path_socket sock;
	int signals = open_signals();
	enum status status;

	if (signals < 0)
		return STATUS_USAGE;
	if (path_socket_open(&sock, "--listen", options->listen, SOCK_DGRAM, 0600))
		return STATUS_USAGE;
	status = listen_loop(options, sock.fd, signals);
	path_socket_remove(&sock);
	return status;
}
