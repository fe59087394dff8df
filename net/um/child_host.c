// SPDX-License-Identifier: GPL-2.0
/*
 * The side towards the guest of a process that serves a network device.
 */
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"

/* They are also the first two places of the set. */
#define FD_FRAMES	STDIN_FILENO
#define FD_CONTROL	STDOUT_FILENO

#define SNDBUF_BYTES	(4 << 20)

#define QUEUE_FRAMES	256
#define BATCH		32
/* A frame has a multiple of cache lines for itself. */
#define SLOT_BYTES	((UM_CHILD_FRAME_MAX + 63) & ~63)

/**
 * struct queue - frames that the guest has not taken yet
 * @slots:	room for all of them, whose pages are there once they are used
 * @lens:	their lengths
 * @first:	the oldest one
 * @count:	how many there are
 * @is_blocked:	the socket is full: it is of no use to try before poll() says so
 * @dropped:	how many were lost
 */
struct queue {
	unsigned char	*slots;
	size_t		lens[QUEUE_FRAMES];
	unsigned int	first;
	unsigned int	count;
	bool		is_blocked;
	unsigned long	dropped;
};

static struct queue queue;

/* Frames as they are received, likewise. */
static unsigned char *received;

static struct pollfd *poll_set;
static size_t poll_count, poll_room;

static char *(*make_stats)(void);

/* ---- the beginning ------------------------------------------------------- */

