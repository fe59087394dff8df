// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include "../lib/tun.h"
#include "log.h"
#include "options.h"

#define AGE_DEFAULT		100
#define MACS_DEFAULT		16384
#define PORT_MACS_DEFAULT	1024
#define QUEUE_DEFAULT		(1024 * 1024)
/* A queue that is of use has room for the largest frame. */
#define QUEUE_MIN		(UM_SWITCH_FRAME_MAX + sizeof(struct queued))

static const char help[] =
"Usage: uml_switch [OPTION]...\n"
"\n"
"An Ethernet switch between guests, whose devices are eth<n>=daemon.\n"
"\n"
"  -unix CONTROL [DATA]  listen on the socket CONTROL, " UM_SWITCH_CONTROL " if this is\n"
"                        not given; with DATA all of its clients send their\n"
"                        frames to that socket, instead of one for each\n"
"  -tap DEV              the tap interface DEV of the host is a port, too\n"
"  --vlan VLAN           what was named last is a member of: ID (untagged), or\n"
"                        trunk[:ITEM[,ITEM]...], where ITEM is ID, ID-ID or\n"
"                        native=ID\n"
"  -hub                  send everything everywhere\n"
"  -daemon               run in the background, with messages to syslog\n"
"  -compat-v0            clients of version 0 too, with DATA " UM_SWITCH_DATA "\n"
"  -m, --mode MODE       permissions of the sockets, octal (0600)\n"
"  --age SECONDS         forget stations that are silent for so long (100)\n"
"  --macs N              stations at most (16384)\n"
"  --port-macs N         stations of one client at most (1024)\n"
"  --ports N             ports at most (what the limit of open files allows)\n"
"  --queue SIZE          bytes that may wait for a slow client (1M)\n"
"  --mgmt PATH           a socket that answers: ports, macs, stats, help\n"
"  --pcap FILE           write all frames to FILE, as tcpdump does\n"
"  --pcap-limit SIZE     no more of them than SIZE, with suffix K, M or G\n"
"  -v, --verbose         tell of clients that come and go\n"
"  --help, --version     this text; the version\n"
"\n"
"-unix, -tap and --vlan may be given several times; one dash or two are the same.\n";

/**
 * struct parser - the command line, as far as it is read
 * @options:	what comes out
 * @sw:		the same
 * @last:	the endpoint that was named last
 * @option:	at hand, as it was written
 * @value:	its value
 * @rest:	words behind both
 */
struct parser {
	struct options		*options;
	struct uml_switch	*sw;
	struct endpoint		*last;
	const char		*option;
	const char		*value;
	char			**rest;
};

static int bad_value(const struct parser *p, const char *why)
{
	log_line("%s %s: %s", p->option, p->value, why);
	return 1;
}

/* A number from @min to @max, of bytes where @size; -1, or the exit status. */
static int read_number(const struct parser *p, bool size, um_u64 min, um_u64 max, um_u64 *number)
{
	static const char suffixes[] = "KMG";
	const char *suffix;
	char why[80], *end;
	um_u64 n = 0;

	end = (char *)p->value;
	if (*end >= '0' && *end <= '9')
		n = strtoul(p->value, &end, 10);
	if (size && end > p->value && *end) {
		suffix = strchr(suffixes, *end);
		if (suffix && n >> 32 == 0) {
			n <<= 10 * (suffix - suffixes + 1);
			end++;
		}
	}
	if (end == p->value || *end || n < min || n > max) {
		snprintf(why, sizeof(why), "not a %s from %lu to %lu", size ? "size" : "number",
			 min, max);
		return bad_value(p, why);
	}
	*number = n;
	return -1;
}

static struct endpoint *add_endpoint(struct parser *p, enum endpoint_kind kind, const char *name)
{
	struct endpoint *at = calloc(1, sizeof(*at)), **end = &p->sw->endpoints;

	if (!at) {
		log_line("no memory");
		exit(1);
	}
	at->sw = p->sw;
	at->kind = kind;
	at->name = name;
	at->control.fd = -1;
	at->data.fd = -1;
	at->control_path.dir = -1;
	at->data_path.dir = -1;
	while (*end)
		end = &(*end)->next;
	*end = at;
	return at;
}

static bool have_endpoint(const struct uml_switch *sw, enum endpoint_kind kind, const char *name)
{
	const struct endpoint *at;

	for (at = sw->endpoints; at; at = at->next)
		if (at->kind == kind && (!name || !strcmp(at->name, name)))
			return true;
	return false;
}

/* ---- one function for each option: -1 to go on, or the exit status ------- */

static int option_unix(struct parser *p)
{
	if (have_endpoint(p->sw, ENDPOINT_SOCKET, p->value))
		return bad_value(p, "given twice");
	p->last = add_endpoint(p, ENDPOINT_SOCKET, p->value);
	if (*p->rest && **p->rest != '-')
		p->last->data_name = *p->rest++;
	return -1;
}

static int option_tap(struct parser *p)
{
	const char *why = tun_bad_name(p->value);

	if (why)
		return bad_value(p, why);
	if (have_endpoint(p->sw, ENDPOINT_TAP, p->value))
		return bad_value(p, "given twice");
	p->last = add_endpoint(p, ENDPOINT_TAP, p->value);
	return -1;
}

static int option_vlan(struct parser *p)
{
	const char *why;

	if (!p->last)
		return bad_value(p, "no -unix and no -tap before it");
	if (p->last->has_vlan)
		return bad_value(p, "a second one for the same -unix or -tap");
	why = vlan_parse(&p->last->vlan, p->value);
	if (why)
		return bad_value(p, why);
	p->last->has_vlan = true;
	return -1;
}

