/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who lives where.  Two address spaces of the host are laid out here: that of
 * the kernel's process, and that of a stub, which runs a guest process.
 *
 * The kernel's process.  The executable is not position independent, so that
 * kernel code is as dense as on hardware; all that is fixed lies where the
 * host's randomised mappings (0x7e.. and 0x55..) and its heap (up to 1 GiB
 * behind the executable) never come.
 *
 *   0x0000_2000_0000  modules		within +-2 GiB of the kernel's text
 *   0x0000_6000_0000  the executable (see vmlinux.lds.S), then libc's heap
 *   0x1000_0000_0000  physical memory, mapped linearly
 *   0x3000_0000_0000  vmalloc, as long as the host allows (see kmap.c)
 *
 * A stub.  Everything below TASK_SIZE is the guest's, then come:
 *
 *   STUB_CODE		one page, read and execute, the same in all stubs
 *   STUB_DATA		one page for each address space: the batch, read only
 *   STUB_VDSO		the host's vDSO and its data, as the host maps them
 *   STUB_FRAMES	for each host thread STUB_FRAME_SIZE bytes where the host
 *			puts signal frames; guest code can write there
 */
#ifndef _ASM_UM_LAYOUT_H
#define _ASM_UM_LAYOUT_H

#include <linux/const.h>

#define MODULES_VADDR		_AC(0x20000000, UL)
#define MODULES_END		_AC(0x60000000, UL)
#define KERNEL_LINK_ADDR	_AC(0x60000000, UL)
#define PAGE_OFFSET		_AC(0x100000000000, UL)
#define PHYSMEM_MAX		_AC(0x100000000000, UL)
#define VMALLOC_START		_AC(0x300000000000, UL)
#define VMALLOC_MAX		_AC(0x10000000000, UL)

/* In the top 1 GiB of what the host gives a process with four-level tables. */
#define STUB_START		_AC(0x7fffc0000000, UL)
#define STUB_CODE		STUB_START
#define STUB_DATA		(STUB_START + _AC(0x1000, UL))
#define STUB_VDSO		(STUB_START + _AC(0x10000, UL))
#define STUB_VDSO_ROOM		_AC(0x20000, UL)
#define STUB_END		(STUB_VDSO + STUB_VDSO_ROOM)
#define STUB_FRAMES		(STUB_START + _AC(0x200000, UL))
#define STUB_FRAME_ORDER	1
#define STUB_FRAME_SIZE		(_AC(0x1000, UL) << STUB_FRAME_ORDER)
#define STUB_HOST_END		_AC(0x7ffffffff000, UL)
#define STUB_MAX_THREADS	((STUB_HOST_END - STUB_FRAMES) / STUB_FRAME_SIZE)

#define TASK_SIZE		STUB_START
#define TASK_SIZE_MAX		TASK_SIZE
#define STACK_TOP		TASK_SIZE
#define STACK_TOP_MAX		STACK_TOP
#define TASK_UNMAPPED_BASE	PAGE_ALIGN(TASK_SIZE / 3)

#ifndef __ASSEMBLY__
extern unsigned long um_vmalloc_end;
#define VMALLOC_END		um_vmalloc_end
#endif

#endif /* _ASM_UM_LAYOUT_H */
