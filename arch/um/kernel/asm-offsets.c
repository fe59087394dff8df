// SPDX-License-Identifier: GPL-2.0
#define COMPILE_OFFSETS
#include <linux/kbuild.h>
#include <linux/mman.h>
#include <linux/sched.h>

int main(void)
{
	OFFSET(TASK_THREAD_SP, task_struct, thread.sp);
	DEFINE(STUB_DATA_PROT, PROT_READ);
	DEFINE(STUB_DATA_FLAGS, MAP_SHARED | MAP_FIXED);
	return 0;
}
