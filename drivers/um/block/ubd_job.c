// SPDX-License-Identifier: GPL-2.0
/*
 * One job, from its first byte to its result.
 *
 * Helper threads run this: it may call host functions, and nothing of the kernel.
 */
#include <linux/errno.h>
#include <linux/stddef.h>

#include "ubd_job.h"

static void ubd_job_advance(struct ubd_job *job, um_u64 bytes)
{
	job->off += bytes;
	job->len -= bytes;
	while (bytes) {
		struct host_iovec *v = &job->iov[job->seg];

		if (bytes < v->len) {
			v->base = (char *)v->base + bytes;
			v->len -= bytes;
			return;
		}
		bytes -= v->len;
		job->seg++;
	}
}

/* So many at once, where not all are meant. */
#define FRONT_SEGS	64

/* The first @len bytes of what is left, or fewer. */
static int ubd_job_front(const struct ubd_job *job, um_u64 len,
			 struct host_iovec *iov)
{
	int n = 0;

	while (len && n < FRONT_SEGS) {
		iov[n] = job->iov[job->seg + n];
		if (iov[n].len > len)
			iov[n].len = len;
		len -= iov[n++].len;
	}
	return n;
}

/* The descriptor for data: O_DIRECT takes what is aligned, and only that. */
static int ubd_data_fd(const struct ubd_layer *l, const struct host_iovec *iov,
		       int n, um_u64 off)
{
	um_u64 bits = off;
	int i;

	if (l->direct < 0)
		return l->fd;
	for (i = 0; i < n; i++)
		bits |= (unsigned long)iov[i].base | iov[i].len;
	return bits & l->unaligned ? l->fd : l->direct;
}

/* Reads what lies together. */
static long ubd_job_read_some(struct ubd_job *job, int flags)
{
	struct ubd_extent e = ubd_image_find(job->image, job->off, job->len);
	const struct ubd_layer *l = &job->image->layer[e.layer];
	struct host_iovec front[FRONT_SEGS], *iov = &job->iov[job->seg];
	int n = job->nr_segs - job->seg;

	job->layer = e.layer;
	if (e.len != job->len) {
		iov = front;
		n = ubd_job_front(job, e.len, front);
	}
	return host_preadv(ubd_data_fd(l, iov, n, e.off), iov, n, e.off, flags);
}

static long ubd_job_write_some(struct ubd_job *job)
{
	const struct host_iovec *iov = &job->iov[job->seg];
	um_u64 off = ubd_image_write_off(job->image, job->off);
	int n = job->nr_segs - job->seg;

	return host_pwritev(ubd_data_fd(&job->image->layer[0], iov, n, off), iov,
			    n, off, 0);
}

static int ubd_job_transfer(struct ubd_job *job)
{
	while (job->len) {
		long n = job->op == UBD_OP_READ ? ubd_job_read_some(job, 0) :
						  ubd_job_write_some(job);

		if (n < 0)
			return n;
		/* The file ends before the device does: it was truncated. */
		if (n == 0)
			return -EIO;
		ubd_job_advance(job, n);
	}
	return 0;
}

/*
 * The first sector of plain data.  The guest can change its memory at any time, so
 * what is written is what was looked at.
 */
static int ubd_job_write_first(struct ubd_job *job)
{
	char sector[COW_SECTOR], *p = sector;
	struct host_iovec iov = { .base = sector, .len = sizeof(sector) };
	const struct host_iovec *v = &job->iov[job->seg];
	um_u64 left, n;
	long done;

	for (left = sizeof(sector); left; left -= n, p += n, v++) {
		n = cow_min(v->len, left);
		__builtin_memcpy(p, v->base, n);
	}
	job->refused = ubd_is_cow_head(sector);
	if (job->refused)
		return -EPERM;
	while (iov.len) {
		done = host_pwritev(job->image->layer[0].fd, &iov, 1,
				    sizeof(sector) - iov.len, 0);
		if (done <= 0)
			return done ? done : -EIO;
		iov.base = (char *)iov.base + done;
		iov.len -= done;
	}
	ubd_job_advance(job, sizeof(sector));
	return 0;
}

