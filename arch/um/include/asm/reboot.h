/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_REBOOT_H
#define _ASM_UM_REBOOT_H

/* The host asked for an end (SIGTERM and the like); from interrupts. */
void um_shutdown_request(void);

#endif /* _ASM_UM_REBOOT_H */
