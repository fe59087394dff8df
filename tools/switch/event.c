// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <unistd.h>
#include "event.h"

#define EVENTS	64

static int epoll_fd = -1;
static struct epoll_event pending[EVENTS];
static int nr_pending;

int event_init(void)
{
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return epoll_fd < 0 ? -errno : 0;
}

int event_add(struct source *source, um_u32 events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, source->fd, &event) < 0 ? -errno : 0;
}

void event_change(struct source *source, um_u32 events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };

	epoll_ctl(epoll_fd, EPOLL_CTL_MOD, source->fd, &event);
}

void event_remove(struct source *source)
{
	int i;

	epoll_ctl(epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
	/* What has happened already and still waits to be looked at. */
	for (i = 0; i < nr_pending; i++)
		if (pending[i].data.ptr == source)
			pending[i].data.ptr = NULL;
}

void event_close(struct source *source)
{
	if (source->fd < 0)
		return;
	event_remove(source);
	close(source->fd);
	source->fd = -1;
}

void event_wait(void)
{
	struct source *source;
	int i;

	nr_pending = epoll_wait(epoll_fd, pending, EVENTS, -1);
	for (i = 0; i < nr_pending; i++) {
		source = pending[i].data.ptr;
		if (source)
			source->ready(source, pending[i].events);
	}
	nr_pending = 0;
}
