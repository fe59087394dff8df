// SPDX-License-Identifier: GPL-2.0
/*
 * The options of a network by libslirp: names and values are those of QEMU's
 * -netdev user, so are the defaults.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "slirp_host.h"

/* libslirp takes no more, and no guest has less. */
#define MTU_MIN		576
#define MTU_MAX		65521
#define MTU_DEFAULT	65520

#define HOSTNAME_MAX	32	/* in libslirp */
#define BOOTFILE_MAX	127	/* in a message of BOOTP */
#define DHCP_TEXT_MAX	255	/* in an option of DHCP */
#define DOMAIN_MAX	253
#define LABEL_MAX	63

static const char ipv4_is_off[] = "ipv4 is off";
static const char ipv6_is_off[] = "ipv6 is off";

/**
 * struct option - one of them
 * @name:	what is before its '='
 * @repeats:	each one counts, not the last one
 * @take:	called with the value, or with NULL for the default; those that have
 *		been called before it have done their part.  NULL, or what is wrong.
 */
struct option {
	const char	*name;
	bool		repeats;
	const char	*(*take)(struct um_slirp_options *options, const char *value);
};

/* ---- values -------------------------------------------------------------- */

long um_slirp_number(const char *text, long min, long max)
{
	size_t digits = strspn(text, "0123456789");
	long number;

	if (!digits || text[digits] || digits > 9)
		return -1;
	number = strtol(text, NULL, 10);
	return number >= min && number <= max ? number : -1;
}

static const char *take_bool(bool *to, const char *value)
{
	static const char *const words[] = {
		"on", "yes", "true", "y", "off", "no", "false", "n",
	};
	unsigned int i;

	for (i = 0; value && i < ARRAY_SIZE(words); i++) {
		if (strcmp(value, words[i]))
			continue;
		*to = i < ARRAY_SIZE(words) / 2;
		return NULL;
	}
	return value ? "neither on nor off" : NULL;
}

static const char *take_text(const char **to, const char *value, size_t max, const char *bad)
{
	*to = value;
	return value && (!*value || strlen(value) > max) ? bad : NULL;
}

/* ---- IPv4 ---------------------------------------------------------------- */

