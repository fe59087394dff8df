/* SPDX-License-Identifier: GPL-2.0 */
/* The command line: what a guest asks for. */
#ifndef NET_ARGS_H
#define NET_ARGS_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>

enum request_op {
	REQUEST_NONE,
	REQUEST_TUNTAP,
	REQUEST_ADD,
	REQUEST_DEL,
	REQUEST_SLIP_UP,
	REQUEST_SLIP_DOWN,
	REQUEST_ETHERTAP,
	REQUEST_HELP,
	REQUEST_VERSION,
};

/* How the answer looks, as <um/abi/uml_net.h> has it. */
enum answer_form { ANSWER_TEXT, ANSWER_LOG, ANSWER_TUNTAP, ANSWER_ETHERTAP };

/* Of the line that says what is wrong. */
#define ARGS_WHY_MAX	160

/**
 * struct request - a command line
 * @version:	of the protocol
 * @op:		what is to be done
 * @form:	of the answer; known before all of the rest is
 * @dev:	DEV, or empty
 * @gate:	GATE, or 0
 * @addr:	ADDR
 * @mask:	MASK
 * @data_fd:	DATAFD
 * @vnet:	frames have a struct virtio_net_hdr before them
 */
struct request {
	unsigned int		version;
	enum request_op		op;
	enum answer_form	form;
	char			dev[IFNAMSIZ];
	in_addr_t		gate;
	in_addr_t		addr;
	in_addr_t		mask;
	int			data_fd;
	bool			vnet;
};

/* 0; or -1, and one line in @why. */
int args_parse(struct request *request, char **argv, char why[ARGS_WHY_MAX]);

#endif /* NET_ARGS_H */
