// SPDX-License-Identifier: GPL-2.0
/*
 * The host's vDSO.  Stubs keep it, at a place that is the same in all, so that
 * guest code can read the host's clock without a system call.
 *
 * Its code and its data are several mappings, and the code finds the data by the
 * distance: all of them are moved by the same.
 */
#include <elf.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "internal.h"

#define PAGE_BYTES	4096UL

/* What a system call of the vDSO's returns in the rehearsal, and no other. */
#define TRAPPED		4000

struct mapping {
	um_u64	start;
	um_u64	end;
};

/* In this process: from the start of the first mapping to the last one's end. */
static struct mapping whole;
static struct mapping mappings[8];
static int nr_mappings;

/* ---- where it is ---------------------------------------------------------- */

/* A line of /proc/self/maps: start-end rights offset device inode name. */
static int look_at_line(const char *line, um_u64 image)
{
	const char *name = line;
	struct mapping m;
	char *next;

	for (int field = 0; field < 5; field++) {
		name += strcspn(name, " ");
		name += strspn(name, " ");
	}
	if (strncmp(name, "[vvar", 5) && strcmp(name, "[vdso]"))
		return 0;
	m.start = strtoull(line, &next, 16);
	if (*next != '-')
		return -EINVAL;
	m.end = strtoull(next + 1, NULL, 16);
	/* The dynamic linker knows it by another address, if it was moved. */
	if (name[2] == 'd' && m.start != image)
		return -EINVAL;
	if (nr_mappings == ARRAY_SIZE(mappings))
		return -E2BIG;
	if (!nr_mappings || m.start < whole.start)
		whole.start = m.start;
	if (m.end > whole.end)
		whole.end = m.end;
	mappings[nr_mappings++] = m;
	return 0;
}

static int find_mappings(um_u64 image)
{
	static char buf[8192];
	unsigned long have = 0;
	int err = 0;
	long fd, n;

	fd = sys_retry(SYS_openat, AT_FDCWD, "/proc/self/maps",
		       O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	while (!err) {
		char *line = buf, *end;

		n = sys_retry(SYS_read, fd, buf + have, sizeof(buf) - 1 - have);
		if (n <= 0) {
			err = n;
			break;
		}
		have += n;
		buf[have] = 0;
		while (!err && (end = strchr(line, '\n'))) {
			*end = 0;
			err = look_at_line(line, image);
			line = end + 1;
		}
		have -= line - buf;
		/* No name of ours is that long. */
		if (have == sizeof(buf) - 1)
			have = 0;
		memmove(buf, line, have);
	}
	sys(SYS_close, fd);
	return err;
}

/* ---- its clock ------------------------------------------------------------ */

/* Hosts have one kind of hash table or the other, or both. */
static um_u32 gnu_hash_symbols(const um_u32 *table)
{
	um_u32 nr_buckets = table[0], first = table[1], bloom = table[2];
	const um_u32 *bucket = table + 4 + bloom * (sizeof(um_u64) / sizeof(um_u32));
	const um_u32 *chain = bucket + nr_buckets;
	um_u32 last = 0;

	for (um_u32 i = 0; i < nr_buckets; i++)
		if (bucket[i] > last)
			last = bucket[i];
	if (last < first)
		return 0;
	/* The lowest bit marks the end of a chain. */
	while (!(chain[last - first] & 1))
		last++;
	return last + 1;
}

/* The address of a function of the image, or 0. */
static um_u64 find_function(const char *image, const char *name)
{
	const Elf64_Ehdr *eh = (const void *)image;
	const Elf64_Phdr *ph = (const void *)(image + eh->e_phoff);
	const Elf64_Dyn *dyn = NULL;
	const Elf64_Sym *sym = NULL;
	const char *names = NULL;
	um_u64 bias = 0;
	um_u32 nr = 0;
	int loads = 0;

	if (memcmp(eh->e_ident, ELFMAG, SELFMAG) ||
	    eh->e_ident[EI_CLASS] != ELFCLASS64)
		return 0;
	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && !loads++)
			bias = (um_u64)image + ph[i].p_offset - ph[i].p_vaddr;
		else if (ph[i].p_type == PT_DYNAMIC)
			dyn = (const void *)(image + ph[i].p_offset);
	}
	if (!loads || !dyn)
		return 0;
	for (; dyn->d_tag != DT_NULL; dyn++) {
		const void *p = (const void *)(bias + dyn->d_un.d_ptr);

		if (dyn->d_tag == DT_STRTAB)
			names = p;
		else if (dyn->d_tag == DT_SYMTAB)
			sym = p;
		else if (dyn->d_tag == DT_HASH)
			nr = ((const um_u32 *)p)[1];
		else if (dyn->d_tag == DT_GNU_HASH && !nr)
			nr = gnu_hash_symbols(p);
	}
	for (um_u32 i = 0; names && sym && i < nr; i++)
		if (sym[i].st_shndx != SHN_UNDEF &&
		    ELF64_ST_TYPE(sym[i].st_info) == STT_FUNC &&
		    !strcmp(names + sym[i].st_name, name))
			return bias + sym[i].st_value;
	return 0;
}

