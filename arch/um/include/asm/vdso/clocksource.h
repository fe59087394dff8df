/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_VDSO_CLOCKSOURCE_H
#define _ASM_UM_VDSO_CLOCKSOURCE_H

/* By the host's vDSO, which every stub has. */
#define VDSO_ARCH_CLOCKMODES	VDSO_CLOCKMODE_HOST

#endif /* _ASM_UM_VDSO_CLOCKSOURCE_H */
