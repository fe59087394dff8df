/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Layout of the vDSO: one segment, read and execute, which starts with the ELF
 * header and holds everything that is loaded.  The data pages are right before
 * it, and no part of the image.
 */
#include <asm/page.h>
#include <asm/vdso.h>

OUTPUT_FORMAT(elf64-x86-64)
OUTPUT_ARCH(i386:x86-64)

PHDRS
{
	text		PT_LOAD		FILEHDR PHDRS FLAGS(5);	/* r-x */
	dynamic		PT_DYNAMIC	FLAGS(4);		/* r-- */
	note		PT_NOTE		FLAGS(4);
	eh_frame_hdr	PT_GNU_EH_FRAME	FLAGS(4);
}

SECTIONS
{
	_vdso_data = . + (VVAR_DATA - VVAR_PAGES) * PAGE_SIZE;
	_timens_data = . + (VVAR_TIMENS - VVAR_PAGES) * PAGE_SIZE;

	. = SIZEOF_HEADERS;

	/* For the dynamic linker. */
	.hash		: { *(.hash) }		:text
	.gnu.hash	: { *(.gnu.hash) }
	.dynsym		: { *(.dynsym) }
	.dynstr		: { *(.dynstr) }
	.gnu.version	: { *(.gnu.version) }
	.gnu.version_d	: { *(.gnu.version_d) }
	.gnu.version_r	: { *(.gnu.version_r) }
	.dynamic	: { *(.dynamic) }	:text :dynamic

	.rodata		: { *(.rodata .rodata.*) }	:text
	.note		: { *(.note.Linux .note.gnu.build-id) } :text :note

	/* For unwinders. */
	.eh_frame_hdr	: { *(.eh_frame_hdr) }	:text :eh_frame_hdr
	.eh_frame	: { KEEP(*(.eh_frame)) } :text

	. = ALIGN(64);
	.text		: { *(.text .text.*) }	:text =0xcccccccc

	/* Data would be shared by all: there is none. */
	.data		: {
		*(.data .data.* .bss .bss.* .got .got.plt)
	}
	ASSERT(SIZEOF(.data) <= 24, "the vDSO has writable data")

	/DISCARD/ : {
		*(.note.gnu.property)
		*(.discard .discard.*)
		*(.comment)
		*(.modinfo)
	}
}

VERSION
{
	LINUX_2.6 {
	global:
		__vdso_clock_getres;
		__vdso_clock_gettime;
		__vdso_getcpu;
		__vdso_gettimeofday;
		__vdso_time;
		clock_getres;
		clock_gettime;
		getcpu;
		gettimeofday;
		time;
	local:
		*;
	};
}
