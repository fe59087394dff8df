// SPDX-License-Identifier: GPL-2.0
/*
 * Much data by TCP, each byte of which is looked at.
 *
 *	pump serve PORT			takes and gives, until it is killed
 *	pump send ADDRESS PORT MIB	to such a server
 *	pump fetch ADDRESS PORT MIB	from it
 *
 * Prints "ok MIB" and how many MiB/s; exit status 1 and a line if not.  A server
 * also answers datagrams of UDP at that port:
 *
 *	pump rtt ADDRESS PORT COUNT	64 bytes, there and back, one after the other
 *	pump blast ADDRESS PORT MS	64 bytes, as many as go; how many arrive
 *
 * These print "ok" and the mean microseconds for one.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BLOCK	(64 * 1024)
#define SMALL	64

struct order {
	char		what[8];	/* "send" or "fetch" */
	uint64_t	bytes;
};

static void fill(uint64_t *block, uint64_t at)
{
	for (uint64_t i = 0; i < BLOCK / 8; i++)
		block[i] = (at / 8 + i) * 0x9e3779b97f4a7c15;
}

/* 0, or -1: the other end has gone. */
static int send_all(int s, const void *data, size_t len)
{
	while (len) {
		ssize_t n = send(s, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return -1;
		data = (const char *)data + n;
		len -= n;
	}
	return 0;
}

static int give(int s, uint64_t bytes)
{
	static uint64_t block[BLOCK / 8];

	for (uint64_t at = 0; at < bytes; at += BLOCK) {
		fill(block, at);
		if (send_all(s, block, BLOCK))
			return -1;
	}
	return 0;
}

/* The first block that is not what it should be, or -1: all are. */
static long long take(int s, uint64_t bytes)
{
	static uint64_t block[BLOCK / 8], want[BLOCK / 8];

	for (uint64_t at = 0; at < bytes; at += BLOCK) {
		if (recv(s, block, BLOCK, MSG_WAITALL) != BLOCK)
			return at;
		fill(want, at);
		if (memcmp(block, want, BLOCK))
			return at;
	}
	return -1;
}

static void serve_one(int s)
{
	struct order order;

	if (recv(s, &order, sizeof(order), MSG_WAITALL) != sizeof(order))
		return;
	if (!strncmp(order.what, "fetch", sizeof(order.what))) {
		give(s, order.bytes);
	} else {
		long long at = take(s, order.bytes);

		send_all(s, &at, sizeof(at));
	}
}

/* Sends back 'e'; counts 'b', and says how many came to 'q'. */
static void serve_datagrams(int s)
{
	struct sockaddr_storage from;
	unsigned long long count = 0;
	char data[SMALL];

	for (;;) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(s, data, sizeof(data), 0, (void *)&from, &len);

		if (n <= 0)
			continue;
		switch (*data) {
		case 'b':
			count++;
			continue;
		case 'q':
			memcpy(data, &count, sizeof(count));
			count = 0;
		}
		sendto(s, data, n, 0, (void *)&from, len);
	}
}

static int serve(int port)
{
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr *any = (struct sockaddr *)&any6;
	socklen_t len = sizeof(any6);
	int s = socket(AF_INET6, SOCK_STREAM, 0), one = 1, size = 8 << 20, u;

	/* A kernel may have but IPv4. */
	if (s < 0) {
		s = socket(AF_INET, SOCK_STREAM, 0);
		any = (struct sockaddr *)&any4;
		len = sizeof(any4);
	}
	signal(SIGCHLD, SIG_IGN);
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (s < 0 || bind(s, any, len) || listen(s, 100)) {
		perror("pump: serve");
		return 1;
	}
	u = socket(any->sa_family, SOCK_DGRAM, 0);
	setsockopt(u, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (u < 0 || bind(u, any, len)) {
		perror("pump: serve");
		return 1;
	}
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve_datagrams(u);
	}
	for (;;) {
		int c = accept(s, NULL, NULL);

		if (c < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			/* What does not pass is better told than tried for ever. */
			perror("pump: accept");
			return 1;
		}
		if (!fork()) {
			serve_one(c);
			_exit(0);
		}
		close(c);
	}
}

static int dial(const char *address, const char *port, int type)
{
	struct addrinfo hints = { .ai_socktype = type, .ai_flags = AI_NUMERICHOST };
	struct addrinfo *info;
	int s;

	if (getaddrinfo(address, port, &hints, &info))
		return -1;
	s = socket(info->ai_family, type, 0);
	if (s >= 0 && connect(s, info->ai_addr, info->ai_addrlen))
		return -1;
	return s;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* 0, or -1: nothing comes back. */
static int ask(int s, char what, char *data)
{
	for (int i = 0; i < 5; i++) {
		memset(data, 0, SMALL);
		*data = what;
		send(s, data, SMALL, 0);
		if (recv(s, data, SMALL, 0) == SMALL)
			return 0;
	}
	return -1;
}

static int small(const char *what, const char *address, const char *port, long number)
{
	struct timeval second = { .tv_sec = 1 };
	int s = dial(address, port, SOCK_DGRAM);
	unsigned long long arrived;
	char data[SMALL];
	double begin, took;

	if (s < 0 || setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)) ||
	    ask(s, 'q', data)) {
		perror("pump");
		return 1;
	}
	begin = now();
	if (!strcmp(what, "rtt")) {
		for (long i = 0; i < number; i++)
			if (ask(s, 'e', data))
				return 1;
		printf("ok %.2f us\n", (now() - begin) * 1e6 / number);
		return 0;
	}
	*data = 'b';
	while (now() < begin + number / 1e3)
		for (int i = 0; i < 64; i++)
			send(s, data, SMALL, 0);
	took = now() - begin;
	usleep(100000);
	if (ask(s, 'q', data))
		return 1;
	memcpy(&arrived, data, sizeof(arrived));
	printf("ok %.3f us, %llu\n", took * 1e6 / (arrived ? arrived : 1), arrived);
	return 0;
}

int main(int argc, char **argv)
{
	struct order order = { "" };
	long long at = -1;
	double begin;
	int s, err = 0;

	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve(atoi(argv[2]));
	if (argc != 5)
		return 2;
	if (!strcmp(argv[1], "rtt") || !strcmp(argv[1], "blast"))
		return small(argv[1], argv[2], argv[3], atol(argv[4]));
	s = dial(argv[2], argv[3], SOCK_STREAM);
	if (s < 0) {
		perror("pump");
		return 1;
	}
	strncpy(order.what, argv[1], sizeof(order.what) - 1);
	order.bytes = strtoull(argv[4], NULL, 10) << 20;
	begin = now();
	err = send_all(s, &order, sizeof(order));
	if (!err && !strcmp(argv[1], "fetch"))
		at = take(s, order.bytes);
	else if (!err)
		err = give(s, order.bytes) || recv(s, &at, sizeof(at), MSG_WAITALL) != sizeof(at);
	if (err || at != -1) {
		printf("pump: wrong, or ended, at byte %lld\n", at);
		return 1;
	}
	printf("ok %s MiB, %.1f MiB/s\n", argv[4], strtod(argv[4], NULL) / (now() - begin));
	return 0;
}
