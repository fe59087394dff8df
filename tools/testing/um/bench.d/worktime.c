// SPDX-License-Identifier: GPL-2.0
/*
 * How long a command takes, by the monotonic clock of the kernel it runs on.
 *
 *	worktime NAME RUNS PREPARE COMMAND
 *
 * Both are for sh.  PREPARE and the writing back of what it left are not
 * counted.  Prints "@@TIME NAME SECONDS" for each run; what the commands print
 * goes to the file "log" here, and where one fails its last line is printed
 * behind "@@FAIL NAME".
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int log_fd;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static int run(const char *command)
{
	pid_t pid = fork();
	int st;

	if (!pid) {
		dup2(log_fd, 1);
		dup2(log_fd, 2);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &st, 0) != pid)
		return -1;
	return st;
}

static int fail(const char *name, const char *what, int st)
{
	char last[4096], *row;
	off_t end = lseek(log_fd, 0, SEEK_END);
	ssize_t len;

	len = pread(log_fd, last, sizeof(last) - 1,
		    end > (off_t)sizeof(last) ? end - (off_t)sizeof(last) + 1 : 0);
	last[len > 0 ? len : 0] = 0;
	while (len > 0 && last[len - 1] == '\n')
		last[--len] = 0;
	row = strrchr(last, '\n');
	printf("@@FAIL %s %s, wait status %#x: %s\n", name, what, st, row ? row + 1 : last);
	return 1;
}

int main(int argc, char **argv)
{
	int runs, here;

	if (argc != 5) {
		fprintf(stderr, "usage: worktime NAME RUNS PREPARE COMMAND\n");
		return 2;
	}
	here = open(".", O_RDONLY | O_DIRECTORY);
	log_fd = open("log", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0644);
	if (here < 0 || log_fd < 0) {
		printf("@@FAIL %s log: %m\n", argv[1]);
		return 1;
	}
	for (runs = atoi(argv[2]); runs > 0; runs--) {
		double start;
		int st = run(argv[3]);

		if (st)
			return fail(argv[1], "prepare", st);
		syncfs(here);
		start = now();
		st = run(argv[4]);
		start = now() - start;
		if (st)
			return fail(argv[1], "run", st);
		printf("@@TIME %s %.6f\n", argv[1], start);
		fflush(stdout);
	}
	return 0;
}
