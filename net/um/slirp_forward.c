// SPDX-License-Identifier: GPL-2.0
/*
 * Connections from the host to the guest, and from the guest to some place on the
 * host: hostfwd= and guestfwd=.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "slirp_host.h"

#define PORT_MAX	65535

/* ---- their text ---------------------------------------------------------- */

/* "tcp:" or "udp:" or ":", which is TCP. */
static const char *take_protocol(char **at, bool *is_udp)
{
	char *end = strchr(*at, ':');

	if (!end)
		return "[tcp|udp]: is missing";
	*end = '\0';
	*is_udp = !strcmp(*at, "udp");
	if (**at && !*is_udp && strcmp(*at, "tcp"))
		return "its protocol is neither tcp nor udp";
	*at = end + 1;
	return NULL;
}

/* An address up to ':', in brackets if it is of IPv6; there may be none. */
static const char *take_address(char **at, union um_slirp_address *to)
{
	char *text = *at, *end;
	bool is_ipv6 = *text == '[';

	end = strchr(text, is_ipv6 ? ']' : ':');
	if (end && is_ipv6) {
		text++;
		*end++ = '\0';
	}
	if (!end || *end != ':')
		return "a port is missing";
	*end = '\0';
	*at = end + 1;
	if (!*text && !is_ipv6)
		return NULL;
	to->any.sa_family = is_ipv6 ? AF_INET6 : AF_INET;
	if (is_ipv6)
		return inet_pton(AF_INET6, text, &to->in6.sin6_addr) == 1
		       ? NULL : "an address is none of IPv6";
	return inet_pton(AF_INET, text, &to->in.sin_addr) == 1
	       ? NULL : "an address is none of IPv4";
}

/* A port up to @stop; both kinds of addresses have it at the same place. */
static const char *take_port(char **at, char stop, long min, union um_slirp_address *to)
{
	char *end = strchr(*at, stop);
	long port;

	if (!end)
		return "what follows the '-' is missing";
	if (stop)
		*end++ = '\0';
	port = um_slirp_number(*at, min, PORT_MAX);
	if (port < 0)
		return min ? "a port is no number from 1 to 65535"
			   : "a port is no number from 0 to 65535";
	to->in.sin_port = htons(port);
	*at = end;
	return NULL;
}

static void set_loopback(union um_slirp_address *addr, sa_family_t family)
{
	addr->any.sa_family = family;
	if (family == AF_INET6)
		addr->in6.sin6_addr = in6addr_loopback;
	else
		addr->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

/*
 * What was left out.  Unlike QEMU, an address of the host that was left out is the
 * loopback: others reach the guest only if somebody has written 0.0.0.0 or [::].
 */
static const char *complete_hostfwd(const struct um_slirp_options *options,
				    struct um_slirp_forward *forward)
{
	union um_slirp_address *from = &forward->from, *guest = &forward->guest;

	if (!from->any.sa_family)
		set_loopback(from, guest->any.sa_family ?: AF_INET);
	/* libslirp puts the first address that it gives by DHCP here. */
	if (!guest->any.sa_family && from->any.sa_family == AF_INET)
		guest->any.sa_family = AF_INET;
	if (!guest->any.sa_family)
		return "it needs the guest's address, in brackets";
	if (guest->any.sa_family != from->any.sa_family)
		return "one address is of IPv4, the other one of IPv6";
	if (guest->any.sa_family == AF_INET && !options->ipv4)
		return "ipv4 is off";
	if (guest->any.sa_family == AF_INET6 && !options->ipv6)
		return "ipv6 is off";
	if (guest->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&guest->in6.sin6_addr))
		return "no guest has this address";
	return NULL;
}

static const char *parse_hostfwd(const struct um_slirp_options *options,
				 struct um_slirp_forward *forward, char *at)
{
	const char *bad;

	bad = take_protocol(&at, &forward->is_udp);
	if (!bad)
		bad = take_address(&at, &forward->from);
	if (!bad)
		bad = take_port(&at, '-', 0, &forward->from);
	if (!bad)
		bad = take_address(&at, &forward->guest);
	if (!bad)
		bad = take_port(&at, '\0', 1, &forward->guest);
	return bad ?: complete_hostfwd(options, forward);
}

/* "HOST:PORT", where an address of IPv6 is in brackets. */
static const char *parse_tcp(struct um_slirp_forward *forward, char *at)
{
	char *colon = strrchr(at, ':');

	if (!colon || um_slirp_number(colon + 1, 1, PORT_MAX) < 0)
		return "the target's port is no number from 1 to 65535";
	*colon = '\0';
	forward->service = colon + 1;
	if (*at == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		at++;
	}
	forward->target = at;
	return *at ? NULL : "the target's host is missing";
}

