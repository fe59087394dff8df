/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_SECTIONS_H
#define _ASM_UM_SECTIONS_H

#include <asm-generic/sections.h>

#endif /* _ASM_UM_SECTIONS_H */
