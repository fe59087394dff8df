/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Consoles and serial lines, as others in the kernel see them.
 */
#ifndef _UM_LINE_H
#define _UM_LINE_H

#include <linux/errno.h>
#include <linux/types.h>

/*
 * The lines are "con" 0 to 15 and "ssl" 0 to 63.  What a line is connected to is
 * "<in>[,<out>]", as on the command line.  All but um_line_winch() may sleep.
 */
#ifdef CONFIG_UM_CONSOLE
/* The host's terminal has another size (HOST_IRQ_WINCH); any context. */
void um_line_winch(void);
/* The program ends: sockets of the host that lines listen at lose their names. */
void um_line_end(void);
/* "con3=pts:/dev/pts/7" in @buf; its length, or -ENODEV. */
int line_describe(const char *name, int unit, char *buf, size_t len);
/*
 * Connects a line to something else; who has it open sees it hang up.  0, or
 * -errno with the reason in @why: then it is as it was, unless the reason says that
 * it could not be opened any more.
 */
int line_configure(const char *name, int unit, const char *value, char *why, size_t len);
/* The same as "none". */
int line_remove(const char *name, int unit, char *why, size_t len);
#else
static inline void um_line_winch(void)
{
}

static inline void um_line_end(void)
{
}

static inline int line_describe(const char *name, int unit, char *buf, size_t len)
{
	return -ENODEV;
}

static inline int line_configure(const char *name, int unit, const char *value, char *why,
				 size_t len)
{
	scnprintf(why, len, "this kernel has no such devices");
	return -ENODEV;
}

static inline int line_remove(const char *name, int unit, char *why, size_t len)
{
	scnprintf(why, len, "this kernel has no such devices");
	return -ENODEV;
}
#endif

#endif /* _UM_LINE_H */
