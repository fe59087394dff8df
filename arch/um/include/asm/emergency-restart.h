/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_EMERGENCY_RESTART_H
#define _ASM_UM_EMERGENCY_RESTART_H

void machine_emergency_restart(void);

#endif /* _ASM_UM_EMERGENCY_RESTART_H */
