// SPDX-License-Identifier: GPL-2.0
/*
 * Page faults: of guest code, and of the kernel on behalf of a guest.
 */
#include <linux/mm.h>
#include <linux/perf_event.h>
#include <linux/ratelimit.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <asm/engine.h>
#include <asm/fault.h>
#include <asm/pgtable.h>
#include <asm/tlb.h>
#include <asm/x86.h>
#include <um/host.h>

#define MAX_INSN_SIZE	15

/* What the instruction that faulted wants, as far as it can be seen there. */
static enum access decode(struct pt_regs *regs)
{
	unsigned long left;
	u8 insn[MAX_INSN_SIZE];
	int writes;

	pagefault_disable();
	left = raw_copy_from_user(insn, (void __user *)regs->ip, sizeof(insn));
	pagefault_enable();
	writes = x86_insn_writes(insn, sizeof(insn) - left);
	if (writes < 0)
		return ACCESS_UNKNOWN;
	return writes ? ACCESS_WRITE : ACCESS_READ;
}

/*
 * Decides an access that the engine could not tell apart.  A wrong guess costs
 * a second fault, nothing else: what is asked for is only ever what the area
 * allows.
 */
static enum access guess(struct vm_area_struct *vma, struct pt_regs *regs)
{
	enum access access;

	if (!(vma->vm_flags & VM_WRITE))
		return ACCESS_READ;
	access = regs ? decode(regs) : ACCESS_UNKNOWN;
	if (access != ACCESS_UNKNOWN)
		return access;
	/* Most first accesses to anonymous memory are writes. */
	return vma_is_anonymous(vma) ? ACCESS_WRITE : ACCESS_READ;
}

static bool allowed(struct vm_area_struct *vma, enum access access)
{
	switch (access) {
	case ACCESS_WRITE:
		return vma->vm_flags & VM_WRITE;
	case ACCESS_EXEC:
		return vma->vm_flags & VM_EXEC;
	default:
		/* As on x86, what can be written or executed can be read. */
		return vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC);
	}
}

/*
 * Resolves a fault at @addr.  0, or the VM_FAULT_* that stands in the way, or
 * VM_FAULT_SIGSEGV with *code; VM_FAULT_RETRY when a signal came first.  @fill,
 * if given, becomes what the stub should map.
 */
static vm_fault_t resolve(struct mm_struct *mm, unsigned long addr,
			  enum access *access, struct pt_regs *regs,
			  struct stub_range *fill, int *code)
{
	unsigned int flags = FAULT_FLAG_DEFAULT;
	struct stub_range copied = { };
	struct vm_area_struct *vma;
	vm_fault_t fault;

	if (regs)
		flags |= FAULT_FLAG_USER;
	perf_sw_event(PERF_COUNT_SW_PAGE_FAULTS, 1, regs, addr);
retry:
	*code = SEGV_MAPERR;
	vma = lock_mm_and_find_vma(mm, addr, regs);
	if (!vma)
		return VM_FAULT_SIGSEGV;

	*code = SEGV_ACCERR;
	if (*access == ACCESS_UNKNOWN)
		*access = guess(vma, regs);
	if (!allowed(vma, *access)) {
		mmap_read_unlock(mm);
		return VM_FAULT_SIGSEGV;
	}
	if (*access == ACCESS_WRITE)
		flags |= FAULT_FLAG_WRITE;
	else if (*access == ACCESS_EXEC)
		flags |= FAULT_FLAG_INSTRUCTION;

	fault_line_up(vma, addr);
	if (fill && *access == ACCESS_WRITE)
		copied = fault_copy(vma, addr);
	fault = handle_mm_fault(vma, addr, flags, regs);
	/* As fault_signal_pending(), but the kernel has no registers here. */
	if (fault & VM_FAULT_RETRY &&
	    (fatal_signal_pending(current) || (regs && signal_pending(current))))
		return VM_FAULT_RETRY;
	if (fault & VM_FAULT_COMPLETED)
		return 0;
	if (fault & VM_FAULT_RETRY) {
		flags |= FAULT_FLAG_TRIED;
		goto retry;
	}
	if (fill && !(fault & VM_FAULT_ERROR))
		*fill = copied.end ? copied : fault_around(vma, addr, *access);
	mmap_read_unlock(mm);
	return fault & VM_FAULT_ERROR;
}

