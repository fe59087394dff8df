/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TOOLS_CLOCK_H
#define TOOLS_CLOCK_H

#include <time.h>

/* Milliseconds since some time in the past; no change of the date changes it. */
static inline long clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

#endif /* TOOLS_CLOCK_H */
