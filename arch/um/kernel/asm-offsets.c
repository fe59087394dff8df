// SPDX-License-Identifier: GPL-2.0
#define COMPILE_OFFSETS
#include <linux/kbuild.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <asm/engine.h>
#include <asm/sigframe.h>
#include <asm/stub.h>
#include <uapi/linux/seccomp.h>

#define FRAME(SYM, reg)	OFFSET(FRAME_ ## SYM, rt_sigframe, uc.uc_mcontext.reg)

int main(void)
{
	OFFSET(TASK_THREAD_SP, task_struct, thread.sp);

	DEFINE(STUB_DATA_PROT, PROT_READ);
	DEFINE(STUB_DATA_FLAGS, MAP_SHARED | MAP_FIXED);
	DEFINE(STUB_CLONE_VM, CLONE_VM);
	DEFINE(STUB_SIGNALS, SECCOMP_SIGNALS);
	DEFINE(SECCOMP_TRAP, SECCOMP_TRAP_NR);
	DEFINE(SECCOMP_DONE, SECCOMP_BATCH_DONE);
	DEFINE(SECCOMP_NO_THREAD, SECCOMP_THREAD_FAILED);
	DEFINE(STUB_EVENT, STUB_EVENT_FD);
	DEFINE(SECCOMP_REFUSED, SECCOMP_ANSWER_REFUSED);
	DEFINE(SECCOMP_FILTER_BYTES, SECCOMP_FILTER_LEN * sizeof(struct stub_filter_insn));
	DEFINE(SECCOMP_LISTENER_FLAGS, SECCOMP_FILTER_FLAG_NEW_LISTENER |
				       SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV |
				       SECCOMP_FILTER_FLAG_SPEC_ALLOW);

	DEFINE(STUB_OP_SIZE, sizeof(struct stub_op));
	OFFSET(STUB_DATA_CTL, stub_data, ctl);
	OFFSET(CTL_SEQ, stub_control, seq);
	OFFSET(CTL_NR, stub_control, nr);
	OFFSET(CTL_THEN, stub_control, then);
	OFFSET(CTL_ORELSE, stub_control, orelse);
	OFFSET(CTL_REPORT, stub_control, report);
	OFFSET(CTL_FRAME, stub_control, frame);
	OFFSET(CTL_XSTATE, stub_control, xstate);
	OFFSET(CTL_XFEATURES, stub_control, xfeatures);

	OFFSET(AREA_LOAD, stub_area, load);
	OFFSET(AREA_FS_BASE, stub_area, fs_base);
	OFFSET(AREA_GS_BASE, stub_area, gs_base);

	FRAME(R8, r8);
	FRAME(R9, r9);
	FRAME(R10, r10);
	FRAME(R11, r11);
	FRAME(R12, r12);
	FRAME(R13, r13);
	FRAME(R14, r14);
	FRAME(R15, r15);
	FRAME(DI, di);
	FRAME(SI, si);
	FRAME(BP, bp);
	FRAME(BX, bx);
	FRAME(DX, dx);
	FRAME(AX, ax);
	FRAME(CX, cx);
	FRAME(SP, sp);
	FRAME(IP, ip);
	FRAME(FLAGS, flags);
	FRAME(CS, cs);
	FRAME(SS, ss);
	return 0;
}
