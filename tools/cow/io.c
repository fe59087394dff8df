// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <unistd.h>

#include "io.h"

/* What is copied through memory goes in pieces of this. */
#define IO_BUFFER	(1UL << 20)

static char buffer[IO_BUFFER];

static um_u64 piece(um_u64 len)
{
	return len < IO_BUFFER ? len : IO_BUFFER;
}

long read_at(int fd, void *buf, um_u64 len, um_u64 off)
{
	um_u64 done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)buf + done, len - done, off + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += n;
	}
	return done;
}

int write_at(int fd, const void *buf, um_u64 len, um_u64 off)
{
	while (len) {
		ssize_t n = pwrite(fd, buf, len, off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		buf = (const char *)buf + n;
		off += n;
		len -= n;
	}
	return 0;
}

static int copy_through_memory(int from, um_u64 from_off, int to, um_u64 to_off, um_u64 len)
{
	while (len) {
		long n = read_at(from, buffer, piece(len), from_off);

		if (n < 0)
			return -1;
		if (n == 0) {
			errno = ENODATA;
			return -1;
		}
		if (write_at(to, buffer, n, to_off))
			return -1;
		from_off += n;
		to_off += n;
		len -= n;
	}
	return 0;
}

int copy_at(int from, um_u64 from_off, int to, um_u64 to_off, um_u64 len)
{
	while (len) {
		off_t in = from_off, out = to_off;
		ssize_t n = copy_file_range(from, &in, to, &out, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		/*
		 * It has many ways to say that it cannot, between file systems, or with
		 * devices; an error of the files themselves comes again.
		 */
		if (n <= 0)
			return copy_through_memory(from, from_off, to, to_off, len);
		from_off += n;
		to_off += n;
		len -= n;
	}
	return 0;
}

int zero_at(int fd, um_u64 len, um_u64 off)
{
	int err;

	do
		err = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, len);
	while (err && errno == EINTR);
	if (!err)
		return 0;

	memset(buffer, 0, piece(len));
	while (len) {
		um_u64 n = piece(len);

		if (write_at(fd, buffer, n, off))
			return -1;
		off += n;
		len -= n;
	}
	return 0;
}