static const char *parse_target(struct um_slirp_forward *forward, char *at)
{
	char *value = strchr(at, ':');

	if (value)
		*value++ = '\0';
	if (!value || !*value)
		return "its target is none of cmd:COMMAND, tcp:HOST:PORT, unix:PATH";
	forward->target = value;
	if (!strcmp(at, "tcp")) {
		forward->kind = UM_SLIRP_TO_TCP;
		return parse_tcp(forward, value);
	}
	forward->kind = UM_SLIRP_TO_COMMAND;
	if (!strcmp(at, "cmd"))
		return NULL;
	forward->kind = UM_SLIRP_TO_UNIX;
	if (!strcmp(at, "unix"))
		return NULL;
	if (!strcmp(at, "chardev"))
		return "there are no character devices of QEMU here";
	return "its target is none of cmd:COMMAND, tcp:HOST:PORT, unix:PATH";
}

static const char *parse_guestfwd(const struct um_slirp_options *options,
				  struct um_slirp_forward *forward, char *at)
{
	const char *bad;

	bad = take_protocol(&at, &forward->is_udp);
	if (!bad && forward->is_udp)
		bad = "only tcp goes there";
	if (!bad)
		bad = take_address(&at, &forward->from);
	if (!bad && (!options->ipv4 || forward->from.any.sa_family == AF_INET6))
		bad = "only IPv4 goes there";
	if (!bad)
		bad = take_port(&at, '-', 1, &forward->from);
	return bad ?: parse_target(forward, at);
}

static const char *add(struct um_slirp_options *options, const char *value,
		       const char *(*parse)(const struct um_slirp_options *options,
					    struct um_slirp_forward *forward, char *at))
{
	struct um_slirp_forward *forward = calloc(1, sizeof(*forward)), **tail;

	if (!forward)
		return strerror(ENOMEM);
	for (tail = &options->forwards; *tail; tail = &(*tail)->next)
		;
	*tail = forward;
	forward->text = value;
	forward->words = strdup(value);
	return forward->words ? parse(options, forward, forward->words) : strerror(ENOMEM);
}

const char *um_slirp_hostfwd(struct um_slirp_options *options, const char *value)
{
	return add(options, value, parse_hostfwd);
}

const char *um_slirp_guestfwd(struct um_slirp_options *options, const char *value)
{
	return add(options, value, parse_guestfwd);
}

void um_slirp_forward_free(struct um_slirp_forward *forwards)
{
	struct um_slirp_forward *next;

	for (; forwards; forwards = next) {
		next = forwards->next;
		free(forwards->words);
		free(forwards);
	}
}

/* ---- setting them up ----------------------------------------------------- */

#ifdef UM_SLIRP_LIB

static socklen_t address_len(const union um_slirp_address *addr)
{
	return addr->any.sa_family == AF_INET6 ? sizeof(addr->in6) : sizeof(addr->in);
}

/* libslirp would share a port of UDP with somebody who has it already. */
static int try_port(const union um_slirp_address *addr)
{
	int fd = socket(addr->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1, err = 0;

	if (fd < 0)
		return errno;
	if (addr->any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, &addr->any, address_len(addr)) < 0)
		err = errno;
	close(fd);
	return err;
}

static int add_hostfwd(Slirp *slirp, const struct um_slirp_forward *forward,
		       char why[UM_CHILD_WHY_MAX])
{
	const union um_slirp_address *from = &forward->from, *guest = &forward->guest;
	int flags = forward->is_udp ? SLIRP_HOSTFWD_UDP : 0;
	int err = forward->is_udp ? try_port(from) : 0;

	/* The same port of IPv4 is another matter. */
	if (from->any.sa_family == AF_INET6)
		flags |= SLIRP_HOSTFWD_V6ONLY;
	if (!err && um_slirp_lib.add_hostxfwd(slirp, &from->any, address_len(from), &guest->any,
					      address_len(guest), flags) < 0)
		err = errno;
	if (!err)
		return 0;
	snprintf(why, UM_CHILD_WHY_MAX, "hostfwd=%.300s: %s", forward->text, strerror(err));
	return -1;
}

int um_slirp_forward_add(Slirp *slirp, const struct um_slirp_forward *forward,
			 char why[UM_CHILD_WHY_MAX])
{
	struct in_addr server = forward->from.in.sin_addr;
	int port = ntohs(forward->from.in.sin_port), ret;
	const char *path;

	if (forward->kind == UM_SLIRP_TO_GUEST)
		return add_hostfwd(slirp, forward, why);
	if (forward->kind == UM_SLIRP_TO_COMMAND) {
		ret = um_slirp_lib.add_exec(slirp, forward->target, &server, port);
	} else {
		path = um_slirp_relay_open(forward, why);
		if (!path)
			return -1;
		ret = um_slirp_lib.add_unix(slirp, path, &server, port);
	}
	if (ret >= 0)
		return 0;
	snprintf(why, UM_CHILD_WHY_MAX,
		 "guestfwd=%.300s: no address and port of the guest's network that is free",
		 forward->text);
	return -1;
}

#endif /* UM_SLIRP_LIB */
