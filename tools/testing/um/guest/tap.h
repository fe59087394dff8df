/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every area of the in-guest tests uses.  An area is one source file with
 * one TEST_AREA(); its function runs in a process of its own and reports with
 * ok() and friends, from that process only (its threads included): children
 * tell by their exit status or through shared memory.
 */
#ifndef UMTEST_TAP_H
#define UMTEST_TAP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct area {
	const char *name;
	int seconds;		/* the watchdog's patience */
	void (*run)(void);
};

/* The linker collects the areas in one array. */
#define TEST_AREA(n, secs)						\
	static void area_##n(void);					\
	static const struct area area_entry_##n				\
	__attribute__((used, section("areas"), aligned(8))) =		\
		{ #n, secs, area_##n };					\
	static void area_##n(void)

extern const char *self_path;	/* how to exec this program again */

/* A program mode for exec tests: "guest-tests --helper NAME args". */
struct helper {
	const char *name;
	int (*main)(int argc, char **argv);
};

#define TEST_HELPER(n)							\
	static int helper_##n(int argc, char **argv);			\
	static const struct helper helper_entry_##n			\
	__attribute__((used, section("helpers"), aligned(8))) =		\
		{ #n, helper_##n };					\
	static int helper_##n(int argc __attribute__((unused)),		\
			      char **argv __attribute__((unused)))

bool ok(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool is(long got, long want, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool is_err(long ret, int want, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void skip(const char *why, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Is this a test guest, where everything may be done? */
bool in_guest(void);

/* Fork, run fn(arg) in the child, return its wait status (-1: no fork). */
int in_child(int (*fn)(void *), void *arg);

/* Wait for a child; the wait status. */
int reap(pid_t pid);

bool has_feature(const char *flag);	/* in /proc/cpuinfo's flags */
bool host_lacks(const char *word);	/* see lacks.c */
bool write_file(const char *path, const char *text);
long read_file(const char *path, char *buf, size_t size);
double seconds(void);			/* CLOCK_MONOTONIC */
void *pages(size_t n);			/* anonymous private, read and write */
void *shared(size_t size);		/* anonymous shared, zeroed */
void fill(void *buf, size_t size, uint64_t seed);
bool filled(const void *buf, size_t size, uint64_t seed);
#define PAGE 4096UL

static inline bool exited(int st, int code)
{
	return WIFEXITED(st) && WEXITSTATUS(st) == code;
}

static inline bool killed(int st, int sig)
{
	return WIFSIGNALED(st) && WTERMSIG(st) == sig;
}

static inline bool stopped(int st, int sig)
{
	return WIFSTOPPED(st) && WSTOPSIG(st) == sig;
}

#endif
