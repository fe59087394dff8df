// SPDX-License-Identifier: GPL-2.0
/*
 * Host threads of the seccomp engine, which run guest code.
 */
#include <linux/bug.h>
#include <linux/gfp.h>
#include <linux/mman.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <asm/cpu.h>
#include <asm/fpu.h>
#include <asm/ptrace.h>
#include <asm/unistd.h>
#include <uapi/asm/debugreg.h>
#include <uapi/asm/processor-flags.h>
#include <uapi/asm/sigcontext.h>
#include <uapi/linux/sched.h>

#include "seccomp.h"

struct seccomp_layout seccomp_layout __ro_after_init;
int seccomp_sock_fd __ro_after_init;

/* Waits for what the thread does next. */
int seccomp_wait(struct seccomp_thread *t, struct host_notify *n)
{
	int err;

	do {
		err = host_notify_recv(t->listener, n);
	} while (err == -EINTR || err == -ENOENT);
	if (likely(!err)) {
		t->id = n->id;
		t->ip = n->ip;
		t->trapped = n->nr == SECCOMP_TRAP_NR &&
			     n->ip == seccomp_address(seccomp_image_trapped);
		if (t->trapped) {
			if (n->args[0] == SECCOMP_KICK)
				t->kicked = false;
			if (likely(seccomp_fsgsbase)) {
				t->fs_base = n->args[4];
				t->gs_base = n->args[5];
			}
		}
		return 0;
	}
	seccomp_lose(t->process);
	return err;
}

/*
 * Once is enough, and more frames than two have no room.  The signal is pending
 * until it is seen.
 */
int seccomp_kick_thread(struct seccomp_thread *t)
{
	if (t->kicked)
		return 0;
	t->kicked = true;
	return host_tgkill(t->process->pid, t->stub.pid, SECCOMP_KICK);
}

int seccomp_answer(struct seccomp_thread *t, long val)
{
	int err = host_notify_send(t->listener, t->id, val);

	if (unlikely(err < 0))
		seccomp_lose(t->process);
	return err;
}

/*
 * Gets all registers of a thread that waits in a system call of guest code.  It
 * gets the signal as soon as it has the answer.  That is not the result, which
 * comes with the frame: the host would act on -ERESTARTSYS and the like.
 */
int seccomp_trap(struct seccomp_thread *t)
{
	unsigned long ip = t->ip;
	struct host_notify n;
	int err;

	if (t->trapped)
		return 0;
	err = seccomp_kick_thread(t);
	if (!err)
		err = seccomp_answer(t, 0);
	if (!err)
		err = seccomp_wait(t, &n);
	if (!err && WARN_ON_ONCE(!t->trapped))
		err = -EPROTO;
	/* Some hosts restart a call that is answered while a signal comes. */
	if (!err)
		frame_of(t)->uc.uc_mcontext.ip = ip;
	return err;
}

/*
 * Forgets frames below the one that counts: what the handler had in registers is
 * from whoever had the stub before.  Nobody takes them up.
 */
void seccomp_wipe_late(struct seccomp_thread *t)
{
	memset(t->area + 1, 0, seccomp_layout.frame - sizeof(*t->area));
}

void seccomp_read_frame(struct seccomp_thread *t, struct pt_regs *regs)
{
	struct sigcontext sc;

	memcpy(&sc, &frame_of(t)->uc.uc_mcontext, sizeof(sc));
	barrier();
	regs->r15 = sc.r15;
	regs->r14 = sc.r14;
	regs->r13 = sc.r13;
	regs->r12 = sc.r12;
	regs->bp = sc.bp;
	regs->bx = sc.bx;
	regs->r11 = sc.r11;
	regs->r10 = sc.r10;
	regs->r9 = sc.r9;
	regs->r8 = sc.r8;
	regs->ax = sc.ax;
	regs->cx = sc.cx;
	regs->dx = sc.dx;
	regs->si = sc.si;
	regs->di = sc.di;
	regs->ip = sc.ip;
	regs->sp = sc.sp;
	regs->flags = sc.flags;
	if (t->stepping)
		regs->flags &= ~X86_EFLAGS_TF;
	regs->cs = sc.cs;
	regs->ss = sc.ss;
	regs->fs_base = t->fs_base;
	regs->gs_base = t->gs_base;
	regs->ds = 0;
	regs->es = 0;
	regs->fs = 0;
	regs->gs = 0;
	regs->orig_ax = -1;
	regs->state |= REGS_FULL;
}

