/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The code page of a stub, the same in every one.
 *
 * Guest code can jump here: it finds nothing but system calls, which stop
 * before the host sees them as long as guest code is what is running.  The code
 * uses no stack and no data other than the batch, which guest code cannot
 * write.
 */
#include <linux/linkage.h>
#include <asm/asm-offsets.h>
#include <asm/layout.h>
#include <asm/page.h>
#include <asm/unistd_64.h>

	.section .rodata.stub, "a", @progbits
	.balign 4096

SYM_DATA_START(stub_image)

/*
 * Where the first stub starts: lets go of everything outside of the stub's
 * area.  The vsyscall page cannot be unmapped and is not tried.
 */
SYM_DATA_START(stub_image_entry)
	xorl	%edi, %edi
	movabsq	$STUB_START, %rsi
	movl	$__NR_munmap, %eax
	syscall
	testq	%rax, %rax
	jnz	1f
	movabsq	$STUB_END, %rdi
	movabsq	$(STUB_HOST_END - STUB_END), %rsi
	movl	$__NR_munmap, %eax
	syscall
1:	int3
	jmp	1b
SYM_DATA_END(stub_image_entry)

/*
 * One system call of the host, its number and arguments in the registers.
 */
SYM_DATA_START(stub_image_syscall)
	syscall
	int3
SYM_DATA_END(stub_image_syscall)

/*
 * The stub becomes that of another address space, whose data page is at %rbx in
 * the physical memory file.  Stops by ud2 if the host refuses.
 */
SYM_DATA_START(stub_image_adopt)
	xorl	%edi, %edi
	movabsq	$STUB_START, %rsi
	movl	$__NR_munmap, %eax
	syscall
	testq	%rax, %rax
	jnz	1f
	movabsq	$STUB_DATA, %rdi
	movl	$PAGE_SIZE, %esi
	movl	$STUB_DATA_PROT, %edx
	movl	$STUB_DATA_FLAGS, %r10d
	xorl	%r8d, %r8d
	movq	%rbx, %r9
	movl	$__NR_mmap, %eax
	syscall
	cmpq	$-4096, %rax
	ja	1f
	int3
1:	ud2
SYM_DATA_END(stub_image_adopt)

/*
 * The batch: %rbx operations, at least one, from %rbp on, see struct stub_op.
 * Stops by ud2 if the host refuses one of them, with %rbx: operations not done;
 * %rax: the error.
 */
SYM_DATA_START(stub_image_batch)
2:	movq	0(%rbp), %rax
	movq	8(%rbp), %rdi
	movq	16(%rbp), %rsi
	movq	24(%rbp), %rdx
	movq	32(%rbp), %r10
	movq	40(%rbp), %r8
	movq	48(%rbp), %r9
	syscall
	cmpq	$-4096, %rax
	ja	3f
	addq	$56, %rbp
	decq	%rbx
	jnz	2b
	int3
3:	ud2
SYM_DATA_END(stub_image_batch)

SYM_DATA_END_LABEL(stub_image, SYM_L_GLOBAL, stub_image_end)
