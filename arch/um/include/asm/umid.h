/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_UMID_H
#define _ASM_UM_UMID_H

/* Takes the instance's directory; one line and -errno when it cannot. */
int umid_start(void);
/* Removes it; safe at any time. */
void umid_end(void);
/* The instance's name and its directory, "" when it has none. */
const char *umid_name(void);
const char *umid_dir(void);

#endif /* _ASM_UM_UMID_H */
