// SPDX-License-Identifier: GPL-2.0
/*
 * initrd=FILE: a file of the host as initial RAM disk or initramfs.
 */
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <asm/options.h>
#include <asm/physmem.h>
#include <asm/setup.h>
#include <um/host.h>

static int initrd_fd __initdata = -1;
static const char *initrd_file __initdata;
static unsigned long initrd_bytes __initdata;

static int __init initrd_option(char *arg)
{
	struct host_stat st;
	int err;

	if (initrd_fd >= 0)
		host_close(initrd_fd);
	initrd_fd = host_open(arg, 0, 0);
	if (initrd_fd < 0)
		return um_option_error("initrd=%s: %s", arg, um_strerror(initrd_fd));
	err = host_fstat(initrd_fd, &st);
	if (err < 0)
		return um_option_error("initrd=%s: %s", arg, um_strerror(err));
	if (st.type != HOST_FILE_REGULAR)
		return um_option_error("initrd=%s: not a regular file", arg);
	if (!st.size)
		return um_option_error("initrd=%s: the file is empty", arg);
	initrd_file = arg;
	initrd_bytes = st.size;
	return 0;
}

UM_OPTION(initrd, "initrd=", initrd_option, "initrd=FILE",
	  "A file of the host as initial RAM disk, or initramfs.\n");

void __init um_initrd_load(void)
{
	unsigned long done = 0;
	char *mem;

	if (initrd_fd < 0)
		return;
	mem = memblock_alloc_raw(initrd_bytes, PAGE_SIZE);
	if (!mem)
		panic("initrd=%s: %lu KiB do not fit into mem=%luM", initrd_file,
		      initrd_bytes >> 10, physmem_size >> 20);
	while (done < initrd_bytes) {
		struct host_iovec iov = { mem + done, initrd_bytes - done };
		long n = host_preadv(initrd_fd, &iov, 1, done, 0);

		if (n <= 0)
			panic("initrd=%s: %s", initrd_file,
			      n ? um_strerror(n) : "the file became shorter");
		done += n;
	}
	host_close(initrd_fd);
	initrd_start = (unsigned long)mem;
	initrd_end = initrd_start + initrd_bytes;
}
