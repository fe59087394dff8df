// SPDX-License-Identifier: GPL-2.0
/* Signal frames: general registers and extended state, seen and changed. */
#include "tap.h"
#include <cpuid.h>
#include <ucontext.h>

#define FP_XSTATE_MAGIC1 0x46505853U
#define FP_XSTATE_MAGIC2 0x46505845U

/* The software bytes of an fxsave image in a frame: struct _fpx_sw_bytes. */
struct sw_bytes {
	uint32_t magic1;
	uint32_t extended_size;
	uint64_t xfeatures;
	uint32_t xstate_size;
	uint32_t padding[7];
};

static volatile int hits;
static uint64_t got_regs[23];

static void change_regs(int sig, siginfo_t *si, void *p)
{
	ucontext_t *uc = p;
	greg_t *g = uc->uc_mcontext.gregs;
	int i;

	hits++;
	for (i = 0; i < 23; i++)
		got_regs[i] = g[i];
	g[REG_RBX] = 0xb0b0;
	g[REG_R12] = 0xc0c0;
	g[REG_R15] = 0xf0f0;
	g[REG_RDX] = 0xd0d0;
	g[REG_RIP] += 2;	/* over the ud2 */
	g[REG_EFL] |= 1;	/* carry */
}

static void check_gregs(void)
{
	struct sigaction sa = { .sa_sigaction = change_regs, .sa_flags = SA_SIGINFO };
	uint64_t rbx, r12, r15, rdx, r8, carry, zone;

	sigaction(SIGILL, &sa, NULL);
	asm volatile("mov $0x1001, %%rbx\n mov $0x1002, %%r12\n"
		     "mov $0x1003, %%r15\n mov $0x1004, %%rdx\n"
		     "mov $0x1005, %%r8\n mov $0x1006, %%r9\n clc\n"
		     "movq $0x4321, -100(%%rsp)\n"
		     "ud2\n"
		     "mov %%rbx, %0\n mov %%r12, %1\n mov %%r15, %2\n"
		     "mov %%r8, %4\n"
		     "setc %b5\n movzbq %b5, %5\n"
		     "mov -100(%%rsp), %6\n"
		     : "=m"(rbx), "=m"(r12), "=m"(r15), "=d"(rdx), "=m"(r8),
		       "=&a"(carry), "=&c"(zone)
		     : : "rbx", "r12", "r15", "r8", "r9", "memory", "cc");
	is(hits, 1, "the handler ran");
	is(got_regs[REG_RBX], 0x1001, "it saw rbx");
	is(got_regs[REG_R12], 0x1002, "and r12");
	is(got_regs[REG_R9], 0x1006, "and r9");
	is(got_regs[REG_EFL] & 1, 0, "and no carry");
	is(rbx, 0xb0b0, "a changed rbx took effect");
	is(r12, 0xc0c0, "a changed r12 too");
	is(r15, 0xf0f0, "a changed r15 too");
	is(rdx, 0xd0d0, "a changed rdx too");
	is(r8, 0x1005, "r8 was left alone");
	is(carry & 0xff, 1, "a changed flag too");
	is(zone, 0x4321, "the red zone survived the frame");
	is(got_regs[REG_CSGSFS] & 0xffff, 0x33, "cs in the frame");
	is(got_regs[REG_CSGSFS] >> 48 & 0xffff, 0x2b, "ss in the frame");
	signal(SIGILL, SIG_DFL);
}

/* Bad things in a frame must not harm the kernel. */
static void poison(int sig, siginfo_t *si, void *p)
{
	ucontext_t *uc = p;

	uc->uc_mcontext.gregs[REG_EFL] |= 0x3000 | 0x20000 | 0x4000;
	uc->uc_mcontext.gregs[REG_EFL] &= ~0x200;
	hits++;
}

static void bad_rip(int sig, siginfo_t *si, void *p)
{
	((ucontext_t *)p)->uc_mcontext.gregs[REG_RIP] = 0x8000000000001000;
}

static void bad_rsp(int sig, siginfo_t *si, void *p)
{
	((ucontext_t *)p)->uc_mcontext.gregs[REG_RSP] = 0xffff800000001000;
}

