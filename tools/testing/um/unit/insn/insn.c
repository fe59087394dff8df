// SPDX-License-Identifier: GPL-2.0
/*
 * x86_insn_writes() against the assembler and the CPU.  Each case is assembled,
 * decoded, and then run on memory that nobody may access: the error code of the
 * fault tells whether it was a write.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <linux/types.h>

int x86_insn_writes(const u8 *insn, unsigned int len);

struct test {
	const u8 *start, *end;
	const char *text;
	long want;
	long run;
};

extern const struct test tests[], tests_end[];

#define TEST(text, want, run)						\
	asm(".pushsection .text\n1: " text "\n2:\n.popsection\n"	\
	    ".pushsection .rodata.text, \"a\"\n"			\
	    "3: .string \"" text "\"\n.popsection\n"			\
	    ".pushsection .rodata.tests, \"a\"\n"			\
	    ".quad 1b, 2b, 3b, " #want ", " #run "\n.popsection\n")

/* Memory is written, is read. */
#define W(text)		TEST(text, 1, 1)
#define R(text)		TEST(text, 0, 1)
/* The same, where running it would tell nothing. */
#define W_DRY(text)	TEST(text, 1, 0)
#define R_DRY(text)	TEST(text, 0, 0)
/* Must not be guessed. */
#define UNKNOWN(text)	TEST(text, -1, 0)

asm(".pushsection .rodata.tests, \"a\"\n.balign 8\n"
    ".globl tests\ntests:\n.popsection");

/* moves */
W("movb %bl, (%rdi)"); W("movl %ebx, (%rdi)"); W("movq %r9, 8(%rdi)");
W("movw %bx, (%r8)"); W("movb $1, (%rdi)"); W("movl $1, 4(%rdi)");
W("movq $1, (%r12)"); R("movb (%rdi), %bl"); R("movl (%rdi), %ebx");
R("movq 16(%r13), %rbx"); R("movw (%rdi), %bx"); W("movw %ds, (%rdi)");
R("movw (%rdi), %ds"); R("movzbl (%rdi), %ebx"); R("movzwl (%rdi), %ebx");
R("movsbq (%rdi), %rbx"); R("movswl (%rdi), %ebx"); R("movslq (%rdi), %rbx");
W("movnti %eax, (%rdi)"); R("movbe (%rdi), %eax"); W("movbe %eax, (%rdi)");
R("cmovzl (%rdi), %eax"); W("xchgl %eax, (%rdi)"); W("xchgb %al, (%rdi)");
R_DRY("movabs 0x1122334455667788, %al"); W_DRY("movabs %eax, 0x1122334455667788");

/* strings */
W("stosb"); W("stosq"); W("rep stosl"); R("lodsb"); R("lodsq");
R("cmpsb"); R("repe cmpsq"); R("scasb"); R("repne scasb");
W_DRY("movsb"); W_DRY("rep movsq");

