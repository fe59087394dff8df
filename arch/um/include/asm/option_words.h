/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_OPTION_WORDS_H
#define _ASM_UM_OPTION_WORDS_H

#include <linux/types.h>

/* Handles the switches among the program's arguments; -errno after a message. */
int um_options_handle(int argc, char **argv);
/* Did a switch take this word of the command line? */
bool um_option_is_taken(const char *word);

#endif /* _ASM_UM_OPTION_WORDS_H */
