/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Plain C types that both worlds agree on.
 *
 * Headers in include/um/ are compiled against kernel headers and against
 * glibc, so they use nothing but the compiler's own types.  Numbers that
 * cross the border (errno, open flags, protections, signals) have the values
 * of the Linux x86-64 ABI, which are the same in both worlds.
 */
#ifndef _UM_TYPES_H
#define _UM_TYPES_H

typedef unsigned char		um_u8;
typedef unsigned short		um_u16;
typedef unsigned int		um_u32;
typedef unsigned long		um_u64;
typedef int			um_s32;
typedef long			um_s64;

#endif /* _UM_TYPES_H */