/* arithmetic */
W("addl %eax, (%rdi)"); R("addl (%rdi), %eax"); W("orb %al, (%rdi)");
R("orb (%rdi), %al"); W("adcq %rax, (%rdi)"); W("sbbl %eax, (%rdi)");
W("andw %ax, (%rdi)"); W("subl %eax, (%rdi)"); W("xorl %eax, (%rdi)");
R("cmpl %eax, (%rdi)"); R("cmpl (%rdi), %eax"); R("cmpb %al, (%rdi)");
W("addl $1, (%rdi)"); W("addl $1000, (%rdi)"); W("addb $1, (%rdi)");
R("cmpl $1, (%rdi)"); R("cmpl $1000, (%rdi)"); R("cmpb $1, (%rdi)");
R("testl %eax, (%rdi)"); R("testb %al, (%rdi)"); R("testl $1, (%rdi)");
R("testb $1, (%rdi)"); W("notl (%rdi)"); W("negq (%rdi)"); W("negb (%rdi)");
R("mull (%rdi)"); R("imulq (%rdi)"); R("divl (%rdi)"); R("idivl (%rdi)");
R("imull (%rdi), %eax"); R("imull $3, (%rdi), %eax");
R("imull $3000, (%rdi), %eax"); W("incl (%rdi)"); W("decb (%rdi)");
W("shll $3, (%rdi)"); W("sarq %cl, (%rdi)"); W("rolb (%rdi)");
W("rcrw $2, (%rdi)"); W("shldl $3, %eax, (%rdi)"); W("shrdq %cl, %rax, (%rdi)");
W("lock addl $1, (%rdi)"); W("lock incq (%rdi)"); W("lock xaddl %eax, (%rdi)");
W("xaddb %al, (%rdi)"); W("cmpxchgl %ebx, (%rdi)"); W("lock cmpxchgb %bl, (%rdi)");
W("cmpxchg8b (%rdi)"); W("lock cmpxchg16b (%rdi)");
W("setz (%rdi)"); W("setnp (%rdi)");
R("btl $1, (%rdi)"); W("btsl $1, (%rdi)"); W("btrl $1, (%rdi)");
W("btcl $1, (%rdi)"); R_DRY("btl %eax, (%rdi)"); W_DRY("btsl %eax, (%rdi)");
W_DRY("btrq %rax, (%rdi)"); W_DRY("btcl %eax, (%rdi)");
R("bsfl (%rdi), %eax"); R("bsrl (%rdi), %eax"); R("popcntl (%rdi), %eax");
R("tzcntl (%rdi), %eax"); R("lzcntl (%rdi), %eax"); R("crc32l (%rdi), %eax");
R("adcxl (%rdi), %eax"); R("adoxl (%rdi), %eax"); R("mulxl (%rdi), %eax, %ebx");
R("andnl (%rdi), %eax, %ebx"); R("pdepl (%rdi), %eax, %ebx");
R("rorxl $2, (%rdi), %eax"); R("shlxl %eax, (%rdi), %ebx");

/* the stack, and jumps through memory */
W("pushq %rax"); W("pushq %r12"); W("pushq $1"); W("pushq $1000"); W("pushfq");
R("popq %rax"); R("popq %r12"); R("popfq"); R("ret"); R("ret $8"); R("leave");
W("call 4f; 4:"); W("call *%rax"); R("jmp *(%rdi)"); W("enter $8, $0");
UNKNOWN("call *(%rdi)"); UNKNOWN("pushq (%rdi)"); W_DRY("popq (%rdi)");
W("pushq %fs"); R("popq %fs");

/* x87 and the state of the FPU */
R("flds (%rdi)"); R("fldl (%rdi)"); R("fldt (%rdi)"); R("fildl (%rdi)");
R("fildll (%rdi)"); R("filds (%rdi)"); W("fsts (%rdi)"); W("fstps (%rdi)");
W("fstl (%rdi)"); W("fstpl (%rdi)"); W("fstpt (%rdi)"); W("fistl (%rdi)");
W("fistpl (%rdi)"); W("fistps (%rdi)"); W("fistpll (%rdi)"); W("fisttpl (%rdi)");
W("fbstp (%rdi)"); R("fbld (%rdi)"); R("fadds (%rdi)"); R("fmull (%rdi)");
R("fiaddl (%rdi)"); R("fidivs (%rdi)"); R("fldcw (%rdi)"); W("fnstcw (%rdi)");
W("fnstsw (%rdi)"); W("fnstenv (%rdi)"); R("fldenv (%rdi)"); W("fnsave (%rdi)");
R("frstor (%rdi)"); R("ldmxcsr (%rdi)"); W("stmxcsr (%rdi)"); W("fxsave (%rdi)");
R("fxrstor (%rdi)"); W("xsave (%rdi)"); W("xsavec (%rdi)"); W("xsaveopt (%rdi)");
R("xrstor (%rdi)"); R("clflush (%rdi)"); R("clflushopt (%rdi)"); R("clwb (%rdi)");
R("vldmxcsr (%rdi)"); W("vstmxcsr (%rdi)");