/* The class of a network that was given without a mask. */
static unsigned int default_bits(struct in_addr net)
{
	static const struct {
		in_addr_t	net;
		unsigned int	match, bits;
	} classes[] = {
		{ 0x00000000, 1, 8 },
		{ 0xac100000, 12, 12 },
		{ 0xc0a80000, 16, 16 },
		{ 0xc6120000, 15, 15 },
		{ 0x80000000, 2, 16 },
		{ 0xe0000000, 3, 4 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(classes); i++)
		if (!((ntohl(net.s_addr) ^ classes[i].net) >> (32 - classes[i].match)))
			return classes[i].bits;
	return 24;
}

static bool parse_mask(const char *text, struct in_addr *mask)
{
	long bits = um_slirp_number(text, 4, 32);
	in_addr_t host;

	if (bits >= 0) {
		mask->s_addr = htonl(0xffffffffU << (32 - bits));
		return true;
	}
	if (inet_pton(AF_INET, text, mask) != 1)
		return false;
	host = ~ntohl(mask->s_addr);
	return !(host & (host + 1)) && host <= 0x0fffffff;
}

static const char *take_net(struct um_slirp_options *options, const char *value)
{
	char addr[INET_ADDRSTRLEN];
	size_t len;

	if (value && !options->ipv4)
		return ipv4_is_off;
	if (!value)
		value = "10.0.2.0/24";
	len = strcspn(value, "/");
	if (len >= sizeof(addr))
		return "no address of IPv4";
	memcpy(addr, value, len);
	addr[len] = '\0';
	if (inet_pton(AF_INET, addr, &options->net) != 1)
		return "no address of IPv4";
	if (!value[len])
		options->mask.s_addr = htonl(0xffffffffU << (32 - default_bits(options->net)));
	else if (!parse_mask(value + len + 1, &options->mask))
		return "its mask is neither 4 to 32 bits nor a netmask";
	options->net.s_addr &= options->mask.s_addr;
	return NULL;
}

/* One of our addresses in the network; @low is what it ends in by default. */
static const char *take_address(struct um_slirp_options *options, const char *value,
				struct in_addr *to, in_addr_t low)
{
	if (value && !options->ipv4)
		return ipv4_is_off;
	if (!options->ipv4)
		return NULL;
	to->s_addr = options->net.s_addr | (htonl(low) & ~options->mask.s_addr);
	if (value && inet_pton(AF_INET, value, to) != 1)
		return "no address of IPv4";
	if ((to->s_addr & options->mask.s_addr) != options->net.s_addr)
		return "not in the guest's network (net=)";
	if (to->s_addr == options->net.s_addr ||
	    to->s_addr == (options->net.s_addr | ~options->mask.s_addr))
		return "an address for all of the guest's network (net=)";
	return NULL;
}

static const char *take_host(struct um_slirp_options *options, const char *value)
{
	return take_address(options, value, &options->host, 0x0202);
}

static const char *take_dns(struct um_slirp_options *options, const char *value)
{
	const char *bad = take_address(options, value, &options->dns, 0x0203);

	if (!bad && options->ipv4 && options->dns.s_addr == options->host.s_addr)
		bad = "the address of the host (host=)";
	return bad;
}

static const char *take_dhcpstart(struct um_slirp_options *options, const char *value)
{
	const char *bad = take_address(options, value, &options->dhcp, 0x020f);

	if (bad || !options->ipv4)
		return bad;
	if (options->dhcp.s_addr == options->host.s_addr)
		return "the address of the host (host=)";
	if (options->dhcp.s_addr == options->dns.s_addr)
		return "the address of the name server (dns=)";
	return NULL;
}

/* ---- IPv6 ---------------------------------------------------------------- */

static void clear_host_bits(struct in6_addr *addr, unsigned int len)
{
	unsigned int i;

	for (i = len; i < 128; i++)
		addr->s6_addr[i / 8] &= ~(0x80 >> i % 8);
}

static bool is_in_net6(const struct um_slirp_options *options, struct in6_addr addr)
{
	clear_host_bits(&addr, options->net6_len);
	return !memcmp(&addr, &options->net6, sizeof(addr));
}

static const char *take_prefix(struct um_slirp_options *options, const char *value)
{
	if (value && !options->ipv6)
		return ipv6_is_off;
	return value && inet_pton(AF_INET6, value, &options->net6) != 1 ? "no address of IPv6"
									 : NULL;
}

static const char *take_prefixlen(struct um_slirp_options *options, const char *value)
{
	long len = value ? um_slirp_number(value, 0, 126) : (long)options->net6_len;

	if (value && !options->ipv6)
		return ipv6_is_off;
	if (len < 0)
		return "a prefix has 0 to 126 bits";
	options->net6_len = len;
	clear_host_bits(&options->net6, len);
	return NULL;
}

/* Both in one; it comes first, so that each of them may say it better. */
static const char *take_net6(struct um_slirp_options *options, const char *value)
{
	size_t len = value ? strcspn(value, "/") : 0;
	char addr[INET6_ADDRSTRLEN];
	const char *bad;

	options->net6 = (struct in6_addr){ .s6_addr = { 0xfe, 0xc0 } };
	options->net6_len = 64;
	if (!value)
		return NULL;
	if (len >= sizeof(addr))
		return "no address of IPv6";
	memcpy(addr, value, len);
	addr[len] = '\0';
	bad = take_prefix(options, addr);
	return bad || !value[len] ? bad : take_prefixlen(options, value + len + 1);
}

static const char *take_address6(struct um_slirp_options *options, const char *value,
				 struct in6_addr *to, unsigned char low)
{
	if (value && !options->ipv6)
		return ipv6_is_off;
	*to = options->net6;
	to->s6_addr[15] |= low;
	if (value && inet_pton(AF_INET6, value, to) != 1)
		return "no address of IPv6";
	return is_in_net6(options, *to) ? NULL : "not in the guest's network (ipv6-net=)";
}

static const char *take_host6(struct um_slirp_options *options, const char *value)
{
	return take_address6(options, value, &options->host6, 2);
}

static const char *take_dns6(struct um_slirp_options *options, const char *value)
{
	const char *bad = take_address6(options, value, &options->dns6, 3);

	if (!bad && !memcmp(&options->dns6, &options->host6, sizeof(options->dns6)))
		bad = "the address of the host (ipv6-host=)";
	return bad;
}

/* ---- what else ----------------------------------------------------------- */

static const char *take_ipv4(struct um_slirp_options *options, const char *value)
{
	options->ipv4 = true;
	return take_bool(&options->ipv4, value);
}

static const char *take_ipv6(struct um_slirp_options *options, const char *value)
{
	const char *bad;

	options->ipv6 = true;
	bad = take_bool(&options->ipv6, value);
	if (!bad && !options->ipv4 && !options->ipv6)
		bad = "ipv4 is off, too";
	return bad;
}

static const char *take_restrict(struct um_slirp_options *options, const char *value)
{
	return take_bool(&options->is_restricted, value);
}

static const char *take_loopback(struct um_slirp_options *options, const char *value)
{
	options->host_loopback = true;
	return take_bool(&options->host_loopback, value);
}

static const char *take_mtu(struct um_slirp_options *options, const char *value)
{
	long mtu = value ? um_slirp_number(value, MTU_MIN, MTU_MAX) : MTU_DEFAULT;

	options->mtu = mtu;
	return mtu < 0 ? "no number from 576 to 65521" : NULL;
}

static const char *take_hostname(struct um_slirp_options *options, const char *value)
{
	return take_text(&options->hostname, value, HOSTNAME_MAX, "not of 1 to 32 characters");
}

static const char *take_domain(struct um_slirp_options *options, const char *value)
{
	return take_text(&options->domain, value, DHCP_TEXT_MAX, "not of 1 to 255 characters");
}

/* libslirp would leave out all domains with one that it cannot encode. */
static const char *take_search(struct um_slirp_options *options, const char *value)
{
	size_t len = strlen(value), label;

	if (options->nr_search == UM_SLIRP_SEARCH_MAX)
		return "the guest takes no more than 32 domains";
	if (!len || len > DOMAIN_MAX)
		return "not of 1 to 253 characters";
	options->search[options->nr_search++] = value;
	for (;; value += label + 1) {
		label = strcspn(value, ".");
		/* A dot may be the end. */
		if (!value[label] && !label && len > 1)
			return NULL;
		if (!label || label > LABEL_MAX)
			return "a part between dots is not of 1 to 63 characters";
		if (!value[label])
			return NULL;
	}
}

static const char *take_tftp(struct um_slirp_options *options, const char *value)
{
	struct stat st;

	options->tftp = value;
	if (!value)
		return NULL;
	if (stat(value, &st) < 0)
		return strerror(errno);
	return S_ISDIR(st.st_mode) ? NULL : strerror(ENOTDIR);
}

static const char *take_tftp_server(struct um_slirp_options *options, const char *value)
{
	return take_text(&options->tftp_server, value, DHCP_TEXT_MAX,
			 "not of 1 to 255 characters");
}

static const char *take_bootfile(struct um_slirp_options *options, const char *value)
{
	return take_text(&options->bootfile, value, BOOTFILE_MAX, "not of 1 to 127 characters");
}

static const char *take_smb(struct um_slirp_options *options, const char *value)
{
	(void)options;
	return value ? "no files are shared by SMB" : NULL;
}

/* ---- all of them --------------------------------------------------------- */

/* In the order that one needs the other. */
static const struct option table[] = {
	{ "ipv4", false, take_ipv4 },
	{ "ipv6", false, take_ipv6 },
	{ "restrict", false, take_restrict },
	{ "host-loopback", false, take_loopback },
	{ "mtu", false, take_mtu },
	{ "net", false, take_net },
	{ "host", false, take_host },
	{ "dns", false, take_dns },
	{ "dhcpstart", false, take_dhcpstart },
	{ "ipv6-net", false, take_net6 },
	{ "ipv6-prefix", false, take_prefix },
	{ "ipv6-prefixlen", false, take_prefixlen },
	{ "ipv6-host", false, take_host6 },
	{ "ipv6-dns", false, take_dns6 },
	{ "hostname", false, take_hostname },
	{ "domainname", false, take_domain },
	{ "dnssearch", true, take_search },
	{ "tftp", false, take_tftp },
	{ "tftp-server-name", false, take_tftp_server },
	{ "bootfile", false, take_bootfile },
	{ "smb", false, take_smb },
	{ "smbserver", false, take_smb },
	{ "hostfwd", true, um_slirp_hostfwd },
	{ "guestfwd", true, um_slirp_guestfwd },
};

/* The value in @text if that is this option, or NULL. */
static const char *value_in(const struct option *option, const char *text)
{
	size_t len = strlen(option->name);

	return !strncmp(text, option->name, len) && text[len] == '=' ? text + len + 1 : NULL;
}

static const char *check_name(const char *text)
{
	size_t len = strcspn(text, "=");
	const struct option *option;

	for (option = table; option < table + ARRAY_SIZE(table); option++)
		if (strlen(option->name) == len && !strncmp(text, option->name, len))
			return text[len] ? NULL : "a value is missing";
	return "no such option";
}

static int take_option(struct um_slirp_options *options, const struct option *option,
		       char **argv, char why[UM_CHILD_WHY_MAX])
{
	const char *last = NULL, *bad = NULL, *value;

	for (; *argv && !bad; argv++) {
		value = value_in(option, *argv);
		if (!value)
			continue;
		last = *argv;
		if (option->repeats)
			bad = option->take(options, value);
	}
	if (!option->repeats)
		bad = option->take(options, last ? value_in(option, last) : NULL);
	if (!bad)
		return 0;
	if (last)
		snprintf(why, UM_CHILD_WHY_MAX, "%.300s: %s", last, bad);
	else
		snprintf(why, UM_CHILD_WHY_MAX, "%s=: by default it is %s", option->name,
			 bad);
	return -1;
}

int um_slirp_options_parse(struct um_slirp_options *options, int argc, char **argv,
			   char why[UM_CHILD_WHY_MAX])
{
	const struct option *option;
	const char *bad;
	int i;

	*options = (struct um_slirp_options){ 0 };
	for (i = 1; i < argc; i++) {
		bad = check_name(argv[i]);
		if (bad) {
			snprintf(why, UM_CHILD_WHY_MAX, "%.300s: %s", argv[i], bad);
			return -1;
		}
	}
	for (option = table; option < table + ARRAY_SIZE(table); option++)
		if (take_option(options, option, argv + 1, why))
			return -1;
	return 0;
}
