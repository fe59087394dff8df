/* SPDX-License-Identifier: GPL-2.0 */
/* What the guest is told: a log of what was done, and of what went wrong. */
#ifndef NET_ANSWER_H
#define NET_ANSWER_H

#include <um/abi/uml_net.h>
#include "../lib/tools.h"
#include "args.h"

/**
 * struct answer - a log, up to when it is sent
 * @length:	of @log, without a NUL
 * @log:	lines; what does not fit is left out
 */
struct answer {
	size_t	length;
	char	log[UM_NET_LOG_MAX];
};

/* What was done, as the command of ip(8) or sysctl(8) that does the same. */
__printf(2, 3) void answer_did(struct answer *answer, const char *format, ...);

/* What is wrong.  Returns -1. */
__printf(2, 3) int answer_wrong(struct answer *answer, const char *format, ...);

/*
 * Sends the log to standard output as @request wants it, and empties it.  @name
 * and @fd are the interface of a tuntap that worked.  Where nobody is there who
 * knows the protocol, or shows it, what went wrong goes to standard error.
 */
void answer_send_tuntap(struct answer *answer, const struct request *request,
			const char *name, int fd);
void answer_send_good(struct answer *answer, const struct request *request);
void answer_send_bad(struct answer *answer, const struct request *request);

/* A log alone, with its length: to one of the changes in ethertap. */
void answer_send_change(struct answer *answer);

#endif /* NET_ANSWER_H */