/* MMX and SSE */
R("movd (%rdi), %mm0"); W("movd %mm0, (%rdi)"); R("movq (%rdi), %mm0");
W("movq %mm0, (%rdi)"); W("movntq %mm0, (%rdi)"); R("paddb (%rdi), %mm0");
W("maskmovdqu %xmm1, %xmm0");
R("movups (%rdi), %xmm0"); W("movups %xmm0, (%rdi)"); R("movss (%rdi), %xmm0");
W("movss %xmm0, (%rdi)"); R("movupd (%rdi), %xmm8"); W("movupd %xmm8, (%rdi)");
R("movsd (%rdi), %xmm0"); W("movsd %xmm0, (%rdi)"); R("movlps (%rdi), %xmm0");
W("movlps %xmm0, (%rdi)"); R("movhps (%rdi), %xmm0"); W("movhps %xmm0, (%rdi)");
W("movlpd %xmm0, (%rdi)"); W("movhpd %xmm0, (%rdi)"); R("movsldup (%rdi), %xmm0");
R("movshdup (%rdi), %xmm0"); R("movddup (%rdi), %xmm0");
R("movaps (%rdi), %xmm0"); W("movaps %xmm0, (%rdi)"); W("movapd %xmm0, (%rdi)");
W("movntps %xmm0, (%rdi)"); W("movntpd %xmm0, (%rdi)"); R("movdqa (%rdi), %xmm0");
W("movdqa %xmm0, (%rdi)"); R("movdqu (%rdi), %xmm0"); W("movdqu %xmm0, (%rdi)");
W("movntdq %xmm0, (%rdi)"); R("movntdqa (%rdi), %xmm0"); R("lddqu (%rdi), %xmm0");
R("movd (%rdi), %xmm0"); W("movd %xmm0, (%rdi)"); R("movq (%rdi), %xmm0");
W("movq %xmm0, (%rdi)"); W(".byte 0x66, 0x48, 0x0f, 0x7e, 0x07");
R("addps (%rdi), %xmm0"); R("mulsd (%rdi), %xmm0"); R("ucomisd (%rdi), %xmm0");
R("cvtsi2sdl (%rdi), %xmm0"); R("cvttsd2si (%rdi), %eax"); R("cvtdq2pd (%rdi), %xmm0");
R("sqrtsd (%rdi), %xmm0"); R("cmpltps (%rdi), %xmm0"); R("shufps $1, (%rdi), %xmm0");
R("pshufd $1, (%rdi), %xmm0"); R("pcmpeqb (%rdi), %xmm0"); R("pxor (%rdi), %xmm0");
R("por (%rdi), %xmm0"); R("psadbw (%rdi), %xmm0"); R("punpcklbw (%rdi), %xmm0");
R("pinsrw $1, (%rdi), %xmm0"); R("pinsrd $1, (%rdi), %xmm0");
R("insertps $1, (%rdi), %xmm0"); W("pextrb $1, %xmm0, (%rdi)");
W("pextrw $1, %xmm0, (%rdi)"); W("pextrd $1, %xmm0, (%rdi)");
W("pextrq $1, %xmm0, (%rdi)"); W("extractps $1, %xmm0, (%rdi)");
R("pshufb (%rdi), %xmm0"); R("ptest (%rdi), %xmm0"); R("pmovzxbw (%rdi), %xmm0");
R("roundsd $1, (%rdi), %xmm0"); R("palignr $1, (%rdi), %xmm0");
R("pcmpistri $1, (%rdi), %xmm0"); R("aesenc (%rdi), %xmm0");
R("sha1rnds4 $1, (%rdi), %xmm0");

/* AVX and AVX2 */
R("vmovups (%rdi), %ymm0"); W("vmovups %ymm0, (%rdi)"); R("vmovdqa (%rdi), %ymm0");
W("vmovdqa %ymm0, (%rdi)"); R("vmovdqu (%r8), %ymm9"); W("vmovdqu %ymm9, (%r8)");
W("vmovaps %xmm0, (%rdi)"); W("vmovss %xmm0, (%rdi)"); R("vmovss (%rdi), %xmm0");
W("vmovsd %xmm0, (%r9)"); W("vmovd %xmm0, (%rdi)"); W("vmovq %xmm0, (%rdi)");
R("vmovq (%rdi), %xmm0"); W("vmovntdq %ymm0, (%rdi)"); W("vmovntps %ymm0, (%rdi)");
W("vmovhps %xmm0, (%rdi)"); W("vmovlpd %xmm0, (%rdi)");
R("vpcmpeqb (%rdi), %ymm0, %ymm1"); R("vpor (%rdi), %ymm0, %ymm1");
R("vaddpd (%rdi), %ymm0, %ymm1"); R("vpshufb (%r8), %ymm0, %ymm1");
R("vbroadcastss (%rdi), %ymm0"); R("vpbroadcastb (%rdi), %ymm0");
R("vinsertf128 $1, (%rdi), %ymm0, %ymm1"); W("vextractf128 $1, %ymm0, (%rdi)");
W("vextracti128 $1, %ymm0, (%rdi)"); W("vpextrb $1, %xmm0, (%rdi)");
R("vmaskmovps (%rdi), %ymm2, %ymm1"); W("vmaskmovps %ymm1, %ymm2, (%rdi)");
R("vpmaskmovd (%rdi), %ymm2, %ymm1"); W("vpmaskmovq %ymm1, %ymm2, (%rdi)");
W("vcvtps2ph $0, %xmm0, (%rdi)"); R("vcvtph2ps (%rdi), %xmm0");
R("vfmadd231pd (%rdi), %ymm1, %ymm2"); R("vptest (%rdi), %ymm0");
R("vgatherdps %ymm2, (%rdi,%ymm3,1), %ymm1");

