// SPDX-License-Identifier: GPL-2.0
/*
 * Much data by TCP, each byte of which is looked at.
 *
 *	pump serve PORT			takes and gives, until it is killed
 *	pump send ADDRESS PORT MIB	to such a server
 *	pump fetch ADDRESS PORT MIB	from it
 *
 * Prints "ok MIB" and how many MiB/s; exit status 1 and a line if not.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BLOCK	(64 * 1024)

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

static int serve(int port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int s = socket(AF_INET6, SOCK_STREAM, 0), one = 1;

	signal(SIGCHLD, SIG_IGN);
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (s < 0 || bind(s, (void *)&any, sizeof(any)) || listen(s, 100)) {
		perror("pump: serve");
		return 1;
	}
	for (;;) {
		int c = accept(s, NULL, NULL);

		if (c >= 0 && !fork()) {
			serve_one(c);
			_exit(0);
		}
		close(c);
	}
}

static int dial(const char *address, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
	struct addrinfo *info;
	int s;

	if (getaddrinfo(address, port, &hints, &info))
		return -1;
	s = socket(info->ai_family, SOCK_STREAM, 0);
	if (s >= 0 && connect(s, info->ai_addr, info->ai_addrlen))
		return -1;
	return s;
}

int main(int argc, char **argv)
{
	struct order order = { "" };
	struct timespec t0, t1;
	long long at = -1;
	double seconds;
	int s, err = 0;

	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve(atoi(argv[2]));
	if (argc != 5)
		return 2;
	s = dial(argv[2], argv[3]);
	if (s < 0) {
		perror("pump");
		return 1;
	}
	strncpy(order.what, argv[1], sizeof(order.what) - 1);
	order.bytes = strtoull(argv[4], NULL, 10) << 20;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	err = send_all(s, &order, sizeof(order));
	if (!err && !strcmp(argv[1], "fetch"))
		at = take(s, order.bytes);
	else if (!err)
		err = give(s, order.bytes) || recv(s, &at, sizeof(at), MSG_WAITALL) != sizeof(at);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	if (err || at != -1) {
		printf("pump: wrong, or ended, at byte %lld\n", at);
		return 1;
	}
	seconds = t1.tv_sec - t0.tv_sec + (t1.tv_nsec - t0.tv_nsec) / 1e9;
	printf("ok %s MiB, %.1f MiB/s\n", argv[4], strtod(argv[4], NULL) / seconds);
	return 0;
}
