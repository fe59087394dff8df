/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration, for --showconfig. */
#include <linux/linkage.h>

	.section .init.rodata, "a", @progbits
SYM_DATA_START(um_config_text)
	.incbin KCONFIG_FILE
SYM_DATA_END_LABEL(um_config_text, SYM_L_GLOBAL, um_config_text_end)
