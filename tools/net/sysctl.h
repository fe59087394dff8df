/* SPDX-License-Identifier: GPL-2.0 */
/* The host's settings of IPv4. */
#ifndef NET_SYSCTL_H
#define NET_SYSCTL_H

/*
 * Gives /proc/sys/net/ipv4/@name a value of one digit.  Returns 1 when it was
 * another one, 0 when it had that already, or -errno.
 */
int sysctl_set(const char *name, char value);

/* The same for what each interface has: conf/@dev/@name. */
int sysctl_set_dev(const char *dev, const char *name, char value);

#endif /* NET_SYSCTL_H */
