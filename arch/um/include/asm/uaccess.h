/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest memory is not mapped where the guest sees it: the kernel walks the
 * guest's page tables and uses its own mapping of the page (mm/uaccess.c).
 */
#ifndef _ASM_UM_UACCESS_H
#define _ASM_UM_UACCESS_H

#include <linux/compiler.h>
#include <linux/string.h>
#include <asm/page.h>

unsigned long raw_copy_from_user(void *to, const void __user *from,
				 unsigned long n);
unsigned long raw_copy_to_user(void __user *to, const void *from,
			       unsigned long n);
unsigned long __clear_user(void __user *to, unsigned long n);
long strncpy_from_user(char *dst, const char __user *src, long count);
long strnlen_user(const char __user *str, long n);

#define __clear_user __clear_user

#include <asm-generic/uaccess.h>

#define __get_kernel_nofault(dst, src, type, err_label)			\
do {									\
	type __gkn_val;							\
	int __gkn_bad;							\
									\
	__gkn_bad = um_peek_kernel(&__gkn_val, src, sizeof(type));	\
	if (unlikely(__gkn_bad))					\
		goto err_label;						\
	*(type *)(dst) = __gkn_val;					\
} while (0)

#define __put_kernel_nofault(dst, src, type, err_label)			\
do {									\
	if (unlikely(um_poke_kernel(dst, src, sizeof(type))))		\
		goto err_label;						\
} while (0)

/* 1, 2, 4 or 8 bytes of kernel memory; not 0 when the address is bad. */
int um_peek_kernel(void *dst, const void *src, unsigned long size);
int um_poke_kernel(void *dst, const void *src, unsigned long size);

#endif /* _ASM_UM_UACCESS_H */
