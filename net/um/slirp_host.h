/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process that is a guest's network, by libslirp: a router, a name server and a
 * DHCP server that need no privileges on the host, whose sockets do the rest.
 */
#ifndef _UM_NET_SLIRP_HOST_H
#define _UM_NET_SLIRP_HOST_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "child.h"

#if __has_include("slirp/libslirp.h")
#include <slirp/libslirp.h>
#if SLIRP_CHECK_VERSION(4, 7, 0)
#define UM_SLIRP_LIB
#endif
#endif

#define UM_SLIRP_SEARCH_MAX	32

/**
 * union um_slirp_address - an address of either kind
 * @any:	whose family says which; AF_UNSPEC when none was given
 * @in:		of IPv4
 * @in6:	of IPv6
 */
union um_slirp_address {
	struct sockaddr		any;
	struct sockaddr_in	in;
	struct sockaddr_in6	in6;
};

enum um_slirp_forward_kind {
	UM_SLIRP_TO_GUEST,
	UM_SLIRP_TO_COMMAND,
	UM_SLIRP_TO_TCP,
	UM_SLIRP_TO_UNIX,
};

/**
 * struct um_slirp_forward - connections that are led elsewhere
 * @next:	the one that was given after it
 * @text:	how it was given
 * @words:	the memory that @target lies in
 * @kind:	where to
 * @is_udp:	datagrams, which go to the guest only
 * @from:	what is listened on: of the host, or of the guest's network
 * @guest:	where connections to the guest go
 * @target:	a command, or a path, or a host
 * @service:	the host's port
 */
struct um_slirp_forward {
	struct um_slirp_forward		*next;
	const char			*text;
	char				*words;
	enum um_slirp_forward_kind	kind;
	bool				is_udp;
	union um_slirp_address		from;
	union um_slirp_address		guest;
	char				*target;
	char				*service;
};

/**
 * struct um_slirp_options - the guest's network
 * @ipv4:	there is IPv4
 * @ipv6:	there is IPv6
 * @is_restricted: nothing goes out but by a forward
 * @host_loopback: the host's 127.0.0.1 is reached as @host
 * @mtu:	of the guest's device
 * @net:	the network, without the bits of its hosts
 * @mask:	its mask
 * @host:	the router's address in it
 * @dns:	the name server's
 * @dhcp:	the first one that a guest is given
 * @net6:	the same for IPv6
 * @net6_len:	bits of @net6 that count
 * @host6:	the router's address
 * @dns6:	the name server's
 * @hostname:	what the guest is told to be called, or NULL
 * @domain:	likewise
 * @search:	domains where the guest looks for names, and a NULL
 * @nr_search:	how many
 * @tftp:	a folder that is served, or NULL
 * @tftp_server: what the guest is told about where that is, or NULL
 * @bootfile:	a name in it, or NULL
 * @forwards:	in the order that they were given
 */
struct um_slirp_options {
	bool			ipv4;
	bool			ipv6;
	bool			is_restricted;
	bool			host_loopback;
	unsigned int		mtu;
	struct in_addr		net;
	struct in_addr		mask;
	struct in_addr		host;
	struct in_addr		dns;
	struct in_addr		dhcp;
	struct in6_addr		net6;
	unsigned int		net6_len;
	struct in6_addr		host6;
	struct in6_addr		dns6;
	const char		*hostname;
	const char		*domain;
	const char		*search[UM_SLIRP_SEARCH_MAX + 1];
	unsigned int		nr_search;
	const char		*tftp;
	const char		*tftp_server;
	const char		*bootfile;
	struct um_slirp_forward	*forwards;
};

/* NAME=VALUE each, behind a name; they are those of QEMU's -netdev user. */
int um_slirp_main(int argc, char **argv);

/* ---- slirp_options.c ----------------------------------------------------- */

/* argv[0] is no option.  0, or -1 and a line in @why. */
int um_slirp_options_parse(struct um_slirp_options *options, int argc, char **argv,
			   char why[UM_CHILD_WHY_MAX]);

/* Decimal digits alone; -1 for anything else. */
long um_slirp_number(const char *text, long min, long max);

/* ---- slirp_forward.c ----------------------------------------------------- */

/* These add one to @options; NULL, or what is wrong with it. */
const char *um_slirp_hostfwd(struct um_slirp_options *options, const char *value);
const char *um_slirp_guestfwd(struct um_slirp_options *options, const char *value);
void um_slirp_forward_free(struct um_slirp_forward *forwards);

/* ---- slirp_relay.c: connections to elsewhere on the host ----------------- */

/*
 * A path that leads to the target of @forward as long as this process lives; NULL
 * and a line in @why.  libslirp knows how to connect to a path.
 */
const char *um_slirp_relay_open(const struct um_slirp_forward *forward,
				char why[UM_CHILD_WHY_MAX]);
/* Before and after waiting. */
void um_slirp_relay_poll(void);
void um_slirp_relay_run(void);

/* ---- slirp_fragment.c ---------------------------------------------------- */

/* The frame, or what it completes; NULL if that is nothing yet. */
const void *um_slirp_whole_packet(const void *frame, size_t *len);

/* ---- slirp_host.c -------------------------------------------------------- */

#ifdef UM_SLIRP_LIB

/**
 * struct um_slirp_lib - what we call of libslirp
 *
 * The names are those of the library, without "slirp_".
 */
struct um_slirp_lib {
	typeof(slirp_new)		*new;
	typeof(slirp_pollfds_fill)	*pollfds_fill;
	typeof(slirp_pollfds_poll)	*pollfds_poll;
	typeof(slirp_input)		*input;
	typeof(slirp_handle_timer)	*handle_timer;
	typeof(slirp_add_hostxfwd)	*add_hostxfwd;
	typeof(slirp_add_exec)		*add_exec;
	typeof(slirp_add_unix)		*add_unix;
	typeof(slirp_connection_info)	*connection_info;
	typeof(slirp_version_string)	*version_string;
};

extern struct um_slirp_lib um_slirp_lib;

/* slirp_forward.c: sets one up; 0, or -1 and a line in @why. */
int um_slirp_forward_add(Slirp *slirp, const struct um_slirp_forward *forward,
			 char why[UM_CHILD_WHY_MAX]);

#endif /* UM_SLIRP_LIB */

#endif /* _UM_NET_SLIRP_HOST_H */
