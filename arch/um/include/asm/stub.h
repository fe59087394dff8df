/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a stub shares with the kernel: its code page, the same in all of an
 * engine's stubs (stub/), and a data page, which guest code can read but not
 * write.
 */
#ifndef _ASM_UM_STUB_H
#define _ASM_UM_STUB_H

#include <linux/build_bug.h>
#include <linux/types.h>
#include <asm/layout.h>
#include <asm/page.h>

/**
 * struct stub_op - one host system call of a batch
 */
struct stub_op {
	u64	nr;
	u64	args[6];
};

#define STUB_OPS_MAX	64

/* The physical memory file's descriptor in every stub. */
#define STUB_MEM_FD	0
/* An eventfd: a worker's reports. */
#define STUB_EVENT_FD	1

/**
 * struct stub_control - what a worker does next, see stub/seccomp.S
 * @seq:	changes with each command; the worker sleeps on it
 * @nr:		operations of the batch
 * @then:	done after the batch
 * @orelse:	done instead when an operation failed, after the error was
 *		written to @report; number 0: nothing
 * @report:	eventfd in the stub
 * @child:	where clone() tells the first worker the new process's id
 * @frame:	where the host puts a signal frame: offset in the thread's area
 * @xstate:	where it puts the extended state: likewise
 * @xfeatures:	components of it
 * @resp:	answer to a notification, struct seccomp_notif_resp, when a batch
 *		is done
 * @refused:	the answer when it is not
 * @pause:	struct timespec
 * @msg:	a message that carries a descriptor: struct msghdr, an iovec and a
 *		control message
 */
struct stub_control {
	u32		seq;
	u32		nr;
	struct stub_op	then;
	struct stub_op	orelse[2];
	u32		report;
	u32		child;
	u64		frame;
	u64		xstate;
	u64		xfeatures;
	u64		resp[3];
	u64		refused[3];
	u64		pause[2];
	u64		msg[13];
};

/**
 * struct stub_data - the data page
 */
struct stub_data {
	struct stub_op		op[STUB_OPS_MAX];
	struct stub_control	ctl;
};

static_assert(sizeof(struct stub_data) <= PAGE_SIZE);

/**
 * struct stub_area - the bottom of the area where a thread's signal frames go
 * @load:	bit 0: load the segment bases before guest code runs
 */
struct stub_area {
	u64	load;
	u64	fs_base;
	u64	gs_base;
};

/* The ptrace engine's code (stub/ptrace.S). */
extern const char stub_image[], stub_image_end[];
extern const char stub_image_entry[], stub_image_syscall[];
extern const char stub_image_adopt[], stub_image_batch[];

static inline unsigned long stub_address(const char *label)
{
	return STUB_CODE + (label - stub_image);
}

/* The seccomp engine's (stub/seccomp.S). */
extern const char seccomp_image[], seccomp_image_end[];
extern const char seccomp_image_first[], seccomp_image_handler[];
extern const char seccomp_image_trapped[], seccomp_image_filter[];
extern const char seccomp_image_done[], seccomp_image_fsgsbase[];

static inline unsigned long seccomp_address(const char *label)
{
	return STUB_CODE + (label - seccomp_image);
}

/* A system call that says: a signal's frame is there. */
#define SECCOMP_TRAP_NR		0x7fffff00
/* What a worker reports when a batch is done; errors are below. */
#define SECCOMP_BATCH_DONE	0x1000
/* What is added by a new thread that could not get its filter. */
#define SECCOMP_THREAD_FAILED	0x100000
/* In an answer to it: nothing is taken up, it is to be made again. */
#define SECCOMP_ANSWER_REFUSED	1
/* The signal that interrupts guest code: SIGUSR1, for no reason. */
#define SECCOMP_KICK		10
/* All that a guest's thread has a handler for; bit n-1: signal n. */
#define SECCOMP_SIGNALS		(STUB_SIGBIT(4) | STUB_SIGBIT(5) | STUB_SIGBIT(7) | \
				 STUB_SIGBIT(8) | STUB_SIGBIT(11) | STUB_SIGBIT(31) | \
				 STUB_SIGBIT(SECCOMP_KICK))
#define STUB_SIGBIT(sig)	(1UL << ((sig) - 1))
/* Instructions of the filter at seccomp_image_filter: struct sock_filter. */
#define SECCOMP_FILTER_LEN	32

struct stub_filter_insn {
	u64	insn;
};

#endif /* _ASM_UM_STUB_H */
