// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts: host signals to the thread of a virtual CPU.
 *
 * The signal's handler runs on whatever kernel stack it hits.  Where interrupts
 * are disabled, or guest code is about to run, it leaves a bit in pending;
 * enabling interrupts looks there.
 */
#include <linux/cpu.h>
#include <linux/entry-common.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/kernel_stat.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <asm/engine.h>
#include <asm/irq.h>
#include <asm/irq_regs.h>
#include <asm/reboot.h>
#include <asm/um_irq.h>
#include <um/host.h>
#include <um/line.h>

DEFINE_PER_CPU(struct irq_state, irq_state);
EXPORT_PER_CPU_SYMBOL(irq_state);

/* All sources; they are added at the head, and rarely removed. */
static struct um_irq_source *sources;
static DEFINE_RAW_SPINLOCK(sources_lock);
/* The thread that takes I/O interrupts: that of the first CPU. */
static int io_tid __ro_after_init;

/* What the first CPU has found ready while it slept; for take_ready(). */
static void *ready[HOST_READY_MAX];
static int nr_ready;

/* Only what is still a source: another CPU may be about to free the watch. */
static void take_ready(void)
{
	struct um_irq_source *src;
	int i;

	raw_spin_lock(&sources_lock);
	for (i = 0; i < nr_ready; i++) {
		struct um_fd_watch *w = ready[i];

		for (src = sources; src && src != &w->src; src = src->next)
			;
		if (src)
			WRITE_ONCE(src->raised, 1);
	}
	nr_ready = 0;
	raw_spin_unlock(&sources_lock);
}

static void dispatch_sources(void)
{
	struct um_irq_source *src;

	if (nr_ready)
		take_ready();
	for (src = READ_ONCE(sources); src; src = READ_ONCE(src->next))
		if (READ_ONCE(src->raised) && xchg(&src->raised, 0))
			generic_handle_irq(src->irq);
}

static void dispatch(struct pt_regs *regs)
{
	struct pt_regs *old = set_irq_regs(regs);
	unsigned int pending = xchg(this_cpu_ptr(&irq_state.pending), 0);

	irq_enter_rcu();
	if (pending & BIT(HOST_IRQ_TIMER))
		generic_handle_irq(UM_IRQ_TIMER);
	if (pending & BIT(HOST_IRQ_IO))
		dispatch_sources();
	if (pending & BIT(HOST_IRQ_WINCH))
		um_line_winch();
	if (pending & BIT(HOST_IRQ_SHUTDOWN))
		um_shutdown_request();
	irq_exit_rcu();
	set_irq_regs(old);
}

void irq_dispatch(struct pt_regs *regs)
{
	dispatch(regs);
}

/* In code that had interrupts enabled, as they are on return. */
static void interrupt_kernel(struct pt_regs *regs)
{
	irqentry_state_t state;

	do {
		arch_local_irq_disable();
		state = irqentry_enter(regs);
		dispatch(regs);
		irqentry_exit(regs, state);
		barrier();
		raw_cpu_write_4(irq_state.enabled, 1);
		barrier();
	} while (raw_cpu_read_4(irq_state.pending));
}

void irq_run_pending(void)
{
	struct pt_regs regs = {
		.ip = _RET_IP_,
		.bp = (unsigned long)__builtin_frame_address(0),
		.sp = current_stack_pointer,
		.state = REGS_FULL | REGS_KERNEL,
	};

	interrupt_kernel(&regs);
}
EXPORT_SYMBOL(irq_run_pending);

/* Called by the host library, in the handler of a signal. */
void um_interrupt(enum host_irq irq, struct host_regs *host)
{
	struct pt_regs regs;

	/* Other threads do, too, which atomic_or() of a kernel for one CPU overlooks. */
	__atomic_or_fetch(raw_cpu_ptr(&irq_state.pending), BIT(irq), __ATOMIC_SEQ_CST);
	if (!raw_cpu_read_4(irq_state.enabled)) {
		if (raw_cpu_read_4(engine_running))
			engine->kick();
		return;
	}
	/*
	 * The handler has the others wait, so that their frames do not pile up.
	 * From here on they find interrupts disabled, and leave at once; the
	 * task that is switched to, if any, must not find them blocked.
	 */
	arch_local_irq_disable();
	host_irq_block(0);
	memcpy(&regs, host, sizeof(*host));
	regs.state = REGS_FULL | REGS_KERNEL;
	interrupt_kernel(&regs);
}

/* ---- Linux interrupts on top ---------------------------------------------- */

static void no_op(struct irq_data *d)
{
}

