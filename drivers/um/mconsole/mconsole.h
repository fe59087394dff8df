/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The management console in the kernel.
 */
#ifndef _UM_MCONSOLE_H
#define _UM_MCONSOLE_H

#include <linux/list.h>
#include <linux/types.h>
#include <um/notify.h>
#include <um/socket.h>

#include "request.h"

/**
 * struct mconsole_answer - what a client is told, as it grows
 * @err:	0, -errno, or the status of a command of exec
 * @text:	what it has so far, or NULL
 * @len:	bytes of it
 * @room:	bytes that @text has room for
 * @lost:	bytes that found no room
 * @sent:	bytes that the client has
 * @to:		the client
 * @since:	when it took something last, in jiffies
 * @then:	what is to be done once it has all, or NULL
 * @later:	it is not ready yet: mconsole_finish() follows
 * @list:	of those that are to be sent
 */
struct mconsole_answer {
	int			err;
	char			*text;
	size_t			len;
	size_t			room;
	size_t			lost;
	size_t			sent;
	struct host_address	to;
	unsigned long		since;
	void			(*then)(void);
	bool			later;
	struct list_head	list;
};

/* answer.c: text that does not fit is cut, which its end tells; more than 4 MiB do not. */
void mconsole_put(struct mconsole_answer *answer, const char *text, size_t len);
__printf(2, 3)
void mconsole_printf(struct mconsole_answer *answer, const char *fmt, ...);
/* Sets the error, and its text. */
__printf(3, 4)
void mconsole_fail(struct mconsole_answer *answer, int err, const char *fmt, ...);
/* All of it; true when it is over, because the client has it or is gone. */
bool mconsole_send(int fd, struct mconsole_answer *answer);
void mconsole_free(struct mconsole_answer *answer);

/* driver.c: one that is ready later; any thread. */
void mconsole_finish(struct mconsole_answer *answer);

/* log.c: what the kernel logs while @show runs. */
void mconsole_capture(struct mconsole_answer *answer, void (*show)(void *arg), void *arg);
void mconsole_dmesg(struct mconsole_answer *answer, const char *args);

/* exec.c */
void mconsole_exec(struct mconsole_answer *answer, const char *command);

/* ps.c */
void mconsole_ps(struct mconsole_answer *answer, const char *args);

/* mem.c */
int mconsole_mem_describe(char *text, size_t len);
void mconsole_mem_set(struct mconsole_answer *answer, const char *value);

/* meminfo.c */
void mconsole_meminfo(struct mconsole_answer *answer, const char *args);

/* procfs.c */
void mconsole_proc(struct mconsole_answer *answer, const char *name);

/* devices.c */
void mconsole_config(struct mconsole_answer *answer, const char *args);
void mconsole_remove(struct mconsole_answer *answer, const char *args);

/* stop.c: until go; what is asked meanwhile is answered there. */
void mconsole_stand_still(int fd, struct mconsole_answer *go);

/* verbs.c */
void mconsole_version(char *buf, size_t len);
void mconsole_do(struct mconsole_answer *answer, const struct mconsole_request *request);
/* How a request that cannot be understood is answered. */
void mconsole_refuse(struct mconsole_answer *answer, const struct mconsole_request *request,
		     const char *why);
/* The answer to stop is to be followed by it. */
bool mconsole_is_stop(const struct mconsole_request *request);

#endif /* _UM_MCONSOLE_H */
