/* SPDX-License-Identifier: GPL-2.0 */
/* TAP for host programs. */
#ifndef UMTEST_UNIT_H
#define UMTEST_UNIT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int unit_count, unit_failed;

static inline bool __attribute__((format(printf, 2, 3)))
ok(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++unit_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	unit_failed += !good;
	return good;
}

#define is(got, want, name) ({						\
	long got_ = (long)(got), want_ = (long)(want);			\
	bool good_ = ok(got_ == want_, "%s", name);			\
	if (!good_)							\
		printf("# got %ld, want %ld\n", got_, want_);		\
	good_; })

#define is_str(got, want, name) ({					\
	const char *got_ = (got), *want_ = (want);			\
	bool good_ = ok(got_ && !strcmp(got_, want_), "%s", name);	\
	if (!good_)							\
		printf("# got '%s', want '%s'\n", got_ ? got_ : "(null)", want_); \
	good_; })

static inline int done(void)
{
	printf("1..%d\n", unit_count);
	return unit_failed ? 1 : 0;
}

#endif
