// SPDX-License-Identifier: GPL-2.0
/*
 * Commands: from connections to the management socket, each of which has one
 * answered and is closed; and from the terminal.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "log.h"
#include "switch.h"

#define LINE_MAX_LEN	128
#define SESSIONS_MAX	16
/* What is read behind a command, and not looked at. */
#define DISCARD_MAX	4096

/**
 * struct session - a connection to the management socket
 * @source:	the connection
 * @next:	the one that came before it
 * @line:	the command, as far as it has come
 * @len:	bytes in @line
 * @answer:	NULL until there is one
 * @size:	bytes in @answer
 * @sent:	how many are sent
 */
struct session {
	struct source	source;
	struct session	*next;
	char		line[LINE_MAX_LEN];
	size_t		len;
	char		*answer;
	size_t		size;
	size_t		sent;
};

static struct uml_switch *mgmt_switch;
static struct path_socket mgmt_path = { .fd = -1, .dir = -1 };
static struct source mgmt_source = { .fd = -1 };
static struct session *sessions;	/* the newest first */

static void session_end(struct session *session)
{
	struct session **at = &sessions;

	while (*at != session)
		at = &(*at)->next;
	*at = session->next;
	event_close(&session->source);
	free(session->answer);
	free(session);
}

static void session_send(struct session *session)
{
	int rest = DISCARD_MAX / sizeof(session->line);
	ssize_t n;

	n = send(session->source.fd, session->answer + session->sent,
		 session->size - session->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		session->sent += n;
	if (n > 0 && session->sent < session->size)
		return;
	/* The end of a connection with unread input would look like an error. */
	while (n > 0 && rest-- > 0)
		n = recv(session->source.fd, session->line, sizeof(session->line), MSG_DONTWAIT);
	session_end(session);
}

static void session_answer(struct session *session)
{
	FILE *to = open_memstream(&session->answer, &session->size);

	session->line[strcspn(session->line, "\r\n")] = 0;
	if (to) {
		stats_command(mgmt_switch, session->line, to);
		fclose(to);
	}
	if (!session->size) {
		session_end(session);
		return;
	}
	event_change(&session->source, EPOLLOUT);
	session_send(session);
}

static void session_ready(struct source *source, um_u32 events)
{
	struct session *session = source_of(source, struct session, source);
	size_t room = sizeof(session->line) - 1 - session->len;
	ssize_t n;

	if (session->answer) {
		if (events & (EPOLLERR | EPOLLHUP))
			session_end(session);
		else
			session_send(session);
		return;
	}
	n = recv(session->source.fd, session->line + session->len, room, MSG_DONTWAIT);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			session_end(session);
		return;
	}
	session->len += n;
	session->line[session->len] = 0;
	/* The end of a line, of what is sent, or of what a line may have. */
	if (!n || strchr(session->line, '\n') || session->len == sizeof(session->line) - 1)
		session_answer(session);
}

static void session_start(int fd)
{
	struct session *session = calloc(1, sizeof(*session)), *oldest;
	int n = 0;

	if (!session) {
		close(fd);
		return;
	}
	session->source = (struct source) { fd, session_ready };
	session->next = sessions;
	sessions = session;
	if (event_add(&session->source, EPOLLIN)) {
		session_end(session);
		return;
	}
	for (oldest = session; oldest->next; oldest = oldest->next)
		n++;
	if (n >= SESSIONS_MAX)
		session_end(oldest);
}

static void mgmt_ready(struct source *source, um_u32 events)
{
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0)
		session_start(fd);
}

int mgmt_open(struct uml_switch *sw, const char *path)
{
	mgmt_switch = sw;
	if (path_socket_open(&mgmt_path, "--mgmt", path, SOCK_STREAM, 0600))
		return -1;
	mgmt_source = (struct source) { mgmt_path.fd, mgmt_ready };
	return event_add(&mgmt_source, EPOLLIN) ? -1 : 0;
}

void mgmt_close(void)
{
	while (sessions)
		session_end(sessions);
	event_close(&mgmt_source);
	path_socket_remove(&mgmt_path);
}

/* ---- the terminal -------------------------------------------------------- */

static bool stdin_in_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static void stdin_ready(struct source *source, um_u32 events)
{
	char line[LINE_MAX_LEN];
	ssize_t n;

	(void)events;
	/* What is typed is for the shell, until the job is continued. */
	if (!stdin_in_foreground()) {
		event_remove(source);
		return;
	}
	n = read(source->fd, line, sizeof(line) - 1);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		log_line("end of input on the terminal");
		mgmt_switch->stop = true;
		return;
	}
	line[n] = 0;
	line[strcspn(line, "\n")] = 0;
	stats_command(mgmt_switch, line, stdout);
	fflush(stdout);
}

static struct source stdin_source = { STDIN_FILENO, stdin_ready };

void mgmt_stdin_open(struct uml_switch *sw)
{
	mgmt_switch = sw;
	if (isatty(STDIN_FILENO))
		event_add(&stdin_source, EPOLLIN);
}

void mgmt_stdin_continue(void)
{
	if (mgmt_switch && isatty(STDIN_FILENO))
		event_add(&stdin_source, EPOLLIN);
}