void seccomp_write_frame(struct seccomp_thread *t, const struct pt_regs *regs)
{
	struct sigcontext *sc = &frame_of(t)->uc.uc_mcontext;

	sc->r15 = regs->r15;
	sc->r14 = regs->r14;
	sc->r13 = regs->r13;
	sc->r12 = regs->r12;
	sc->bp = regs->bp;
	sc->bx = regs->bx;
	sc->r11 = regs->r11;
	sc->r10 = regs->r10;
	sc->r9 = regs->r9;
	sc->r8 = regs->r8;
	sc->ax = regs->ax;
	sc->cx = regs->cx;
	sc->dx = regs->dx;
	sc->si = regs->si;
	sc->di = regs->di;
	sc->ip = regs->ip;
	sc->sp = regs->sp;
	sc->flags = regs->flags;
	sc->cs = regs->cs;
	sc->ss = regs->ss;
	if (!(regs->state & REGS_SEGS))
		return;
	t->bases_loading = true;
	t->fs_wanted = regs->fs_base;
	t->gs_wanted = regs->gs_base;
	t->area->load = 1;
	t->area->fs_base = regs->fs_base;
	t->area->gs_base = regs->gs_base;
	/*
	 * Without the instructions the host tells nobody what guest code may
	 * have made of them by loading a selector.
	 */
	if (!seccomp_fsgsbase) {
		t->fs_base = regs->fs_base;
		t->gs_base = regs->gs_base;
	}
}

/* ---- making them --------------------------------------------------------- */

/*
 * All stubs send to one socket: what one has sent that was killed before it could
 * be received is nobody else's.
 */
static void forget_listeners(void)
{
	int fd;

	while ((fd = host_recv_fd(seccomp_sock_fd)) != -EAGAIN)
		if (fd >= 0)
			host_close(fd);
		else if (fd != -EMFILE && fd != -EPROTO)
			break;
}

static int recv_listener(struct seccomp_process *p)
{
	struct stub_control *ctl = &p->data->ctl;
	unsigned long msg = STUB_DATA + offsetof(struct stub_data, ctl.msg);
	int i, err = -EBADF;

	forget_listeners();
	host_message_fd(ctl->msg, msg, FD_LISTENERS + p->threads);
	/* The thread is on its way to it, on the same CPU. */
	ctl->pause[0] = 0;
	ctl->pause[1] = 20 * NSEC_PER_USEC;
	for (i = 0; i < 10000 && err == -EBADF; i++) {
		p->data->op[0] = (struct stub_op) {
			.nr = i ? __NR_nanosleep : __NR_sched_yield,
			.args = { STUB_DATA + offsetof(struct stub_data, ctl.pause) },
		};
		p->data->op[1] = (struct stub_op) {
			.nr = __NR_sendmsg,
			.args = { FD_SOCKET, msg, 0 },
		};
		err = seccomp_batch_run(p, 2);
	}
	return err ?: host_recv_fd(seccomp_sock_fd);
}

/* Is the frame where it is in all the others? */
int seccomp_check_frame(struct seccomp_thread *t, const struct host_notify *n)
{
	unsigned long expected = area_address(t) + seccomp_layout.frame +
				 offsetof(struct rt_sigframe, uc);

	return t->trapped && n->args[2] == expected ? 0 : -EPROTO;
}

/* Of the first thread: learns what the host's frames look like. */
int __init seccomp_learn_layout(struct seccomp_thread *t,
				const struct host_notify *n, const char **why)
{
	unsigned long area = area_address(t), frame, used;
	const struct rt_sigframe *f;
	const struct _fpx_sw_bytes *sw;

	*why = "the place of signal frames";
	frame = n->args[2] - offsetof(struct rt_sigframe, uc) - area;
	if (!t->trapped || frame >= STUB_FRAME_SIZE - sizeof(*f) || frame % 8)
		return -EPROTO;
	/* Another has to find room, and what stub/seccomp.S pushes. */
	*why = "the size of signal frames";
	used = STUB_FRAME_SIZE - frame;
	if (frame < used + 512)
		return -E2BIG;
	f = (void *)t->area + frame;
	seccomp_layout.frame = frame;
	seccomp_layout.xstate = (unsigned long)f->uc.uc_mcontext.fpstate - area;
	*why = "the extended state in signal frames";
	if (seccomp_layout.xstate >= STUB_FRAME_SIZE - XSTATE_MIN_SIZE ||
	    seccomp_layout.xstate % 64)
		return -EPROTO;
	sw = (void *)t->area + seccomp_layout.xstate + 464;
	if (sw->magic1 != FP_XSTATE_MAGIC1 ||
	    sw->xstate_size > STUB_FRAME_SIZE - seccomp_layout.xstate)
		return -EPROTO;
	seccomp_layout.xfeatures = sw->xfeatures;
	seccomp_layout.xstate_size = sw->xstate_size;
	return 0;
}

