/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host library: everything that the port asks of the host goes through
 * these functions (arch/um/host/), and nothing else makes a host system call.
 *
 * Unless it says otherwise a function returns a value >= 0, or -errno.  None
 * prints, none exits, none allocates from libc's heap after host_thread_start()
 * was first used, and all may be called with interrupts enabled: a system call
 * that a host signal interrupted is restarted.  They may be called from any
 * kernel stack with HOST_STACK bytes left.
 */
#ifndef _UM_HOST_H
#define _UM_HOST_H

#include <um/types.h>

/* What a host function may use of a kernel stack, signal frames included. */
#define HOST_STACK		8192

/* ---- files (arch/um/host/file.c) ---------------------------------------- */

struct host_iovec {
	void		*base;
	unsigned long	len;
};

enum host_file_type {
	HOST_FILE_REGULAR,
	HOST_FILE_BLOCK,
	HOST_FILE_CHAR,
	HOST_FILE_DIR,
	HOST_FILE_OTHER,
};

/**
 * struct host_stat - what the port wants to know of a host file
 * @type:	kind of the file
 * @size:	bytes; a block device's capacity
 * @blocks:	512-byte units that the host has allocated
 * @mtime:	seconds since 1970
 * @dev:	host device that holds the file
 * @ino:	inode number on @dev
 * @mode:	permission bits and type, as in stat(2)
 * @gid:	its group
 */
struct host_stat {
	enum host_file_type	type;
	um_u64			size;
	um_u64			blocks;
	um_s64			mtime;
	um_u64			dev;
	um_u64			ino;
	um_u32			mode;
	um_u32			gid;
};

/* O_CLOEXEC is always added. */
int host_open(const char *path, int flags, int mode);
int host_close(int fd);
long host_read(int fd, void *buf, unsigned long len);
long host_write(int fd, const void *buf, unsigned long len);
/* Writes all of it, polling where the descriptor would block. */
int host_write_all(int fd, const void *buf, unsigned long len);

/* May be asked of the page cache only: fails with -EAGAIN where it would block. */
#define HOST_NOWAIT		1
long host_preadv(int fd, const struct host_iovec *iov, int n, um_u64 off,
		 int flags);
long host_pwritev(int fd, const struct host_iovec *iov, int n, um_u64 off,
		  int flags);
int host_datasync(int fd);
/* Times and all, which the other one leaves out. */
int host_sync(int fd);
/* Sets the time of the last change, in seconds since 1970: for the owner. */
int host_set_mtime(int fd, um_s64 time);
/* It was changed now: for all who may write it. */
int host_touch(int fd);
int host_truncate(int fd, um_u64 size);
int host_chmod(int fd, um_u32 mode);
int host_set_group(int fd, um_u32 gid);
/* What new files do not get; one that is made meanwhile is its owner's alone. */
um_u32 host_umask(void);
/* Has the host find room for a range of a file, whose size stays. */
int host_allocate(int fd, um_u64 off, um_u64 len);
/* Gives a range of a file, or of a block device, back to the host: reads as zeros. */
int host_punch(int fd, um_u64 off, um_u64 len);
/* A range that reads as zeros, too, and keeps its room. */
int host_zero(int fd, um_u64 off, um_u64 len);
/* The first byte from @off on that is not in a hole; -ENXIO: there is none. */
um_s64 host_seek_data(int fd, um_u64 off);
int host_stat(const char *path, struct host_stat *st);
int host_fstat(int fd, struct host_stat *st);
/*
 * 1: a write into the host's page cache waits for this machine's disks at most, as the
 * file system is one of those that are known for that; else 0.
 */
