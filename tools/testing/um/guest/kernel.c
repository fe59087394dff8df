// SPDX-License-Identifier: GPL-2.0
/* What the kernel shows of itself: proc files, BPF, modules, random. */
#include "tap.h"
#include <linux/bpf.h>
#include <linux/filter.h>
#include <poll.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/socket.h>

static char buf[1 << 20];

static void check_self(void)
{
	char *p = pages(3), line[64], *at;
	int fd;

	mprotect(p + PAGE, PAGE, PROT_READ | PROT_EXEC);
	ok(read_file("/proc/self/maps", buf, sizeof(buf)) > 0, "/proc/self/maps");
	snprintf(line, sizeof(line), "%lx-%lx r-xp", (long)p + PAGE, (long)p + 2 * PAGE);
	ok(strstr(buf, line), "shows a mapping of ours");
	ok(strstr(buf, "[stack]"), "and the stack");
	ok(strstr(buf, "[heap]") || !malloc(1), "and the heap");
	ok(!getauxval(AT_SYSINFO_EHDR) || strstr(buf, "[vdso]"), "and the vDSO");
	ok(read_file("/proc/self/smaps", buf, sizeof(buf)) > 0 && strstr(buf, "Rss:"),
	   "/proc/self/smaps");
	ok(read_file("/proc/self/status", buf, sizeof(buf)) > 0, "/proc/self/status");
	at = strstr(buf, "\nPid:");
	ok(at && atoi(at + 5) == getpid(), "shows our pid");
	ok(read_file("/proc/self/stat", buf, sizeof(buf)) > 0 && atoi(buf) == getpid(),
	   "/proc/self/stat");
	ok(read_file("/proc/self/auxv", buf, sizeof(buf)) >= 100, "/proc/self/auxv");
	ok(read_file("/proc/self/cmdline", buf, sizeof(buf)) > 0, "/proc/self/cmdline");
	fd = open("/proc/self/pagemap", O_RDONLY);
	*p = 1;
	if (fd >= 0) {
		uint64_t e = 0;

		is(pread(fd, &e, 8, (long)p / PAGE * 8), 8, "/proc/self/pagemap");
		ok(e >> 63, "the page is present");
		close(fd);
	}
	munmap(p, 3 * PAGE);
	ok(getauxval(AT_PAGESZ) == 4096 && getauxval(AT_ENTRY) &&
	   getauxval(AT_RANDOM) && getauxval(AT_EXECFN), "the auxiliary vector");
	ok(getauxval(AT_PLATFORM) && !strcmp((char *)getauxval(AT_PLATFORM), "x86_64"),
	   "AT_PLATFORM is x86_64");
	ok(getauxval(AT_CLKTCK) == 100, "AT_CLKTCK");
}

static void check_system(void)
{
	static const char *const files[] = {
		"/proc/version", "/proc/uptime", "/proc/loadavg", "/proc/stat",
		"/proc/vmstat", "/proc/buddyinfo", "/proc/zoneinfo",
		"/proc/slabinfo", "/proc/filesystems", "/proc/devices",
		"/proc/interrupts", "/proc/softirqs", "/proc/iomem",
		"/proc/partitions", "/proc/mounts", "/proc/cmdline",
		"/proc/consoles", "/proc/timer_list", "/proc/diskstats",
		"/proc/net/dev", "/proc/sys/kernel/osrelease",
		"/proc/sys/kernel/random/boot_id", "/proc/sys/vm/overcommit_memory",
		"/sys/kernel/mm/transparent_hugepage/enabled",
	};
	size_t i;
	long n;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (geteuid() && access(files[i], R_OK))
			continue;
		n = read_file(files[i], buf, sizeof(buf));
		if (n < 0 && (strstr(files[i], "hugepage") ||
			      strstr(files[i], "partitions") || strstr(files[i], "diskstats") || strstr(files[i], "timer_list") ||
			      strstr(files[i], "slabinfo") || strstr(files[i], "iomem")))
			skip("not there", "%s", files[i]);
		else
			/* Some are rightly empty: no disk, no resource. */
			ok(n >= 0, "%s is readable (%ld)", files[i], n);
	}
	n = read_file("/proc/cpuinfo", buf, sizeof(buf));
	ok(n > 0 && strstr(buf, "processor") && strstr(buf, "flags"), "/proc/cpuinfo");
	n = read_file("/proc/meminfo", buf, sizeof(buf));
	ok(n > 0 && strstr(buf, "MemTotal:") && strstr(buf, "MemAvailable:"),
	   "/proc/meminfo");
	if (!in_guest())
		return;
	n = read_file("/proc/kallsyms", buf, sizeof(buf));
	ok(n > 10000, "/proc/kallsyms");
	{
		FILE *f = fopen("/proc/kallsyms", "r");
		char name[200];
		unsigned long addr, found = 0;

		while (f && fscanf(f, "%lx %*c %199s%*[^\n]", &addr, name) == 2)
			if (!strcmp(name, "start_kernel") || !strcmp(name, "panic"))
				found += addr != 0;
		ok(found == 2, "has start_kernel and panic with addresses");
		if (f)
			fclose(f);
	}
	n = read_file("/proc/config.gz", buf, sizeof(buf));
	if (n < 0)
		skip("not configured", "/proc/config.gz");
	else
		ok(n > 1000 && (uint8_t)buf[0] == 0x1f &&
		   (uint8_t)buf[1] == 0x8b, "/proc/config.gz");
	n = read_file("/proc/interrupts", buf, sizeof(buf));
	diag("interrupts: %.60s", buf);
}

