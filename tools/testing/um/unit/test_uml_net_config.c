// SPDX-License-Identifier: GPL-2.0
/* The rules of uml_net, and what they and their absence allow. */
#include <arpa/inet.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <unistd.h>
#include "unit.h"
#include "tools/net/config.h"
#include "tools/net/policy.h"

static char why[CONFIG_WHY_MAX];

/* In memory of exactly its size, so that the sanitizer sees more. */
static struct rule *rules_of(const char *text)
{
	char *copy = strdup(text);
	struct rule *rules;
	int err;

	memset(why, 0, sizeof(why));
	err = config_parse("FILE", copy, &rules, why);
	free(copy);
	return err ? NULL : rules;
}

static void bad(const char *text, const char *words)
{
	struct rule *rules = rules_of(text);

	ok(!rules && strstr(why, words), "refused: %s", why);
	config_free(rules);
}

static void test_rules(void)
{
	struct rule *rules = rules_of("# a comment\n\n"
				      "\tallow  user alice\taddress 10.0.0.0/8,10.1.0.1-10.1.0.9 # another\r\n"
				      "allow group 100 device tap*,my? address 1.2.3.4\n"
				      "allow everyone address 0.0.0.0/0");
	struct rule *second = rules ? rules->next : NULL, *third = second ? second->next : NULL;

	ok(third && !third->next, "three rules: %s", why);
	if (!third)
		return;
	ok(rules->kind == RULE_USER && rules->nr_ranges == 2 && !rules->nr_patterns, "the first");
	is_str(rules->who, "alice", "its user");
	ok(range_has(&rules->ranges[0], inet_addr("10.255.255.255")) &&
	   range_has(&rules->ranges[0], inet_addr("10.0.0.0")) &&
	   !range_has(&rules->ranges[0], inet_addr("11.0.0.0")), "a prefix");
	ok(range_has(&rules->ranges[1], inet_addr("10.1.0.1")) &&
	   range_has(&rules->ranges[1], inet_addr("10.1.0.9")) &&
	   !range_has(&rules->ranges[1], inet_addr("10.1.0.10")), "from one to another");
	ok(second->kind == RULE_GROUP && second->nr_patterns == 2, "the second");
	is_str(second->patterns[1], "my?", "its second pattern");
	ok(range_has(&second->ranges[0], inet_addr("1.2.3.4")) &&
	   !range_has(&second->ranges[0], inet_addr("1.2.3.5")), "one address");
	ok(third->kind == RULE_EVERYONE && range_has(&third->ranges[0], ~0U), "the third");
	config_free(rules);
	ok(!rules_of("") && !*why, "no rules at all");
	ok(!rules_of(" \t\n#allow everyone\n\n") && !*why, "nothing but blanks and comments");
}

static void test_mistakes(void)
{
	char text[400] = "allow user ";

	bad("deny everyone address 10.0.0.0/8", "FILE:1: deny");
	bad("\n\nallow", "FILE:3: allow: whom");
	bad("allow all address 10.0.0.0/8", "all: neither");
	bad("allow user", "user: a name");
	bad("allow everyone", "needs an address");
	bad("allow everyone device tap0", "needs an address");
	bad("allow everyone address", "address: a list");
	bad("allow everyone net 10.0.0.0/8", "net: neither");
	bad("allow everyone address 10.0.0.0/33", "32 bits");
	bad("allow everyone address 10.0.0.0/", "32 bits");
	bad("allow everyone address 10.0.0.1/8", "behind its prefix");
	bad("allow everyone address 10.0.0.9-10.0.0.8", "before it");
	bad("allow everyone address 10.0.0.9-", "its end");
	bad("allow everyone address 10.0.0", "10.0.0: no address");
	bad("allow everyone address 10.0.0.1,", "no address");
	bad("allow everyone address 10.0.0.1 address 10.0.0.2", "already");
	bad("allow everyone device abcdefghijklmnop address 10.0.0.1", "15");
	bad("allow everyone device , address 10.0.0.1", "15");
	bad("allow everyone device a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q address 10.0.0.1", "16 items");
	memset(text + strlen(text), 'x', 300);
	bad(text, "32 characters");
}

static void test_random(void)
{
	static const char * const words[] = {
		"allow", "user", "group", "everyone", "device", "address", "10.0.0.0/8", "1.2.3.4",
		"-", "/", ",", " ", " ", "\t", "\n", "#", "\r", "tap*", "root", "0", "\x80",
	};
	unsigned int seed = 9, i, j, state[2] = { 0 };
	struct rule *rules;
	char text[256];

	for (i = 0; i < 100000; i++) {
		snprintf(text, sizeof(text), "%s", i % 2 ? "allow everyone address 1.2.3.4" : "");
		for (j = rand_r(&seed) % 16; j; j--)
			strcat(text, words[rand_r(&seed) % (sizeof(words) / sizeof(*words))]);
		rules = rules_of(text);
		state[!*why]++;
		config_free(rules);
	}
	ok(state[0] && state[1], "random files: %u refused, %u taken", state[0], state[1]);
}

