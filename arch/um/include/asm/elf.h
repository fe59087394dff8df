/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_ELF_H
#define _ASM_UM_ELF_H

#include <linux/thread_info.h>
#include <asm/auxvec.h>
#include <asm/processor.h>
#include <asm/ptrace.h>
#include <asm/user.h>

/* Relocations of modules. */
#define R_X86_64_NONE		0
#define R_X86_64_64		1
#define R_X86_64_PC32		2
#define R_X86_64_GOT32		3
#define R_X86_64_PLT32		4
#define R_X86_64_COPY		5
#define R_X86_64_GLOB_DAT	6
#define R_X86_64_JUMP_SLOT	7
#define R_X86_64_RELATIVE	8
#define R_X86_64_GOTPCREL	9
#define R_X86_64_32		10
#define R_X86_64_32S		11
#define R_X86_64_16		12
#define R_X86_64_PC16		13
#define R_X86_64_8		14
#define R_X86_64_PC8		15
#define R_X86_64_PC64		24

typedef unsigned long elf_greg_t;

#define ELF_NGREG		UM_NR_USER_REGS
typedef elf_greg_t elf_gregset_t[ELF_NGREG];
typedef struct user_i387_struct elf_fpregset_t;

#define ELF_CLASS		ELFCLASS64
#define ELF_DATA		ELFDATA2LSB
#define ELF_ARCH		EM_X86_64
#define ELF_PLATFORM		"x86_64"
#define ELF_EXEC_PAGESIZE	4096

#define elf_check_arch(x)	((x)->e_machine == EM_X86_64)

#define CORE_DUMP_USE_REGSET

/* The guest runs on the host's CPU: it gets the host's words. */
extern unsigned long um_hwcap, um_hwcap2;
#define ELF_HWCAP		um_hwcap
#define ELF_HWCAP2		um_hwcap2

/* Above 4 GiB, two thirds up, as on other x86-64 kernels. */
#define ELF_ET_DYN_BASE		(TASK_SIZE / 3 * 2)

/* 16 GiB of pages */
#define STACK_RND_MASK		0x3fffff

/* A 64-bit executable says in PT_GNU_STACK what it wants. */
#define SET_PERSONALITY(ex)						\
	set_personality(PER_LINUX | (current->personality &		\
				     ~(PER_MASK | READ_IMPLIES_EXEC)))

#define ELF_PLAT_INIT(regs, load_addr)	elf_plat_init(regs)
void elf_plat_init(struct pt_regs *regs);

unsigned long get_sigframe_size(void);

/* Two entries: AT_VECTOR_SIZE_ARCH. */
#define ARCH_DLINFO							\
do {									\
	if (current->mm->context.vdso)					\
		NEW_AUX_ENT(AT_SYSINFO_EHDR,				\
			    (unsigned long)current->mm->context.vdso);	\
	NEW_AUX_ENT(AT_MINSIGSTKSZ, get_sigframe_size());		\
} while (0)

#define ARCH_HAS_SETUP_ADDITIONAL_PAGES	1
struct linux_binprm;
int arch_setup_additional_pages(struct linux_binprm *bprm, int uses_interp);

#endif /* _ASM_UM_ELF_H */
