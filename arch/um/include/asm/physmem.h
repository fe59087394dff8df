/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_PHYSMEM_H
#define _ASM_UM_PHYSMEM_H

#include <linux/types.h>

/* Bytes of physical memory, and the host descriptor of its file. */
extern unsigned long physmem_size;
extern int physmem_fd;

/* Makes and maps it; one line on stderr and -errno where that fails. */
int physmem_create(void);

#endif /* _ASM_UM_PHYSMEM_H */
