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

static int ubd_job_punch(struct ubd_job *job)
{
	return host_punch(job->image->layer[0].fd,
			  ubd_image_write_off(job->image, job->off), job->len);
}

/* A write of data, or of zeros. */
static int ubd_job_write(struct ubd_job *job)
{
	um_u64 off = job->off, len = job->len;
	int err, locked;

	err = ubd_image_write_begin(job->image, off, len, &locked, &job->layer);
	if (!err)
		err = job->op == UBD_OP_WRITE ? ubd_job_transfer(job) :
						ubd_job_punch(job);
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

		if (n == -EAGAIN)
			return 0;
		if (n <= 0) {
			job->result = n ? n : -EIO;
			return 1;
		}
		ubd_job_advance(job, n);
	}
	return 1;
}
