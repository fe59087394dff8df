/* SPDX-License-Identifier: GPL-2.0 */
/* The host's settings of the network. */
#ifndef NET_SYSCTL_H
#define NET_SYSCTL_H

/*
 * Gives /proc/sys/net/@name a value of one digit.  Returns 1 when it was
 * another one, 0 when it had that already, or -errno.
 */
int sysctl_set(const char *name, char value);

/* The same for what each interface has, with @ip being ipv4 or ipv6. */
int sysctl_set_dev(const char *ip, const char *dev, const char *name, char value);

#endif /* NET_SYSCTL_H */
