// SPDX-License-Identifier: GPL-2.0
/* Files of /proc, for a client of the management console. */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <asm/options.h>

#include "mconsole.h"

/* A file that never ends does so here. */
#define FILE_MAX	(1024 * 1024)

/* Our own: what the guest has mounted where is its own affair. */
static struct vfsmount *mconsole_proc_mount(void)
{
	static struct vfsmount *mnt;
	struct file_system_type *type;

	if (!IS_ERR_OR_NULL(mnt))
		return mnt;
	type = get_fs_type("proc");
	if (!type)
		return ERR_PTR(-ENODEV);
	mnt = kern_mount(type);
	put_filesystem(type);
	return mnt;
}

/* Files of processes know nothing but memory of a process, most by these means. */
static ssize_t mconsole_read_some(struct file *file, char *page, loff_t *pos)
{
	struct kvec vec = { .iov_base = page, .iov_len = PAGE_SIZE };
	struct kiocb kiocb;
	struct iov_iter iter;
	ssize_t n;

	if (file->f_op->read != seq_read)
		return kernel_read(file, page, PAGE_SIZE, pos);
	init_sync_kiocb(&kiocb, file);
	kiocb.ki_pos = *pos;
	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, PAGE_SIZE);
	n = seq_read_iter(&kiocb, &iter);
	*pos = kiocb.ki_pos;
	return n;
}

static int mconsole_read_all(struct mconsole_answer *answer, struct file *file)
{
	char *page = (char *)__get_free_page(GFP_KERNEL);
	loff_t pos = 0;
	ssize_t n = 0;

	if (!page)
		return -ENOMEM;
	while (pos < FILE_MAX) {
		n = mconsole_read_some(file, page, &pos);
		if (n <= 0)
			break;
		mconsole_put(answer, page, n);
	}
	free_page((unsigned long)page);
	return n < 0 ? n : 0;
}

void mconsole_proc(struct mconsole_answer *answer, const char *name)
{
	struct vfsmount *mnt = mconsole_proc_mount();
	struct file *file;
	int err = 0;

	if (IS_ERR(mnt)) {
		mconsole_fail(answer, PTR_ERR(mnt), "proc: there is none: %s",
			      um_strerror(PTR_ERR(mnt)));
		return;
	}
	/* What its links lead to may be a FIFO, or a device. */
	file = file_open_root_mnt(mnt, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (IS_ERR(file)) {
		mconsole_fail(answer, PTR_ERR(file), "proc: %s: %s", name,
			      um_strerror(PTR_ERR(file)));
		return;
	}
	if (file_inode(file)->i_sb != mnt->mnt_sb)
		mconsole_fail(answer, -EXDEV, "proc: %s: leads out of /proc", name);
	else if (S_ISDIR(file_inode(file)->i_mode))
		err = -EISDIR;
	else if (file->f_op->read && file->f_op->read != seq_read)
		mconsole_fail(answer, -EOPNOTSUPP, "proc: %s: only a process can read it", name);
	else
		err = mconsole_read_all(answer, file);
	fput(file);
	if (err)
		mconsole_fail(answer, err, "proc: %s: %s", name, um_strerror(err));
}
