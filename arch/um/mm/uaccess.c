// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's access to guest memory: one walk of the page tables for each
 * page, then the kernel's own mapping of it.
 *
 * Interrupts are disabled from the walk until the last byte was moved.  That
 * keeps the page where it is: this CPU does nothing else, and others would have
 * to wait for it before they free the page (as with the TLB of hardware).
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <asm/fault.h>
#include <asm/futex.h>
#include <asm/pgtable.h>

/*
 * The kernel's address of a guest byte, or NULL.  Marks the page as used, and
 * as written to.  To be called with interrupts disabled.
 */
static void *user_to_kernel(struct mm_struct *mm, unsigned long addr, bool write)
{
	unsigned long need = _PAGE_PRESENT | _PAGE_USER | (write ? _PAGE_RW : 0);
	unsigned long mark = _PAGE_ACCESSED | (write ? _PAGE_DIRTY : 0);
	unsigned long *entry = user_entry(mm, addr);
	unsigned long val;

	if (unlikely(!entry))
		return NULL;
	val = READ_ONCE(*entry);
	do {
		if (unlikely((val & need) != need))
			return NULL;
		if (likely((val & mark) == mark))
			break;
	} while (!try_cmpxchg(entry, &val, val | mark));

	return __va((val & _PFN_MASK) +
		    (addr & (val & _PAGE_LEAF ? ~PMD_MASK : ~PAGE_MASK)));
}

/* How much can be done at once from @addr on. */
static unsigned long to_page_end(unsigned long addr, unsigned long n)
{
	return min(n, PAGE_SIZE - offset_in_page(addr));
}

#define user_access_ok(addr, n)					\
	((n) <= TASK_SIZE && (addr) <= TASK_SIZE - (n))

unsigned long raw_copy_from_user(void *to, const void __user *from,
				 unsigned long n)
{
	unsigned long addr = (unsigned long)from, flags, len;
	struct mm_struct *mm = current->mm;
	void *src;

	if (unlikely(!mm || !user_access_ok(addr, n)))
		return n;
	while (n) {
		len = to_page_end(addr, n);
		local_irq_save(flags);
		src = user_to_kernel(mm, addr, false);
		if (likely(src))
			memcpy(to, src, len);
		local_irq_restore(flags);
		if (unlikely(!src)) {
			if (fault_in_user(addr, ACCESS_READ))
				return n;
			continue;
		}
		to += len;
		addr += len;
		n -= len;
	}
	return 0;
}
EXPORT_SYMBOL(raw_copy_from_user);

unsigned long raw_copy_to_user(void __user *to, const void *from,
			       unsigned long n)
{
	unsigned long addr = (unsigned long)to, flags, len;
	struct mm_struct *mm = current->mm;
	void *dst;

	if (unlikely(!mm || !user_access_ok(addr, n)))
		return n;
	while (n) {
		len = to_page_end(addr, n);
		local_irq_save(flags);
		dst = user_to_kernel(mm, addr, true);
		if (likely(dst))
			memcpy(dst, from, len);
		local_irq_restore(flags);
		if (unlikely(!dst)) {
			if (fault_in_user(addr, ACCESS_WRITE))
				return n;
			continue;
		}
		from += len;
		addr += len;
		n -= len;
	}
	return 0;
}
EXPORT_SYMBOL(raw_copy_to_user);

unsigned long __clear_user(void __user *to, unsigned long n)
{
	unsigned long addr = (unsigned long)to, flags, len;
	struct mm_struct *mm = current->mm;
	void *dst;

	if (unlikely(!mm || !user_access_ok(addr, n)))
		return n;
	while (n) {
		len = to_page_end(addr, n);
		local_irq_save(flags);
		dst = user_to_kernel(mm, addr, true);
		if (likely(dst))
			memset(dst, 0, len);
		local_irq_restore(flags);
		if (unlikely(!dst)) {
			if (fault_in_user(addr, ACCESS_WRITE))
				return n;
			continue;
		}
		addr += len;
		n -= len;
	}
	return 0;
}
EXPORT_SYMBOL(__clear_user);

/*
 * Copies at most @count bytes up to and including a NUL.  Returns the length
 * without it, @count when there is none, or -EFAULT.
 */
