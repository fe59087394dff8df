// SPDX-License-Identifier: GPL-2.0
/* A threaded program's core dump: every note, and memory. */
#include "tap.h"
#include <elf.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/user.h>

#define MARK 0x636f7265746d6b21UL

static volatile uint64_t marker[4] = { MARK, 2, 3, MARK };
static char *dropped;

static void *sleeper(void *arg)
{
	for (;;)
		pause();
	return NULL;
}

static void crash(void)
{
	struct rlimit rl = { RLIM_INFINITY, RLIM_INFINITY };
	static uint8_t vec[64];
	pthread_t t[3];
	int i;

	setrlimit(RLIMIT_CORE, &rl);
	dropped = pages(2);
	memset(dropped, 0xd7, 2 * PAGE);
	for (i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, sleeper, NULL);
	usleep(100000);
	fill(vec, 64, 99);
	asm volatile("movdqu (%0), %%xmm9\n mov $0x123456789, %%r13\n"
		     "mov %1, %%r14\n movl $1, 0x18\n"
		     : : "r"(vec), "r"(dropped) : "xmm9", "r13", "r14", "memory");
}

static char *core;
static long core_size;

static void *at_address(uint64_t addr, size_t len)
{
	Elf64_Ehdr *eh = (void *)core;
	Elf64_Phdr *ph = (void *)(core + eh->e_phoff);
	int i;

	for (i = 0; i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && addr >= ph[i].p_vaddr &&
		    addr + len <= ph[i].p_vaddr + ph[i].p_filesz)
			return core + ph[i].p_offset + (addr - ph[i].p_vaddr);
	return NULL;
}

static void check_core(pid_t pid)
{
	Elf64_Ehdr *eh = (void *)core;
	Elf64_Phdr *ph = (void *)(core + eh->e_phoff);
	struct elf_prstatus *first = NULL;
	struct elf_prpsinfo *ps = NULL;
	struct user_fpregs_struct *fp = NULL;
	siginfo_t *si = NULL;
	uint8_t want[64], *xs = NULL;
	int i, n_status = 0, n_fp = 0, n_xs = 0, n_auxv = 0, n_file = 0, loads = 0;
	long xs_len = 0;
	uint64_t *p;

	ok(!memcmp(eh->e_ident, ELFMAG, 4) && eh->e_type == ET_CORE &&
	   eh->e_machine == EM_X86_64, "an ELF core file of x86-64");
	for (i = 0; i < eh->e_phnum; i++) {
		char *n, *end;

		loads += ph[i].p_type == PT_LOAD;
		if (ph[i].p_type != PT_NOTE)
			continue;
		n = core + ph[i].p_offset;
		end = n + ph[i].p_filesz;
		while (n + sizeof(Elf64_Nhdr) <= end) {
			Elf64_Nhdr *nh = (void *)n;
			char *name = n + sizeof(*nh);
			char *desc = name + ((nh->n_namesz + 3) & ~3);

			n = desc + ((nh->n_descsz + 3) & ~3);
			switch (nh->n_type) {
			case NT_PRSTATUS:
				if (!n_status++)
					first = (void *)desc;
				break;
			case NT_PRPSINFO:
				ps = (void *)desc;
				break;
			case NT_SIGINFO:
				si = (void *)desc;
				break;
			case NT_AUXV:
				n_auxv++;
				break;
			case NT_FILE:
				n_file++;
				break;
			case NT_PRFPREG:
				if (!n_fp++)
					fp = (void *)desc;
				break;
			case NT_X86_XSTATE:
				if (!n_xs++) {
					xs = (void *)desc;
					xs_len = nh->n_descsz;
				}
				break;
			}
		}
	}
	is(n_status, 4, "NT_PRSTATUS for each of four threads");
	is(n_fp, 4, "NT_PRFPREG for each");
	if (has_feature("xsave"))
		is(n_xs, 4, "NT_X86_XSTATE for each");
	else
		skip("no xsave", "NT_X86_XSTATE");
	ok(ps && ps->pr_pid == pid && !strncmp(ps->pr_fname, "guest-tests", 11),
	   "NT_PRPSINFO with pid and name");
	ok(si && si->si_signo == SIGSEGV && si->si_addr == (void *)0x18,
	   "NT_SIGINFO with the address");
	is(n_auxv, 1, "NT_AUXV");
	is(n_file, 1, "NT_FILE");
	ok(loads > 4, "%d segments of memory", loads);
	if (first) {
		struct user_regs_struct *r = (void *)first->pr_reg;

		is(first->pr_pid, pid, "the thread that crashed comes first");
		is(first->pr_cursig, SIGSEGV, "with its signal");
		is(r->r13, 0x123456789, "its registers are there");
		p = at_address(r->r14, 2 * PAGE);
		ok(p && ((uint8_t *)p)[0] == 0xd7 && ((uint8_t *)p)[2 * PAGE - 1] == 0xd7,
		   "anonymous memory is there");
		ok(at_address(r->rsp, 64), "the stack is there");
	}
	fill(want, 64, 99);
	ok(fp && !memcmp((char *)fp + 160 + 9 * 16, want, 16), "xmm9 in NT_PRFPREG");
	ok(!has_feature("xsave") ||
	   (xs && xs_len >= 576 && !memcmp(xs + 160 + 9 * 16, want, 16)),
	   "xmm9 in NT_X86_XSTATE of %ld bytes", xs_len);
	p = at_address((long)marker, sizeof(marker));
	ok(p && p[0] == MARK && p[3] == MARK, "static data is there");
}

TEST_AREA(coredump, 60)
{
	char old[256], path[64], uses[8];
	pid_t pid;
	int st, fd;

	if (!in_guest()) {
		skip("only in a guest: changes core_pattern", "core dumps");
		return;
	}
	marker[1] = 7;
	read_file("/proc/sys/kernel/core_pattern", old, sizeof(old));
	read_file("/proc/sys/kernel/core_uses_pid", uses, sizeof(uses));
	write_file("/proc/sys/kernel/core_uses_pid", "0");
	ok(write_file("/proc/sys/kernel/core_pattern", "/tmp/core.%p"),
	   "core_pattern can be set");
	pid = fork();
	if (!pid) {
		crash();
		_exit(0);
	}
	st = reap(pid);
	ok(killed(st, SIGSEGV), "it crashes (0x%x)", st);
	ok(WCOREDUMP(st), "its status tells of the dump");
	snprintf(path, sizeof(path), "/tmp/core.%d", pid);
	fd = open(path, O_RDONLY);
	ok(fd >= 0, "the file is there");
	if (fd >= 0) {
		core_size = lseek(fd, 0, SEEK_END);
		core = mmap(NULL, core_size, PROT_READ, MAP_PRIVATE, fd, 0);
		ok(core != MAP_FAILED && core_size > 8192, "%ld bytes", core_size);
		if (core != MAP_FAILED)
			check_core(pid);
		close(fd);
	}
	unlink(path);
	write_file("/proc/sys/kernel/core_pattern", old);
	write_file("/proc/sys/kernel/core_uses_pid", uses);
}
