/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UM_LINE_H
#define _UM_LINE_H

/* The host's terminal has another size (HOST_IRQ_WINCH); any context. */
#ifdef CONFIG_UM_CONSOLE
void um_line_winch(void);
#else
static inline void um_line_winch(void)
{
}
#endif

#endif /* _UM_LINE_H */
