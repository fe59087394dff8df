// SPDX-License-Identifier: GPL-2.0
/*
 * A guest's network by libslirp: the loop, and what the library asks of us.
 */
#include <arpa/inet.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "slirp_host.h"

#ifdef UM_SLIRP_LIB

#define NSEC_PER_SEC	1000000000LL
#define NSEC_PER_MSEC	1000000LL

#define NEVER		LONG_MAX

/*
 * The guest stops when less than a segment of TCP fits into libslirp's window of 65535
 * bytes; libslirp tells that there is room again when that has become two segments
 * more.  Unless three fit in, both would wait until the guest's timer for that.
 */
#define MRU_MAX		(65535 / 3 + 40)

/* The one that has all that we use; newer libraries know it, too. */
#define CONFIG_VERSION	4

struct um_slirp_lib um_slirp_lib;

#define SYMBOL(name)	{ "slirp_" #name, &um_slirp_lib.name }

static const struct um_child_symbol symbols[] = {
	SYMBOL(new),
	SYMBOL(pollfds_fill),
	SYMBOL(pollfds_poll),
	SYMBOL(input),
	SYMBOL(handle_timer),
	SYMBOL(add_hostxfwd),
	SYMBOL(add_exec),
	SYMBOL(add_unix),
	SYMBOL(connection_info),
	SYMBOL(version_string),
};

/**
 * struct timer - one of the library's
 * @next:	another one
 * @id:		what it is for
 * @data:	that the library wants back
 * @expires:	in milliseconds of our clock, or NEVER
 */
struct timer {
	struct timer	*next;
	SlirpTimerId	id;
	void		*data;
	long		expires;
};

static Slirp *slirp;
static struct timer *timers;
static unsigned long nr_guest_errors;

/* ---- callbacks ----------------------------------------------------------- */

static ssize_t send_packet(const void *frame, size_t len, void *unused)
{
	(void)unused;
	um_child_send(frame, len);
	return len;
}

/* A guest could fill the log with these. */
static void guest_error(const char *text, void *unused)
{
	(void)text;
	(void)unused;
	nr_guest_errors++;
}

