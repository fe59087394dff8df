/* SPDX-License-Identifier: GPL-2.0 */
/* Standing still is no hang: who stops the guest tells the watchdog. */
#ifndef _UM_WATCHDOG_H
#define _UM_WATCHDOG_H

#ifdef CONFIG_UM_WATCHDOG
/* Any context; nothing is waited for. */
void um_watchdog_pause(void);
void um_watchdog_go(void);
#else
static inline void um_watchdog_pause(void)
{
}

static inline void um_watchdog_go(void)
{
}
#endif

#endif /* _UM_WATCHDOG_H */
