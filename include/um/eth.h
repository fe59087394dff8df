/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Network devices, as others in the kernel see them: "eth<n>=<transport>,...".
 */
#ifndef _UM_ETH_H
#define _UM_ETH_H

#include <linux/errno.h>
#include <linux/kernel.h>

/* All may sleep. */
#ifdef CONFIG_UM_NET
/*
 * Adds a device that @spec describes as the command line does.  0, or -errno with
 * the reason in @why; then there is none.  -EEXIST: there is one.
 */
int eth_attach(const char *spec, char *why, size_t len);
/* Removes one.  -ENODEV. */
int eth_detach(int unit, char *why, size_t len);
/* "eth0=tuntap,tap0" in @buf; its length, or -ENODEV. */
int eth_describe(int unit, char *buf, size_t len);
#else
static inline int eth_attach(const char *spec, char *why, size_t len)
{
	scnprintf(why, len, "this kernel has no such devices");
	return -ENODEV;
}

static inline int eth_detach(int unit, char *why, size_t len)
{
	scnprintf(why, len, "this kernel has no such devices");
	return -ENODEV;
}

static inline int eth_describe(int unit, char *buf, size_t len)
{
	return -ENODEV;
}
#endif

#endif /* _UM_ETH_H */
