// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include "queue.h"

static um_u64 queue_total;

void queue_init(struct queue *queue)
{
	*queue = (struct queue) { .tail = &queue->head };
}

bool queue_push(struct queue *queue, const struct iovec *iov, int n, um_u64 limit)
{
	struct queued *q;
	um_u64 size = sizeof(*q);
	int i;

	for (i = 0; i < n; i++)
		size += iov[i].iov_len;
	if (queue->bytes + size > limit || queue_total + size > QUEUE_TOTAL_MAX)
		return false;
	q = malloc(size);
	if (!q)
		return false;
	q->next = NULL;
	q->len = 0;
	for (i = 0; i < n; i++) {
		memcpy(q->data + q->len, iov[i].iov_base, iov[i].iov_len);
		q->len += iov[i].iov_len;
	}
	*queue->tail = q;
	queue->tail = &q->next;
	queue->bytes += size;
	queue_total += size;
	return true;
}

void queue_pop(struct queue *queue)
{
	struct queued *q = queue->head;
	um_u64 size = sizeof(*q) + q->len;

	queue->head = q->next;
	if (!queue->head)
		queue->tail = &queue->head;
	queue->bytes -= size;
	queue_total -= size;
	free(q);
}

void queue_clear(struct queue *queue)
{
	while (queue->head)
		queue_pop(queue);
}