static int option_hub(struct parser *p)
{
	p->sw->forward.hub = true;
	return -1;
}

static int option_daemon(struct parser *p)
{
	p->options->daemon = true;
	return -1;
}

static int option_compat_v0(struct parser *p)
{
	p->options->compat_v0 = true;
	return -1;
}

static int option_mode(struct parser *p)
{
	char *end;
	unsigned long mode = strtoul(p->value, &end, 8);

	if (*p->value < '0' || *p->value > '7' || *end || mode > 0777)
		return bad_value(p, "not permissions, octal and at most 777");
	p->sw->mode = mode;
	return -1;
}

static int option_age(struct parser *p)
{
	return read_number(p, false, 1, 1000000, &p->options->age);
}

static int option_macs(struct parser *p)
{
	return read_number(p, false, 1, 1 << 24, &p->options->macs);
}

static int option_port_macs(struct parser *p)
{
	um_u64 n = 0;
	int status = read_number(p, false, 1, 1 << 24, &n);

	p->sw->port_macs = n;
	return status;
}

static int option_ports(struct parser *p)
{
	um_u64 n = 0;
	int status = read_number(p, false, 1, p->sw->max_ports, &n);

	if (status < 0)
		p->sw->max_ports = n;
	return status;
}

static int option_queue(struct parser *p)
{
	return read_number(p, true, QUEUE_MIN, QUEUE_TOTAL_MAX, &p->sw->queue_limit);
}

static int option_mgmt(struct parser *p)
{
	p->options->mgmt = p->value;
	return -1;
}

static int option_pcap(struct parser *p)
{
	p->options->pcap = p->value;
	return -1;
}

static int option_pcap_limit(struct parser *p)
{
	return read_number(p, true, 1, 1UL << 62, &p->options->pcap_limit);
}

static int option_verbose(struct parser *p)
{
	(void)p;
	log_verbose = true;
	return -1;
}

static int option_help(struct parser *p)
{
	(void)p;
	fputs(help, stdout);
	return 0;
}

static int option_version(struct parser *p)
{
	(void)p;
	printf("uml_switch %s, control protocol %d\n", VERSION, UM_SWITCH_VERSION);
	return 0;
}

static const struct {
	const char	*name;
	bool		has_value;
	int		(*parse)(struct parser *p);
} table[] = {
	{ "unix", true, option_unix },
	{ "tap", true, option_tap },
	{ "vlan", true, option_vlan },
	{ "hub", false, option_hub },
	{ "daemon", false, option_daemon },
	{ "compat-v0", false, option_compat_v0 },
	{ "m", true, option_mode },
	{ "mode", true, option_mode },
	{ "age", true, option_age },
	{ "macs", true, option_macs },
	{ "port-macs", true, option_port_macs },
	{ "ports", true, option_ports },
	{ "queue", true, option_queue },
	{ "mgmt", true, option_mgmt },
	{ "pcap", true, option_pcap },
	{ "pcap-limit", true, option_pcap_limit },
	{ "v", false, option_verbose },
	{ "verbose", false, option_verbose },
	{ "h", false, option_help },
	{ "help", false, option_help },
	{ "version", false, option_version },
};

static int parse_option(struct parser *p)
{
	const char *name = p->option;
	size_t i;

	if (*name++ == '-') {
		name += *name == '-';
		for (i = 0; i < ARRAY_SIZE(table); i++) {
			if (strcmp(table[i].name, name))
				continue;
			if (!table[i].has_value)
				return table[i].parse(p);
			p->value = *p->rest;
			if (!p->value) {
				log_line("%s: its value is missing (see --help)", p->option);
				return 1;
			}
			p->rest++;
			return table[i].parse(p);
		}
	}
	log_line("%s: no such option (see --help)", p->option);
	return 1;
}

/* What follows from all options together. */
static int finish(struct parser *p)
{
	struct options *options = p->options;
	struct endpoint *at;
	bool vlans = false;

	if (options->pcap_limit && !options->pcap) {
		log_line("--pcap-limit: without --pcap");
		return 1;
	}
	if (!have_endpoint(p->sw, ENDPOINT_SOCKET, NULL)) {
		at = add_endpoint(p, ENDPOINT_SOCKET, UM_SWITCH_CONTROL);
		if (options->compat_v0)
			at->data_name = UM_SWITCH_DATA;
	}
	for (at = p->sw->endpoints; at; at = at->next) {
		vlans |= at->has_vlan;
		if (options->compat_v0 && at->kind == ENDPOINT_SOCKET && !at->data_name) {
			log_line("-compat-v0: -unix %s is without a data socket", at->name);
			return 1;
		}
	}
	for (at = p->sw->endpoints; at; at = at->next)
		if (vlans && !at->has_vlan)
			vlan_set_access(&at->vlan, VLAN_DEFAULT);
	return -1;
}

int options_parse(struct options *options, struct uml_switch *sw, char **argv)
{
	struct parser p = { .options = options, .sw = sw, .rest = argv + 1 };
	int status;

	options->age = AGE_DEFAULT;
	options->macs = MACS_DEFAULT;
	sw->mode = 0600;
	sw->port_macs = PORT_MACS_DEFAULT;
	sw->queue_limit = QUEUE_DEFAULT;
	while (*p.rest) {
		p.option = *p.rest++;
		p.value = NULL;
		status = parse_option(&p);
		if (status >= 0)
			return status;
	}
	return finish(&p);
}
