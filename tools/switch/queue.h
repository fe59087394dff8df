/* SPDX-License-Identifier: GPL-2.0 */
/* Frames that wait until a slow client has read others. */
#ifndef SWITCH_QUEUE_H
#define SWITCH_QUEUE_H

#include <stdbool.h>
#include <sys/uio.h>
#include <um/types.h>

/* For all queues together. */
#define QUEUE_TOTAL_MAX	(64 << 20)

/**
 * struct queued - one frame that waits
 * @next:	the one that came after it
 * @len:	bytes in @data
 * @data:	the frame as it is to be sent
 */
struct queued {
	struct queued	*next;
	um_u32		len;
	um_u8		data[];
};

/**
 * struct queue - what waits for one port
 * @head:	the next to be sent
 * @tail:	where the next to wait is linked
 * @bytes:	memory that they take
 */
struct queue {
	struct queued	*head;
	struct queued	**tail;
	um_u64		bytes;
};

void queue_init(struct queue *queue);
void queue_clear(struct queue *queue);

/* False: @limit, or the limit of all queues, does not allow for it. */
bool queue_push(struct queue *queue, const struct iovec *iov, int n, um_u64 limit);
void queue_pop(struct queue *queue);

#endif /* SWITCH_QUEUE_H */