int host_fs_is_local(int fd);
/* Locks a whole file (open file description lock); never waits.  -EAGAIN: taken. */
int host_lock(int fd, int exclusive);
/* A pid that holds a conflicting lock, 0 when unknown, -ENOENT when none. */
int host_lock_holder(int fd, int exclusive);
int host_mkdir(const char *path, int mode);
int host_rmdir(const char *path);
int host_unlink(const char *path);
int host_rename(const char *from, const char *to);
/* Only where there is no @to yet: -EEXIST. */
int host_rename_new(const char *from, const char *to);
/* What a link says, without a NUL; bytes. */
long host_readlink(const char *path, char *buf, unsigned long len);
int host_getcwd(char *buf, unsigned long len);
int host_pipe(int fds[2]);
int host_set_nonblock(int fd, int on);
int host_dup(int fd);
/* 1 when this program was started with the descriptor, and it is open; else 0. */
int host_fd_is_open(int fd);
/* Value of an environment variable, or NULL. */
const char *host_getenv(const char *name);

/* ---- memory (arch/um/host/mem.c) ---------------------------------------- */

#define HOST_PROT_READ		1
#define HOST_PROT_WRITE		2
#define HOST_PROT_EXEC		4

/* A descriptor of @size bytes of sparse shared memory, mappable executable. */
int host_mem_create(const char *name, um_u64 size);
int host_map(void *addr, um_u64 len, int prot, int fd, um_u64 off);
int host_unmap(void *addr, um_u64 len);
/* Memory of this process, zero, which costs what is used of it; or -errno. */
long host_reserve(um_u64 len);
int host_protect(void *addr, um_u64 len, int prot);
/* Asks for huge pages and populates the range; a hint that may fail. */
int host_populate(void *addr, um_u64 len);
/* How many mappings the host allows a process (vm.max_map_count); 0: not known. */
um_u64 host_max_mappings(void);
/* Total memory of the host in bytes. */
um_u64 host_mem_total(void);

/* ---- time (arch/um/host/time.c) ----------------------------------------- */

um_u64 host_monotonic_ns(void);
um_u64 host_realtime_ns(void);
/* CPU time that the calling thread waited for a CPU, in ns; 0 where not known. */
um_u64 host_run_delay_ns(void);

/* A one-shot timer which raises HOST_IRQ_TIMER on the calling thread. */
int host_timer_create(void);
/* Expires at @ns of host_monotonic_ns(); 0 disarms. */
int host_timer_set(int timer, um_u64 ns);

/* ---- interrupts (arch/um/host/irq.c) ------------------------------------ */

/*
 * An interrupt is a signal that the host sends to the thread of a virtual CPU.
 * The handler runs on the interrupted stack and calls um_interrupt().  The
 * signals are such that gdb passes them on without stopping.
 */
enum host_irq {
	HOST_IRQ_TIMER,		/* SIGALRM */
	HOST_IRQ_IO,		/* SIGIO */
	HOST_IRQ_IPI,		/* SIGURG */
	HOST_IRQ_WINCH,		/* SIGWINCH */
	HOST_IRQ_SHUTDOWN,	/* SIGTERM, SIGINT, SIGHUP */
	HOST_NR_IRQS,
};

/**
 * struct host_regs - general registers, in the order of PTRACE_GETREGS
 *
 * Used for a stub's registers and for the kernel's own at a signal.
 */
struct host_regs {
	um_u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	um_u64 orig_ax, ip, cs, flags, sp, ss, fs_base, gs_base, ds, es, fs, gs;
};

/* Installs all handlers; call once, on the thread of the first CPU. */
int host_irq_init(void);
/*
 * Sleeps until *pending is not zero, or until @ns of host_monotonic_ns() unless
 * that is 0.  A handler sets it; who else does calls host_futex_wake().
 */
void host_irq_wait(volatile um_u32 *pending, um_u64 ns);
/* Blocks, or unblocks, interrupts for good (before exec or exit). */
void host_irq_block(int block);

/* ---- threads (arch/um/host/thread.c) ------------------------------------ */

