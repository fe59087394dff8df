// SPDX-License-Identifier: GPL-2.0
/*
 * Exceptions: of guest code, which become signals, and of the kernel itself.
 */
#include <linux/bug.h>
#include <linux/cpu.h>
#include <linux/extable.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched/debug.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include <linux/utsname.h>
#include <asm/engine.h>
#include <asm/fault.h>
#include <asm/physmem.h>
#include <asm/stacktrace.h>
#include <asm/traps.h>
#include <asm/x86.h>
#include <um/host.h>

/* x86's exception numbers, for guest signal frames. */
static int trap_number(int sig, int code)
{
	switch (sig) {
	case SIGTRAP:
		return code == SI_KERNEL || code == TRAP_BRKPT ? 3 : 1;
	case SIGILL:
		return 6;
	case SIGFPE:
		return code == FPE_INTDIV || code == FPE_INTOVF ? 0 : 16;
	case SIGBUS:
		return 17;
	default:
		return 13;
	}
}

void guest_exception(struct pt_regs *regs, const struct stub_event *ev)
{
	struct thread_struct *t = &current->thread;

	if (ev->sig == SIGSEGV &&
	    (ev->code == SEGV_MAPERR || ev->code == SEGV_ACCERR)) {
		guest_fault(regs, ev);
		return;
	}

	t->trap_nr = trap_number(ev->sig, ev->code);
	t->error_code = 0;
	switch (ev->sig) {
	case SIGTRAP:
		if (ev->code == TRAP_HWBKPT || ev->code == TRAP_TRACE)
			x86_debug_trap(current, ev->code);
		if (ev->code == SI_KERNEL)
			force_sig(SIGTRAP);
		else
			force_sig_fault(SIGTRAP, ev->code,
					(void __user *)ev->addr);
		break;
	case SIGBUS:
		/* The stub's own pages have holes. */
		if (ev->code != BUS_ADRALN && ev->addr < TASK_SIZE)
			pr_warn_ratelimited("%s[%d]: the host has no memory for the guest's page at %lx\n",
					    current->comm, task_pid_nr(current),
					    ev->addr);
		force_sig_fault(SIGBUS, ev->code, (void __user *)ev->addr);
		break;
	case SIGSEGV:
	case SIGILL:
	case SIGFPE:
		if (ev->code == SI_KERNEL)
			force_sig(ev->sig);
		else
			force_sig_fault(ev->sig, ev->code,
					(void __user *)ev->addr);
		break;
	default:
		/* The host sent what no instruction of the guest's causes. */
		pr_warn_ratelimited("%s[%d]: unexpected host signal %d\n",
				    current->comm, task_pid_nr(current),
				    ev->sig);
	}
}

/* ---- the kernel's own ------------------------------------------------------ */

static void show_general(struct pt_regs *regs, const char *lvl)
{
	printk("%sRIP: %s:%lx", lvl, user_mode(regs) ? "guest" : "kernel",
	       regs->ip);
	if (!user_mode(regs))
		pr_cont(" %pS", (void *)regs->ip);
	pr_cont("\n");
	printk("%sRSP: %016lx EFLAGS: %08lx ORIG_RAX: %016lx\n",
	       lvl, regs->sp, regs->flags, regs->orig_ax);
	printk("%sRAX: %016lx RBX: %016lx RCX: %016lx\n",
	       lvl, regs->ax, regs->bx, regs->cx);
	printk("%sRDX: %016lx RSI: %016lx RDI: %016lx\n",
	       lvl, regs->dx, regs->si, regs->di);
	printk("%sRBP: %016lx R08: %016lx R09: %016lx\n",
	       lvl, regs->bp, regs->r8, regs->r9);
	printk("%sR10: %016lx R11: %016lx R12: %016lx\n",
	       lvl, regs->r10, regs->r11, regs->r12);
	printk("%sR13: %016lx R14: %016lx R15: %016lx\n",
	       lvl, regs->r13, regs->r14, regs->r15);
}

