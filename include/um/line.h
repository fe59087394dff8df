/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UM_LINE_H
#define _UM_LINE_H

#include <linux/errno.h>
#include <linux/types.h>

/* The host's terminal has another size (HOST_IRQ_WINCH); any context. */
#ifdef CONFIG_UM_CONSOLE
void um_line_winch(void);
/* What con<unit> is connected to, as an option in @buf; its length, or -ENODEV. */
int line_describe(int unit, char *buf, size_t len);
#else
static inline void um_line_winch(void)
{
}

static inline int line_describe(int unit, char *buf, size_t len)
{
	return -ENODEV;
}
#endif

#endif /* _UM_LINE_H */
