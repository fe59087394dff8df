// SPDX-License-Identifier: GPL-2.0
/*
 * Stubs under seccomp: the first worker, and what is done to all.
 *
 * A system call of the guest costs two calls here: host_notify_send() and
 * host_notify_recv().  Nothing may be added to them.
 */
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "internal.h"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS		SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP	(1UL << 0)
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open	434
#endif

_Static_assert(sizeof(struct host_notify) == sizeof(struct seccomp_notif), "");
_Static_assert(offsetof(struct host_notify, args) ==
	       offsetof(struct seccomp_notif, data.args), "");
_Static_assert(sizeof(struct host_answer) == sizeof(struct seccomp_notif_resp), "");

/* ---- notifications ------------------------------------------------------ */

/* Before Linux 6.11 nobody wakes who waits for threads that have ended. */
static int must_poll;

static int is_old(void)
{
	struct utsname name;
	char *end;
	long major, minor;

	if (sys(SYS_uname, &name))
		return 1;
	major = strtol(name.release, &end, 10);
	minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
	return major < 6 || (major == 6 && minor < 11);
}

int host_notify_allowed(void)
{
	struct seccomp_notif_sizes sizes;
	int err = sys(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);

	if (err)
		return err;
	must_poll = is_old();
	return sizes.seccomp_notif == sizeof(struct host_notify) &&
	       sizes.seccomp_notif_resp == sizeof(struct host_answer) ? 0 : -EPROTO;
}

unsigned long host_notify_answer_nr(void)
{
	return SECCOMP_IOCTL_NOTIF_SEND;
}

int host_notify_sync(int listener)
{
	return sys(SYS_ioctl, listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS,
		   SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

static int is_hung_up(int listener)
{
	struct pollfd p = { .fd = listener };

	return sys_retry(SYS_poll, &p, 1, 0) == 1 && p.revents & POLLHUP;
}

int host_notify_recv(int listener, struct host_notify *n)
{
	long err;

	if (must_poll) {
		struct pollfd p = { .fd = listener, .events = POLLIN };

		err = sys(SYS_poll, &p, 1, -1);
		if (err < 0)
			return err;
		if (!(p.revents & POLLIN))
			return -ESRCH;
	}
	memset(n, 0, sizeof(*n));
	err = sys(SYS_ioctl, listener, SECCOMP_IOCTL_NOTIF_RECV, n);
	if (__builtin_expect(err != -ENOENT, 1))
		return err;
	return is_hung_up(listener) ? -ESRCH : -ENOENT;
}

int host_notify_send(int listener, um_u64 id, um_s64 val)
{
	struct host_answer answer = { .id = id, .val = val };

	/* It may wait for a lock, which a signal to this thread ends. */
	return sys_retry(SYS_ioctl, listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* ---- what is done to all stubs ------------------------------------------ */

int host_tgkill(int pid, int tid, int sig)
{
	return sys(SYS_tgkill, pid, tid, sig);
}

int host_pidfd(int pid)
{
	return sys(SYS_pidfd_open, pid, 0);
}

int host_socketpair(int fds[2])
{
	return sys(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds);
}

int host_recv_fd(int sock)
{
	union {
		struct cmsghdr	h;
		char		space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	long n;
	int fd;

	n = sys_retry(SYS_recvmsg, sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n <= 0)
		return n ?: -EPIPE;
	if (msg.msg_controllen < CMSG_LEN(sizeof(int)) ||
	    control.h.cmsg_type != SCM_RIGHTS)
		return msg.msg_flags & MSG_CTRUNC ? -EMFILE : -EPROTO;
	memcpy(&fd, CMSG_DATA(&control.h), sizeof(fd));
	return fd;
}

void host_message_fd(void *to, um_u64 address, int fd)
{
	struct {
		struct msghdr	msg;
		struct iovec	iov;
		struct cmsghdr	head;
		int		fd;
	} __attribute__((aligned(8))) m = {
		.msg = {
			.msg_iovlen = 1,
			.msg_controllen = CMSG_LEN(sizeof(int)),
		},
		.iov.iov_len = 1,
		.head = {
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		},
		.fd = fd,
	};

	_Static_assert(sizeof(m) <= HOST_MESSAGE_SIZE, "");
	m.msg.msg_iov = (void *)(address + ((char *)&m.iov - (char *)&m));
	m.msg.msg_control = (void *)(address + ((char *)&m.head - (char *)&m));
	/* Some byte has to go with it. */
	m.iov.iov_base = (void *)address;
	memcpy(to, &m, sizeof(m));
}

int host_eventfd(void)
{
	return sys(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
}

long host_event_take(int event)
{
	um_u64 n;
	long ret = sys_retry(SYS_read, event, &n, sizeof(n));

	return ret < 0 ? ret : (long)n;
}

long host_event_wait(int event, int pidfd)
{
	struct pollfd p[2] = {
		{ .fd = event, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};

	for (;;) {
		long ret;

		/* If the host has no memory for it, it is asked again. */
		if (sys_retry(SYS_poll, p, 2, -1) < 0)
			continue;
		ret = host_event_take(event);
		/* Whatever it has done before. */
		if (p[1].revents)
			return -ESRCH;
		if (ret != -EAGAIN)
			return ret;
	}
}

long host_shared_alloc(unsigned long len)
{
	return sys(SYS_mmap, NULL, len, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

int host_shared_wake(volatile um_u32 *word)
{
	return sys(SYS_futex, word, FUTEX_WAKE, 1);
}

int host_pidfd_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return sys_retry(SYS_poll, &p, 1, 0) == 1;
}

void host_pidfd_wait(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	while (sys_retry(SYS_poll, &p, 1, -1) != 1)
		;
}

/* ---- the first worker --------------------------------------------------- */

/*
 * All stubs are in the process group of a first worker.  There are several if
 * somebody has ended one.
 */
#define MAX_GROUPS	64
static int groups[MAX_GROUPS];
static int nr_groups;

static struct stub_birth *birth;

int host_worker_first(const struct host_stub_layout *layout, const char **step)
{
	int pid;

	*step = "ended too often";
	if (nr_groups == MAX_GROUPS)
		return -EAGAIN;
	pid = stub_birth_start(layout, NULL, &birth, step);
	if (pid < 0)
		return pid;
	groups[nr_groups++] = pid;
	stub_birth_go(birth);
	return pid;
}

int host_worker_built(const char **step)
{
	int err = birth->err;

	*step = birth->step;
	stub_birth_end(birth);
	birth = NULL;
	return err;
}

void host_workers_end(void)
{
	while (nr_groups) {
		int group = groups[--nr_groups];

		/* Until there is none: one may have been about to make another. */
		while (!sys(SYS_kill, -group, SIGKILL))
			while (sys_retry(SYS_wait4, -group, NULL, __WALL, NULL) > 0)
				;
	}
}
