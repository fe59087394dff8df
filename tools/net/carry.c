// SPDX-License-Identifier: GPL-2.0
/* SLIP on a tty, where the host's kernel does not do it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <um/slip.h>
#include "host.h"
#include "privilege.h"

#define PACKET_MAX	65536

enum { TTY, TUN, NR_FILES };

/**
 * struct line - a tty and what is under way on it
 * @files:	the tty and the tun
 * @slip:	a packet from the guest
 * @out:	a packet for the guest, as it goes to the tty
 * @out_len:	its length; 0: there is none
 * @out_at:	how much of it is there
 * @stop:	the tty or the tun is gone
 */
struct line {
	struct pollfd	files[NR_FILES];
	struct um_slip	slip;
	um_u8		out[UM_SLIP_ENCODED_MAX(PACKET_MAX)];
	size_t		out_len;
	size_t		out_at;
	bool		stop;
};

static bool is_over(ssize_t bytes)
{
	return !bytes || (bytes < 0 && errno != EAGAIN && errno != EINTR);
}

static void tty_in(struct line *line)
{
	um_u8 bytes[4096];
	ssize_t count = read(line->files[TTY].fd, bytes, sizeof(bytes)), i;
	um_u32 length;

	line->stop = is_over(count);
	for (i = 0; i < count; i++) {
		length = um_slip_decode(&line->slip, bytes[i]);
		/* The host takes no packet that is none. */
		if (length && write(line->files[TUN].fd, line->slip.packet, length) < 0 &&
		    errno == EBADFD)
			line->stop = true;
	}
}

static void tty_out(struct line *line)
{
	ssize_t count = write(line->files[TTY].fd, line->out + line->out_at,
			      line->out_len - line->out_at);

	line->stop = is_over(count);
	if (count > 0)
		line->out_at += count;
	if (line->out_at == line->out_len)
		line->out_len = 0;
}

static void tun_in(struct line *line)
{
	static um_u8 packet[PACKET_MAX];
	ssize_t count = read(line->files[TUN].fd, packet, sizeof(packet));

	line->stop = is_over(count);
	/* A guest has IPv4 on it only: what this protocol is about. */
	if (count <= 0 || packet[0] >> 4 != 4)
		return;
	line->out_len = um_slip_encode(packet, count, line->out);
	line->out_at = 0;
	tty_out(line);
}

void carry(struct host *host, int tty)
{
	static um_u8 packet[PACKET_MAX];
	static struct line line;
	struct pollfd *files = line.files;

	privilege_drop_all();
	close(host->nl.fd);
	fcntl(tty, F_SETFL, fcntl(tty, F_GETFL) | O_NONBLOCK);
	line.slip = (struct um_slip){ .packet = packet, .size = sizeof(packet) };
	files[TTY] = (struct pollfd){ tty, POLLIN, 0 };
	files[TUN] = (struct pollfd){ host->tun, POLLIN, 0 };
	while (!line.stop) {
		files[TTY].events = POLLIN | (line.out_len ? POLLOUT : 0);
		files[TUN].events = line.out_len ? 0 : POLLIN;
		if (poll(files, NR_FILES, -1) < 0)
			continue;
		if (files[TUN].revents & (POLLERR | POLLNVAL))
			return;
		if (files[TTY].revents & (POLLIN | POLLHUP | POLLERR))
			tty_in(&line);
		if ((files[TTY].revents & POLLOUT) && line.out_len && !line.stop)
			tty_out(&line);
		if ((files[TUN].revents & POLLIN) && !line.stop)
			tun_in(&line);
	}
}
