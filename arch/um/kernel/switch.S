/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Switching kernel stacks.  The kernel's tasks are coroutines of the thread of
 * the virtual CPU that they run on.
 */
#include <linux/linkage.h>
#include <asm/asm-offsets.h>

	.text

/*
 * struct task_struct *__switch_to_asm(prev, next)
 *
 * Returns prev, on the stack of next.
 */
SYM_FUNC_START(__switch_to_asm)
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, TASK_THREAD_SP(%rdi)
	movq	TASK_THREAD_SP(%rsi), %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	movq	%rdi, %rax
	RET
SYM_FUNC_END(__switch_to_asm)

/*
 * Where a new task's stack returns to: %rax is the task that ran before, %rbx
 * a kernel thread's function and %r12 its argument.
 */
SYM_FUNC_START(task_start)
	xorl	%ebp, %ebp
	movq	%rax, %rdi
	movq	%rbx, %rsi
	movq	%r12, %rdx
	call	task_entry
	ud2
SYM_FUNC_END(task_start)

/* void call_on_stack(unsigned long top, void (*fn)(void)): never returns. */
SYM_FUNC_START(call_on_stack)
	movq	%rdi, %rsp
	xorl	%ebp, %ebp
	call	*%rsi
	ud2
SYM_FUNC_END(call_on_stack)