static void bad_mxcsr(int sig, siginfo_t *si, void *p)
{
	ucontext_t *uc = p;

	uc->uc_mcontext.fpregs->mxcsr = 0xffffffff;
}

static void bad_fpptr(int sig, siginfo_t *si, void *p)
{
	((ucontext_t *)p)->uc_mcontext.fpregs = (void *)0x10;
}

static void no_fp(int sig, siginfo_t *si, void *p)
{
	((ucontext_t *)p)->uc_mcontext.fpregs = NULL;
}

static int with_handler(void *fn)
{
	struct sigaction sa = { .sa_sigaction = (void (*)(int, siginfo_t *, void *))fn, .sa_flags = SA_SIGINFO };

	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	raise(0);
	return 0;
}

static int junk_sigreturn(void *arg)
{
	char *stack = pages(8);

	fill(stack, 8 * PAGE, (long)arg);
	asm volatile("mov %0, %%rsp\n mov %1, %%eax\n syscall\n hlt"
		     : : "r"(stack + 4096), "i"(SYS_rt_sigreturn) : "memory");
	__builtin_unreachable();
}

static void check_poison(void)
{
	long flags;
	int st, i, bad = 0;

	hits = 0;
	st = in_child(with_handler, poison);
	ok(exited(st, 0), "IOPL, VM and IF in a frame's flags have no effect");
	with_handler(poison);
	asm volatile("pushfq\n pop %0" : "=r"(flags));
	is(flags & (0x3000 | 0x20000 | 0x200), 0x200, "the flags are sane");
	ok(killed(in_child(with_handler, bad_rip), SIGSEGV),
	   "a non-canonical rip in a frame is SIGSEGV");
	st = in_child(with_handler, bad_rsp);
	ok(killed(st, SIGSEGV) || killed(st, SIGBUS),
	   "a kernel rsp in a frame is a signal (0x%x)", st);
	st = in_child(with_handler, bad_mxcsr);
	ok(exited(st, 0) || killed(st, SIGSEGV),
	   "reserved bits of MXCSR in a frame do no harm (0x%x)", st);
	ok(killed(in_child(with_handler, bad_fpptr), SIGSEGV),
	   "a bad fpstate pointer is SIGSEGV");
	ok(exited(in_child(with_handler, no_fp), 0),
	   "a NULL fpstate pointer resets the state");
	for (i = 0; i < 20; i++) {
		st = in_child(junk_sigreturn, (void *)(long)i);
		bad += !WIFSIGNALED(st);
	}
	is(bad, 0, "sigreturn from random frames ends in signals");
	signal(SIGUSR1, SIG_DFL);
}

static uint8_t frame_xmm[16][16], frame_ymmh[16][16], frame_zmm0[64];
static struct sw_bytes frame_sw;
static uint32_t frame_magic2, frame_mxcsr;
static uint64_t frame_bv;
static int mode_modify;
static long ymm_at, zmmh_at, opmask_at, frame_align;

static long xstate_offset(int feature)
{
	unsigned int a, b, c, d;

	if (!__get_cpuid_count(0xd, feature, &a, &b, &c, &d))
		return 0;
	return a ? b : 0;
}

