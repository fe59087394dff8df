// SPDX-License-Identifier: GPL-2.0
/*
 * Modules: relocation of x86-64 ELF objects.
 */
#include <linux/elf.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleloader.h>
#include <linux/overflow.h>

static int put(void *where, const void *value, size_t size)
{
	static const u64 zero;

	/* RELA says that the place is empty: a second run would add twice. */
	if (memcmp(where, &zero, size))
		return -ENOEXEC;
	memcpy(where, value, size);
	return 0;
}

int apply_relocate_add(Elf64_Shdr *sechdrs, const char *strtab,
		       unsigned int symindex, unsigned int relsec,
		       struct module *me)
{
	Elf64_Rela *rel = (void *)sechdrs[relsec].sh_addr;
	unsigned int n = sechdrs[relsec].sh_size / sizeof(*rel);
	void *section = (void *)sechdrs[sechdrs[relsec].sh_info].sh_addr;
	Elf64_Sym *symtab = (void *)sechdrs[symindex].sh_addr;
	int err = 0;

	for (; n && !err; n--, rel++) {
		void *where = section + rel->r_offset;
		u64 abs = symtab[ELF64_R_SYM(rel->r_info)].st_value +
			  rel->r_addend;
		u64 pcrel = abs - (u64)where;
		bool fits = true;

		switch (ELF64_R_TYPE(rel->r_info)) {
		case R_X86_64_NONE:
			break;
		case R_X86_64_64:
			err = put(where, &abs, 8);
			break;
		case R_X86_64_32:
			fits = abs == (u32)abs;
			err = put(where, &abs, 4);
			break;
		case R_X86_64_32S:
			fits = (s64)abs == (s32)abs;
			err = put(where, &abs, 4);
			break;
		case R_X86_64_PC32:
		case R_X86_64_PLT32:
			fits = (s64)pcrel == (s32)pcrel;
			err = put(where, &pcrel, 4);
			break;
		case R_X86_64_PC64:
			err = put(where, &pcrel, 8);
			break;
		default:
			pr_err("%s: unknown relocation %llu\n", me->name,
			       ELF64_R_TYPE(rel->r_info));
			return -ENOEXEC;
		}
		if (!fits) {
			pr_err("%s: relocation %llu out of range: %#llx\n",
			       me->name, ELF64_R_TYPE(rel->r_info), abs);
			return -ENOEXEC;
		}
		if (err)
			pr_err("%s: relocation %llu into a place that is not empty\n",
			       me->name, ELF64_R_TYPE(rel->r_info));
	}
	return err;
}