static struct irq_chip host_chip = {
	.name		= "host",
	.irq_mask	= no_op,
	.irq_unmask	= no_op,
	.irq_ack	= no_op,
	.flags		= IRQCHIP_SKIP_SET_WAKE,
};

void __init init_IRQ(void)
{
	int irq;

	io_tid = host_gettid();
	for (irq = 0; irq < NR_IRQS; irq++) {
		if (!irq_to_desc(irq) && irq_alloc_desc_at(irq, 0) < 0)
			break;
		irq_set_chip_and_handler(irq, &host_chip, handle_simple_irq);
		if (irq >= UM_IRQ_FIRST)
			irq_set_status_flags(irq, IRQ_NOREQUEST);
	}
	irq_set_chip_and_handler(UM_IRQ_TIMER, &host_chip, handle_percpu_irq);
}

static DECLARE_BITMAP(irq_used, NR_IRQS);

int um_irq_source_init(struct um_irq_source *src, const char *name,
		       um_irq_handler_t handler, void *dev)
{
	int irq, err;

	do {
		irq = find_next_zero_bit(irq_used, NR_IRQS, UM_IRQ_FIRST);
		if (irq >= NR_IRQS)
			return -ENOSPC;
	} while (test_and_set_bit(irq, irq_used));

	src->irq = irq;
	src->raised = 0;
	src->dev = dev;
	irq_clear_status_flags(irq, IRQ_NOREQUEST);
	err = request_irq(irq, handler, 0, name, dev);
	if (err) {
		clear_bit(irq, irq_used);
		return err;
	}
	raw_spin_lock_irq(&sources_lock);
	src->next = sources;
	WRITE_ONCE(sources, src);
	raw_spin_unlock_irq(&sources_lock);
	return 0;
}

static void nothing(void *info)
{
}

void um_irq_source_free(struct um_irq_source *src)
{
	struct um_irq_source **p;

	raw_spin_lock_irq(&sources_lock);
	for (p = &sources; *p; p = &(*p)->next) {
		if (*p == src) {
			WRITE_ONCE(*p, src->next);
			break;
		}
	}
	raw_spin_unlock_irq(&sources_lock);
	/*
	 * The first CPU may be looking at it, with interrupts disabled.  A grace period
	 * would do as well, but for its 20 ms: a console that is opened for each line
	 * of a boot is closed as often.
	 */
	WARN_ON(smp_call_function_single(0, nothing, NULL, true));
	free_irq(src->irq, src->dev);
	clear_bit(src->irq, irq_used);
}

/*
 * Where that of the first CPU is while the CPU looks at it all the time, so that
 * it needs no signal; else NULL.
 */
static unsigned int *polled;

/* The same while it sleeps: then it has to be woken. */
static unsigned int *slept_on;

/* Among the descriptors, once there are any. */
static bool poll_started;
static bool sleeps_in_poll;

static void wake_sleeper(unsigned int *pending)
{
	if (__atomic_load_n(&sleeps_in_poll, __ATOMIC_SEQ_CST))
		host_poll_wake();
	else
		host_futex_wake(pending, 1);
}

/* From any host thread: it has no per-CPU state. */
void um_irq_source_raise(struct um_irq_source *src)
{
	unsigned int *pending;

	if (__atomic_exchange_n(&src->raised, 1, __ATOMIC_SEQ_CST))
		return;
	pending = __atomic_load_n(&polled, __ATOMIC_SEQ_CST);
	if (pending) {
		__atomic_or_fetch(pending, BIT(HOST_IRQ_IO), __ATOMIC_SEQ_CST);
		/* It may have looked away before it could see that. */
		if (__atomic_load_n(&polled, __ATOMIC_SEQ_CST))
			return;
	}
	pending = __atomic_load_n(&slept_on, __ATOMIC_SEQ_CST);
	if (pending) {
		__atomic_or_fetch(pending, BIT(HOST_IRQ_IO), __ATOMIC_SEQ_CST);
		wake_sleeper(pending);
		if (__atomic_load_n(&slept_on, __ATOMIC_SEQ_CST))
			return;
	}
	host_irq_raise(io_tid, HOST_IRQ_IO);
}

void um_irq_source_raise_idle(struct um_irq_source *src)
{
	/* Only the first looks at sources. */
	if (raw_smp_processor_id()) {
		um_irq_source_raise(src);
		return;
	}
	__atomic_store_n(&src->raised, 1, __ATOMIC_SEQ_CST);
	__atomic_or_fetch(raw_cpu_ptr(&irq_state.pending), BIT(HOST_IRQ_IO),
			  __ATOMIC_SEQ_CST);
}