/* AVX-512 */
R("vmovups (%rdi), %zmm0"); W("vmovups %zmm0, (%rdi)"); W("vmovdqu64 %zmm0, (%rdi)");
R("vmovdqu8 (%rdi), %zmm16"); W("vmovdqu8 %zmm16, (%rdi)"); W("vmovdqa64 %ymm17, (%rdi)");
W("vmovntdq %zmm0, (%rdi)"); W("vmovss %xmm16, (%rdi)"); W("vmovd %xmm16, (%rdi)");
R("vmovq (%rdi), %xmm16"); W("vmovq %xmm16, (%rdi)");
R("vpcmpeqb (%rdi), %zmm0, %k1"); R("vptestnmb (%rdi), %zmm0, %k1");
R("vpternlogd $1, (%rdi), %zmm0, %zmm1"); R("vpminub (%rdi), %ymm16, %ymm17");
W("vextracti32x4 $1, %zmm0, (%rdi)"); W("vextracti64x4 $1, %zmm0, (%rdi)");
W("vextractf32x8 $1, %zmm0, (%rdi)"); W("vpmovqd %zmm0, (%rdi)");
W("vpmovwb %zmm0, (%rdi)"); W("vpmovsdb %zmm0, (%rdi)"); W("vpmovusqw %zmm0, (%rdi)");
R("vpmovzxbd (%rdi), %zmm0"); R("vpmovsxwd (%rdi), %zmm0");
W("vpcompressd %zmm0, (%rdi)"); W("vcompressps %zmm0, (%rdi)");
W("vpcompressb %zmm0, (%rdi)"); R("vpexpandd (%rdi), %zmm0");
W("vpscatterdd %zmm1, (%rdi,%zmm3,1){%k1}");
R("vpgatherdd (%rdi,%zmm3,1), %zmm1{%k1}");
R("kmovq (%rdi), %k2"); W("kmovq %k2, (%rdi)"); R("kmovb (%rdi), %k2");
W("kmovb %k2, (%rdi)"); W_DRY("vmovsh %xmm1, (%rdi)"); R_DRY("vmovsh (%rdi), %xmm1");
W_DRY("vmovw %xmm1, (%rdi)"); R_DRY("vaddph (%rdi), %zmm1, %zmm2");

/* no memory, prefixes, odd lengths */
UNKNOWN("addl %ebx, %eax"); UNKNOWN("nop"); UNKNOWN("leaq (%rdi), %rax");
UNKNOWN("syscall"); UNKNOWN("jmp 4f; 4:"); UNKNOWN("ud2"); UNKNOWN("vzeroupper");
UNKNOWN("movq %rax, %rbx"); UNKNOWN("movdqa %xmm0, %xmm1"); UNKNOWN(".byte 0x66");
UNKNOWN(".byte 0x62, 0xf1, 0x7c"); UNKNOWN(".byte 0xc5, 0xf8"); UNKNOWN(".byte 0x0f");
UNKNOWN(".byte 0x0f, 0x38"); UNKNOWN(".byte 0x89"); UNKNOWN(".byte 0x8f, 0xe9, 0x78, 0x01");
W_DRY("movl %eax, %fs:(%rdi)"); W_DRY("movl %eax, (%edi)"); R("cs movl (%rdi), %eax");

