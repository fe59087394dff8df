// SPDX-License-Identifier: GPL-2.0
/*
 * Stubs under seccomp: the first worker, and what is done to all.
 *
 * A system call of the guest costs two calls here: host_notify_send() and
 * host_notify_recv().  Nothing may be added to them.
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
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

	return sys(SYS_ioctl, listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
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
	if (n < 0)
		return n;
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

#define PAGE_BYTES	4096UL
#define SA_RESTORER_	0x04000000UL
#define MAX_FDS		32

/*
 * All stubs are in the process group of a first worker.  There are several if
 * somebody has ended one.
 */
#define MAX_GROUPS	64
static int groups[MAX_GROUPS];
static int nr_groups;

/**
 * struct first_worker - what parent and child share while it is built
 * @step:	what the child does; NULL once it is its code that runs
 * @err:	-errno of that
 */
struct first_worker {
	const char				*step;
	int					err;
	/* The parent's stack may lie where the stub area goes. */
	struct host_worker_layout		layout;
	int					fds[MAX_FDS];
};

static int install_handlers(const struct host_worker_layout *l)
{
	struct {
		um_u64	handler;
		um_u64	flags;
		um_u64	restorer;
		um_u64	mask;
	} sa = {
		.handler = l->handler,
		.flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART |
			 SA_RESTORER_,
		/* Nobody returns. */
		.restorer = l->handler,
	}, none = { 0 };
	int err = 0;

	for (int sig = 1; sig <= 64 && !err; sig++) {
		if (sig == SIGKILL || sig == SIGSTOP)
			continue;
		err = sys(SYS_rt_sigaction, sig,
			  l->signals & sigmask_of(sig) ? &sa : &none, NULL,
			  sizeof(sa.mask));
	}
	return err;
}

/* Those that the layout names, and no others. */
static int keep_fds(const struct host_worker_layout *l)
{
	int from[MAX_FDS];
	long err;

	if (l->nr_fds > MAX_FDS)
		return -EMFILE;
	/* Out of the way first. */
	for (int i = 0; i < l->nr_fds; i++) {
		from[i] = sys(SYS_fcntl, l->fds[i], F_DUPFD, l->nr_fds);
		if (from[i] < 0)
			return from[i];
	}
	for (int i = 0; i < l->nr_fds; i++) {
		err = sys(SYS_dup3, from[i], i, 0);
		if (err < 0)
			return err;
	}
	return sys(SYS_close_range, l->nr_fds, ~0U, 0);
}

static int map_pages(const struct host_worker_layout *l)
{
	long ret;

	ret = sys(SYS_mmap, l->code, PAGE_BYTES, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (ret != (long)l->code)
		return ret;
	for (um_u64 i = 0; i < l->code_len; i++)
		((volatile char *)l->code)[i] = ((const char *)l->image)[i];
	ret = sys(SYS_mprotect, l->code, PAGE_BYTES, PROT_READ | PROT_EXEC);
	if (ret)
		return ret;
	ret = sys(SYS_mremap, l->data_here, PAGE_BYTES, PAGE_BYTES,
		  MREMAP_MAYMOVE | MREMAP_FIXED, l->data);
	return ret < 0 && ret > -4096 ? ret : 0;
}

/* On a stack of its own, with all signals blocked, which it keeps. */
static __noreturn int first_child(void *arg)
{
	struct first_worker *first = arg;
	const struct host_worker_layout *l = &first->layout;
	int err;

	sys(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (sys(SYS_getppid) != own_pid)
		sys(SYS_exit_group, 1);

	first->step = "setsid";
	err = sys(SYS_setsid);
	if (err < 0)
		goto fail;
	first->step = "sigaction";
	err = install_handlers(l);
	if (err)
		goto fail;
	first->step = "close_range";
	err = keep_fds(l);
	if (err)
		goto fail;
	first->step = "prctl(PR_SET_NO_NEW_PRIVS)";
	err = sys(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (err)
		goto fail;
	stub_name_and_limit();
	first->step = "rseq";
	err = stub_forget_thread_areas();
	if (err)
		goto fail;
	first->step = "moving the vDSO";
	err = vdso_move(l->start, l->end, l->vdso);
	if (err)
		goto fail;
	first->step = "mapping the stub's code";
	err = map_pages(l);
	if (err)
		goto fail;

	first->step = NULL;
	((void (*)(void))l->entry)();

fail:
	first->err = err;
	for (;;)
		sys(SYS_exit_group, 1);
}

static struct first_worker *building;

#define BUILDING_STACK	(64 * 1024UL)

int host_worker_first(const struct host_worker_layout *layout, const char **step)
{
	long mem;
	um_u64 old;
	int pid;

	*step = "ended too often";
	if (nr_groups == MAX_GROUPS)
		return -EAGAIN;
	*step = "mmap";
	mem = host_shared_alloc(PAGE_BYTES + BUILDING_STACK);
	if (mem < 0 && mem > -4096)
		return mem;
	building = (struct first_worker *)mem;
	building->layout = *layout;
	for (int i = 0; i < layout->nr_fds && i < MAX_FDS; i++)
		building->fds[i] = layout->fds[i];
	building->layout.fds = building->fds;
	building->step = "the child's start";

	*step = "fork";
	old = sigmask_change(SIG_SETMASK, SIGMASK_ALL);
	/* With SIGCHLD it is a fork: debuggers let go of such children. */
	pid = clone(first_child, (void *)(mem + PAGE_BYTES + BUILDING_STACK),
		    SIGCHLD, building);
	if (pid < 0)
		pid = -errno;
	sigmask_change(SIG_SETMASK, old);
	if (pid > 0)
		groups[nr_groups++] = pid;
	else
		sys(SYS_munmap, mem, PAGE_BYTES + BUILDING_STACK);
	return pid;
}

int host_worker_built(const char **step)
{
	int err = building->err;

	*step = building->step ?: "unmapping the stub's memory";
	sys(SYS_munmap, building, PAGE_BYTES + BUILDING_STACK);
	building = NULL;
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
