/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The code page of a stub under the seccomp engine, the same in every one.
 *
 * A stub is a host process of several threads.  Its first is the worker: it
 * carries out what the kernel writes on the data page, which is to map memory
 * and to make the others.  Those run guest code.  They have a filter that lets
 * none of their system calls through to the host, but those that set their own
 * segment bases where that takes one.  So it does no harm when guest code jumps
 * here: whatever it finds, the kernel gets to see the call.
 *
 * The worker uses no memory other than this page and the data page, neither of
 * which guest code can write.  It keeps in
 *
 *   %r12d	number of the last command
 *   %r13	the control block (struct stub_control)
 *   %r14d	number of the last system call of a batch
 */
#include <linux/linkage.h>
#include <asm/asm-offsets.h>
#include <asm/layout.h>
#include <asm/page.h>
#include <asm/unistd_64.h>
#include <uapi/asm/prctl.h>

#define FUTEX_WAIT		0
#define SIG_SETMASK		2
#define PR_SET_PDEATHSIG	1
#define SIGKILL			9
#define SECCOMP_SET_MODE_FILTER	1

	.section .rodata.stub, "a", @progbits
	.balign 4096

SYM_DATA_START(seccomp_image)

/*
 * Where the first worker starts: lets go of everything outside of the stub's
 * area, and takes commands.  The vsyscall page cannot be unmapped.
 */
SYM_DATA_START(seccomp_image_first)
	xorl	%edi, %edi
	movabsq	$STUB_START, %rsi
	movl	$__NR_munmap, %eax
	syscall
	testq	%rax, %rax
	jnz	.Lend
	movabsq	$STUB_END, %rdi
	movabsq	$(STUB_HOST_END - STUB_END), %rsi
	movl	$__NR_munmap, %eax
	syscall
	testq	%rax, %rax
	jnz	.Lend
	xorl	%r12d, %r12d
	movabsq	$(STUB_DATA + STUB_DATA_CTL), %r13
SYM_DATA_END(seccomp_image_first)

.Lwait:
	movl	CTL_SEQ(%r13), %eax
	cmpl	%eax, %r12d
	jne	.Lcommand
	leaq	CTL_SEQ(%r13), %rdi
	movl	$FUTEX_WAIT, %esi
	movl	%r12d, %edx
	xorl	%r10d, %r10d
	movl	$__NR_futex, %eax
	syscall
	jmp	.Lwait

.Lcommand:
	movl	%eax, %r12d
	movl	CTL_NR(%r13), %ebx
	movabsq	$STUB_DATA, %rbp
	testl	%ebx, %ebx
	jz	.Lthen
.Lnext:
	leaq	1f(%rip), %r15
	jmp	.Lop
1:	testq	%rax, %rax
	jz	.Lmaybe_child
	cmpq	$-4096, %rax
	ja	.Lfailed
.Lparent:
	addq	$STUB_OP_SIZE, %rbp
	decl	%ebx
	jnz	.Lnext
.Lthen:
	leaq	CTL_THEN(%r13), %rbp
	leaq	.Lwait(%rip), %r15
	jmp	.Lop

/* Tells the error as a number of events. */
.Lfailed:
	negl	%eax
	movl	$255, %ecx
	cmpl	%ecx, %eax
	cmoval	%ecx, %eax
	leaq	.Lnumbers(%rip), %rsi
	leaq	(%rsi,%rax,8), %rsi
	movl	CTL_REPORT(%r13), %edi
	movl	$8, %edx
	movl	$__NR_write, %eax
	syscall
	leaq	CTL_ORELSE(%r13), %rbp
	leaq	1f(%rip), %r15
	jmp	.Lop
1:	addq	$STUB_OP_SIZE, %rbp
	leaq	.Lwait(%rip), %r15
	jmp	.Lop

/* The operation at %rbp; goes on at %r15. */
.Lop:
	movq	0(%rbp), %rax
	movl	%eax, %r14d
	testl	%eax, %eax
	jz	1f
	movq	8(%rbp), %rdi
	movq	16(%rbp), %rsi
	movq	24(%rbp), %rdx
	movq	32(%rbp), %r10
	movq	40(%rbp), %r8
	movq	48(%rbp), %r9
	syscall
1:	jmp	*%r15

/*
 * In a child all but the result is as in its parent.  The batch may be another
 * by now.  %rdi: flags; %r8, %r9: for the child.
 */
