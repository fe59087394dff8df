// SPDX-License-Identifier: GPL-2.0
/*
 * Memory: the file that holds physical memory, and this process's mappings.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "internal.h"

#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC		1U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC		0x10U
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

_Static_assert(HOST_PROT_READ == PROT_READ && HOST_PROT_WRITE == PROT_WRITE &&
	       HOST_PROT_EXEC == PROT_EXEC, "protections go as they are");

#define TEST_LEN	4096UL

/* Gives the file its size, and finds out whether guest code could run from it. */
static int try_mem(int fd, um_u64 size)
{
	long ret;

	ret = sys_retry(SYS_ftruncate, fd, size);
	if (ret)
		return ret;
	ret = sys(SYS_mmap, NULL, TEST_LEN, PROT_READ | PROT_WRITE | PROT_EXEC,
		  MAP_SHARED, fd, 0);
	if (ret < 0 && ret > -4096)
		return ret;
	sys(SYS_munmap, ret, TEST_LEN);
	return 0;
}

static int mem_from_memfd(const char *name, um_u64 size)
{
	long fd, err;

	fd = sys(SYS_memfd_create, name, MFD_CLOEXEC | MFD_EXEC);
	if (fd == -EINVAL)
		fd = sys(SYS_memfd_create, name, MFD_CLOEXEC);
	if (fd < 0)
		return fd;
	err = try_mem(fd, size);
	if (!err)
		return fd;
	sys(SYS_close, fd);
	return err;
}

/* For file systems that have no O_TMPFILE. */
static int open_unlinked(const char *dir, const char *name)
{
	char path[512];
	int tries = 100;

	if (strlen(dir) + strlen(name) + 32 > sizeof(path))
		return -ENAMETOOLONG;
	while (tries--) {
		um_u64 rnd;
		char *p;
		long fd;

		fd = host_getrandom(&rnd, sizeof(rnd));
		if (fd < 0)
			return fd;
		p = stpcpy(path, dir);
		*p++ = '/';
		p = stpcpy(p, name);
		*p++ = '.';
		for (int i = 0; i < 12; i++, rnd >>= 5)
			*p++ = "abcdefghijklmnopqrstuvwxyz234567"[rnd & 31];
		*p = 0;
		fd = sys_retry(SYS_openat, AT_FDCWD, path,
			       O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd == -EEXIST)
			continue;
		if (fd >= 0)
			host_unlink(path);
		return fd;
	}
	return -EEXIST;
}

static int mem_from_dir(const char *dir, const char *name, um_u64 size)
{
	long fd, err;

	fd = sys_retry(SYS_openat, AT_FDCWD, dir,
		       O_RDWR | O_TMPFILE | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -EOPNOTSUPP || fd == -EISDIR || fd == -EINVAL)
		fd = open_unlinked(dir, name);
	if (fd < 0)
		return fd;
	err = try_mem(fd, size);
	if (!err)
		return fd;
	sys(SYS_close, fd);
	return err;
}

int host_mem_create(const char *name, um_u64 size)
{
	const char *dirs[] = {
		getenv("TMPDIR"), "/dev/shm", "/tmp", "/var/tmp",
	};
	int first, fd;

	first = mem_from_memfd(name, size);
	/* A size that the host refuses is refused everywhere. */
	if (first >= 0 || first == -EFBIG || first == -EMFILE ||
	    first == -ENFILE)
		return first;

	/* The host may have memfds without the right to execute them, or none. */
	for (unsigned int i = 0; i < ARRAY_SIZE(dirs); i++) {
		if (!dirs[i] || !dirs[i][0])
			continue;
		fd = mem_from_dir(dirs[i], name, size);
		if (fd >= 0)
			return fd;
	}
	return first;
}

int host_map(void *addr, um_u64 len, int prot, int fd, um_u64 off)
{
	int flags = MAP_FIXED;
	long ret;

	if (fd >= 0)
		flags |= MAP_SHARED;
	else
		flags |= MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	ret = sys(SYS_mmap, addr, len, prot, flags, fd, off);
	return ret < 0 && ret > -4096 ? ret : 0;
}

long host_reserve(um_u64 len)
{
	return sys(SYS_mmap, NULL, len, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

int host_unmap(void *addr, um_u64 len)
{
	return sys(SYS_munmap, addr, len);
}

int host_protect(void *addr, um_u64 len, int prot)
{
	return sys(SYS_mprotect, addr, len, prot);
}

int host_populate(void *addr, um_u64 len)
{
	sys(SYS_madvise, addr, len, MADV_HUGEPAGE);
	return sys_retry(SYS_madvise, addr, len, MADV_POPULATE_WRITE);
}

um_u64 host_max_mappings(void)
{
	char text[24] = "";
	long fd, n;

	fd = sys_retry(SYS_openat, AT_FDCWD, "/proc/sys/vm/max_map_count",
		       O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	n = sys_retry(SYS_read, fd, text, sizeof(text) - 1);
	sys(SYS_close, fd);
	return n > 0 ? strtoul(text, NULL, 10) : 0;
}

um_u64 host_mem_total(void)
{
	struct sysinfo si;

	if (sys(SYS_sysinfo, &si) < 0)
		return 0;
	return (um_u64)si.totalram * si.mem_unit;
}
