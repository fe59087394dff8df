/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UM_ENGINE_FILTER_H
#define _UM_ENGINE_FILTER_H

#include <linux/types.h>

/*
 * Writes SECCOMP_FILTER_LEN instructions to @to.  @bases_by_host: the stub's code
 * page sets segment bases by arch_prctl().
 */
void seccomp_filter_make(void *to, bool bases_by_host);

#endif /* _UM_ENGINE_FILTER_H */