long strncpy_from_user(char *dst, const char __user *src, long count)
{
	unsigned long addr = (unsigned long)src, flags, len;
	struct mm_struct *mm = current->mm;
	long done = 0;
	char *from, *end;

	might_fault();
	if (count <= 0)
		return 0;
	if (unlikely(!mm || addr >= TASK_SIZE))
		return -EFAULT;
	while (done < count) {
		if (unlikely(addr >= TASK_SIZE))
			return -EFAULT;
		len = to_page_end(addr, count - done);
		end = NULL;
		local_irq_save(flags);
		from = user_to_kernel(mm, addr, false);
		if (likely(from)) {
			/*
			 * Copied once, and searched in the copy: the guest may
			 * change the string meanwhile.
			 */
			unsigned long n = strnlen(from, len);

			memcpy(dst + done, from, min(n + 1, len));
			end = memchr(dst + done, 0, min(n + 1, len));
			if (!end)
				len = min(n + 1, len);
		}
		local_irq_restore(flags);
		if (unlikely(!from)) {
			if (fault_in_user(addr, ACCESS_READ))
				return -EFAULT;
			continue;
		}
		if (end)
			return end - dst;
		done += len;
		addr += len;
	}
	return done;
}
EXPORT_SYMBOL(strncpy_from_user);

/* Length with the NUL, more than @n when there is none in @n, 0 on a fault. */
long strnlen_user(const char __user *str, long n)
{
	unsigned long addr = (unsigned long)str, flags, len, found;
	struct mm_struct *mm = current->mm;
	long done = 0;
	char *from;

	might_fault();
	if (unlikely(n <= 0 || !mm))
		return 0;
	while (done < n) {
		if (unlikely(addr >= TASK_SIZE))
			return 0;
		len = to_page_end(addr, n - done);
		found = len;
		local_irq_save(flags);
		from = user_to_kernel(mm, addr, false);
		if (likely(from))
			found = strnlen(from, len);
		local_irq_restore(flags);
		if (unlikely(!from)) {
			if (fault_in_user(addr, ACCESS_READ))
				return 0;
			continue;
		}
		if (found < len)
			return done + found + 1;
		done += len;
		addr += len;
	}
	return n + 1;
}
EXPORT_SYMBOL(strnlen_user);

/* ---- futex words --------------------------------------------------------- */

/*
 * Finds the kernel's address of a futex word, with interrupts disabled; the
 * caller holds a spinlock, so that a page that is not there is its problem.
 */
static u32 *futex_word(u32 __user *uaddr)
{
	unsigned long addr = (unsigned long)uaddr;

	if (unlikely(!current->mm || addr & 3 || addr >= TASK_SIZE))
		return NULL;
	return user_to_kernel(current->mm, addr, true);
}

int um_futex_modify(u32 __user *uaddr, int op, u32 arg, u32 *old)
{
	unsigned long flags;
	u32 *word, now, new;
	int ret = -EFAULT;

	local_irq_save(flags);
	word = futex_word(uaddr);
	if (!word)
		goto out;
	/* Guest code on other CPUs may change it: hence cmpxchg. */
	now = READ_ONCE(*word);
	do {
		switch (op) {
		case FUTEX_OP_SET:
			new = arg;
			break;
		case FUTEX_OP_ADD:
			new = now + arg;
			break;
		case FUTEX_OP_OR:
			new = now | arg;
			break;
		case FUTEX_OP_ANDN:
			new = now & ~arg;
			break;
		case FUTEX_OP_XOR:
			new = now ^ arg;
			break;
		default:
			ret = -ENOSYS;
			goto out;
		}
	} while (!try_cmpxchg(word, &now, new));
	*old = now;
	ret = 0;
out:
	local_irq_restore(flags);
	return ret;
}

int um_futex_replace(u32 __user *uaddr, u32 old, u32 new, u32 *found)
{
	unsigned long flags;
	u32 *word;

	local_irq_save(flags);
	word = futex_word(uaddr);
	if (word)
		*found = cmpxchg(word, old, new);
	local_irq_restore(flags);
	return word ? 0 : -EFAULT;
}