static void look_fp(int sig, siginfo_t *si, void *p)
{
	ucontext_t *uc = p;
	uint8_t *fp = (uint8_t *)uc->uc_mcontext.fpregs;

	hits++;
	memcpy(frame_xmm, fp + 160, 256);
	memcpy(&frame_sw, fp + 464, sizeof(frame_sw));
	memcpy(&frame_mxcsr, fp + 24, 4);
	frame_align = (long)fp & 63;
	if (frame_sw.magic1 != FP_XSTATE_MAGIC1)
		return;
	memcpy(&frame_bv, fp + 512, 8);
	memcpy(&frame_magic2, fp + frame_sw.extended_size - 4, 4);
	if (ymm_at)
		memcpy(frame_ymmh, fp + ymm_at, 256);
	if (zmmh_at)
		memcpy(frame_zmm0, fp + zmmh_at, 32);
	if (mode_modify) {
		memset(fp + 160 + 16 * 3, 0x33, 16);	/* xmm3 */
		*(uint64_t *)(fp + 512) |= 7;
		if (ymm_at)
			memset(fp + ymm_at + 16 * 4, 0x44, 16);
		if (zmmh_at) {
			*(uint64_t *)(fp + 512) |= 0xe0;
			memset(fp + zmmh_at + 32 * 5, 0x55, 32);
			if (opmask_at)
				memset(fp + opmask_at + 8 * 2, 0x66, 8);
		}
		*(uint32_t *)(fp + 24) = 0x1f80 | 0x8000;
	}
	/* Clobber what the frame must bring back. */
	asm volatile("pxor %%xmm0, %%xmm0\n pxor %%xmm1, %%xmm1\n"
		     "pxor %%xmm2, %%xmm2\n pxor %%xmm3, %%xmm3\n"
		     : : : "xmm0", "xmm1", "xmm2", "xmm3");
	if (ymm_at)
		asm volatile("vzeroall" : : :
			     "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
			     "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
			     "xmm12", "xmm13", "xmm14", "xmm15");
}

#define ALLX "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", \
	"xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

static void load_xmm(const uint8_t (*v)[16])
{
	asm volatile("movdqu (%0), %%xmm0\n movdqu 16(%0), %%xmm1\n"
		     "movdqu 32(%0), %%xmm2\n movdqu 48(%0), %%xmm3\n"
		     "movdqu 64(%0), %%xmm4\n movdqu 240(%0), %%xmm15\n"
		     : : "r"(v) : ALLX);
}

static void check_xmm(void)
{
	struct sigaction sa = { .sa_sigaction = look_fp, .sa_flags = SA_SIGINFO };
	static uint8_t in[16][16], out[6][16];
	long pid = getpid(), nr = SYS_kill;

	sigaction(SIGUSR1, &sa, NULL);
	fill(in, sizeof(in), 77);
	hits = 0;
	mode_modify = 0;
	load_xmm(in);
	asm volatile("syscall\n"
		     "movdqu %%xmm0, (%3)\n movdqu %%xmm1, 16(%3)\n"
		     "movdqu %%xmm2, 32(%3)\n movdqu %%xmm3, 48(%3)\n"
		     "movdqu %%xmm4, 64(%3)\n movdqu %%xmm15, 80(%3)\n"
		     : "+a"(nr) : "D"(pid), "S"((long)SIGUSR1), "r"(out)
		     : "rcx", "r11", "memory", ALLX);
	is(hits, 1, "a handler for the extended state ran");
	ok(!memcmp(frame_xmm, in, 80) && !memcmp(frame_xmm[15], in[15], 16),
	   "the frame shows xmm0-4 and xmm15");
	ok(!memcmp(out, in, 80) && !memcmp(out[5], in[15], 16),
	   "they are back after the handler");
	is(frame_mxcsr & 0xffc0, 0x1f80, "the frame shows MXCSR");
	is(frame_align, 0, "the frame's area is aligned to 64 bytes");
	is(frame_sw.magic1, FP_XSTATE_MAGIC1, "FP_XSTATE_MAGIC1");
	is(frame_magic2, FP_XSTATE_MAGIC2, "FP_XSTATE_MAGIC2 behind the state");
	ok((frame_sw.xfeatures & 3) == 3 &&
	   frame_sw.extended_size >= frame_sw.xstate_size + 4 - 4 &&
	   frame_sw.xstate_size >= 576,
	   "sizes and features: 0x%llx, %u bytes",
	   (unsigned long long)frame_sw.xfeatures, frame_sw.xstate_size);
	ok((frame_bv & ~frame_sw.xfeatures) == 0, "xstate_bv is a part of it");
}

