// SPDX-License-Identifier: GPL-2.0
/* The guest's memory, which the management console makes smaller and larger. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/pfn.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <asm/options.h>
#include <asm/physmem.h>
#include <um/balloon.h>

#include "mconsole.h"

/**
 * struct mconsole_mem - a change of memory
 * @work:	makes it, which may take a while
 * @answer:	for the client
 * @size:	what the guest shall have, in bytes
 */
struct mconsole_mem {
	struct work_struct	work;
	struct mconsole_answer	*answer;
	u64			size;
};

static u64 mem_size(void)
{
	return physmem_size - PFN_PHYS((u64)balloon_pages());
}

int mconsole_mem_describe(char *text, size_t len)
{
	return scnprintf(text, len, "mem=%lluK", mem_size() >> 10);
}

/* "512M", "+64M" or "-64M"; 0: that is none of them. */
static u64 mem_parse(const char *value)
{
	char sign = *value;
	u64 size, now = mem_size();
	char *end;

	if (sign == '+' || sign == '-')
		value++;
	size = memparse(value, &end);
	if (end == value || *end || !size)
		return 0;
	if (sign == '+')
		return size > physmem_size ? physmem_size + 1 : now + size;
	if (sign == '-')
		return size < now ? now - size : 1;
	return size;
}

static void mem_change(struct work_struct *work)
{
	struct mconsole_mem *mem = container_of(work, struct mconsole_mem, work);
	struct mconsole_answer *answer = mem->answer;
	int err = balloon_resize(mem->size);

	if (err == -EINVAL)
		mconsole_fail(answer, err, "mem: %lluK are more than the %lluK that it was started with",
			      mem->size >> 10, (u64)physmem_size >> 10);
	else if (err == -ENOMEM)
		mconsole_fail(answer, err, "mem: %lluK are too few: the guest needs more, and has %lluK as before",
			      mem->size >> 10, mem_size() >> 10);
	else if (err)
		mconsole_fail(answer, err, "mem: %s", um_strerror(err));
	kfree(mem);
	mconsole_finish(answer);
}

void mconsole_mem_set(struct mconsole_answer *answer, const char *value)
{
	struct mconsole_mem *mem;
	u64 size = mem_parse(value);

	if (!size) {
		mconsole_fail(answer, -EINVAL, "mem=%s: a size is meant, as in 512M, +64M or -64M",
			      value);
		return;
	}
	mem = kzalloc(sizeof(*mem), GFP_KERNEL);
	if (!mem) {
		mconsole_fail(answer, -ENOMEM, "mem: out of memory");
		return;
	}
	INIT_WORK(&mem->work, mem_change);
	mem->answer = answer;
	mem->size = size;
	answer->later = true;
	queue_work(system_unbound_wq, &mem->work);
}
