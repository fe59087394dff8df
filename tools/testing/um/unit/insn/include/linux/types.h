/* SPDX-License-Identifier: GPL-2.0 */
/* What arch/um/x86/insn.c wants of the kernel's header. */
#ifndef _UNIT_LINUX_TYPES_H
#define _UNIT_LINUX_TYPES_H

#include <stdbool.h>
#include <stdint.h>

typedef uint8_t u8;

#endif /* _UNIT_LINUX_TYPES_H */
