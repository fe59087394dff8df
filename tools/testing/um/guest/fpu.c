// SPDX-License-Identifier: GPL-2.0
/* Extended state belongs to its thread: over switches, fork, exec, calls. */
#include "tap.h"
#include <cpuid.h>

struct state {
	uint8_t zmm[32][64];
	uint64_t k[8];
	int zmms;	/* registers checked: 32 of AVX-512, else 16 */
	int width;
	int masks;
};

static int level;	/* 0 SSE, 1 AVX, 2 AVX-512 */

#define T512 __attribute__((target("avx512f,avx512bw"), noinline))
#define TAVX __attribute__((target("avx"), noinline))

/*
 * Load all registers, make the call nr(a, b), store all registers: no
 * compiled code runs in between.
 */
#define R16(m) m(0) m(1) m(2) m(3) m(4) m(5) m(6) m(7) m(8) m(9) m(10) m(11) \
	m(12) m(13) m(14) m(15)
#define R32(m) R16(m) m(16) m(17) m(18) m(19) m(20) m(21) m(22) m(23) m(24) \
	m(25) m(26) m(27) m(28) m(29) m(30) m(31)
#define LD512(n) "vmovdqu64 " #n "*64(%[in]), %%zmm" #n "\n"
#define ST512(n) "vmovdqu64 %%zmm" #n ", " #n "*64(%[out])\n"
#define LD256(n) "vmovdqu " #n "*64(%[in]), %%ymm" #n "\n"
#define ST256(n) "vmovdqu %%ymm" #n ", " #n "*64(%[out])\n"
#define LD128(n) "movdqu " #n "*64(%[in]), %%xmm" #n "\n"
#define ST128(n) "movdqu %%xmm" #n ", " #n "*64(%[out])\n"
#define X16 "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", \
	"xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#define X32 X16, "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", \
	"xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", \
	"xmm30", "xmm31"

T512 static long through512(struct state *in, struct state *out, long nr,
			    long a, long b)
{
	asm volatile(R32(LD512)
		     "kmovq (%[kin]), %%k1\n kmovq 8(%[kin]), %%k2\n"
		     "kmovq 48(%[kin]), %%k7\n"
		     "syscall\n"
		     R32(ST512)
		     "kmovq %%k1, (%[kout])\n kmovq %%k2, 8(%[kout])\n"
		     "kmovq %%k7, 48(%[kout])\n vzeroupper\n"
		     : "+a"(nr)
		     : [in] "r"(in->zmm), [out] "r"(out->zmm), [kin] "r"(in->k),
		       [kout] "r"(out->k), "D"(a), "S"(b), "d"(0L)
		     : "rcx", "r11", "memory", X32, "k1", "k2", "k7");
	return nr;
}

TAVX static long through256(struct state *in, struct state *out, long nr,
			    long a, long b)
{
	asm volatile(R16(LD256) "syscall\n" R16(ST256) "vzeroupper\n"
		     : "+a"(nr)
		     : [in] "r"(in->zmm), [out] "r"(out->zmm), "D"(a), "S"(b),
		       "d"(0L)
		     : "rcx", "r11", "memory", X16);
	return nr;
}

static __attribute__((noinline)) long through128(struct state *in,
						 struct state *out, long nr,
						 long a, long b)
{
	asm volatile(R16(LD128) "syscall\n" R16(ST128)
		     : "+a"(nr)
		     : [in] "r"(in->zmm), [out] "r"(out->zmm), "D"(a), "S"(b),
		       "d"(0L)
		     : "rcx", "r11", "memory", X16);
	return nr;
}

static long through(struct state *in, struct state *out, long nr, long a, long b)
{
	if (level == 2)
		return through512(in, out, nr, a, b);
	if (level == 1)
		return through256(in, out, nr, a, b);
	return through128(in, out, nr, a, b);
}

static void make_state(struct state *s, uint64_t seed)
{
	fill(s->zmm, sizeof(s->zmm), seed);
	fill(s->k, sizeof(s->k), seed + 9999);
}

static int same_state(struct state *a, struct state *b)
{
	int n = level == 2 ? 32 : 16, w = 16 << level, i;

	for (i = 0; i < n; i++)
		if (memcmp(a->zmm[i], b->zmm[i], w))
			return i + 1;
	if (level == 2 && (a->k[0] != b->k[0] || a->k[1] != b->k[1] ||
			   a->k[6] != b->k[6]))
		return 100;
	return 0;
}

static int churn(uint64_t seed, int rounds)
{
	static const long ns[2] = { 0, 20000 };
	int i, bad = 0;

	for (i = 0; i < rounds; i++) {
		struct state in, out;

		make_state(&in, seed * 1000 + i);
		memset(&out, 0, sizeof(out));
		if (i % 3 == 0)
			through(&in, &out, SYS_nanosleep, (long)ns, 0);
		else if (i % 3 == 1)
			through(&in, &out, SYS_sched_yield, 0, 0);
		else
			through(&in, &out, SYS_getppid, 0, 0);
		bad += !!same_state(&in, &out);
	}
	return bad;
}

static void *churn_thread(void *arg)
{
	return (void *)(long)churn((long)arg, 300);
}

static int churn_child(void *arg)
{
	return !!churn((long)arg, 300);
}

/* Registers held in a loop without calls, across preemption. */
static __attribute__((noinline)) int hold(uint64_t seed, double secs)
{
	double end = seconds() + secs;
	int bad = 0;

	do {
		uint64_t v = seed, r0, r15, i = 3000000;

		asm volatile("movq %[v], %%xmm0\n movq %[v], %%xmm15\n"
			     "movq %[v], %%xmm7\n"
			     "1: dec %[i]\n jnz 1b\n"
			     "movq %%xmm0, %[r0]\n movq %%xmm15, %[r15]\n"
			     : [r0] "=&r"(r0), [r15] "=&r"(r15), [i] "+r"(i)
			     : [v] "r"(v) : "xmm0", "xmm15", "xmm7", "cc");
		bad += r0 != v || r15 != v;
	} while (seconds() < end);
	return bad;
}

