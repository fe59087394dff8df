/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MCONSOLE_STATUS_H
#define MCONSOLE_STATUS_H

/* How a command ended, and the exit statuses; exec has those of its command besides. */
enum status {
	STATUS_OK,
	STATUS_ERROR,	/* says the guest, or what it says cannot be understood */
	STATUS_USAGE,	/* or there is no such guest */
	STATUS_TIMEOUT,
};

#endif /* MCONSOLE_STATUS_H */
