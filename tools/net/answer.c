// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "answer.h"
#include "peer.h"

/* Begins a line about something that was done. */
static const char did[] = "* ";

static void add_line(struct answer *answer, const char *mark, const char *format, va_list args)
{
	size_t room = sizeof(answer->log) - answer->length;
	char line[256];
	int length;

	vsnprintf(line, sizeof(line), format, args);
	length = snprintf(answer->log + answer->length, room, "%s%s\n", mark, line);
	if ((size_t)length < room)
		answer->length += length;
}

void answer_did(struct answer *answer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_line(answer, did, format, args);
	va_end(args);
}

int answer_wrong(struct answer *answer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_line(answer, "uml_net: ", format, args);
	va_end(args);
	return -1;
}

/* The guest may be gone; there is nobody to tell that. */
static void output(const void *bytes, size_t length)
{
	const char *at = bytes;
	ssize_t done;

	while (length) {
		done = write(STDOUT_FILENO, at, length);
		if (done <= 0)
			return;
		at += done;
		length -= done;
	}
}

static void output_log(const struct answer *answer)
{
	struct um_net_log head = { .length = answer->length + 1 };

	output(&head, sizeof(head));
	output(answer->log, answer->length + 1);
}

static void clear(struct answer *answer)
{
	answer->length = 0;
	*answer->log = '\0';
}

static void send_tuntap(const struct answer *answer, const char *name, int fd)
{
	union {
		struct cmsghdr	header;
		char		bytes[CMSG_SPACE(sizeof(int))];
	} control = {
		.header.cmsg_level = SOL_SOCKET,
		.header.cmsg_type = SCM_RIGHTS,
		.header.cmsg_len = CMSG_LEN(sizeof(int)),
	};
	struct um_net_tuntap head = { 0 };
	struct iovec parts[] = {
		{ &head, sizeof(head) },
		{ (void *)answer->log, answer->length + 1 },
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = ARRAY_SIZE(parts) };

	memcpy(head.name, name, strnlen(name, sizeof(head.name) - 1));
	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	sendmsg(STDOUT_FILENO, &message, 0);
}

void answer_send_tuntap(struct answer *answer, const struct request *request,
			const char *name, int fd)
{
	static const um_u8 zero[4];

	send_tuntap(answer, name, fd);
	if (request->version == 3)
		output(zero, sizeof(zero));
	clear(answer);
}

static void send_form(struct answer *answer, const struct request *request, um_u8 status)
{
	switch (request->form) {
	case ANSWER_TEXT:
		output(answer->log, answer->length);
		break;
	case ANSWER_TUNTAP:
		answer_send_tuntap(answer, request, "", -1);
		break;
	case ANSWER_ETHERTAP:
		output(&status, sizeof(status));
		output_log(answer);
		break;
	case ANSWER_LOG:
		output_log(answer);
	}
}

void answer_send_good(struct answer *answer, const struct request *request)
{
	/* By hand, on a terminal. */
	if (isatty(STDOUT_FILENO))
		output(answer->log, answer->length);
	else
		send_form(answer, request, UM_NET_ETHERTAP_OK);
	clear(answer);
}

/* What was done is undone by now. */
static void drop_done(struct answer *answer)
{
	char *from = answer->log, *to = from, *next;

	for (; *from; from = next) {
		next = strchr(from, '\n') + 1;
		if (!strncmp(from, did, strlen(did)))
			continue;
		memmove(to, from, next - from);
		to += next - from;
	}
	*to = '\0';
	answer->length = to - answer->log;
}

void answer_send_bad(struct answer *answer, const struct request *request)
{
	bool guest = peer_is_unix(STDOUT_FILENO, 0);

	drop_done(answer);
	/* Guests show no log of a tuntap that failed. */
	if (!guest || request->form == ANSWER_TUNTAP)
		fputs(answer->log, stderr);
	if (guest || !isatty(STDOUT_FILENO))
		send_form(answer, request, UM_NET_ETHERTAP_FAILED);
	clear(answer);
}

void answer_send_change(struct answer *answer)
{
	output_log(answer);
	clear(answer);
}