/*
 * With interrupts disabled; @t->area is there.  -ESRCH: the process is lost, as
 * there may be half a thread; any other error: there is none.
 */
int seccomp_make_thread(struct seccomp_process *p, struct seccomp_thread *t,
			struct host_notify *n)
{
	struct stub_op *op = p->data->op;
	int err;

	/* There will be room for its listener, here as there. */
	err = host_dup(seccomp_event_fd);
	if (err < 0)
		return err;
	host_close(err);

	t->process = p;
	t->stub_listener = FD_LISTENERS + p->threads;
	t->stub.cpu = p->cpu;
	op[0] = (struct stub_op) {
		.nr = __NR_mmap,
		.args = { area_address(t), STUB_FRAME_SIZE,
			  PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_FIXED | MAP_POPULATE, STUB_MEM_FD,
			  __pa(t->area) },
	};
	err = seccomp_batch_run(p, 1);
	if (err)
		return err;
	op[0] = (struct stub_op) {
		.nr = __NR_clone,
		.args = { CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
			  CLONE_THREAD | CLONE_SYSVSEM, 0, 0, 0, 0,
			  area_address(t) },
	};
	err = seccomp_batch_run(p, 1);
	if (!err) {
		t->listener = recv_listener(p);
		if (t->listener < 0)
			err = t->listener == -EAGAIN ? -EAGAIN : -ESRCH;
	}
	if (err) {
		op[0] = (struct stub_op) {
			.nr = __NR_munmap,
			.args = { area_address(t), STUB_FRAME_SIZE },
		};
		return err == -ESRCH || seccomp_batch_run(p, 1) ? -ESRCH : err;
	}
	p->threads++;
	/* Where the host cannot, it is the confinement that does it. */
	host_notify_sync(t->listener);
	if (seccomp_wait(t, n))
		return -ESRCH;
	t->stub.pid = n->pid;
	return 0;
}

struct seccomp_thread *seccomp_new_thread(struct seccomp_process *p)
{
	struct seccomp_thread *t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	struct host_notify n;
	unsigned long flags;
	int err = -EAGAIN;

	if (!t)
		return ERR_PTR(-ENOMEM);
	t->listener = -1;
	/* Guest code can read it. */
	t->area = (void *)__get_free_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO,
					   STUB_FRAME_ORDER);
	if (!t->area)
		err = -ENOMEM;
	if (!t->area || p->threads >= STUB_MAX_THREADS)
		goto fail;

	local_irq_save(flags);
	seccomp_worker_follow(p, um_cpu_confine());
	err = seccomp_make_thread(p, t, &n);
	if (!err && seccomp_check_frame(t, &n))
		err = -ESRCH;
	if (err == -ESRCH)
		seccomp_lose(p);
	local_irq_restore(flags);
	if (!err)
		return t;
	pr_warn_ratelimited("the host refuses another thread: %pe\n", ERR_PTR(err));
fail:
	if (t->listener >= 0)
		host_close(t->listener);
	free_pages((unsigned long)t->area, STUB_FRAME_ORDER);
	kfree(t);
	return ERR_PTR(err);
}

/* ---- debug registers ------------------------------------------------------ */

/*
 * Debug registers are out of reach but by ptrace, which stops the thread for a
 * moment on its way back to the handler.
 */
static int borrow(struct seccomp_thread *t)
{
	int err = seccomp_trap(t);

	if (!err)
		err = host_ptrace_borrow(t->stub.pid);
	if (err)
		return err;
	/* Once it is let go it is to come back at once. */
	seccomp_kick_thread(t);
	err = seccomp_answer(t, area_address(t)) ?: host_ptrace_borrowed(t->stub.pid);
	if (err) {
		host_ptrace_give_back(t->stub.pid);
		seccomp_lose(t->process);
	}
	return err;
}

static int give_back(struct seccomp_thread *t)
{
	struct host_notify n;
	int err;

	host_ptrace_give_back(t->stub.pid);
	err = seccomp_wait(t, &n) ?: t->trapped ? 0 : -EPROTO;
	if (!err)
		seccomp_wipe_late(t);
	return err;
}

int seccomp_peek_debugreg(struct seccomp_thread *t, int n, unsigned long *val)
{
	int err = borrow(t);
	um_u64 v = 0;

	if (err)
		return err;
	err = host_ptrace_peek_debug(t->stub.pid, n, &v);
	*val = v;
	return give_back(t) ?: err;
}

int seccomp_poke_debugreg(struct seccomp_thread *t, int n, unsigned long val)
{
	int err = borrow(t);

	if (err)
		return err;
	err = host_ptrace_poke_debug(t->stub.pid, n, val);
	if (!err && n == DR_CONTROL)
		t->debugged = val;
	return give_back(t) ?: err;
}