void show_regs(struct pt_regs *regs)
{
	show_regs_print_info(KERN_DEFAULT);
	show_general(regs, KERN_DEFAULT);
	if (user_mode(regs))
		return;
	show_stack_regs(current, regs, KERN_DEFAULT);
	/* What the guest was doing when it came here, if it did. */
	if (current->mm && task_pt_regs(current)->ip) {
		printk(KERN_DEFAULT "Guest:\n");
		show_general(task_pt_regs(current), KERN_DEFAULT);
	}
}

static DEFINE_RAW_SPINLOCK(die_lock);
static int die_counter;

void die(struct pt_regs *regs, const char *what, long err)
{
	unsigned long flags;

	oops_enter();
	raw_spin_lock_irqsave(&die_lock, flags);
	console_verbose();
	bust_spinlocks(1);
	pr_emerg("Oops: %s (%#lx) [#%d]\n", what, err, ++die_counter);
	print_modules();
	show_regs(regs);
	bust_spinlocks(0);
	add_taint(TAINT_DIE, LOCKDEP_NOW_UNRELIABLE);
	raw_spin_unlock_irqrestore(&die_lock, flags);
	oops_exit();

	if (in_interrupt())
		panic("Fatal exception in interrupt");
	if (panic_on_oops)
		panic("Fatal exception");
	make_task_dead(SIGSEGV);
}

int is_valid_bugaddr(unsigned long addr)
{
	unsigned short insn;

	return !get_kernel_nofault(insn, (unsigned short *)addr) &&
	       insn == INSN_UD2;
}

/*
 * The host had promised memory and has none.  Whatever the kernel was about to
 * put into that page has nowhere to go, and neither has what follows.
 */
static void check_host_memory(const struct host_fault *fault)
{
	unsigned long pa = fault->addr - PAGE_OFFSET;
	struct host_stat st = { };

	if (fault->sig != SIGBUS || fault->code != BUS_ADRERR ||
	    pa >= physmem_size)
		return;
	host_fstat(physmem_fd, &st);
	panic("no memory on the host for the guest's page at %#lx: it gave %lu MiB of mem=%luM",
	      pa & PAGE_MASK, (unsigned long)st.blocks >> (20 - 9), physmem_size >> 20);
}

/* Called by the host library, in the handler of a signal. */
void um_kernel_fault(const struct host_fault *fault, struct host_regs *host)
{
	unsigned int enabled = raw_cpu_read_4(irq_state.enabled);
	struct pt_regs regs;

	memcpy(&regs, host, sizeof(*host));
	regs.state = REGS_FULL | REGS_KERNEL | (enabled ? 0 : REGS_IRQS_OFF);
	arch_local_irq_disable();

	if (fixup_exception(&regs)) {
		/* Expected. */
	} else if (fault->sig == SIGILL && is_valid_bugaddr(regs.ip)) {
		if (report_bug(regs.ip, &regs) == BUG_TRAP_TYPE_WARN)
			regs.ip += LEN_UD2;
		else
			die(&regs, "kernel BUG", 0);
	} else {
		check_host_memory(fault);
		if (fault->sig == SIGSEGV || fault->sig == SIGBUS) {
			if (fault->addr < PAGE_SIZE)
				pr_alert("BUG: kernel NULL pointer dereference, address: %016lx\n",
					 fault->addr);
			else
				pr_alert("BUG: unable to handle page fault for address: %016lx\n",
					 fault->addr);
			if (fault->addr >= (unsigned long)task_stack_page(current) - PAGE_SIZE &&
			    fault->addr < (unsigned long)task_stack_page(current))
				panic("kernel stack overflow");
		}
		die(&regs, fault->sig == SIGSEGV ? "access to bad memory" :
			   fault->sig == SIGBUS ? "bus error" :
			   fault->sig == SIGILL ? "invalid instruction" :
			   fault->sig == SIGFPE ? "arithmetic exception" :
			   "trap", fault->sig);
	}

	host->ip = regs.ip;
	raw_cpu_write_4(irq_state.enabled, enabled);
	if (enabled && raw_cpu_read_4(irq_state.pending))
		irq_run_pending();
}
