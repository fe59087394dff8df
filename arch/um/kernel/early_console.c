// SPDX-License-Identifier: GPL-2.0
/*
 * Messages go to standard output until the console driver takes over.
 */
#include <linux/console.h>
#include <linux/init.h>
#include <asm/setup.h>
#include <um/host.h>

static void early_write(struct console *con, const char *text, unsigned int n)
{
	host_write_all(1, text, n);
}

static struct console early = {
	.name	= "umearly",
	.write	= early_write,
	.flags	= CON_PRINTBUFFER | CON_BOOT | CON_ANYTIME,
	.index	= -1,
};

void __init um_early_console(void)
{
	register_console(&early);
}
