/* SPDX-License-Identifier: GPL-2.0 */
/* Small things that the programs of the host share. */
#ifndef TOOLS_TOOLS_H
#define TOOLS_TOOLS_H

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
/* <sys/cdefs.h> has neither. */
#define __printf(format, args)	__attribute__((__format__(__printf__, format, args)))
#define __noreturn		__attribute__((__noreturn__))

#endif /* TOOLS_TOOLS_H */