static void check_random(void)
{
	char a[32], b[32];
	double t = seconds();

	is(getrandom(a, 32, 0), 32, "getrandom");
	is(getrandom(b, 32, GRND_NONBLOCK), 32, "without blocking");
	ok(memcmp(a, b, 32), "two of them differ");
	ok(seconds() - t < 5, "at once");
	ok(read_file("/dev/urandom", buf, 64) > 0, "/dev/urandom");
	read_file("/proc/sys/kernel/random/boot_id", a, 32);
	ok(strlen(a) == 31, "a boot id");
}

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static void check_bpf(void)
{
	union bpf_attr attr;
	uint32_t key = 1, i;
	uint64_t value = 77;
	int map, prog, s[2];
	char c, log[4096];

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = 8;
	attr.max_entries = 4;
	map = bpf(BPF_MAP_CREATE, &attr);
	if (map < 0) {
		skip(strerror(errno), "BPF maps and programs");
		return;
	}
	ok(true, "a BPF map");
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = (long)&key;
	attr.value = (long)&value;
	is(bpf(BPF_MAP_UPDATE_ELEM, &attr), 0, "update");
	value = 0;
	is(bpf(BPF_MAP_LOOKUP_ELEM, &attr), 0, "lookup");
	is(value, 77, "the value");
	{
		/* A socket filter: count in map[1], pass everything. */
		struct bpf_insn p[] = {
			{ BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 1 },
			{ BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0 },
			{ BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4 },
			{ BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, map },
			{ 0, 0, 0, 0, 0 },
			{ BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem },
			{ BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2, 0 },
			{ BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 1 },
			{ BPF_STX | BPF_XADD | BPF_DW, 0, 1, 0, 0 },
			{ BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, -1 },
			{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
		};

		memset(&attr, 0, sizeof(attr));
		attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
		attr.insns = (long)p;
		attr.insn_cnt = sizeof(p) / sizeof(p[0]);
		attr.license = (long)"GPL";
		attr.log_buf = (long)log;
		attr.log_size = sizeof(log);
		attr.log_level = 1;
		prog = bpf(BPF_PROG_LOAD, &attr);
	}
	if (!ok(prog >= 0, "the verifier takes a socket filter"))
		return;
	socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
	is(setsockopt(s[1], SOL_SOCKET, SO_ATTACH_BPF, &prog, sizeof(prog)), 0,
	   "attach it");
	for (i = 0; i < 3; i++)
		if (write(s[0], "x", 1) != 1 || read(s[1], &c, 1) != 1)
			break;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = (long)&key;
	attr.value = (long)&value;
	bpf(BPF_MAP_LOOKUP_ELEM, &attr);
	is(value, 80, "it counted three packets");
	close(s[0]);
	close(s[1]);
	close(prog);
	close(map);
}

static void check_module(void)
{
	static char junk[4096] = "\177ELF";
	int fd;

	if (!in_guest() || geteuid())
		return;
	if (syscall(SYS_init_module, junk, sizeof(junk), "") == -1 && errno == ENOSYS) {
		skip("no modules", "a bad image of a module");
		return;
	}
	is_err(syscall(SYS_init_module, junk, sizeof(junk), ""), ENOEXEC,
	       "a bad image of a module");
	is_err(syscall(SYS_init_module, "not elf at all, but long enough to be read as a header "
		       "of sixty-four bytes", 70UL, ""), ENOEXEC, "no ELF at all");
	is_err(syscall(SYS_init_module, 8, 4096UL, ""), EFAULT, "a bad pointer");
	is_err(syscall(SYS_delete_module, "nonesuch", 0), ENOENT, "no such module");
	fd = open("/proc/self/exe", O_RDONLY);
	ok(syscall(SYS_finit_module, fd, "", 0) == -1 && errno == ENOEXEC,
	   "a program is no module");
	close(fd);
	ok(read_file("/proc/modules", buf, sizeof(buf)) >= 0, "/proc/modules");
}

TEST_AREA(kernel, 60)
{
	check_self();
	check_system();
	check_random();
	check_bpf();
	check_module();
}
