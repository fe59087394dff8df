// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/cpuinfo: the host's CPU as guest programs can use it.  What only a
 * kernel on the bare machine could use (virtualisation, paging) is left out.
 */
#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/param.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <asm/processor.h>
#include <asm/setup.h>
#include <uapi/asm/hwcap2.h>

#include "cpuid.h"

/* The words of CPUID that have flags. */
enum cpu_word {
	L1_D,		/* leaf 1, edx */
	L1_C,
	EXT1_D,		/* leaf 0x80000001 */
	EXT1_C,
	EXT7_D,		/* leaf 0x80000007 */
	EXT8_B,		/* leaf 0x80000008 */
	L7_B,		/* leaf 7, 0 */
	L7_C,
	L7_D,
	L71_A,		/* leaf 7, 1 */
	LD1_A,		/* leaf 0xd, 1 */
	NR_CPU_WORDS,
};

struct cpu_flag {
	u8 word;
	u8 bit;
	const char *name;
};

/* In the order, and by the names, of other x86 kernels. */
static const struct cpu_flag cpu_flags[] = {
	{ L1_D, 0, "fpu" },
	{ L1_D, 4, "tsc" },
	{ L1_D, 8, "cx8" },
	{ L1_D, 15, "cmov" },
	{ L1_D, 16, "pat" },
	{ L1_D, 19, "clflush" },
	{ L1_D, 23, "mmx" },
	{ L1_D, 24, "fxsr" },
	{ L1_D, 25, "sse" },
	{ L1_D, 26, "sse2" },
	{ L1_D, 27, "ss" },
	{ L1_D, 28, "ht" },
	{ EXT1_D, 11, "syscall" },
	{ EXT1_D, 20, "nx" },
	{ EXT1_D, 22, "mmxext" },
	{ EXT1_D, 25, "fxsr_opt" },
	{ EXT1_D, 26, "pdpe1gb" },
	{ EXT1_D, 27, "rdtscp" },
	{ EXT1_D, 29, "lm" },
	{ EXT1_D, 30, "3dnowext" },
	{ EXT1_D, 31, "3dnow" },
	{ EXT7_D, 8, "constant_tsc" },
	{ EXT7_D, 8, "nonstop_tsc" },
	{ L1_C, 0, "pni" },
	{ L1_C, 1, "pclmulqdq" },
	{ L1_C, 9, "ssse3" },
	{ L1_C, 12, "fma" },
	{ L1_C, 13, "cx16" },
	{ L1_C, 19, "sse4_1" },
	{ L1_C, 20, "sse4_2" },
	{ L1_C, 22, "movbe" },
	{ L1_C, 23, "popcnt" },
	{ L1_C, 25, "aes" },
	{ L1_C, 26, "xsave" },
	{ L1_C, 28, "avx" },
	{ L1_C, 29, "f16c" },
	{ L1_C, 30, "rdrand" },
	{ L1_C, 31, "hypervisor" },
	{ EXT1_C, 0, "lahf_lm" },
	{ EXT1_C, 5, "abm" },
	{ EXT1_C, 6, "sse4a" },
	{ EXT1_C, 7, "misalignsse" },
	{ EXT1_C, 8, "3dnowprefetch" },
	{ EXT1_C, 11, "xop" },
	{ EXT1_C, 16, "fma4" },
	{ EXT1_C, 21, "tbm" },
	{ L7_B, 0, "fsgsbase" },
	{ L7_B, 3, "bmi1" },
	{ L7_B, 4, "hle" },
	{ L7_B, 5, "avx2" },
	{ L7_B, 8, "bmi2" },
	{ L7_B, 9, "erms" },
	{ L7_B, 11, "rtm" },
	{ L7_B, 16, "avx512f" },
	{ L7_B, 17, "avx512dq" },
	{ L7_B, 18, "rdseed" },
	{ L7_B, 19, "adx" },
	{ L7_B, 21, "avx512ifma" },
	{ L7_B, 23, "clflushopt" },
	{ L7_B, 24, "clwb" },
	{ L7_B, 26, "avx512pf" },
	{ L7_B, 27, "avx512er" },
	{ L7_B, 28, "avx512cd" },
	{ L7_B, 29, "sha_ni" },
	{ L7_B, 30, "avx512bw" },
	{ L7_B, 31, "avx512vl" },
	{ LD1_A, 0, "xsaveopt" },
	{ LD1_A, 1, "xsavec" },
	{ LD1_A, 2, "xgetbv1" },
	{ L71_A, 4, "avx_vnni" },
	{ L71_A, 5, "avx512_bf16" },
	{ EXT8_B, 0, "clzero" },
	{ EXT8_B, 9, "wbnoinvd" },
	{ L7_C, 1, "avx512vbmi" },
	{ L7_C, 2, "umip" },
	{ L7_C, 5, "waitpkg" },
	{ L7_C, 6, "avx512_vbmi2" },
	{ L7_C, 8, "gfni" },
	{ L7_C, 9, "vaes" },
	{ L7_C, 10, "vpclmulqdq" },
	{ L7_C, 11, "avx512_vnni" },
	{ L7_C, 12, "avx512_bitalg" },
	{ L7_C, 14, "avx512_vpopcntdq" },
	{ L7_C, 22, "rdpid" },
	{ L7_C, 25, "cldemote" },
	{ L7_C, 27, "movdiri" },
	{ L7_C, 28, "movdir64b" },
	{ L7_D, 2, "avx512_4vnniw" },
	{ L7_D, 3, "avx512_4fmaps" },
	{ L7_D, 4, "fsrm" },
	{ L7_D, 8, "avx512_vp2intersect" },
	{ L7_D, 14, "serialize" },
	{ L7_D, 23, "avx512_fp16" },
};

