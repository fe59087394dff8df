/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Switches of the executable: what --help lists, and what is looked at before
 * the kernel starts.
 */
#ifndef _ASM_UM_OPTIONS_H
#define _ASM_UM_OPTIONS_H

#include <linux/compiler.h>
#include <linux/init.h>

/**
 * struct um_option - a switch
 * @name:	the word's beginning; up to and including "=" if it has a value
 * @handler:	called with what follows @name.  0: handled; 1: not this one,
 *		go on looking; -errno: an error was printed, the program ends
 * @syntax:	how --help shows it
 * @help:	what --help says of it, lines with "\n"
 *
 * Handlers run on the host's stack before the kernel does: no allocation, no
 * locks, no printk.  The argument stays valid.  A handled word still appears
 * on the kernel's command line.
 */
struct um_option {
	const char *name;
	int (*handler)(char *arg);
	const char *syntax;
	const char *help;
};

#define UM_OPTION(id, _name, _handler, _syntax, _help)			\
	static const struct um_option um_option_##id			\
	__used __section(".um_options") __aligned(8) = {		\
		.name = _name, .handler = _handler,			\
		.syntax = _syntax, .help = _help,			\
	}

/* Prints "linux: <text>" as one line on stderr; returns -EINVAL. */
__printf(1, 2) int um_option_error(const char *fmt, ...);
/* A handler's whole work for "@name=on|off": sets *value, or prints an error. */
int um_option_on_off(const char *name, const char *arg, bool *value);
/* The text of a host errno (positive or negative). */
const char *um_strerror(int err);

#endif /* _ASM_UM_OPTIONS_H */