asm(".pushsection .rodata.tests, \"a\"\n.globl tests_end\ntests_end:\n.popsection");

static sigjmp_buf back;
static volatile int fault_sig;
static volatile long fault_err;

static void on_fault(int sig, siginfo_t *si __attribute__((unused)), void *p)
{
	ucontext_t *uc = p;

	fault_sig = sig;
	fault_err = uc->uc_mcontext.gregs[REG_ERR];
	siglongjmp(back, 1);
}

/*
 * Every register points to @guard, that of the stack too; masks are all ones,
 * indices zero.  Does not return but by a fault.
 */
__attribute__((noreturn)) static void run(const u8 *code, u8 *guard)
{
	asm volatile("mov %0, %%rax\n mov %1, %%rbx\n"
		     "mov %%rbx, %%rcx\n mov %%rbx, %%rdx\n"
		     "mov %%rbx, %%rsi\n mov %%rbx, %%rdi\n"
		     "mov %%rbx, %%r8\n mov %%rbx, %%r9\n mov %%rbx, %%r10\n"
		     "mov %%rbx, %%r12\n mov %%rbx, %%r13\n"
		     "mov %%rbx, %%r14\n mov %%rbx, %%r15\n"
		     "mov %%rbx, %%rbp\n mov %%rbx, %%rsp\n"
		     "mov %%rax, %%r11\n mov %%rbx, %%rax\n"
		     "jmp *%%r11\n"
		     : : "r" (code), "r" (guard) : "rax", "rbx", "memory");
	__builtin_unreachable();
}

static bool has_avx, has_avx512;

static void prepare_vectors(void)
{
	asm volatile("fninit\n pcmpeqb %%xmm0, %%xmm0\n" : : : "memory");
	if (has_avx)
		asm volatile("vpcmpeqb %%xmm0, %%xmm0, %%xmm1\n"
			     "vinsertf128 $1, %%xmm1, %%ymm1, %%ymm1\n"
			     "vmovaps %%ymm1, %%ymm0\n vmovaps %%ymm1, %%ymm2\n"
			     "vxorps %%ymm3, %%ymm3, %%ymm3\n" : : : "memory");
	if (has_avx512)
		asm volatile("kxnorw %%k1, %%k1, %%k1\n" : : : "memory");
}

/* 1 a write faulted, 0 a read, -1 something else happened. */
static int try(const struct test *t, u8 *code, u8 *guard)
{
	memset(code, 0xcc, 4096);
	memcpy(code, t->start, t->end - t->start);
	if (!sigsetjmp(back, 1)) {
		prepare_vectors();
		run(code, guard);
	}
	if (fault_sig != SIGSEGV || !(fault_err & 4))
		return -1;
	return fault_err >> 1 & 1;
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault,
				.sa_flags = SA_SIGINFO | SA_ONSTACK };
	static u8 stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	int n = tests_end - tests, ran = 0, failed = 0, i;
	u8 *code, *guard;

	has_avx = __builtin_cpu_supports("avx2");
	has_avx512 = __builtin_cpu_supports("avx512f");
	sigaltstack(&ss, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGILL, &sa, NULL);
	sigaction(SIGTRAP, &sa, NULL);
	sigaction(SIGFPE, &sa, NULL);

	code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	guard = mmap(NULL, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED || guard == MAP_FAILED) {
		printf("1..0 # SKIP no memory to run instructions in\n");
		return 0;
	}
	guard += 4096;

	printf("1..%d\n", n);
	for (i = 0; i < n; i++) {
		const struct test *t = &tests[i];
		int got = x86_insn_writes(t->start, t->end - t->start);
		int cpu = t->run ? try(t, code, guard) : -1;
		bool ok = got == t->want && (cpu == -1 || cpu == t->want);

		ran += cpu != -1;
		failed += !ok;
		printf("%sok %d - %s\n", ok ? "" : "not ", i + 1, t->text);
		if (!ok)
			printf("# want %ld, decoded %d, the CPU says %d\n",
			       t->want, got, cpu);
		if (t->run && cpu == -1)
			printf("# not run: signal %d, error code %#lx\n",
			       fault_sig, fault_err);
	}
	printf("# %d of them were run on this CPU\n", ran);
	return failed != 0;
}