/* What CPUID told when the guest started. */
struct cpu_id {
	char		vendor[13];
	char		model_name[49];
	unsigned int	family, model, stepping;
	unsigned int	level;			/* highest basic leaf */
	unsigned int	clflush;		/* bytes of a cache line */
	unsigned int	phys_bits, virt_bits;
	u32		word[NR_CPU_WORDS];	/* see enum cpu_word */
};

static struct cpu_id cpu_id __ro_after_init;

static void __init read_model_name(struct cpu_id *id)
{
	char name[49] = {};
	struct x86_cpuid r;
	int i;

	for (i = 0; i < 3; i++) {
		r = x86_cpuid(0x80000002 + i, 0);
		memcpy(name + 16 * i, &r, 16);
	}
	/* Some CPUs fill up with blanks, on either side. */
	strscpy(id->model_name, strim(name), sizeof(id->model_name));
}

static void __init read_ext(struct cpu_id *id, u32 max)
{
	struct x86_cpuid r;

	if (max >= 0x80000001) {
		r = x86_cpuid(0x80000001, 0);
		id->word[EXT1_D] = r.d;
		id->word[EXT1_C] = r.c;
	}
	if (max >= 0x80000004)
		read_model_name(id);
	if (max >= 0x80000007)
		id->word[EXT7_D] = x86_cpuid(0x80000007, 0).d;
	if (max >= 0x80000008) {
		r = x86_cpuid(0x80000008, 0);
		id->phys_bits = r.a & 0xff;
		id->virt_bits = r.a >> 8 & 0xff;
		id->word[EXT8_B] = r.b;
	}
}

static int __init cpuinfo_init(void)
{
	struct cpu_id *id = &cpu_id;
	struct x86_cpuid r = x86_cpuid(0, 0);

	id->level = r.a;
	memcpy(id->vendor, &r.b, 4);
	memcpy(id->vendor + 4, &r.d, 4);
	memcpy(id->vendor + 8, &r.c, 4);

	r = x86_cpuid(1, 0);
	id->stepping = r.a & 0xf;
	id->model = r.a >> 4 & 0xf;
	id->family = r.a >> 8 & 0xf;
	if (id->family >= 6)
		id->model += (r.a >> 16 & 0xf) << 4;
	if (id->family == 0xf)
		id->family += r.a >> 20 & 0xff;
	id->clflush = (r.b >> 8 & 0xff) * 8;
	id->word[L1_D] = r.d;
	id->word[L1_C] = r.c;

	if (id->level >= 7) {
		r = x86_cpuid(7, 0);
		id->word[L7_B] = r.b;
		id->word[L7_C] = r.c;
		id->word[L7_D] = r.d;
		/* Some hosts keep what the CPU has to themselves. */
		if (!(um_hwcap2 & HWCAP2_FSGSBASE))
			id->word[L7_B] &= ~CPUID7_B_FSGSBASE;
		/* a: highest sub-leaf */
		if (r.a >= 1)
			id->word[L71_A] = x86_cpuid(7, 1).a;
	}
	if (id->level >= 0xd)
		id->word[LD1_A] = x86_cpuid(0xd, 1).a;

	id->phys_bits = 36;
	id->virt_bits = 48;
	read_ext(id, x86_cpuid_ext_max());
	return 0;
}
arch_initcall(cpuinfo_init);

static int cpuinfo_show(struct seq_file *m, void *v)
{
	unsigned int cpu = (unsigned long)v - 1;
	const struct cpu_id *id = &cpu_id;
	int i;

	seq_printf(m, "processor\t: %u\n", cpu);
	seq_printf(m, "vendor_id\t: %s\n", id->vendor);
	seq_printf(m, "cpu family\t: %u\n", id->family);
	seq_printf(m, "model\t\t: %u\n", id->model);
	seq_printf(m, "model name\t: %s\n",
		   id->model_name[0] ? id->model_name : "unknown");
	seq_printf(m, "stepping\t: %u\n", id->stepping);
	seq_puts(m, "fpu\t\t: yes\nfpu_exception\t: yes\n");
	seq_printf(m, "cpuid level\t: %u\n", id->level);
	seq_puts(m, "wp\t\t: yes\nflags\t\t:");
	for (i = 0; i < ARRAY_SIZE(cpu_flags); i++) {
		const struct cpu_flag *flag = &cpu_flags[i];

		if (id->word[flag->word] & BIT(flag->bit))
			seq_printf(m, " %s", flag->name);
	}
	seq_printf(m, "\nbogomips\t: %lu.%02lu\n", loops_per_jiffy / (500000 / HZ),
		   loops_per_jiffy / (5000 / HZ) % 100);
	seq_printf(m, "clflush size\t: %u\n", id->clflush);
	seq_printf(m, "cache_alignment\t: %u\n", id->clflush);
	seq_printf(m, "address sizes\t: %u bits physical, %u bits virtual\n\n",
		   id->phys_bits, id->virt_bits);
	return 0;
}

/* The iterator is the CPU's number plus one: NULL ends the walk. */
static void *cpuinfo_start(struct seq_file *m, loff_t *pos)
{
	*pos = cpumask_next(*pos - 1, cpu_online_mask);
	return *pos < nr_cpu_ids ? (void *)(unsigned long)(*pos + 1) : NULL;
}

static void *cpuinfo_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return cpuinfo_start(m, pos);
}

static void cpuinfo_stop(struct seq_file *m, void *v)
{
}

const struct seq_operations cpuinfo_op = {
	.start	= cpuinfo_start,
	.next	= cpuinfo_next,
	.stop	= cpuinfo_stop,
	.show	= cpuinfo_show,
};
