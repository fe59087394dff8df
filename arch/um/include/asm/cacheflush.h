/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_CACHEFLUSH_H
#define _ASM_UM_CACHEFLUSH_H

/*
 * The host keeps caches coherent.  What must be told is that kernel mappings
 * appeared: the host maps them only on request (mm/kmap.c).
 */
/* Says how long vmalloc is; before anything is mapped there. */
void um_kmap_init(void);
void um_map_kernel(unsigned long start, unsigned long end);

static inline void flush_cache_vmap(unsigned long start, unsigned long end)
{
	um_map_kernel(start, end);
}
#define flush_cache_vmap flush_cache_vmap

#define flush_cache_vmap_early(start, end)	um_map_kernel(start, end)

#include <asm-generic/cacheflush.h>

#endif /* _ASM_UM_CACHEFLUSH_H */