static void __attribute__((target("avx"))) check_avx(void)
{
	static uint8_t in[16][32], out[16][32];
	long pid = getpid(), nr = SYS_kill;
	int i, bad = 0;

	if (!has_feature("avx") || !ymm_at) {
		skip("no AVX", "AVX in a frame");
		return;
	}
	fill(in, sizeof(in), 99);
	hits = 0;
	mode_modify = 1;
	asm volatile("vmovdqu (%4), %%ymm0\n vmovdqu 32(%4), %%ymm1\n"
		     "vmovdqu 96(%4), %%ymm3\n vmovdqu 128(%4), %%ymm4\n"
		     "vmovdqu 480(%4), %%ymm15\n"
		     "syscall\n"
		     "vmovdqu %%ymm0, (%3)\n vmovdqu %%ymm1, 32(%3)\n"
		     "vmovdqu %%ymm3, 96(%3)\n vmovdqu %%ymm4, 128(%3)\n"
		     "vmovdqu %%ymm15, 480(%3)\n"
		     : "+a"(nr) : "D"(pid), "S"((long)SIGUSR1), "r"(out), "r"(in)
		     : "rcx", "r11", "memory", ALLX);
	is(hits, 1, "the handler ran with AVX state");
	ok(!memcmp(frame_ymmh[0], in[0] + 16, 16) &&
	   !memcmp(frame_ymmh[15], in[15] + 16, 16),
	   "the frame shows the upper halves");
	ok(!memcmp(out[0], in[0], 32) && !memcmp(out[1], in[1], 32) &&
	   !memcmp(out[15], in[15], 32), "they are back after the handler");
	for (i = 0; i < 16; i++)
		bad += out[3][i] != 0x33 || out[4][16 + i] != 0x44;
	is(bad, 0, "changed xmm3 and ymm4 took effect");
	ok(!memcmp(out[3] + 16, in[3] + 16, 16) && !memcmp(out[4], in[4], 16),
	   "their other halves did not change");
	{
		uint32_t csr;

		asm volatile("stmxcsr %0" : "=m"(csr));
		is(csr & 0xffc0, 0x9f80, "a changed MXCSR took effect");
		csr = 0x1f80;
		asm volatile("ldmxcsr %0" : : "m"(csr));
	}
	mode_modify = 0;
}

static void __attribute__((target("avx512f,avx512bw"))) check_avx512(void)
{
	static uint8_t in[4][64], out[4][64];
	long pid = getpid(), nr = SYS_kill;
	uint64_t k1 = 0, k2 = 0;
	int i, bad = 0;

	if (!has_feature("avx512f") || !has_feature("avx512bw") || !zmmh_at) {
		skip("no AVX-512", "AVX-512 in a frame");
		return;
	}
	fill(in, sizeof(in), 123);
	hits = 0;
	mode_modify = 1;
	asm volatile("vmovdqu64 (%4), %%zmm0\n vmovdqu64 64(%4), %%zmm5\n"
		     "vmovdqu64 128(%4), %%zmm20\n vmovdqu64 192(%4), %%zmm31\n"
		     "mov $0x123456789abcdef, %%rcx\n kmovq %%rcx, %%k1\n"
		     "kmovq %%rcx, %%k2\n"
		     "syscall\n"
		     "vmovdqu64 %%zmm0, (%3)\n vmovdqu64 %%zmm5, 64(%3)\n"
		     "vmovdqu64 %%zmm20, 128(%3)\n vmovdqu64 %%zmm31, 192(%3)\n"
		     "kmovq %%k1, %%rcx\n mov %%rcx, %1\n"
		     "kmovq %%k2, %%rcx\n mov %%rcx, %2\n"
		     : "+a"(nr), "=m"(k1), "=m"(k2)
		     : "r"(out), "r"(in), "D"(pid), "S"((long)SIGUSR1)
		     : "rcx", "r11", "memory", ALLX, "xmm20", "xmm31", "k1", "k2");
	is(hits, 1, "the handler ran with AVX-512 state");
	ok(!memcmp(frame_zmm0, in[0] + 32, 32), "the frame shows zmm0's upper half");
	ok(!memcmp(out[0], in[0], 64), "zmm0 is back");
	ok(!memcmp(out[2], in[2], 64) && !memcmp(out[3], in[3], 64),
	   "zmm20 and zmm31 too");
	for (i = 32; i < 64; i++)
		bad += out[1][i] != 0x55;
	is(bad, 0, "a changed zmm5 took effect");
	is(k1, 0x123456789abcdef, "k1 is back");
	is(k2, 0x6666666666666666, "a changed k2 took effect");
	mode_modify = 0;
	asm volatile("ldmxcsr %0" : : "m"((uint32_t){ 0x1f80 }));
}

