/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What stands behind eth<n>= on the command line: "<transport>,<arg>,<arg>...".
 * Nothing here but plain C.
 */
#ifndef _UM_NET_ARGS_H
#define _UM_NET_ARGS_H

#define UM_ARGS_MAX	32

/**
 * struct um_args - the parts
 * @nr:		how many
 * @arg:	each; the first one is the transport.  Behind the last there are
 *		empty ones
 */
struct um_args {
	int		nr;
	const char	*arg[UM_ARGS_MAX];
};

/* Cuts @text at its commas, in place.  0, or -1: there are too many. */
int um_args_split(struct um_args *args, char *text);
/* Puts an empty one before number @at. */
void um_args_insert(struct um_args *args, int at);
/* Six bytes in hexadecimal, of one or two digits each.  0, or -1: they are not. */
int um_args_mac(const char *text, unsigned char *mac);
/* A decimal number from @min to @max; -1: it is not. */
long um_args_number(const char *text, long min, long max);
/* Four numbers; 0, or -1. */
int um_args_ipv4(const char *text, unsigned char *addr);

#endif /* _UM_NET_ARGS_H */
