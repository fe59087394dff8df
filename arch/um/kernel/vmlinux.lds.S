/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel as a dynamic executable of the host: the sections that a libc
 * program has, and those that a kernel has.
 */
#define RO_EXCEPTION_TABLE_ALIGN	16
#define RUNTIME_DISCARD_EXIT

#include <asm/layout.h>
#include <asm/page.h>
#include <asm/thread_info.h>
#include <asm/cache.h>
#define LOAD_OFFSET 0
#include <asm-generic/vmlinux.lds.h>

OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)
ENTRY(_start)

jiffies = jiffies_64;

PHDRS {
	headers	PT_PHDR PHDRS;
	interp	PT_INTERP;
	text	PT_LOAD FILEHDR PHDRS FLAGS(5);
	rodata	PT_LOAD FLAGS(6);	/* read-only after the boot */
	init	PT_LOAD FLAGS(7);
	data	PT_LOAD FLAGS(6);
	dynamic	PT_DYNAMIC FLAGS(6);
	note	PT_NOTE FLAGS(4);
	tls	PT_TLS FLAGS(4);
	eh	PT_GNU_EH_FRAME FLAGS(4);
	stack	PT_GNU_STACK FLAGS(6);
}

SECTIONS
{
	. = KERNEL_LINK_ADDR + SIZEOF_HEADERS;

	/* ---- what the host's dynamic linker reads ---- */
	.interp		: { *(.interp) } :text :interp
	.note.gnu.build-id : { *(.note.gnu.build-id) } :text :note
	.note.ABI-tag	: { *(.note.ABI-tag) } :text :note
	.gnu.hash	: { *(.gnu.hash) } :text
	.hash		: { *(.hash) }
	.dynsym		: { *(.dynsym) }
	.dynstr		: { *(.dynstr) }
	.gnu.version	: { *(.gnu.version) }
	.gnu.version_d	: { *(.gnu.version_d) }
	.gnu.version_r	: { *(.gnu.version_r) }
	.rela.dyn	: { *(.rela.init .rela.text .rela.fini .rela.rodata
			      .rela.data .rela.got .rela.bss .rela.dyn .rela*) }
	.rela.plt	: {
		*(.rela.plt)
		PROVIDE_HIDDEN(__rela_iplt_start = .);
		*(.rela.iplt)
		PROVIDE_HIDDEN(__rela_iplt_end = .);
	}

	/* ---- code ---- */
	. = ALIGN(PAGE_SIZE);
	.init		: { KEEP(*(.init)) } :text
	.plt		: { *(.plt) *(.iplt) }
	.plt.got	: { *(.plt.got) }
	.plt.sec	: { *(.plt.sec) }
	. = ALIGN(PAGE_SIZE);
	_text = .;
	_stext = .;
	.text		: {
		TEXT_TEXT
		SCHED_TEXT
		LOCK_TEXT
		KPROBES_TEXT
		ENTRY_TEXT
		IRQENTRY_TEXT
		SOFTIRQENTRY_TEXT
		STATIC_CALL_TEXT
		*(.fixup)
		*(.text .stub .text.* .gnu.linkonce.t.*)
	} :text
	. = ALIGN(PAGE_SIZE);
	_etext = .;
	.fini		: { KEEP(*(.fini)) } :text

	/* ---- constants ---- */
	. = ALIGN(PAGE_SIZE);
	_sdata = .;
	.um_options	: ALIGN(8) {
		__um_options_start = .;
		KEEP(*(.um_options))
		__um_options_end = .;
	} :rodata
	RO_DATA(PAGE_SIZE)
	.rodata1	: { *(.rodata.* .gnu.linkonce.r.*) } :rodata
	.eh_frame_hdr	: { *(.eh_frame_hdr) } :rodata :eh
	.eh_frame	: { KEEP(*(.eh_frame)) } :rodata
	.gcc_except_table : { *(.gcc_except_table .gcc_except_table.*) }

	/* ---- what only the boot needs ---- */
	. = ALIGN(PAGE_SIZE);
	__init_begin = .;
	INIT_TEXT_SECTION(PAGE_SIZE) :init
	INIT_DATA_SECTION(16)
	.exit.text	: { EXIT_TEXT }
	.exit.data	: { EXIT_DATA }
	PERCPU_SECTION(L1_CACHE_BYTES)
	. = ALIGN(PAGE_SIZE);
	__init_end = .;

	/* ---- data ---- */
	. = ALIGN(PAGE_SIZE);
	.tdata		: { *(.tdata .tdata.* .gnu.linkonce.td.*) } :data :tls
	.tbss		: { *(.tbss .tbss.* .gnu.linkonce.tb.*) *(.tcommon) } :data :tls
	.preinit_array	: {
		PROVIDE_HIDDEN(__preinit_array_start = .);
		KEEP(*(.preinit_array))
		PROVIDE_HIDDEN(__preinit_array_end = .);
	} :data
	.init_array	: {
		PROVIDE_HIDDEN(__init_array_start = .);
		KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*)))
		KEEP(*(.init_array .ctors))
		PROVIDE_HIDDEN(__init_array_end = .);
	}
	.fini_array	: {
		PROVIDE_HIDDEN(__fini_array_start = .);
		KEEP(*(SORT_BY_INIT_PRIORITY(.fini_array.*)))
		KEEP(*(.fini_array .dtors))
		PROVIDE_HIDDEN(__fini_array_end = .);
	}
	.dynamic	: { *(.dynamic) } :data :dynamic
	.got		: { *(.got) *(.igot) } :data
	.got.plt	: { *(.got.plt) *(.igot.plt) }
	RW_DATA(L1_CACHE_BYTES, PAGE_SIZE, THREAD_SIZE)
	.data1		: { *(.data .data.* .gnu.linkonce.d.*) *(.data1) }
	_edata = .;

	/* ---- bss: the kernel's, and libc's ---- */
	BSS_SECTION(PAGE_SIZE, PAGE_SIZE, 0)
	.bss1		: { *(.bss.* .gnu.linkonce.b.*) }
	_end = .;
	PROVIDE(end = .);

	STABS_DEBUG
	DWARF_DEBUG
	ELF_DETAILS

	DISCARDS
}