.Lmaybe_child:
	cmpl	$__NR_clone, %r14d
	jne	.Lparent
	testl	$STUB_CLONE_VM, %edi
	jnz	.Lthread

/* A new process, which is worker of its own data page at offset %r9. */
	movq	%r8, %r14
	movl	$PR_SET_PDEATHSIG, %edi
	movl	$SIGKILL, %esi
	movl	$__NR_prctl, %eax
	syscall
	/* The parent, whose id %r14 is, may have ended before. */
	movl	$__NR_getppid, %eax
	syscall
	cmpl	%eax, %r14d
	jne	.Lend
	movabsq	$STUB_DATA, %rdi
	movl	$PAGE_SIZE, %esi
	movl	$STUB_DATA_PROT, %edx
	movl	$STUB_DATA_FLAGS, %r10d
	xorl	%r8d, %r8d
	movl	$__NR_mmap, %eax
	syscall
	cmpq	$-4096, %rax
	ja	.Lend
	xorl	%r12d, %r12d
	jmp	.Lwait

/*
 * A new thread for guest code, with its area at %r9.  It makes a first frame,
 * which the kernel fills.
 */
.Lthread:
	movq	%r9, 0(%r9)
	movl	$0, 8(%r9)
	movq	$STUB_FRAME_SIZE, 16(%r9)
	movq	%r9, %rdi
	xorl	%esi, %esi
	movl	$__NR_sigaltstack, %eax
	syscall
	testq	%rax, %rax
	jnz	.Lend_thread
	movl	$SIG_SETMASK, %edi
	leaq	.Lblocked(%rip), %rsi
	xorl	%edx, %edx
	movl	$8, %r10d
	movl	$__NR_rt_sigprocmask, %eax
	syscall
	testq	%rax, %rax
	jnz	.Lend_thread
	movl	$SECCOMP_SET_MODE_FILTER, %edi
	movl	$SECCOMP_LISTENER_FLAGS, %esi
	leaq	.Lprogram(%rip), %rdx
	movl	$__NR_seccomp, %eax
	syscall
	testq	%rax, %rax
	js	.Lend_thread
	int3

.Lend_thread:
	movl	$STUB_EVENT, %edi
	leaq	.Lno_thread(%rip), %rsi
	movl	$8, %edx
	movl	$__NR_write, %eax
	syscall
	movl	$1, %edi
	movl	$__NR_exit, %eax
	syscall
.Lend:
	movl	$1, %edi
	movl	$__NR_exit_group, %eax
	syscall
	jmp	.Lend

/*
 * The handler of all signals of a guest's thread.  It blocks nothing, so that
 * nothing is to be unblocked.  Tells the kernel: %rdi: the signal; %rdx: where
 * its frame is; %r10: what it interrupted; %r8, %r9: the segment bases, which a
 * frame lacks, where they can be read.  A frame below another one has served when
 * that is told.
 */
SYM_DATA_START(seccomp_image_handler)
	movq	FRAME_IP(%rsp), %r10
	movabsq	$(STUB_DATA + STUB_DATA_CTL), %r13
	xorl	%r8d, %r8d
	xorl	%r9d, %r9d
	testb	$1, seccomp_image_fsgsbase(%rip)
	jz	1f
	rdfsbase %r8
	rdgsbase %r9
1:
	/*
	 * In one step: from the area's very beginning, which is not inside of it, the
	 * next signal's frame would go over the one that counts.
	 */
	movq	%rsp, %rax
	andq	$-STUB_FRAME_SIZE, %rax
	addq	CTL_FRAME(%r13), %rax
	movq	%rax, %rsp
	/* A frame of the handler's own is to show little; the kernel wipes it, too. */
	xorl	%ebx, %ebx
	xorl	%ebp, %ebp
	xorl	%esi, %esi
	xorl	%r12d, %r12d
	xorl	%r14d, %r14d
	xorl	%r15d, %r15d
.Ltrap:
	movl	$SECCOMP_TRAP, %eax
	syscall
SYM_DATA_END(seccomp_image_handler)

/*
 * The kernel has answered with the address of the thread's area: what guest code
 * may have had in other registers, if it came here by itself, does not count.
 * The guest's registers are those of the frame that lies highest.  When a signal
 * comes in the meantime its frame lies below, the kernel has it forgotten, and
 * this starts again.
 */