/* A helper thread: it takes no interrupt and must not call the kernel. */
int host_thread_start(void (*fn)(void *), void *arg, const char *name);
void host_thread_name(const char *name);
int host_gettid(void);
int host_getpid(void);
/* Raises an interrupt on the thread @tid of this process. */
int host_irq_raise(int tid, enum host_irq irq);
/* Sleeps while *word == @val, for at most @ns (0: without limit). */
int host_futex_wait(volatile um_u32 *word, um_u32 val, um_u64 ns);
int host_futex_wake(volatile um_u32 *word, int n);
/* The CPU that the calling thread runs on. */
int host_getcpu(void);
/* Confines thread @tid (0: caller) to @cpu, or frees it to all allowed (-1). */
int host_set_cpu(int tid, int cpu);
/* Number of host CPUs this process may use. */
int host_nr_cpus(void);
/* The allowed host CPU that follows @cpu, cyclically. */
int host_next_cpu(int cpu);

/* ---- waiting for descriptors (arch/um/host/poll*.c) --------------------- */

#define HOST_POLLIN		1
#define HOST_POLLOUT		2
#define HOST_POLLHUP		4

/*
 * One host thread waits for all descriptors.  When one is ready the callback
 * of host_poll_start() is run on that thread (not in the kernel: it may do no
 * more than set bits, and call host_irq_raise() or host_poll_wake()), and the
 * descriptor is not watched again until the next host_poll_arm().  With a cookie
 * of NULL it has taken a host_poll_wake() that was for the CPU.  Where descriptors
 * become ready within 100 us of each other the thread rests in between: a CPU that
 * does not look itself hears of the next one up to 2 ms later.
 *
 * All return 0 or the host's -errno; host_poll_arm() may have -ENOMEM or -ENOSPC
 * the first time, and the descriptor is not watched then.
 */
int host_poll_start(void (*ready)(void *cookie));
int host_poll_add(int fd, void *cookie);
int host_poll_arm(int fd, void *cookie, int events);
int host_poll_del(int fd);

#define HOST_READY_MAX		16

/*
 * Waits instead of that thread, which mostly sleeps on: for the thread of the first CPU,
 * after host_poll_start().  Until a descriptor is ready, *pending is not zero (a
 * handler sets it; who else does calls host_poll_wake()), or until @ns of
 * host_monotonic_ns() unless that is 0.  The number of cookies in @ready, also 0,
 * of descriptors that are; -ETIMEDOUT, or the host's error.
 */
int host_poll_wait(void *ready[HOST_READY_MAX], volatile um_u32 *pending, um_u64 ns);
/* The same without waiting, but for who else wants the CPU.  If often, the thread rests. */
int host_poll_look(void *ready[HOST_READY_MAX]);
/* From any thread. */
void host_poll_wake(void);

/* One descriptor, now: HOST_POLL* that are ready, within @ms (-1: for ever). */
int host_poll_one(int fd, int events, int ms);

/* ---- terminals (arch/um/host/tty.c) ------------------------------------- */

int host_isatty(int fd);
/* Raw mode; the first call for a terminal remembers its state. */
int host_tty_raw(int fd);
/* Puts every terminal back; safe at any time, in a signal handler too. */
void host_tty_restore(void);
/*
 * Starts a small process that puts the terminals back when this process ends
 * in a way that leaves it no chance to (SIGKILL).
 */
int host_tty_guard(void);
int host_tty_winsize(int fd, um_u16 *rows, um_u16 *cols);

/* ---- the process (arch/um/host/process.c) ------------------------------- */

__attribute__((noreturn)) void host_exit(int status);
/* Ends by SIGABRT, so that a core is dumped where that is allowed. */
__attribute__((noreturn)) void host_abort(void);
/* Executes this program again; returns only on error. */
int host_exec_self(char **argv);
long host_getrandom(void *buf, unsigned long len);
/* An entry of the auxiliary vector that the host gave this process, or 0. */
um_u64 host_auxval(int type);
/* 1 when a process with this id exists. */
int host_process_exists(int pid);
int host_kill(int pid, int sig);

/* ---- the host's vDSO (arch/um/host/vdso.c) ------------------------------ */

/*
 * Finds out whether stubs, whose area is [@start, @end), can have the host's
 * vDSO and its data in the @room bytes at @dest, and read CLOCK_MONOTONIC by it
 * without a system call.  Then *clock is where its clock_gettime() will be.
 * Otherwise -errno, and *why.  To be called once, before there are stubs.
 */
