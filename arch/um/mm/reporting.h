/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UM_MM_REPORTING_H
#define _UM_MM_REPORTING_H

#include <linux/sizes.h>
#include <asm/page.h>

/* A guest that allocates less than this in two seconds is calm; so much cache is left. */
#define WORTH_PAGES	(SZ_4M / PAGE_SIZE)

/* Pages that were allocated in the last two seconds, or since the last look. */
unsigned long pages_allocated_lately(void);

/* Exported by mm/page_reporting.c, whose header is its own. */
extern unsigned int page_reporting_order;

/* Is memory given back to the host at all? */
bool page_reporting_is_on(void);

#endif /* _UM_MM_REPORTING_H */
