/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private to the host library.
 *
 * A function of this library may be interrupted at any instruction by a signal
 * whose handler runs the kernel's scheduler: what called it then sleeps, other
 * callers run on the same thread, and it may even wake up on another thread.
 * So the library makes its system calls itself, with the error in the result:
 * errno belongs to a thread, and there is no telling whose it would be.
 * libc functions are used only before the kernel starts, where nothing but
 * memory is touched, or with all signals blocked.
 */
#ifndef _UM_HOST_INTERNAL_H
#define _UM_HOST_INTERNAL_H

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>

#include <um/host.h>
#include <um/socket.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define noinline	__attribute__((noinline))
#define __noreturn	__attribute__((noreturn))

#define NSEC_PER_SEC	1000000000UL

static inline long raw_syscall(long nr, long a, long b, long c, long d, long e,
			       long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;
	long ret;

	asm volatile("syscall"
		     : "=a" (ret)
		     : "a" (nr), "D" (a), "S" (b), "d" (c), "r" (r10), "r" (r8),
		       "r" (r9)
		     : "rcx", "r11", "memory");
	return ret;
}

/* Pointers and integers alike; arguments that are left out are zero. */
#define SYS6(nr, a, b, c, d, e, f, ...)					\
	raw_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d),	\
		    (long)(e), (long)(f))
#define sys(nr, ...)	SYS6(nr, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)

/* The same, again for as long as signals interrupt it. */
#define sys_retry(...)							\
({									\
	long _r;							\
									\
	do {								\
		_r = sys(__VA_ARGS__);					\
	} while (_r == -EINTR);						\
	_r;								\
})

/* Signal masks are as the system calls want them: 64 bits. */
#define SIGMASK_ALL	(~0UL)

static inline um_u64 sigmask_of(int sig)
{
	return 1UL << (sig - 1);
}

/* @how as for sigprocmask(); returns the mask of before. */
um_u64 sigmask_change(int how, um_u64 mask);

/* Interrupts, and the faults that a CPU's thread handles. */
um_u64 irq_signals(void);
um_u64 fault_signals(void);
/* The calling thread is a helper, whatever had its thread pointer before. */
void irq_forget_thread(void);
/* Where a signal's handler is to return to that has interrupted @ip (poll_idle.c). */
um_u64 poll_handler_return(um_u64 ip);
/* Ends the process by @sig's default action; core dump included. */
__noreturn void die_by_signal(int sig);

/* Descriptor of the calling CPU's schedstat file, or -1. */
int irq_schedstat_fd(void);

static inline um_u64 thread_pointer(void)
{
	um_u64 tp;

	/* Volatile: the next look may be from another thread. */
	asm volatile("mov %%fs:0, %0" : "=r" (tp));
	return tp;
}

/*
 * In a child that is to become a stub: unmaps all that lies in [@start, @end),
 * and moves the host's vDSO to @vdso unless that is 0.
 */
int vdso_move(um_u64 start, um_u64 end, um_u64 vdso);

/* Remember what only the start of the program can know. */
void process_start(char **argv, char **envp);
char **process_environment(void);
/* As a shell finds programs (spawn.c): its path, or -ENOENT. */
int find_in_path(const char *name, char *path, um_u64 len);
/* Our executable's path, or "". */
const char *process_path(void);
void thread_start(void);
void tty_start(void);
/* Runs the program that the command line asks for, see um/net.h; -1: none. */
int inner_main(int argc, char **argv);

/* This process, also seen from its children. */
extern int own_pid;

/**
 * struct stub_birth - what parent and child share while the first stub is built
 * @go:		futex; the child may start
 * @err:	-errno of what ended it
 * @step:	what the child does
 * @last:	what it does last, before it goes to its entry; 0 or -errno
 * @layout:	a copy of what was given: the stack that it is on may be unmapped
 * @fds:	likewise
 */
struct stub_birth {
	um_u32			go;
	int			err;
	const char		*step;
	int			(*last)(struct stub_birth *birth);
	struct host_stub_layout	layout;
	int			fds[32];
};

/*
 * Forks off the child that becomes the first stub.  It waits for stub_birth_go();
 * then it has no memory, descriptors and signal handlers but those of the layout
 * when it gets to its entry, with all signals blocked unless @last has changed
 * that.  Returns its pid; *step names what failed.
 */
int stub_birth_start(const struct host_stub_layout *layout,
		     int (*last)(struct stub_birth *birth),
		     struct stub_birth **birth, const char **step);
void stub_birth_go(struct stub_birth *birth);
/* To be called once the child is there, or has ended. */
void stub_birth_end(struct stub_birth *birth);

/* A name in the file system that nobody answers to is a left-over (stream.c). */
int socket_is_stale(const struct host_address *addr, int type);

struct flock;
/* A lock of all bytes of a file. */
void lock_whole_file(struct flock *lock, int exclusive);

/* A terminal is put back before its descriptor goes. */
void tty_closing(int fd);

#endif /* _UM_HOST_INTERNAL_H */