int host_vdso_start(um_u64 start, um_u64 end, um_u64 dest, um_u64 room,
		    um_u64 *clock, const char **why);

/* ---- stubs of all engines (arch/um/host/stub.c) -------------------------- */

/**
 * struct host_stub_layout - what the first stub is made of
 * @code:	address of the code page; its first @code_len bytes are copied
 *		from @image
 * @image:	the stub's code in this process
 * @code_len:	bytes of it
 * @entry:	where the first thread starts: it unmaps all that lies outside
 *		[@start, @end)
 * @start:	first address of the stub area
 * @end:	end of the stub area; above it nothing is mapped
 * @vdso:	where the host's vDSO goes; 0: it is not kept
 * @signals:	these have a handler (bit n-1: signal n), all others the default
 * @handler:	the handler
 * @data:	where the data page goes, which is @data_here in this process:
 *		shared memory of the host's, writable on both sides; 0: none
 * @data_here:	likewise
 * @fds:	what are descriptors 0 to @nr_fds - 1 there; it has no others
 * @nr_fds:	at most 32
 */
struct host_stub_layout {
	um_u64		code;
	const void	*image;
	um_u64		code_len;
	um_u64		entry;
	um_u64		start;
	um_u64		end;
	um_u64		vdso;
	um_u64		signals;
	um_u64		handler;
	um_u64		data;
	void		*data_here;
	const int	*fds;
	int		nr_fds;
};

/* Kills a stub and reaps it. */
void host_stub_kill(int pid);

/* ---- stubs under ptrace (arch/um/host/ptrace.c) ------------------------- */

enum host_stop {
	HOST_STOP_SYSCALL,	/* entry of a system call that the host skips */
	HOST_STOP_SIGNAL,	/* a signal is about to be delivered: .sig */
	HOST_STOP_INTERRUPT,	/* host_ptrace_interrupt(), or job control */
	HOST_STOP_DEAD,		/* the stub is gone: .sig says how */
};

struct host_stop_info {
	enum host_stop	why;
	int		sig;
};

/**
 * struct host_syscall - a system call as PTRACE_GET_SYSCALL_INFO tells it
 */
struct host_syscall {
	um_u32	arch;
	um_u64	nr;
	um_u64	args[6];
	um_u64	ip;
	um_u64	sp;
};

struct host_fault {
	int	sig;
	int	code;		/* si_code */
	int	err;		/* si_errno */
	um_u64	addr;		/* si_addr */
};

/*
 * The first stub: a child of this process, traced by the calling thread, which
 * has nothing mapped but the stub area and waits there, behind an int3.  All
 * others are made from it.  Returns its pid.  *step names what failed.
 */
int host_stub_first(const struct host_stub_layout *layout, const char **step);

/* Only the thread that made the first stub may call these. */
int host_ptrace_getregs(int pid, struct host_regs *regs);
int host_ptrace_setregs(int pid, const struct host_regs *regs);
/* All but the segments' bases and data selectors; of a stub in 64-bit code. */
int host_ptrace_setregs_code(int pid, const struct host_regs *regs);
int host_ptrace_get_ax_ip(int pid, um_u64 *ax, um_u64 *ip);
/* Extended state in the standard XSAVE format; returns its length. */
int host_ptrace_getxstate(int pid, void *buf, unsigned long len);
/* Not reentrant: one caller at a time, with interrupts disabled. */
int host_ptrace_setxstate(int pid, const void *buf, unsigned long len);
int host_ptrace_syscall(int pid, struct host_syscall *sc);
int host_ptrace_fault(int pid, struct host_fault *fault);
/* Is an exception waiting to be reported?  Nothing runs before it is. */
int host_ptrace_pending(int pid);
/* One register by its place in struct host_regs. */
int host_ptrace_poke(int pid, unsigned long offset, um_u64 value);
int host_ptrace_peek(int pid, unsigned long offset, um_u64 *value);
/* A debug register, 0-7. */
int host_ptrace_peek_debug(int pid, int n, um_u64 *value);
int host_ptrace_poke_debug(int pid, int n, um_u64 value);
/* Guest code: system calls stop before they reach the host. */
int host_ptrace_run(int pid, int single_step);
/* Stub code: system calls are the host's. */
int host_ptrace_cont(int pid);
int host_ptrace_interrupt(int pid);
/* Waits for a stop of @pid, or of any stub (-1); returns the pid. */
int host_ptrace_wait(int pid, struct host_stop_info *info);

