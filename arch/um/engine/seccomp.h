/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The seccomp engine's host processes and threads.  All that changes them is
 * called with interrupts disabled, on the virtual CPU that owns them.
 */
#ifndef _UM_ENGINE_SECCOMP_H
#define _UM_ENGINE_SECCOMP_H

#include <linux/list.h>
#include <linux/sched.h>
#include <asm/sigframe.h>
#include <asm/stub.h>
#include <asm/stub_thread.h>
#include <um/host.h>

/* Processes that wait to become the next ones. */
#define SPARE_PROCESSES		16

/* Descriptors in every stub; the listeners of its threads follow. */
enum {
	FD_MEM = STUB_MEM_FD,
	FD_EVENT = STUB_EVENT_FD,
	FD_SOCKET,
	FD_SPARE,
	FD_LISTENERS = FD_SPARE + SPARE_PROCESSES,
};

/* A batch is done. */
extern int seccomp_event_fd;
/*
 * Guest code may read and write segment bases, and so may its handler; otherwise
 * the host has to be asked, and the kernel knows what they are.
 */
extern bool seccomp_fsgsbase;
/* Descriptors come from it. */
extern int seccomp_sock_fd;

/**
 * struct seccomp_process - a host process: one guest address space
 * @pid:	its id, which is that of its worker
 * @pidfd:	descriptor of it
 * @cpu:	host CPU that the worker is confined to, -1 none
 * @threads:	how many were made; they last as long as the process
 * @idle:	those without a task
 * @deferred:	operations on the data page that @run is to have done
 * @dead:	the host has ended it
 * @data:	its data page
 */
struct seccomp_process {
	int			pid;
	int			pidfd;
	int			cpu;
	unsigned int		threads;
	struct list_head	idle;
	unsigned int		deferred;
	bool			dead;
	struct stub_data	*data;
};

/**
 * struct seccomp_thread - a host thread for guest code
 * @stub:	what the rest of the port knows of it
 * @process:	where it runs
 * @idle:	while it has no task
 * @listener:	descriptor that its notifications come from
 * @stub_listener: the same in the stub
 * @id:		the notification that it waits in
 * @ip:		where that is
 * @trapped:	... is the handler's: registers are in the frame
 * @kicked:	it was sent the signal, and has not taken it yet
 * @stepping:	it was made to trap after an instruction
 * @debugged:	debug registers of the host's are in use
 * @area:	where its frames go, in this process
 * @fs_base:	segment bases at the last trap; without FSGSBASE: that were loaded
 * @gs_base:	likewise
 * @fs_wanted:	those that it is to load, when @bases_loading
 * @gs_wanted:	likewise
 */
struct seccomp_thread {
	struct stub_thread	stub;
	struct seccomp_process	*process;
	struct list_head	idle;
	int			listener;
	int			stub_listener;
	u64			id;
	unsigned long		ip;
	bool			trapped;
	bool			kicked;
	bool			stepping;
	bool			debugged;
	struct stub_area	*area;
	unsigned long		fs_base;
	unsigned long		gs_base;
	bool			bases_loading;
	unsigned long		fs_wanted;
	unsigned long		gs_wanted;
};

/**
 * struct seccomp_layout - where the host puts what in an area, the same in all
 * @frame:	offset of the highest signal frame
 * @xstate:	offset of its extended state
 * @xfeatures:	components of that
 * @xstate_size: bytes of it
 */
struct seccomp_layout {
	unsigned long	frame;
	unsigned long	xstate;
	u64		xfeatures;
	unsigned int	xstate_size;
};

extern struct seccomp_layout seccomp_layout;

static inline unsigned long area_address(const struct seccomp_thread *t)
{
	unsigned int nr = t->stub_listener - FD_LISTENERS;

	return STUB_FRAMES + nr * STUB_FRAME_SIZE;
}

static inline struct rt_sigframe *frame_of(const struct seccomp_thread *t)
{
	return (void *)t->area + seccomp_layout.frame;
}

static inline void *xstate_of(struct seccomp_thread *t)
{
	return (void *)t->area + seccomp_layout.xstate;
}

/* ---- seccomp_worker.c ---- */

/*
 * A batch is the first @nr operations of the data page.  batch_wait() returns
 * -errno of the first that failed, -ESRCH when the process has ended, -EAGAIN
 * when a new thread has.  command() leaves it to the control block what the
 * worker does when it is done.
 */
void seccomp_command(struct seccomp_process *p, unsigned int nr);
void seccomp_worker_follow(struct seccomp_process *p, int cpu);
int seccomp_batch_run(struct seccomp_process *p, unsigned int nr);
void seccomp_lose(struct seccomp_process *p);

void seccomp_batch_start(struct seccomp_process *p, unsigned int nr, int report);
int seccomp_batch_wait(struct seccomp_process *p, int event);

/* ---- seccomp_process.c ---- */

/* A spare process, or NULL; a new one, or an ERR_PTR(). */
struct seccomp_process *seccomp_new_process(void);
void seccomp_end_process(struct seccomp_process *p);
struct seccomp_process *seccomp_get_spare(void);
bool seccomp_put_spare(struct seccomp_process *p);
int seccomp_processes_start(const char **why);
void seccomp_processes_end(void);

/* ---- seccomp_thread.c ---- */

/* 0, or -errno: the process is lost then.  trap() gets all registers. */
int seccomp_wait(struct seccomp_thread *t, struct host_notify *n);
int seccomp_kick_thread(struct seccomp_thread *t);
int seccomp_answer(struct seccomp_thread *t, long val);
int seccomp_trap(struct seccomp_thread *t);
void seccomp_wipe_late(struct seccomp_thread *t);
void seccomp_read_frame(struct seccomp_thread *t, struct pt_regs *regs);
void seccomp_write_frame(struct seccomp_thread *t, const struct pt_regs *regs);
int seccomp_make_thread(struct seccomp_process *p, struct seccomp_thread *t,
			struct host_notify *n);
struct seccomp_thread *seccomp_new_thread(struct seccomp_process *p);
int seccomp_check_frame(struct seccomp_thread *t, const struct host_notify *n);
int seccomp_learn_layout(struct seccomp_thread *t, const struct host_notify *n,
			 const char **why);
int seccomp_peek_debugreg(struct seccomp_thread *t, int n, unsigned long *val);
int seccomp_poke_debugreg(struct seccomp_thread *t, int n, unsigned long val);

#endif /* _UM_ENGINE_SECCOMP_H */
