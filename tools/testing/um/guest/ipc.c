// SPDX-License-Identifier: GPL-2.0
/* Pipes, sockets, polling, System V and POSIX queues. */
#include "tap.h"
#include <arpa/inet.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>

static void check_pipe(void)
{
	static char buf[300000], out[300000];
	int fd[2], st;
	size_t got = 0;
	ssize_t n;
	pid_t pid;

	is(pipe2(fd, O_CLOEXEC), 0, "pipe2");
	fill(buf, sizeof(buf), 3);
	pid = fork();
	if (!pid) {
		close(fd[0]);
		_exit(write(fd[1], buf, sizeof(buf)) != sizeof(buf));
	}
	close(fd[1]);
	while ((n = read(fd[0], out + got, sizeof(out) - got)) > 0)
		got += n;
	st = reap(pid);
	ok(exited(st, 0) && got == sizeof(buf) && !memcmp(buf, out, got),
	   "300,000 bytes through a pipe");
	close(fd[0]);
	if (pipe(fd))
		return;
	close(fd[0]);
	signal(SIGPIPE, SIG_IGN);
	is_err(write(fd[1], "x", 1), EPIPE, "no reader: EPIPE");
	signal(SIGPIPE, SIG_DFL);
	close(fd[1]);
	is(pipe2(fd, O_NONBLOCK), 0, "a non-blocking pipe");
	is_err(read(fd[0], buf, 1), EAGAIN, "empty: EAGAIN");
	for (got = 0; (n = write(fd[1], buf, 4096)) > 0; )
		got += n;
	ok(errno == EAGAIN && got >= 4096, "full after %zu bytes", got);
	close(fd[0]);
	close(fd[1]);
}

static void *late_writer(void *arg)
{
	usleep(50000);
	if (write(*(int *)arg, "!", 1) != 1)
		return arg;
	return NULL;
}

static void check_polls(void)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 0xabcdef12345 }, got[4];
	struct timeval tv = { 30, 0 };
	struct pollfd p;
	int fd[2], ep, e, n;
	pthread_t t;
	uint64_t v;
	fd_set set;
	char c;

	if (pipe(fd))
		return;
	p.fd = fd[0];
	p.events = POLLIN;
	is(poll(&p, 1, 0), 0, "poll: nothing");
	pthread_create(&t, NULL, late_writer, &fd[1]);
	is(poll(&p, 1, 30000), 1, "poll wakes");
	pthread_join(t, NULL);
	is(read(fd[0], &c, 1), 1, "read");
	FD_ZERO(&set);
	FD_SET(fd[0], &set);
	pthread_create(&t, NULL, late_writer, &fd[1]);
	is(select(fd[0] + 1, &set, NULL, NULL, &tv), 1, "select wakes");
	pthread_join(t, NULL);
	is(read(fd[0], &c, 1), 1, "read");
	ep = epoll_create1(EPOLL_CLOEXEC);
	is(epoll_ctl(ep, EPOLL_CTL_ADD, fd[0], &ev), 0, "epoll_ctl");
	is(epoll_wait(ep, got, 4, 0), 0, "epoll: nothing");
	pthread_create(&t, NULL, late_writer, &fd[1]);
	is(epoll_wait(ep, got, 4, 30000), 1, "epoll wakes");
	pthread_join(t, NULL);
	ok(got[0].events == EPOLLIN && got[0].data.u64 == 0xabcdef12345, "with its data");
	is(epoll_wait(ep, got, 4, 0), 1, "level-triggered");
	ev.events = EPOLLIN | EPOLLET;
	epoll_ctl(ep, EPOLL_CTL_MOD, fd[0], &ev);
	n = epoll_wait(ep, got, 4, 0);
	ok(n == 1 && epoll_wait(ep, got, 4, 0) == 0, "edge-triggered once");
	e = eventfd(3, EFD_NONBLOCK);
	v = 4;
	is(write(e, &v, 8), 8, "eventfd write");
	is(read(e, &v, 8), 8, "eventfd read");
	is(v, 7, "the sum");
	is_err(read(e, &v, 8), EAGAIN, "then nothing");
	close(e);
	e = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK);
	is(read(e, &v, 8), 8, "as a semaphore");
	is(v, 1, "one at a time");
	close(e);
	close(ep);
	close(fd[0]);
	close(fd[1]);
}

static void check_unix(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX }, b;
	union {
		char buf[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} u;
	char c = 'f', data[64];
	struct iovec iov = { &c, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = u.buf, .msg_controllen = CMSG_SPACE(4) };
	struct cmsghdr *h;
	struct ucred cred;
	socklen_t len = sizeof(b);
	int s[2], fd, l, cl, on = 1;

	is(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0, "socketpair");
	fd = memfd_create("passed", 0);
	if (write(fd, "through", 7) != 7)
		return;
	memset(&u, 0, sizeof(u));
	h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(4);
	memcpy(CMSG_DATA(h), &fd, 4);
	is(sendmsg(s[0], &m, 0), 1, "send a descriptor");
	close(fd);
	memset(&u, 0, sizeof(u));
	m.msg_controllen = sizeof(u.buf);
	is(recvmsg(s[1], &m, MSG_CMSG_CLOEXEC), 1, "receive it");
	h = CMSG_FIRSTHDR(&m);
	ok(h && h->cmsg_type == SCM_RIGHTS, "SCM_RIGHTS");
	if (h) {
		memcpy(&fd, CMSG_DATA(h), 4);
		is(pread(fd, data, 64, 0), 7, "it is that file");
		close(fd);
	}
	setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	len = sizeof(cred);
	is(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &cred, &len), 0, "SO_PEERCRED");
	is(cred.pid, getpid(), "it is us");
	close(s[0]);
	close(s[1]);
	l = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	memcpy(a.sun_path, "\0umtest", 7);
	is(bind(l, (void *)&a, sizeof(short) + 7), 0, "an abstract name");
	is(listen(l, 5), 0, "listen");
	cl = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	is(connect(cl, (void *)&a, sizeof(short) + 7), 0, "connect");
	fd = accept(l, NULL, NULL);
	is(send(cl, "one", 3, 0), 3, "send");
	is(send(cl, "three", 5, 0), 5, "send");
	is(recv(fd, data, 64, 0), 3, "packets keep their borders");
	is(recv(fd, data, 64, 0), 5, "both");
	close(cl);
	is(recv(fd, data, 64, 0), 0, "end");
	close(fd);
	close(l);
}

