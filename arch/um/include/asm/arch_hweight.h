/* SPDX-License-Identifier: GPL-2.0 */
/* x86's calls an assembly version that keeps all registers; ours is in C. */
#include <asm-generic/bitops/arch_hweight.h>
