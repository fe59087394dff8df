// SPDX-License-Identifier: GPL-2.0
/*
 * The system call table, and the calls that are x86-64's own.
 */
#include <linux/linkage.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/syscalls.h>
#include <asm/fault.h>
#include <asm/syscall.h>
#include <asm/syscalls.h>
#include <asm/unistd.h>

SYSCALL_DEFINE6(mmap, unsigned long, addr, unsigned long, len,
		unsigned long, prot, unsigned long, flags,
		unsigned long, fd, unsigned long, off)
{
	unsigned long at;

	if (offset_in_page(off))
		return -EINVAL;
	at = ksys_mmap_pgoff(addr, len, prot, flags, fd, off >> PAGE_SHIFT);
	/* Means nothing any more, but tells a dynamic linker. */
	if (flags & MAP_DENYWRITE && !IS_ERR_VALUE(at))
		expect_use(at);
	return at;
}

/*
 * Port access, LDT entries and shadow stacks are not there for guests, nor is
 * what only the kernel's own trampolines may call.
 */
#define sys_iopl		sys_ni_syscall
#define sys_ioperm		sys_ni_syscall
#define sys_modify_ldt		sys_ni_syscall
#define sys_map_shadow_stack	sys_ni_syscall
#define sys_uretprobe		sys_ni_syscall

/* kernel/time.c */
#define sys_clock_gettime	our_clock_gettime

#define __SYSCALL(nr, call)		[nr] = (void *)call,
#define __SYSCALL_NORETURN(nr, call)	__SYSCALL(nr, call)

const sys_call_ptr_t sys_call_table[NR_syscalls] = {
	[0 ... NR_syscalls - 1] = (void *)sys_ni_syscall,
#include <asm/syscall_table_64.h>
};