static void check_inet(int family)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	struct sockaddr_in a4 = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *a = family == AF_INET ? (void *)&a4 : (void *)&a6;
	socklen_t len = family == AF_INET ? sizeof(a4) : sizeof(a6);
	const char *name = family == AF_INET ? "IPv4" : "IPv6";
	static char buf[1 << 20], out[1 << 20];
	int l = socket(family, SOCK_STREAM, 0), c, s, st;
	size_t got = 0;
	ssize_t n;
	pid_t pid;

	if (l < 0 || bind(l, a, len)) {
		skip(strerror(errno), "%s loopback", name);
		return;
	}
	listen(l, 5);
	getsockname(l, a, &len);
	fill(buf, sizeof(buf), 8);
	pid = fork();
	if (!pid) {
		c = socket(family, SOCK_STREAM, 0);
		if (connect(c, a, len))
			_exit(1);
		for (got = 0; got < sizeof(buf); got += n) {
			n = send(c, buf + got, sizeof(buf) - got, 0);
			if (n <= 0)
				_exit(2);
		}
		shutdown(c, SHUT_WR);
		_exit(recv(c, out, 4, 0) != 4);
	}
	s = accept(l, NULL, NULL);
	ok(s >= 0, "%s: accept", name);
	while ((n = recv(s, out + got, sizeof(out) - got, 0)) > 0)
		got += n;
	ok(got == sizeof(buf) && !memcmp(buf, out, got), "%s: 1 MiB over TCP", name);
	send(s, "done", 4, 0);
	st = reap(pid);
	ok(exited(st, 0), "%s: and back", name);
	close(s);
	close(l);
	s = socket(family, SOCK_DGRAM, 0);
	if (family == AF_INET)
		a4.sin_port = 0;
	else
		a6.sin6_port = 0;
	bind(s, a, len);
	getsockname(s, a, &len);
	c = socket(family, SOCK_DGRAM, 0);
	is(sendto(c, buf, 5000, 0, a, len), 5000, "%s: a datagram", name);
	is(recv(s, out, sizeof(out), 0), 5000, "%s: arrives", name);
	close(c);
	c = socket(family, SOCK_STREAM, 0);
	if (family == AF_INET)
		a4.sin_port = htons(1);
	else
		a6.sin6_port = htons(1);
	is_err(connect(c, a, len), ECONNREFUSED, "%s: nobody listens", name);
	close(c);
	close(s);
}

static void check_sysv(void)
{
	int id = shmget(IPC_PRIVATE, 8192, 0600 | IPC_CREAT), q, sm;
	struct { long type; char text[32]; } m = { 5, "message" };
	struct sembuf op = { 0, -1, 0 };
	pid_t pid;
	char *p;

	if (id < 0 && errno == ENOSYS) {
		skip("no System V IPC", "System V IPC");
		return;
	}
	p = shmat(id, NULL, 0);
	ok(p != (void *)-1, "shmat");
	q = msgget(IPC_PRIVATE, 0600 | IPC_CREAT);
	sm = semget(IPC_PRIVATE, 1, 0600 | IPC_CREAT);
	pid = fork();
	if (!pid) {
		strcpy(p, "from the child");
		msgsnd(q, &m, sizeof(m.text), 0);
		op.sem_op = 1;
		semop(sm, &op, 1);
		_exit(0);
	}
	is(semop(sm, &op, 1), 0, "a semaphore");
	memset(&m, 0, sizeof(m));
	is(msgrcv(q, &m, sizeof(m.text), 5, 0), sizeof(m.text), "a message");
	ok(!strcmp(m.text, "message") && !strcmp(p, "from the child"), "and memory");
	reap(pid);
	shmdt(p);
	shmctl(id, IPC_RMID, NULL);
	msgctl(q, IPC_RMID, NULL);
	semctl(sm, 0, IPC_RMID);
}

static void check_mq(void)
{
	struct mq_attr at = { .mq_maxmsg = 4, .mq_msgsize = 64 };
	char name[32], buf[64];
	unsigned int prio;
	mqd_t q;

	snprintf(name, sizeof(name), "/umtest%d", getpid());
	q = mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &at);
	if (q < 0) {
		skip(strerror(errno), "POSIX queues");
		return;
	}
	mq_unlink(name);
	mq_send(q, "low", 3, 1);
	mq_send(q, "high", 4, 9);
	is(mq_receive(q, buf, 64, &prio), 4, "the higher priority first");
	is(prio, 9, "with its priority");
	mq_close(q);
}

TEST_AREA(ipc, 60)
{
	check_pipe();
	check_polls();
	check_unix();
	check_inet(AF_INET);
	check_inet(AF_INET6);
	check_sysv();
	check_mq();
}