/* ---- moving it ------------------------------------------------------------ */

static long move_all(um_u64 from, um_u64 to)
{
	for (int i = 0; i < nr_mappings; i++) {
		um_u64 off = mappings[i].start - whole.start;
		um_u64 len = mappings[i].end - mappings[i].start;
		long ret = sys(SYS_mremap, from + off, len, len,
			       MREMAP_MAYMOVE | MREMAP_FIXED, to + off);

		if (ret != (long)(to + off))
			return ret < 0 ? ret : -EFAULT;
	}
	return 0;
}

int vdso_move(um_u64 start, um_u64 end, um_u64 vdso)
{
	long detour = 0, err;

	/* It may lie in the stub area itself. */
	if (vdso) {
		detour = sys(SYS_mmap, NULL, whole.end - whole.start, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (detour < 0 && detour > -4096)
			return detour;
		err = move_all(whole.start, detour);
		if (err)
			return err;
	}
	/* What lies there is a part of our parent's stack, if anything. */
	err = sys(SYS_munmap, start, end - start);
	return err || !vdso ? err : move_all(detour, vdso);
}

/* ---- does it work? -------------------------------------------------------- */

/**
 * struct rehearsal - what parent and child share
 * @step:	what the child does
 * @err:	-errno of it; 0 when all went well
 * @ns:		the time by the vDSO
 */
struct rehearsal {
	um_u64		start;
	um_u64		end;
	um_u64		dest;
	um_u64		clock;
	const char	*step;
	int		err;
	um_u64		ns;
};

/* From here on all but the end of the process fails in a way that is known. */
static void forbid_syscalls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | TRAPPED),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };

	/*
	 * Where that is refused nothing is known, and the best assumed: the
	 * kernel can answer these system calls.
	 */
	sys(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	sys(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

static __noreturn int rehearse(void *arg)
{
	struct rehearsal *r = arg;
	int (*clock)(clockid_t id, struct timespec *ts) = (void *)r->clock;
	struct rlimit no_core = { 0, 0 };
	struct timespec ts = { 0 };

	sys(SYS_prlimit64, 0, RLIMIT_CORE, &no_core, NULL);
	r->step = "mremap";
	r->err = vdso_move(r->start, r->end, r->dest);
	if (!r->err) {
		r->step = "its clock";
		r->err = -EFAULT;
		forbid_syscalls();
		r->err = clock(CLOCK_MONOTONIC, &ts);
		r->ns = ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	}
	for (;;)
		sys(SYS_exit_group, 0);
}

/* In a child, as what is tried cannot be undone. */
static int try_out(const struct rehearsal *plan, const char **why)
{
	const um_u64 stack = 64 * 1024;
	um_u64 old, before;
	struct rehearsal *r;
	int pid, status, err;
	long mem;

	*why = "mmap";
	mem = sys(SYS_mmap, NULL, PAGE_BYTES + stack, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mem < 0 && mem > -4096)
		return mem;
	r = (struct rehearsal *)mem;
	*r = *plan;
	r->step = "the child's start";
	r->err = -ECHILD;

	*why = "fork";
	before = host_monotonic_ns();
	old = sigmask_change(SIG_SETMASK, SIGMASK_ALL);
	pid = clone(rehearse, (void *)(mem + PAGE_BYTES + stack), 0, r);
	err = pid < 0 ? -errno : 0;
	sigmask_change(SIG_SETMASK, old);
	if (!err) {
		err = sys_retry(SYS_wait4, pid, &status, __WALL, NULL);
		if (err >= 0) {
			*why = r->step;
			err = r->err;
		}
		if (err == -TRAPPED) {
			*why = "the host's clock cannot be read without a system call";
			err = -EOPNOTSUPP;
		} else if (!err && (r->ns < before || r->ns > host_monotonic_ns())) {
			err = -ERANGE;
		}
	}
	sys(SYS_munmap, mem, PAGE_BYTES + stack);
	return err;
}

int host_vdso_start(um_u64 start, um_u64 end, um_u64 dest, um_u64 room,
		    um_u64 *clock, const char **why)
{
	um_u64 image = host_auxval(AT_SYSINFO_EHDR), function;
	struct rehearsal plan = { .start = start, .end = end, .dest = dest };
	int err;

	*why = "the host has none";
	if (!image)
		return -ENOENT;

	*why = "/proc/self/maps";
	err = find_mappings(image);
	if (err)
		return err;
	*why = "its place";
	if (!nr_mappings || image < whole.start || image >= whole.end)
		return -ENOENT;
	*why = "its size";
	if (whole.end - whole.start > room)
		return -E2BIG;

	*why = "clock_gettime";
	function = find_function((const char *)image, "__vdso_clock_gettime");
	if (function < whole.start || function >= whole.end)
		return -ENOENT;
	plan.clock = dest + (function - whole.start);

	err = try_out(&plan, why);
	if (!err)
		*clock = plan.clock;
	return err;
}
