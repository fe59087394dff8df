/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SLIP: packets of IP on a line of bytes, as RFC 1055 has it.  A packet ends with
 * UM_SLIP_END; one more before it throws away what noise has left at the other
 * side.  Inside of a packet this byte, and the one that escapes it, are two bytes.
 *
 * Nothing here but plain C, for the guest's driver and the host's helper.
 */
#ifndef _UM_SLIP_H
#define _UM_SLIP_H

#include <um/types.h>

#define UM_SLIP_END		0xc0
#define UM_SLIP_ESC		0xdb
#define UM_SLIP_ESC_END		0xdc
#define UM_SLIP_ESC_ESC		0xdd

/* The most that a packet of @len bytes takes on the line. */
#define UM_SLIP_ENCODED_MAX(len)	(2 * (len) + 2)

/**
 * struct um_slip - a packet that comes in
 * @packet:	where it is put
 * @size:	of @packet
 * @len:	how much of it is there
 * @escaped:	the last byte was UM_SLIP_ESC
 * @bad:	it is too long, or an escape was none: dropped up to its end
 */
struct um_slip {
	um_u8	*packet;
	um_u32	size;
	um_u32	len;
	um_u8	escaped;
	um_u8	bad;
};

/**
 * um_slip_encode() - a packet as it goes to the line
 * @packet:	the packet
 * @len:	its length
 * @line:	room for UM_SLIP_ENCODED_MAX(@len) bytes
 *
 * Return: the number of bytes in @line.
 */
static inline um_u32 um_slip_encode(const um_u8 *packet, um_u32 len, um_u8 *line)
{
	um_u32 n = 0, i;

	line[n++] = UM_SLIP_END;
	for (i = 0; i < len; i++) {
		switch (packet[i]) {
		case UM_SLIP_END:
			line[n++] = UM_SLIP_ESC;
			line[n++] = UM_SLIP_ESC_END;
			break;
		case UM_SLIP_ESC:
			line[n++] = UM_SLIP_ESC;
			line[n++] = UM_SLIP_ESC_ESC;
			break;
		default:
			line[n++] = packet[i];
		}
	}
	line[n++] = UM_SLIP_END;
	return n;
}

/**
 * um_slip_decode() - one byte from the line
 * @slip:	what came before
 * @byte:	the byte
 *
 * Return: the length of the packet that it ends, which is in @slip->packet until
 * the next call; or 0.
 */
static inline um_u32 um_slip_decode(struct um_slip *slip, um_u8 byte)
{
	um_u32 len;

	if (byte == UM_SLIP_END) {
		len = slip->bad || slip->escaped ? 0 : slip->len;
		slip->len = 0;
		slip->escaped = 0;
		slip->bad = 0;
		return len;
	}
	if (slip->escaped) {
		slip->escaped = 0;
		if (byte == UM_SLIP_ESC_END)
			byte = UM_SLIP_END;
		else if (byte == UM_SLIP_ESC_ESC)
			byte = UM_SLIP_ESC;
		else
			slip->bad = 1;
	} else if (byte == UM_SLIP_ESC) {
		slip->escaped = 1;
		return 0;
	}
	if (slip->len == slip->size)
		slip->bad = 1;
	if (!slip->bad)
		slip->packet[slip->len++] = byte;
	return 0;
}

#endif /* _UM_SLIP_H */