/* Nothing may be locked here: for RCU this CPU is idle. */
static bool found_ready(unsigned int *pending, int n)
{
	if (n <= 0)
		return false;
	nr_ready = n;
	__atomic_or_fetch(pending, BIT(HOST_IRQ_IO), __ATOMIC_SEQ_CST);
	return true;
}

bool um_irq_poll(u64 until)
{
	unsigned int *pending = raw_cpu_ptr(&irq_state.pending);
	bool first = !raw_smp_processor_id();
	int i;

	if (first)
		__atomic_store_n(&polled, pending, __ATOMIC_SEQ_CST);
	do {
		for (i = 0; i < 16 && !READ_ONCE(*pending); i++)
			cpu_relax();
		if (first && poll_started && !READ_ONCE(*pending))
			found_ready(pending, host_poll_look(ready));
	} while (!READ_ONCE(*pending) && host_monotonic_ns() < until);
	if (first)
		__atomic_store_n(&polled, NULL, __ATOMIC_SEQ_CST);
	return __atomic_load_n(pending, __ATOMIC_SEQ_CST);
}

/* Raised although no signal says so: a debugger may have kept that to itself. */
static bool source_is_raised(void)
{
	struct um_irq_source *src;

	for (src = READ_ONCE(sources); src; src = READ_ONCE(src->next))
		if (READ_ONCE(src->raised))
			return true;
	return false;
}

static bool sleep_in_poll(unsigned int *pending, u64 until)
{
	int n;

	do {
		n = host_poll_wait(ready, pending, until);
	} while (!n && !READ_ONCE(*pending));
	if (found_ready(pending, n))
		return true;
	/* Who has seen that it sleeps there has set *pending before. */
	if (n < 0 && n != -ETIMEDOUT) {
		__atomic_store_n(&sleeps_in_poll, false, __ATOMIC_SEQ_CST);
		host_irq_wait(pending, until);
	}
	return READ_ONCE(*pending);
}

bool um_irq_sleep(u64 until)
{
	unsigned int *pending = raw_cpu_ptr(&irq_state.pending);
	bool first = !raw_smp_processor_id();
	bool woken;

	if (first) {
		__atomic_store_n(&sleeps_in_poll, poll_started, __ATOMIC_SEQ_CST);
		__atomic_store_n(&slept_on, pending, __ATOMIC_SEQ_CST);
	}
	if (first && source_is_raised()) {
		__atomic_or_fetch(pending, BIT(HOST_IRQ_IO), __ATOMIC_SEQ_CST);
		woken = true;
	} else if (first && sleeps_in_poll) {
		woken = sleep_in_poll(pending, until);
	} else {
		host_irq_wait(pending, until);
		woken = READ_ONCE(*pending);
	}
	if (first)
		__atomic_store_n(&slept_on, NULL, __ATOMIC_SEQ_CST);
	return woken;
}

void um_irq_timer_due(void)
{
	__atomic_or_fetch(raw_cpu_ptr(&irq_state.pending), BIT(HOST_IRQ_TIMER),
			  __ATOMIC_SEQ_CST);
}

/* ---- descriptors ------------------------------------------------------------ */

static void fd_ready(void *cookie)
{
	struct um_fd_watch *w = cookie;

	if (w) {
		um_irq_source_raise(&w->src);
	} else if (__atomic_load_n(&slept_on, __ATOMIC_SEQ_CST)) {
		/* The CPU was not there yet. */
		host_irq_raise(io_tid, HOST_IRQ_IO);
	}
}

static int start_poll(void)
{
	static DEFINE_MUTEX(lock);
	int err = 0;

	mutex_lock(&lock);
	if (!poll_started) {
		err = host_poll_start(fd_ready);
		poll_started = !err;
	}
	mutex_unlock(&lock);
	return err;
}

int um_fd_watch_init(struct um_fd_watch *w, int fd, const char *name,
		     um_irq_handler_t handler, void *dev)
{
	int err = start_poll();

	if (err < 0)
		return err;
	w->fd = fd;
	err = um_irq_source_init(&w->src, name, handler, dev);
	if (err)
		return err;
	err = host_poll_add(fd, w);
	if (err < 0) {
		um_irq_source_free(&w->src);
		return err;
	}
	return 0;
}

int um_fd_watch_arm(struct um_fd_watch *w, int events)
{
	return host_poll_arm(w->fd, w, events);
}

void um_fd_watch_free(struct um_fd_watch *w)
{
	host_poll_del(w->fd);
	um_irq_source_free(&w->src);
}

void ack_bad_irq(unsigned int irq)
{
	pr_crit("unexpected interrupt %u\n", irq);
}

int arch_show_interrupts(struct seq_file *p, int prec)
{
	return 0;
}