/*
 * Traces thread @tid of another process, which is about to be let run in host
 * code; host_ptrace_borrowed() waits until it has stopped for that.  Then its
 * registers can be reached, until it is given back.
 */
int host_ptrace_borrow(int tid);
int host_ptrace_borrowed(int tid);
void host_ptrace_give_back(int tid);

/* ---- stubs under seccomp (arch/um/host/seccomp.c) ----------------------- */

/*
 * Makes the first worker, a child of this process and leader of a process group
 * that all made from it are in.  Returns its pid.  *step names what failed.
 */
int host_worker_first(const struct host_stub_layout *layout, const char **step);
/*
 * To be called once it has done its first command, or has ended: then it says
 * what failed, and returns the error.
 */
int host_worker_built(const char **step);
/* Ends all workers and the threads of their processes, and reaps them. */
void host_workers_end(void);

/**
 * struct host_notify - a system call that waits for an answer
 *
 * As the host's struct seccomp_notif.  @pid is a thread's id.
 */
struct host_notify {
	um_u64	id;
	um_u32	pid;
	um_u32	flags;
	int	nr;
	um_u32	arch;
	um_u64	ip;
	um_u64	args[6];
};

/* As the host's struct seccomp_notif_resp. */
struct host_answer {
	um_u64	id;
	um_s64	val;
	int	error;
	um_u32	flags;
};

/* 0 when the host has notifications for this process; else -errno. */
int host_notify_allowed(void);
/* Number of the ioctl() that answers, for a worker to do. */
unsigned long host_notify_answer_nr(void);
/* Asks for hand-overs that stay on one CPU; -EINVAL: the host is too old. */
int host_notify_sync(int listener);
/*
 * Waits for a notification.  -EINTR: a signal came; -ESRCH: all who could make
 * one have ended; -ENOENT: one was taken back.
 */
int host_notify_recv(int listener, struct host_notify *n);
/* -ENOENT: its thread has ended. */
int host_notify_send(int listener, um_u64 id, um_s64 val);

int host_tgkill(int pid, int tid, int sig);
/* A descriptor of the process; it is readable once the process has ended. */
int host_pidfd(int pid);
int host_socketpair(int fds[2]);
/* The next descriptor from a socket; -EAGAIN: there is none. */
int host_recv_fd(int sock);
int host_eventfd(void);
/* Takes what is there; -EAGAIN: nothing. */
long host_event_take(int event);
/* Waits until there is something, and takes it; -ESRCH: the process has ended. */
long host_event_wait(int event, int pidfd);
/* Memory that children share: @len bytes, or -errno. */
long host_shared_alloc(unsigned long len);
/* Wakes one who sleeps on a word in memory that processes share. */
int host_shared_wake(volatile um_u32 *word);
/* Waits until the process has ended; it is not reaped. */
void host_pidfd_wait(int pidfd);
/* Has it? */
int host_pidfd_ended(int pidfd);
/* Length of a message that carries one descriptor, and its header at @msg. */
void host_message_fd(void *msg, um_u64 address, int fd);
#define HOST_MESSAGE_SIZE	104

/* ---- upcalls: what the host library calls in the kernel ----------------- */

/* An interrupt, on the stack of the thread that it interrupted. */
void um_interrupt(enum host_irq irq, struct host_regs *regs);
/*
 * The kernel itself faulted.  @regs may be changed; they are loaded when this
 * returns.
 */
void um_kernel_fault(const struct host_fault *fault, struct host_regs *regs);
/* The program's start.  Runs on the host's stack. */
int um_main(int argc, char **argv);

#endif /* _UM_HOST_H */