/* ---- zeros ------------------------------------------------------------------ */

static int ubd_job_write_zeros(const struct ubd_job *job, um_u64 off, um_u64 len)
{
	static const char zeros[4096];

	while (len) {
		struct host_iovec iov = {
			.base = (void *)zeros, .len = cow_min(len, sizeof(zeros)),
		};
		long n = host_pwritev(job->image->layer[0].fd, &iov, 1, off, 0);

		if (n <= 0)
			return n ? n : -EIO;
		off += n;
		len -= n;
	}
	return 0;
}

/* The largest sectors that disks have. */
#define UBD_ZERO_ALIGN	4096

static int ubd_job_clear(const struct ubd_job *job, um_u64 off, um_u64 len)
{
	int fd = job->image->layer[0].fd;

	return job->keep ? host_zero(fd, off, len) : host_punch(fd, off, len);
}

/*
 * A device of the host with larger sectors refuses what is not made of them.  Only
 * zeros have to be there then, of a discard nothing is promised.
 */
static int ubd_job_punch(const struct ubd_job *job)
{
	um_u64 off = ubd_image_write_off(job->image, job->off);
	um_u64 end = off + job->len;
	um_u64 first = cow_min(cow_round_up(off, UBD_ZERO_ALIGN), end);
	um_u64 last = cow_round_down(end, UBD_ZERO_ALIGN);
	int zero = job->op == UBD_OP_ZERO;
	int err = ubd_job_clear(job, off, job->len);

	if (err != -EINVAL)
		return err;
	if (last < first)
		last = first;
	err = first < last ? ubd_job_clear(job, first, last - first) : 0;
	if (!zero)
		return err == -EINVAL ? 0 : err;
	if (err == -EINVAL)
		return ubd_job_write_zeros(job, off, job->len);
	return err ?: ubd_job_write_zeros(job, off, first - off) ?:
		      ubd_job_write_zeros(job, last, end - last);
}

static int ubd_job_fill(struct ubd_job *job)
{
	int err = 0;

	if (job->op == UBD_OP_ZERO)
		return ubd_job_punch(job);
	if (!job->off && job->image->guarded)
		err = ubd_job_write_first(job);
	return err ?: ubd_job_transfer(job);
}

/* A write of data, or of zeros. */
static int ubd_job_write(struct ubd_job *job)
{
	um_u64 off = job->off, len = job->len;
	int err, locked;

	err = ubd_image_write_begin(job->image, off, len, &locked, &job->layer);
	if (!err)
		err = ubd_job_fill(job);
	ubd_image_write_end(job->image, off, len, locked, err);
	return err;
}

void ubd_job_run(struct ubd_job *job)
{
	int err = 0;

	job->layer = 0;
	if (job->op == UBD_OP_WRITE || job->op == UBD_OP_ZERO ||
	    job->op == UBD_OP_DISCARD)
		ubd_merge_touch(job->image, job->off, job->len);
	switch (job->op) {
	case UBD_OP_READ:
		err = ubd_job_transfer(job);
		break;
	case UBD_OP_WRITE:
	case UBD_OP_ZERO:
		err = ubd_job_write(job);
		break;
	case UBD_OP_FLUSH:
		err = ubd_image_flush(job->image);
		break;
	case UBD_OP_DISCARD:
		/* Of what the COW file lacks, the backing file's stays. */
		err = ubd_job_punch(job);
		break;
	case UBD_OP_MERGE:
		job->result = job->step(job->merge);
		return;
	}
	if (!err && job->sync && job->op != UBD_OP_READ && job->op != UBD_OP_FLUSH)
		err = ubd_image_flush(job->image);
	job->result = err;
}

int ubd_job_try_read(struct ubd_job *job)
{
	while (job->len) {
		long n = ubd_job_read_some(job, HOST_NOWAIT);

		/* Some hosts say 0 instead, which is the end of the file elsewhere. */
		if (n == -EAGAIN || !n)
			return 0;
		if (n < 0) {
			job->result = n;
			return 1;
		}
		ubd_job_advance(job, n);
	}
	return 1;
}