/* /proc/sys/debug/exception-trace */
int show_unhandled_signals = 1;

static void fatal_message(struct pt_regs *regs, unsigned long addr, int sig)
{
	struct task_struct *tsk = current;

	if (!show_unhandled_signals || !unhandled_signal(tsk, sig) ||
	    !printk_ratelimit())
		return;
	pr_info("%s[%d]: fault at %lx ip %lx sp %lx error %lx",
		tsk->comm, task_pid_nr(tsk), addr, regs->ip, regs->sp,
		tsk->thread.error_code);
	print_vma_addr(KERN_CONT " in ", regs->ip);
	pr_cont("\n");
}

/* Does hardware have the page there, if with other rights? */
static bool is_present(struct mm_struct *mm, unsigned long addr)
{
	const unsigned long both = _PAGE_PRESENT | _PAGE_USER;
	unsigned long flags, *p;
	bool present;

	if (addr >= TASK_SIZE)
		return false;
	local_irq_save(flags);
	p = user_entry(mm, addr);
	present = p && (*p & both) == both;
	local_irq_restore(flags);
	return present;
}

static void send_fault(struct pt_regs *regs, int sig, int code,
		       unsigned long addr, enum access access)
{
	struct thread_struct *t = &current->thread;

	if (access != ACCESS_WRITE && access != ACCESS_EXEC)
		access = decode(regs);
	t->trap_nr = 14;
	t->cr2 = addr;
	t->error_code = PF_USER |
			(sig == SIGSEGV && is_present(current->mm, addr) ? PF_PROT : 0) |
			(access == ACCESS_WRITE ? PF_WRITE : 0) |
			(access == ACCESS_EXEC ? PF_INSTR : 0);
	fatal_message(regs, addr, sig);
	force_sig_fault(sig, code, (void __user *)addr);
}

/*
 * What can be told of an access without a look at the instruction.  Some engines
 * know (what a guest may have put there asks for no more than the area allows).
 *
 * Otherwise: where the stub maps the page, it is refused for want of a right: if
 * that to execute is there, or the address is far from the instruction, it is
 * that to write.  At the end of an instruction that reaches into the next page both may lack; then
 * the page becomes writable first, and if that was not it, it was the other.
 */
static enum access known_access(struct mm_struct *mm, unsigned long ip,
				const struct stub_event *ev)
{
	unsigned long flags, *p, entry;

	if (ev->has_error)
		return ev->error & PF_WRITE ? ACCESS_WRITE :
		       ev->error & PF_INSTR ? ACCESS_EXEC : ACCESS_READ;
	if (ev->code != SEGV_ACCERR)
		return ev->addr == ip ? ACCESS_EXEC : ACCESS_UNKNOWN;
	if (ev->addr - ip >= MAX_INSN_SIZE)
		return ACCESS_WRITE;

	local_irq_save(flags);
	p = user_entry(mm, ev->addr);
	entry = p ? *p : 0;
	local_irq_restore(flags);
	if (!(entry & _PAGE_HOST))	/* it has changed since */
		return ev->addr == ip ? ACCESS_EXEC : ACCESS_UNKNOWN;
	if (entry & _PAGE_EXEC)
		return ACCESS_WRITE;
	return ev->addr == ip || entry & _PAGE_HOST_RW ? ACCESS_EXEC : ACCESS_WRITE;
}

/* ---- faults that come again ---------------------------------------------- */

/* Once is what a wrong guess costs, and nobody else has run meanwhile. */
#define FAULT_AGAIN_MAX	64
#define FAULT_DROPS_MAX	64

/*
 * Has the fault that was resolved just now come again and again?  The host, or the
 * kernel's idea of what it maps, is wrong then.
 */
