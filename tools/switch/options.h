/* SPDX-License-Identifier: GPL-2.0 */
/* The command line of uml_switch. */
#ifndef SWITCH_OPTIONS_H
#define SWITCH_OPTIONS_H

#include "switch.h"

/**
 * struct options - what the command line asks for, besides what is in the switch
 * @daemon:	run in the background
 * @compat_v0:	there has to be a data socket with a path
 * @age:	seconds after which a station is forgotten
 * @macs:	stations at most
 * @mgmt:	path of the management socket, or NULL
 * @pcap:	file of the capture, or NULL
 * @pcap_limit:	its size at most, 0: any
 */
struct options {
	bool		daemon;
	bool		compat_v0;
	um_u64		age;
	um_u64		macs;
	const char	*mgmt;
	const char	*pcap;
	um_u64		pcap_limit;
};

/*
 * Fills in @options and the parts of @sw that options are for, endpoints
 * included.  Returns -1 to go on, or the status to exit with.
 */
int options_parse(struct options *options, struct uml_switch *sw, char **argv);

#endif /* SWITCH_OPTIONS_H */
