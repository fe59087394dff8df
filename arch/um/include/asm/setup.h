/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_SETUP_H
#define _ASM_UM_SETUP_H

#define COMMAND_LINE_SIZE	4096

#ifndef __ASSEMBLY__

#include <linux/init.h>

/* The command line as it was given, joined by blanks (kernel/cmdline.c). */
int um_cmdline_build(int argc, char **argv);
/* A switch with a value that is given more than once counts the last time. */
extern char **um_argv;

/* The time that sched_clock() starts at. */
void um_clock_start(void);
void um_early_console(void);

/* The initial RAM disk, see initrd= (kernel/initrd.c). */
#ifdef CONFIG_BLK_DEV_INITRD
void um_initrd_load(void);
#else
static inline void um_initrd_load(void)
{
}
#endif

/* The host's AT_HWCAP and AT_HWCAP2, for guests. */
extern unsigned long um_hwcap, um_hwcap2;

#endif /* __ASSEMBLY__ */
#endif /* _ASM_UM_SETUP_H */
