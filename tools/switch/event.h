/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting for descriptors. */
#ifndef SWITCH_EVENT_H
#define SWITCH_EVENT_H

#include <sys/epoll.h>
#include <um/types.h>

/**
 * struct source - a descriptor that is watched, a part of what it belongs to
 * @fd:		-1 while there is none
 * @ready:	called with EPOLL* bits; may free this source and any other
 */
struct source {
	int	fd;
	void	(*ready)(struct source *source, um_u32 events);
};

#define source_of(source, type, member) \
	((type *)((char *)(source) - __builtin_offsetof(type, member)))

/* 0, or -errno. */
int event_init(void);
int event_add(struct source *source, um_u32 events);
void event_change(struct source *source, um_u32 events);
/* Stops watching: ready() will not be called any more. */
void event_remove(struct source *source);
/* The same, and closes the descriptor. */
void event_close(struct source *source);

/* Waits, then calls what is ready. */
void event_wait(void);

#endif /* SWITCH_EVENT_H */
