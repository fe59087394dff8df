// SPDX-License-Identifier: GPL-2.0
/*
 * Time is the host's: CLOCK_MONOTONIC, and a one-shot timer on it for each
 * virtual CPU.
 */
#include <linux/clockchips.h>
#include <linux/clocksource.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/syscalls.h>
#include <linux/timekeeping.h>
#include <asm/cpu.h>
#include <asm/idle.h>
#include <asm/irq.h>
#include <asm/ptrace.h>
#include <asm/setup.h>
#include <asm/syscalls.h>
#include <asm/um_irq.h>
#include <asm/vdso.h>
#include <um/host.h>

static u64 clock_base __ro_after_init;
static DEFINE_PER_CPU(int, host_timer);
/* When it is to expire, of host_monotonic_ns(); 0: it is not, or has. */
static DEFINE_PER_CPU(u64, timer_due);
/* When the host's one does, which may be earlier; 0: nobody has set it since. */
static DEFINE_PER_CPU(u64, timer_set);

unsigned long long notrace sched_clock(void)
{
	return host_monotonic_ns() - clock_base;
}

static u64 notrace host_clock_read(struct clocksource *cs)
{
	return host_monotonic_ns();
}

static struct clocksource host_clocksource = {
	.name	= "host",
	.rating	= 400,
	.read	= host_clock_read,
	.mask	= CLOCKSOURCE_MASK(64),
	.flags	= CLOCK_SOURCE_IS_CONTINUOUS,
};

/*
 * The host's vDSO asks the host itself when it cannot read the host's clock any
 * more, for a while or for good.  In a stub that is a system call of the guest,
 * and means the host's time, which the guest's is made of.  Called by the system
 * call table; tracing of system calls knows it by all of its name but "our".
 */
asmlinkage long our_clock_gettime(const clockid_t which,
				  struct __kernel_timespec __user *tp)
{
	struct timespec64 now;

	if (likely(current_pt_regs()->ip - STUB_VDSO >= STUB_VDSO_ROOM ||
		   which != CLOCK_MONOTONIC))
		return sys_clock_gettime(which, tp);

	pr_info_once("vdso: the host's clock is read by system calls now\n");
	now = ns_to_timespec64(host_monotonic_ns());
	return put_timespec64(&now, tp);
}

static int set_host_timer(u64 due)
{
	int err = host_timer_set(this_cpu_read(host_timer), due);

	this_cpu_write(timer_set, err ? 0 : due);
	return err;
}

bool um_timer_is_overdue(u64 now)
{
	u64 due = this_cpu_read(timer_due);

	return due && now > due + NSEC_PER_MSEC;
}

u64 um_timer_settle(void)
{
	u64 due = this_cpu_read(timer_due);

	if (this_cpu_read(timer_set) != due)
		set_host_timer(due);
	return due;
}

/*
 * The tick is put off whenever the CPU has nothing to do, and mostly not for long:
 * a timer of the host that expires too early costs less than to set it twice.
 */
static int host_set_next_event(unsigned long delta, struct clock_event_device *ev)
{
	u64 now = host_monotonic_ns(), due = now + delta;
	u64 set = this_cpu_read(timer_set);

	this_cpu_write(timer_due, due);
	/* One that should have come may be lost. */
	return set > now && set <= due ? 0 : set_host_timer(due);
}

static int host_timer_stop(struct clock_event_device *ev)
{
	this_cpu_write(timer_due, 0);
	return 0;
}

static DEFINE_PER_CPU(struct clock_event_device, host_clockevent) = {
	.name			= "host-timer",
	.rating			= 400,
	.features		= CLOCK_EVT_FEAT_ONESHOT,
	.set_next_event		= host_set_next_event,
	.set_state_shutdown	= host_timer_stop,
	.set_state_oneshot_stopped = host_timer_stop,
};

static irqreturn_t timer_interrupt(int irq, void *dev)
{
	struct clock_event_device *ev = this_cpu_ptr(&host_clockevent);
	u64 due = this_cpu_read(timer_due);

	this_cpu_write(timer_set, 0);
	um_cpu_balance();
	um_idle_pass_on();
	if (!due)
		return IRQ_HANDLED;
	if (host_monotonic_ns() < due) {
		set_host_timer(due);
		return IRQ_HANDLED;
	}
	this_cpu_write(timer_due, 0);
	if (ev->event_handler)
		ev->event_handler(ev);
	return IRQ_HANDLED;
}

static void __init timer_setup_cpu(void)
{
	struct clock_event_device *ev = this_cpu_ptr(&host_clockevent);
	int timer = host_timer_create();

	if (timer < 0)
		panic("the host gives no timer: %pe", ERR_PTR(timer));
	this_cpu_write(host_timer, timer);
	ev->cpumask = cpumask_of(smp_processor_id());
	ev->irq = UM_IRQ_TIMER;
	/* Units are ns; an expiry in the past fires at once. */
	clockevents_config_and_register(ev, NSEC_PER_SEC, 1, LONG_MAX);
}

void __init time_init(void)
{
	if (request_irq(UM_IRQ_TIMER, timer_interrupt,
			IRQF_TIMER | IRQF_PERCPU | IRQF_NOBALANCING,
			"timer", NULL))
		panic("no timer interrupt");
	if (um_host_clock)
		host_clocksource.vdso_clock_mode = VDSO_CLOCKMODE_HOST;
	if (clocksource_register_hz(&host_clocksource, NSEC_PER_SEC))
		panic("no clocksource");
	timer_setup_cpu();
}

void read_persistent_clock64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64(host_realtime_ns());
}

/* Called before anything asks for the time. */
void __init um_clock_start(void)
{
	clock_base = host_monotonic_ns();
}

/*
 * Delays: the clock is good to some ten nanoseconds, so there is nothing to
 * calibrate.
 */
void __ndelay(unsigned long ns)
{
	u64 end = host_monotonic_ns() + ns;

	while (host_monotonic_ns() < end)
		cpu_relax();
}
EXPORT_SYMBOL(__ndelay);

void __udelay(unsigned long us)
{
	__ndelay(us * NSEC_PER_USEC);
}
EXPORT_SYMBOL(__udelay);

void __const_udelay(unsigned long xloops)
{
	/* xloops = us * 2^32 / 10^6, see asm-generic/delay.h */
	__ndelay(mul_u64_u64_shr(xloops, NSEC_PER_SEC, 32));
}
EXPORT_SYMBOL(__const_udelay);

void __delay(unsigned long loops)
{
	__ndelay(loops);
}
EXPORT_SYMBOL(__delay);

void calibrate_delay(void)
{
	loops_per_jiffy = NSEC_PER_SEC / HZ;
}