#define LOW		0x10000000UL
#define LOW_FLAG	(LOW + 0x200)
#define LOW_BACK	(LOW + 0x208)
#define LOW_RSP		(LOW + 0x210)

static void on_alarm(int sig, siginfo_t *si, void *p)
{
	ucontext_t *uc = p;

	got_regs[REG_CSGSFS] = uc->uc_mcontext.gregs[REG_CSGSFS];
	*(volatile int *)LOW_FLAG = ++hits == 5;
}

/*
 * A 64-bit program goes to 32-bit code, as Wine does, and signals lead back there.
 * The code waits for a flag; as 64-bit code it would look elsewhere.
 */
static int in_32bit(void *arg)
{
	/* 1: cmpl $0, %cs:LOW_FLAG; je 1b; ljmp $0x33, $LOW + 0x100 */
	static const uint8_t code[] = {
		0x2e, 0x83, 0x3d, 0, 2, 0, 0x10, 0, 0x74, 0xf6, 0xea, 0, 1, 0, 0x10, 0x33, 0,
	};
	/* jmp *LOW_BACK */
	static const uint8_t back[] = { 0xff, 0x24, 0x25, 8, 2, 0, 0x10 };
	static char stack[65536];
	const stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	const struct itimerval it = { { 0, 2000 }, { 0, 2000 } };
	uint8_t *p = mmap((void *)LOW, 2 * PAGE, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (p != (void *)LOW || sigaltstack(&ss, NULL))
		return 2;
	memcpy(p, code, sizeof(code));
	memcpy(p + 0x100, back, sizeof(back));
	sigaction(SIGALRM, &sa, NULL);
	hits = 0;
	setitimer(ITIMER_REAL, &it, NULL);
	asm volatile("lea 1f(%%rip), %%rax\n mov %%rax, %0\n mov %%rsp, %1\n"
		     "mov %2, %%esp\n pushq $0x23\n pushq %3\n lretq\n"
		     "1: mov %1, %%rsp\n"
		     : "=m" (*(uint64_t *)LOW_BACK), "=m" (*(uint64_t *)LOW_RSP)
		     : "i" (LOW + 0x1ff0), "i" (LOW)
		     : "rax", "rcx", "rdx", "rsi", "rdi", "rbx", "r8", "r9", "r10", "r11", "r12",
		       "r13", "r14", "r15", "memory", "cc");
	if ((got_regs[REG_CSGSFS] & 0xffff) != 0x23)
		return 3;
	return hits < 5 ? 4 : 0;
}

/* The page of old entries; a signal may come there, too. */
static int in_vsyscall(void *timer)
{
	long (*old_time)(long *) = (void *)0xffffffffff600400;
	struct sigaction sa = { .sa_handler = SIG_DFL };
	const struct itimerval it = { { 0, 1000 }, { 0, 1000 } };
	int bad = 0;

	sigaction(SIGSEGV, &sa, NULL);
	mmap((void *)LOW, PAGE, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	sa = (struct sigaction) { .sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO };
	sigaction(SIGALRM, &sa, NULL);
	hits = 0;
	if (timer)
		setitimer(ITIMER_REAL, &it, NULL);
	do {
		bad += labs(old_time(NULL) - time(NULL)) > 1;
	} while (timer && hits < 50);
	return bad;
}

TEST_AREA(sigcontext, 60)
{
	if (has_feature("avx"))
		ymm_at = xstate_offset(2);
	if (has_feature("avx512f")) {
		zmmh_at = xstate_offset(6);
		opmask_at = xstate_offset(5);
	}
	check_gregs();
	check_poison();
	check_xmm();
	check_avx();
	check_avx512();
	is(in_child(in_32bit, NULL), 0, "signals in 32-bit code lead back there");
	if (in_child(in_vsyscall, NULL))
		skip("the host has no vsyscall page", "signals in a vsyscall");
	else
		is(in_child(in_vsyscall, (void *)1), 0, "signals in a vsyscall");
}
