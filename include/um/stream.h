/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames on a stream, with the length of each before it: four bytes in the order of
 * networks.  So have it QEMU's stream back end and passt.
 *
 * Nothing here but plain C.
 */
#ifndef _UM_STREAM_H
#define _UM_STREAM_H

#include <um/types.h>

/* Bytes before each frame. */
#define UM_STREAM_LENGTH	4

/**
 * struct um_stream - what has come and was not taken
 * @bytes:	room for several of the largest frames
 * @size:	of @bytes
 * @max:	the largest frame there is
 * @start:	of what is there, in @bytes
 * @end:	of it
 */
struct um_stream {
	um_u8	*bytes;
	um_u32	size;
	um_u32	max;
	um_u32	start;
	um_u32	end;
};

static inline um_u32 um_stream_length(const um_u8 *at)
{
	return (um_u32)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static inline void um_stream_set_length(um_u8 *at, um_u32 len)
{
	at[0] = len >> 24;
	at[1] = len >> 16;
	at[2] = len >> 8;
	at[3] = len;
}

/* A length that no frame has: it is not such a stream, and nothing in it means anything. */
static inline int um_stream_is_bad(const struct um_stream *s)
{
	return s->end - s->start >= UM_STREAM_LENGTH &&
	       um_stream_length(s->bytes + s->start) > s->max;
}

/**
 * um_stream_next() - the next frame that is there as a whole
 * @s:		the stream
 * @len:	becomes its length, which may be 0
 *
 * Return: the frame, which stays until um_stream_room() is called; or NULL.
 */
static inline const um_u8 *um_stream_next(struct um_stream *s, um_u32 *len)
{
	const um_u8 *frame = s->bytes + s->start + UM_STREAM_LENGTH;

	if (s->end - s->start < UM_STREAM_LENGTH)
		return (const um_u8 *)0;
	*len = um_stream_length(s->bytes + s->start);
	if (*len > s->max || s->end - s->start - UM_STREAM_LENGTH < *len)
		return (const um_u8 *)0;
	s->start += UM_STREAM_LENGTH + *len;
	return frame;
}

/**
 * um_stream_room() - for what comes next, behind what is there
 * @s:		the stream, of which all whole frames were taken; not bad
 * @room:	becomes the number of bytes, at least one
 *
 * Return: where they go; @s->end is to be moved by as many as came.
 */
static inline um_u8 *um_stream_room(struct um_stream *s, um_u32 *room)
{
	__builtin_memmove(s->bytes, s->bytes + s->start, s->end - s->start);
	s->end -= s->start;
	s->start = 0;
	*room = s->size - s->end;
	return s->bytes + s->end;
}

#endif /* _UM_STREAM_H */