/* ---- what they allow ----------------------------------------------------- */

static gid_t groups[] = { 100, 200 };
static struct policy policy = { .caller = { .uid = 1000, .gids = groups, .nr_gids = 2 } };
static const struct route none = { .type = RTN_UNREACHABLE };
static const struct route by_default = { .type = RTN_UNICAST, .link = 1 };
static const struct route network = { .type = RTN_UNICAST, .bits = 24, .link = 1 };
static const struct route local = { .type = RTN_LOCAL, .bits = 32, .link = 1 };
static const struct route guest = { RTN_UNICAST, 32, ROUTE_PROTOCOL, 5 };

static bool gate(const char *addr, const struct route *route)
{
	return !policy_gate(&policy, "tap0", inet_addr(addr), route);
}

static bool has(const char *addr, const struct route *route, int index)
{
	struct link link = { .index = index, .name = "tap0" };

	return !policy_guest(&policy, &link, inet_addr(addr), route);
}

static void test_addresses(void)
{
	policy.has_file = false;
	ok(gate("10.0.0.1", &none) && gate("10.0.0.1", &by_default), "a private GATE");
	ok(!gate("8.8.8.8", &none) && !gate("10.0.0.1", &network), "not one of others");
	ok(gate("8.8.8.8", &local), "but the host's own");
	ok(!gate("10.0.0.1", &guest), "and not a guest's");
	ok(has("10.0.0.1", &none, 5) && !has("8.8.8.8", &none, 5), "ADDR");
	ok(!has("10.0.0.1", &local, 5), "not the host's");
	ok(!has("10.0.0.1", &network, 5), "not of a network of the host");
	ok(has("10.0.0.1", &guest, 5), "again what it has");
	ok(!has("10.0.0.1", &guest, 6), "not what another guest has");
	policy.has_file = true;
	policy.rules = rules_of("allow user 1000 device tap0 address 8.8.8.0/24\n"
				"allow group 200 address 10.0.0.1\n"
				"allow user root address 9.9.9.9\n"
				"allow group no-such-group address 9.9.9.9");
	ok(gate("8.8.8.8", &network) && gate("10.0.0.1", &none), "by the user, and by a group");
	ok(!gate("10.0.0.2", &none) && !gate("9.9.9.9", &none), "and nothing else");
	ok(policy_gate(&policy, "tap1", inet_addr("8.8.8.8"), &none), "nor elsewhere");
	ok(has("8.8.8.8", &by_default, 5) && !has("8.8.8.8", &local, 5), "ADDR by a rule");
	policy.caller.uid = 0;
	ok(gate("9.9.9.9", &network) && has("9.9.9.9", &network, 5), "root needs no rule");
	ok(!gate("9.9.9.9", &guest) && !has("9.9.9.9", &local, 5), "but takes from nobody");
	policy.caller.uid = 1000;
	config_free(policy.rules);
	policy.rules = NULL;
}

static void test_links(void)
{
	struct link link = {
		.tun = true, .owner = LINK_NOBODY, .group = LINK_NOBODY, .slip = LINK_NOBODY,
	};

	ok(policy_link(&policy, &link), "a tap of nobody is not everybody's");
	link.owner = 1000;
	ok(!policy_link(&policy, &link), "one's own");
	link.group = 300;
	ok(policy_link(&policy, &link), "one's own, of a group that one is not in");
	link.owner = LINK_NOBODY;
	link.group = 200;
	ok(!policy_link(&policy, &link), "of a group");
	link.owner = 1001;
	ok(policy_link(&policy, &link), "of another user");
	link.owner = 1000;
	link.tun = false;
	ok(policy_link(&policy, &link), "no tap");
	link.type = ARPHRD_SLIP;
	link.slip = 1000;
	ok(!policy_link(&policy, &link), "one's own SLIP");
	link.slip = 1001;
	ok(policy_link(&policy, &link), "another's");
	ok(!policy_new_link(&policy, "tap0") && !policy_new_link(&policy, "ethertap12"),
	   "new names");
	ok(policy_new_link(&policy, "tap") && policy_new_link(&policy, "tap0x") &&
	   policy_new_link(&policy, "eth0") && policy_new_link(&policy, "all") &&
	   policy_new_link(&policy, "ethertap"), "and others");
}

int main(void)
{
	test_rules();
	test_mistakes();
	test_random();
	test_addresses();
	test_links();
	return done();
}