static bool comes_again(const struct pt_regs *regs, unsigned long addr)
{
	struct fault_record *last = &current->thread.fault;
	unsigned long switches = current->nvcsw + current->nivcsw;

	if (last->ip != regs->ip || last->addr != addr) {
		*last = (struct fault_record) { .ip = regs->ip, .addr = addr };
	} else if (last->switches == switches && ++last->times >= FAULT_AGAIN_MAX) {
		last->times = 0;
		return true;
	} else if (last->switches != switches) {
		last->times = 0;
	}
	last->switches = switches;
	return false;
}

static void complain(const struct pt_regs *regs, const struct stub_event *ev,
		     enum access access, const char *what)
{
	unsigned long flags, *p, entry;

	local_irq_save(flags);
	p = user_entry(current->mm, ev->addr);
	entry = p ? *p : 0;
	local_irq_restore(flags);
	pr_err_ratelimited("%s[%d]: %sthe same fault again and again: at %lx ip %lx code %d error %lx (%d) access %d entry %lx\n",
			   current->comm, task_pid_nr(current), what, ev->addr, regs->ip,
			   ev->code, ev->error, ev->has_error, access, entry);
}

/* Has the stub start anew; if that does not help for long the process is ended. */
static void start_anew(const struct pt_regs *regs, const struct stub_event *ev,
		       enum access access)
{
	unsigned int drops = ++current->thread.fault.drops;
	unsigned long flags;
	int err = -EAGAIN;

	if (drops == 1)
		complain(regs, ev, access, "");
	if (drops <= FAULT_DROPS_MAX) {
		local_irq_save(flags);
		err = stub_tlb_drop(current, current->mm, -EAGAIN);
		local_irq_restore(flags);
	} else {
		complain(regs, ev, access, "killed, ");
	}
	if (err)
		force_fatal_sig(SIGKILL);
}

void guest_fault(struct pt_regs *regs, const struct stub_event *ev)
{
	struct mm_struct *mm = current->mm;
	unsigned long addr = ev->addr;
	struct stub_range fill = { addr & PAGE_MASK, (addr & PAGE_MASK) + PAGE_SIZE };
	enum access access;
	vm_fault_t fault;
	int code;

	/*
	 * The stub's own pages are no guest memory.  Neither is what the host
	 * calls a general protection fault: it has no address.
	 */
	if (addr >= TASK_SIZE) {
		send_fault(regs, SIGSEGV, SEGV_MAPERR, addr, ACCESS_READ);
		return;
	}

	access = known_access(mm, regs->ip, ev);
	fault = resolve(mm, addr, &access, regs, &fill, &code);
	if (!fault) {
		stub_tlb_fill(mm, addr, &fill);
		if (unlikely(comes_again(regs, addr)))
			start_anew(regs, ev, access);
	} else if (fault & VM_FAULT_RETRY) {
		return;
	} else if (fault & VM_FAULT_OOM) {
		pagefault_out_of_memory();
	} else if (fault & (VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE)) {
		send_fault(regs, SIGBUS, BUS_MCEERR_AR, addr, access);
	} else if (fault & VM_FAULT_SIGBUS) {
		send_fault(regs, SIGBUS, BUS_ADRERR, addr, access);
	} else {
		send_fault(regs, SIGSEGV, code, addr, access);
	}
}

void guest_will_write(unsigned long addr)
{
	struct mm_struct *mm = current->mm;
	enum access access = ACCESS_WRITE;
	struct stub_range fill;
	int code;

	if (addr >= TASK_SIZE)
		return;
	fill = (struct stub_range) { addr & PAGE_MASK, (addr & PAGE_MASK) + PAGE_SIZE };
	/* Of what is to be mapped already it may be a part. */
	if (!resolve(mm, addr, &access, NULL, &fill, &code) &&
	    !mm->context.stub.fill.end)
		stub_tlb_fill(mm, addr, &fill);
}

int fault_in_user(unsigned long addr, enum access access)
{
	struct mm_struct *mm = current->mm;
	int code;

	if (faulthandler_disabled() || !mm || addr >= TASK_SIZE)
		return -EFAULT;
	return resolve(mm, addr, &access, NULL, NULL, &code) ? -EFAULT : 0;
}