SYM_DATA_START(seccomp_image_trapped)
	testl	$SECCOMP_REFUSED, %eax
	jnz	.Lrefused
	movq	%rax, %rbx
	movabsq	$(STUB_DATA + STUB_DATA_CTL), %r13

	testl	$1, AREA_LOAD(%rbx)
	jz	1f
	xorl	%eax, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	testb	$1, seccomp_image_fsgsbase(%rip)
	jz	.Lbases_by_host
	movq	AREA_FS_BASE(%rbx), %rcx
	wrfsbase %rcx
	movq	AREA_GS_BASE(%rbx), %rcx
	wrgsbase %rcx
1:
	movl	CTL_XFEATURES(%r13), %eax
	movl	CTL_XFEATURES + 4(%r13), %edx
	movq	CTL_XSTATE(%r13), %rcx
	xrstor64 (%rbx,%rcx)

	addq	CTL_FRAME(%r13), %rbx
	movq	%rbx, %rsp
	/* A signal leaves NT as it was, and iretq would not go on with it. */
	pushq	$2
	popfq
	/* What iretq wants; below the frame, where other frames would go too. */
	movzwl	FRAME_SS(%rbx), %eax
	pushq	%rax
	pushq	FRAME_SP(%rbx)
	pushq	FRAME_FLAGS(%rbx)
	movzwl	FRAME_CS(%rbx), %eax
	pushq	%rax
	pushq	FRAME_IP(%rbx)
	movq	FRAME_R8(%rbx), %r8
	movq	FRAME_R9(%rbx), %r9
	movq	FRAME_R10(%rbx), %r10
	movq	FRAME_R11(%rbx), %r11
	movq	FRAME_R12(%rbx), %r12
	movq	FRAME_R13(%rbx), %r13
	movq	FRAME_R14(%rbx), %r14
	movq	FRAME_R15(%rbx), %r15
	movq	FRAME_DI(%rbx), %rdi
	movq	FRAME_SI(%rbx), %rsi
	movq	FRAME_BP(%rbx), %rbp
	movq	FRAME_DX(%rbx), %rdx
	movq	FRAME_AX(%rbx), %rax
	movq	FRAME_CX(%rbx), %rcx
	movq	FRAME_BX(%rbx), %rbx
	iretq
SYM_DATA_END(seccomp_image_trapped)

/* The filter lets these two through, from here; see engine/filter.c. */
.Lbases_by_host:
	movl	$ARCH_SET_FS, %edi
	movq	AREA_FS_BASE(%rbx), %rsi
	movl	$__NR_arch_prctl, %eax
	syscall
	movl	$ARCH_SET_GS, %edi
	movq	AREA_GS_BASE(%rbx), %rsi
	movl	$__NR_arch_prctl, %eax
	syscall
	jmp	1b

/* The worker has answered: what the kernel wanted done is not. */
.Lrefused:
	xorl	%edi, %edi
	xorl	%edx, %edx
	leaq	seccomp_image_trapped(%rip), %r10
	testb	$1, seccomp_image_fsgsbase(%rip)
	jz	.Ltrap
	rdfsbase %r8
	rdgsbase %r9
	jmp	.Ltrap

	.balign 8
/* All but those that the handler is for. */
.Lblocked:
	.quad	~STUB_SIGNALS
.Lprogram:
	.quad	SECCOMP_FILTER_BYTES / 8
	.quad	STUB_CODE + (seccomp_image_filter - seccomp_image)
/* Filled in from engine/filter.c */
SYM_DATA_START(seccomp_image_filter)
	.fill	SECCOMP_FILTER_BYTES, 1, 0
SYM_DATA_END(seccomp_image_filter)

/* A batch is done: more than any error. */
SYM_DATA_START(seccomp_image_done)
	.quad	SECCOMP_DONE
SYM_DATA_END(seccomp_image_done)
.Lno_thread:
	.quad	SECCOMP_NO_THREAD
/* 1: the host lets its processes read and write segment bases. */
SYM_DATA_START(seccomp_image_fsgsbase)
	.quad	0
SYM_DATA_END(seccomp_image_fsgsbase)

.Lnumbers:
	.set	n, 0
	.rept	256
	.quad	n
	.set	n, n + 1
	.endr

SYM_DATA_END_LABEL(seccomp_image, SYM_L_GLOBAL, seccomp_image_end)