/* Pages that are never touched cost nothing. */
static void *room_for(size_t frames)
{
	void *room = mmap(NULL, frames * SLOT_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		um_child_fail("no memory for frames: %s", strerror(errno));
	return room;
}

static void start_signals(void)
{
	sigset_t none;

	/* A peer on the host may go while it is written to. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void drop_privilege(void)
{
	uid_t uid = getuid();
	gid_t gid = getgid();

	if ((gid != getegid() && setresgid(gid, gid, gid) < 0) ||
	    (uid != geteuid() && setresuid(uid, uid, uid) < 0))
		um_child_fail("cannot become the calling user: %s", strerror(errno));
}

void um_child_start(const char *name)
{
	int bytes = SNDBUF_BYTES;

	prctl(PR_SET_NAME, name);
	start_signals();
	drop_privilege();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0);
	/* Nothing of the guest's, whatever it forgot to close. */
	closefrom(STDERR_FILENO + 1);

	/* Beyond the host's limit for those who may, else up to it. */
	if (setsockopt(FD_FRAMES, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(FD_FRAMES, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	queue.slots = room_for(QUEUE_FRAMES);
	received = room_for(BATCH);
}

void um_child_library(const char *file, const char *package,
		      const struct um_child_symbol *symbols, size_t count)
{
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	void *address;

	if (!library)
		um_child_fail("%s (Debian: %s)", dlerror(), package);
	for (; count; count--, symbols++) {
		address = dlsym(library, symbols->name);
		if (!address)
			um_child_fail("%s is too old: it has no %s", file, symbols->name);
		memcpy(symbols->pointer, &address, sizeof(address));
	}
}

/* ---- control ------------------------------------------------------------- */

/* An answer that finds no place, or nobody, is lost: the guest must not stop us. */
static void tell(const char *text, size_t len)
{
	ssize_t n;

	do {
		n = send(FD_CONTROL, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
}

static void tell_line(char mark, const char *format, va_list args)
{
	char line[1 + UM_CHILD_WHY_MAX], *byte;

	line[0] = mark;
	vsnprintf(line + 1, sizeof(line) - 1, format, args);
	/* It goes to the guest's log, and has words of somebody else in it. */
	for (byte = line; *byte; byte++)
		if (!isprint((unsigned char)*byte))
			*byte = '?';
	tell(line, strlen(line));
}

void um_child_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell_line('-', format, args);
	va_end(args);
	exit(1);
}

void um_child_ready(char *(*stats)(void), const char *format, ...)
{
	va_list args;

	make_stats = stats;
	va_start(args, format);
	tell_line('+', format, args);
	va_end(args);
}

static void answer_stats(void)
{
	char *text = make_stats();
	size_t len = text ? strnlen(text, UM_CHILD_ANSWER_MAX) : 0;

	/* An empty message would look like the end. */
	if (len)
		tell(text, len);
	else
		tell("?", 1);
	free(text);
}

static bool would_block(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == EINTR;
}

static void hear_control(void)
{
	char text[16];
	ssize_t n = recv(FD_CONTROL, text, sizeof(text), MSG_DONTWAIT);

	if (n < 0 && would_block(errno))
		return;
	if (n <= 0)
		exit(0);
	if (n == 5 && !memcmp(text, "stats", 5))
		answer_stats();
	else
		tell("?", 1);
}

/* ---- waiting ------------------------------------------------------------- */

int um_child_poll_add(int fd, int events)
{
	struct pollfd *set;
	size_t room;

	if (poll_count == poll_room) {
		room = poll_room ? 2 * poll_room : 64;
		set = realloc(poll_set, room * sizeof(*set));
		if (!set)
			return -1;
		poll_set = set;
		poll_room = room;
	}
	poll_set[poll_count] = (struct pollfd){ .fd = fd, .events = events };
	return poll_count++;
}

void um_child_poll_begin(void)
{
	poll_count = 0;
	if (um_child_poll_add(FD_FRAMES, queue.count ? POLLIN | POLLOUT : POLLIN) < 0 ||
	    um_child_poll_add(FD_CONTROL, POLLIN) < 0)
		exit(1);
}

int um_child_poll_events(int place)
{
	return place < 0 ? 0 : poll_set[place].revents;
}

int um_child_poll(int timeout)
{
	if (poll(poll_set, poll_count, timeout) < 0)
		return -1;
	if (um_child_poll_events(FD_CONTROL))
		hear_control();
	if (um_child_poll_events(FD_FRAMES) & POLLOUT) {
		queue.is_blocked = false;
		um_child_flush();
	}
	return 0;
}

/* ---- frames -------------------------------------------------------------- */

void um_child_receive(void (*input)(const void *frame, size_t len))
{
	static struct mmsghdr messages[BATCH];
	static struct iovec buffers[BATCH];
	int i, count;

	for (i = 0; i < BATCH; i++) {
		buffers[i] = (struct iovec){ received + i * SLOT_BYTES, UM_CHILD_FRAME_MAX };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &buffers[i], .msg_iovlen = 1 };
	}
	count = recvmmsg(FD_FRAMES, messages, BATCH, MSG_DONTWAIT, NULL);
	if (count < 0 && would_block(errno))
		return;
	if (count <= 0)
		exit(0);
	for (i = 0; i < count; i++) {
		if (!messages[i].msg_len)
			exit(0);
		if (!(messages[i].msg_hdr.msg_flags & MSG_TRUNC))
			input(buffers[i].iov_base, messages[i].msg_len);
	}
}

static void forget_frames(unsigned int count)
{
	queue.first = (queue.first + count) % QUEUE_FRAMES;
	queue.count -= count;
	/* The pages that were used last are used again. */
	if (!queue.count)
		queue.first = 0;
}

static int send_batch(void)
{
	static struct mmsghdr messages[BATCH];
	static struct iovec buffers[BATCH];
	unsigned int i, slot;

	for (i = 0; i < BATCH && i < queue.count; i++) {
		slot = (queue.first + i) % QUEUE_FRAMES;
		buffers[i] = (struct iovec){ queue.slots + slot * SLOT_BYTES, queue.lens[slot] };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &buffers[i], .msg_iovlen = 1 };
	}
	return sendmmsg(FD_FRAMES, messages, i, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void um_child_flush(void)
{
	int sent;

	while (queue.count && !queue.is_blocked) {
		sent = send_batch();
		if (sent > 0) {
			forget_frames(sent);
			continue;
		}
		switch (errno) {
		case EINTR:
			break;
		case EAGAIN:
			queue.is_blocked = true;
			break;
		case EMSGSIZE:
		case ENOBUFS:
		case ENOMEM:
			/* It may never fit, and others wait behind it. */
			queue.dropped++;
			forget_frames(1);
			break;
		default:
			exit(0);
		}
	}
}

void um_child_send(const void *frame, size_t len)
{
	unsigned int slot;

	if (!len || len > UM_CHILD_FRAME_MAX || queue.count == QUEUE_FRAMES) {
		queue.dropped++;
		return;
	}
	slot = (queue.first + queue.count) % QUEUE_FRAMES;
	memcpy(queue.slots + slot * SLOT_BYTES, frame, len);
	queue.lens[slot] = len;
	queue.count++;
	if (queue.count >= BATCH)
		um_child_flush();
}

bool um_child_is_crowded(void)
{
	return queue.count > QUEUE_FRAMES / 2;
}

unsigned long um_child_dropped(void)
{
	return queue.dropped;
}