static int hold_child(void *arg)
{
	return !!hold(0x1111111111111111UL * (long)arg, 1.0);
}

static void check_switch(void)
{
	pthread_t t[6];
	pid_t pid[6];
	long i, bad = 0;
	void *r;

	is(churn(1, 300), 0, "registers live through system calls");
	for (i = 0; i < 6; i++)
		pthread_create(&t[i], NULL, churn_thread, (void *)(i + 10));
	for (i = 0; i < 6; i++) {
		pthread_join(t[i], &r);
		bad += (long)r;
	}
	is(bad, 0, "and through switches between six threads");
	for (i = 0; i < 6; i++) {
		pid[i] = fork();
		if (!pid[i])
			_exit(churn_child((void *)(i + 20)));
	}
	for (bad = i = 0; i < 6; i++)
		bad += reap(pid[i]) != 0;
	is(bad, 0, "and between six processes");
	for (i = 0; i < 4; i++) {
		pid[i] = fork();
		if (!pid[i])
			_exit(hold_child((void *)(i + 1)));
	}
	for (bad = i = 0; i < 4; i++)
		bad += reap(pid[i]) != 0;
	is(bad, 0, "and preemption of four that only compute");
}

static void check_fork(void)
{
	struct state in, *out = shared(2 * sizeof(*out));
	long pid;
	uint32_t csr = 0x1f80 | 0x6000, got;
	uint16_t cw = 0x77f, cwgot;

	make_state(&in, 4711);
	memset(out, 0, 2 * sizeof(*out));
	{
		struct state mine;

		memset(&mine, 0, sizeof(mine));
		pid = through(&in, &mine, SYS_fork, 0, 0);
		if (!pid) {
			out[1] = mine;
			_exit(0);
		}
		out[0] = mine;
	}
	reap(pid);
	is(same_state(&in, &out[0]), 0, "fork leaves the parent's registers");
	is(same_state(&in, &out[1]), 0, "and gives them to the child");
	asm volatile("ldmxcsr %0\n fldcw %1" : : "m"(csr), "m"(cw));
	pid = fork();
	if (!pid) {
		asm volatile("stmxcsr %0\n fnstcw %1" : "=m"(got), "=m"(cwgot));
		_exit((got & 0xffc0) != (csr & 0xffc0) || cwgot != cw);
	}
	ok(exited(reap(pid), 0), "MXCSR and x87 control word reach the child");
	pid = fork();
	if (!pid) {
		execl(self_path, self_path, "--helper", "fpu_fresh", NULL);
		_exit(77);
	}
	ok(exited(reap(pid), 0), "exec resets them");
	csr = 0x1f80;
	cw = 0x37f;
	asm volatile("ldmxcsr %0\n fldcw %1" : : "m"(csr), "m"(cw));
}

TEST_HELPER(fpu_fresh)
{
	uint32_t got;
	uint16_t cw;

	asm volatile("stmxcsr %0\n fnstcw %1" : "=m"(got), "=m"(cw));
	return (got & 0xffc0) != 0x1f80 || cw != 0x37f;
}

static void *new_thread_csr(void *arg)
{
	uint32_t *csr = arg;

	asm volatile("stmxcsr %0" : "=m"(*csr));
	return NULL;
}

static void check_x87(void)
{
	long double a = 1.0L / 3, b;
	uint32_t csr = 0x1f80 | 0x4000, got = 0;
	pthread_t t;
	int i;

	asm volatile("ldmxcsr %0" : : "m"(csr));
	pthread_create(&t, NULL, new_thread_csr, &got);
	pthread_join(t, NULL);
	is(got & 0xffc0, 0x1f80 | 0x4000, "a new thread inherits MXCSR");
	csr = 0x1f80;
	asm volatile("ldmxcsr %0" : : "m"(csr));
	/* Eight values on the x87 stack over a sleep. */
	{
		long ts[2] = { 0, 1000000 }, nr = SYS_nanosleep;
		long double v[8], r[8];

		for (i = 0; i < 8; i++)
			v[i] = a * (i + 1);
		asm volatile("fninit\n"
			     "fldt 112(%1)\n fldt 96(%1)\n fldt 80(%1)\n"
			     "fldt 64(%1)\n fldt 48(%1)\n fldt 32(%1)\n"
			     "fldt 16(%1)\n fldt (%1)\n"
			     "syscall\n"
			     "fstpt (%2)\n fstpt 16(%2)\n fstpt 32(%2)\n"
			     "fstpt 48(%2)\n fstpt 64(%2)\n fstpt 80(%2)\n"
			     "fstpt 96(%2)\n fstpt 112(%2)\n"
			     : "+a"(nr) : "r"(v), "r"(r), "D"(ts), "S"(0L)
			     : "rcx", "r11", "memory", "st", "st(1)", "st(2)",
			       "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
		for (i = 0; i < 8; i++)
			if (r[i] != v[i])
				break;
		is(i, 8, "the x87 stack lives through a sleep");
	}
	b = a * 3;
	ok(b == 1.0L, "80-bit arithmetic");
}

TEST_AREA(fpu, 120)
{
	if (has_feature("avx512f") && has_feature("avx512bw"))
		level = 2;
	else if (has_feature("avx"))
		level = 1;
	diag("widest registers: %s", level == 2 ? "AVX-512" : level ? "AVX" : "SSE");
	check_switch();
	check_fork();
	check_x87();
}
