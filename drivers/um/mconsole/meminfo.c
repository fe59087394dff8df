// SPDX-License-Identifier: GPL-2.0
/* Memory, as the guest sees it and as the host does. */
#include <asm/physmem.h>
#include <um/host.h>

#include "mconsole.h"

void mconsole_meminfo(struct mconsole_answer *answer, const char *args)
{
	struct host_stat st;

	mconsole_proc(answer, "meminfo");
	/* Of the file that the guest's memory is, what is no hole. */
	if (!answer->err && !host_fstat(physmem_fd, &st))
		mconsole_printf(answer, "HostMemory:     %8llu kB\n",
				(unsigned long long)st.blocks / 2);
}