static int64_t clock_get_ns(void *unused)
{
	struct timespec now;

	(void)unused;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static void *timer_new(SlirpTimerId id, void *data, void *unused)
{
	struct timer *timer = calloc(1, sizeof(*timer));

	(void)unused;
	/* The library does not expect this to fail. */
	if (!timer)
		abort();
	*timer = (struct timer){ timers, id, data, NEVER };
	timers = timer;
	return timer;
}

static void timer_free(void *pointer, void *unused)
{
	struct timer **link = &timers;

	(void)unused;
	while (*link && *link != pointer)
		link = &(*link)->next;
	if (*link)
		*link = (*link)->next;
	free(pointer);
}

static void timer_mod(void *pointer, int64_t expires, void *unused)
{
	struct timer *timer = pointer;

	(void)unused;
	timer->expires = expires;
}

/* It names its descriptors again whenever we wait. */
static void poll_fd_changed(int fd, void *unused)
{
	(void)fd;
	(void)unused;
}

/* This is only for forwards of a kind that we do not use. */
static void notify(void *unused)
{
	(void)unused;
}

static const SlirpCb callbacks = {
	.send_packet		= send_packet,
	.guest_error		= guest_error,
	.clock_get_ns		= clock_get_ns,
	.timer_new_opaque	= timer_new,
	.timer_free		= timer_free,
	.timer_mod		= timer_mod,
	.register_poll_fd	= poll_fd_changed,
	.unregister_poll_fd	= poll_fd_changed,
	.notify			= notify,
};

/* ---- waiting ------------------------------------------------------------- */

static const struct {
	int	slirp, poll;
} event_pairs[] = {
	{ SLIRP_POLL_IN, POLLIN },
	{ SLIRP_POLL_OUT, POLLOUT },
	{ SLIRP_POLL_PRI, POLLPRI },
	{ SLIRP_POLL_ERR, POLLERR },
	{ SLIRP_POLL_HUP, POLLHUP },
};

static int add_poll(int fd, int events, void *unused)
{
	unsigned int i;
	int mask = 0;

	(void)unused;
	for (i = 0; i < ARRAY_SIZE(event_pairs); i++)
		if (events & event_pairs[i].slirp)
			mask |= event_pairs[i].poll;
	return um_child_poll_add(fd, mask);
}

static int get_revents(int place, void *unused)
{
	int mask = um_child_poll_events(place), events = 0;
	unsigned int i;

	(void)unused;
	for (i = 0; i < ARRAY_SIZE(event_pairs); i++)
		if (mask & event_pairs[i].poll)
			events |= event_pairs[i].slirp;
	return events;
}

static long now_ms(void)
{
	return clock_get_ns(NULL) / NSEC_PER_MSEC;
}

static void run_timers(void)
{
	long now = now_ms();
	struct timer *timer = timers;

	while (timer) {
		if (timer->expires > now) {
			timer = timer->next;
			continue;
		}
		timer->expires = NEVER;
		um_slirp_lib.handle_timer(slirp, timer->id, timer->data);
		/* It may be gone, as may be the next one. */
		timer = timers;
	}
}

/* As long as the library wants to wait, but not beyond a timer. */
static int timeout_of(unsigned int wait)
{
	long timeout = wait == UINT_MAX ? NEVER : wait, now = now_ms();
	const struct timer *timer;

	for (timer = timers; timer; timer = timer->next) {
		if (timer->expires == NEVER)
			continue;
		if (timer->expires <= now)
			return 0;
		if (timer->expires - now < timeout)
			timeout = timer->expires - now;
	}
	if (timeout == NEVER)
		return -1;
	return timeout < INT_MAX ? timeout : INT_MAX;
}

static void input(const void *frame, size_t len)
{
	frame = um_slirp_whole_packet(frame, &len);
	if (frame)
		um_slirp_lib.input(slirp, frame, len);
}

__noreturn
static void serve(void)
{
	unsigned int wait;
	bool reads;
	int err;

	for (;;) {
		wait = UINT_MAX;
		um_child_poll_begin();
		um_slirp_relay_poll();
		/* What comes from the host waits there until the guest takes more. */
		reads = !um_child_is_crowded();
		if (reads)
			um_slirp_lib.pollfds_fill(slirp, &wait, add_poll, NULL);
		err = um_child_poll(timeout_of(wait));
		if (!err)
			um_child_receive(input);
		if (reads)
			um_slirp_lib.pollfds_poll(slirp, err, get_revents, NULL);
		if (!err)
			um_slirp_relay_run();
		run_timers();
		um_child_flush();
	}
}

/* ---- the beginning ------------------------------------------------------- */

static void start(const struct um_slirp_options *options)
{
	SlirpConfig config = {
		.version = CONFIG_VERSION,
		.restricted = options->is_restricted,
		.in_enabled = options->ipv4,
		.vnetwork = options->net,
		.vnetmask = options->mask,
		.vhost = options->host,
		.in6_enabled = options->ipv6,
		.vprefix_addr6 = options->net6,
		.vprefix_len = options->net6_len,
		.vhost6 = options->host6,
		.vhostname = options->hostname,
		.tftp_server_name = options->tftp_server,
		.tftp_path = options->tftp,
		.bootfile = options->bootfile,
		.vdhcp_start = options->dhcp,
		.vnameserver = options->dns,
		.vnameserver6 = options->dns6,
		.vdnssearch = options->nr_search ? (const char **)options->search : NULL,
		.vdomainname = options->domain,
		.if_mtu = options->mtu,
		.if_mru = options->mtu < MRU_MAX ? options->mtu : MRU_MAX,
		.disable_host_loopback = !options->host_loopback,
	};

	slirp = um_slirp_lib.new(&config, &callbacks, NULL);
	if (!slirp)
		um_child_fail("libslirp %s does not take its configuration",
			      um_slirp_lib.version_string());
}

static char *stats(void)
{
	char *info = um_slirp_lib.connection_info(slirp), *text = NULL;
	/* There is room for our line in any case. */
	int max = UM_CHILD_ANSWER_MAX - 80;

	if (info && asprintf(&text, "dropped %lu guest-errors %lu\n%.*s", um_child_dropped(),
			     nr_guest_errors, max, info) < 0)
		text = NULL;
	free(info);
	return text;
}

/* Of a mask, whose bits are at its front. */
static int um_slirp_mask_bits(struct in_addr mask)
{
	return mask.s_addr ? 32 - __builtin_ctz(ntohl(mask.s_addr)) : 0;
}

static void describe(const struct um_slirp_options *options, char line[UM_CHILD_WHY_MAX])
{
	char net[INET_ADDRSTRLEN], host[INET_ADDRSTRLEN], dns[INET_ADDRSTRLEN];
	char net6[INET6_ADDRSTRLEN];
	int len = 0;

	line[0] = '\0';
	if (options->ipv4) {
		inet_ntop(AF_INET, &options->net, net, sizeof(net));
		inet_ntop(AF_INET, &options->host, host, sizeof(host));
		inet_ntop(AF_INET, &options->dns, dns, sizeof(dns));
		len = snprintf(line, UM_CHILD_WHY_MAX, "%s/%d, host %s, dns %s, ", net,
			       um_slirp_mask_bits(options->mask), host, dns);
	}
	if (options->ipv6) {
		inet_ntop(AF_INET6, &options->net6, net6, sizeof(net6));
		snprintf(line + len, UM_CHILD_WHY_MAX - len, "%s/%u, ", net6, options->net6_len);
	}
}

int um_slirp_main(int argc, char **argv)
{
	static struct um_slirp_options options;
	const struct um_slirp_forward *forward;
	char line[UM_CHILD_WHY_MAX];

	um_child_start("um-slirp");
	/* One that the user has for other programs makes warnings deadly. */
	unsetenv("G_DEBUG");
	if (um_slirp_options_parse(&options, argc, argv, line))
		um_child_fail("%s", line);
	um_child_library("libslirp.so.0", "libslirp0", symbols, ARRAY_SIZE(symbols));
	start(&options);
	for (forward = options.forwards; forward; forward = forward->next)
		if (um_slirp_forward_add(slirp, forward, line))
			um_child_fail("%s", line);
	describe(&options, line);
	um_child_ready(stats, "%s%slibslirp %s", line, options.is_restricted ? "restricted, " : "",
		       um_slirp_lib.version_string());
	serve();
}

#else

int um_slirp_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	um_child_start("um-slirp");
	um_child_fail("this linux was built without libslirp (Debian: libslirp-dev)");
}

#endif /* UM_SLIRP_LIB */
