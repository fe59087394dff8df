// SPDX-License-Identifier: GPL-2.0
/*
 * uml_net: the input is its command line, a line for each word; or, where the first byte
 * is '#', the file of rules.
 */
#include <arpa/inet.h>
#include <string.h>

#include <tools/net/args.h>
#include <tools/net/config.h>
#include <tools/net/policy.h>
#include "fuzz.h"

#define WORDS_MAX	16

/* One line of text, as it goes to a log or to a guest. */
static void must_be_line(const char *why, size_t size)
{
	size_t len = strnlen(why, size), i;

	must(len && len < size);
	for (i = 0; i < len; i++)
		must((unsigned char)why[i] >= ' ' && why[i] != 0x7f);
}

static void command_line(const char *text)
{
	char *copy = strdup(text), *rest = copy, *words[WORDS_MAX + 1] = { "uml_net" };
	char why[ARGS_WHY_MAX];
	struct request request;
	int count = 1;

	while (rest && count < WORDS_MAX)
		words[count++] = strsep(&rest, "\n");
	memset(&request, 0xa5, sizeof(request));
	memset(why, 0xa5, sizeof(why));
	if (args_parse(&request, words, why)) {
		must_be_line(why, sizeof(why));
	} else {
		must(request.op > REQUEST_NONE && request.op <= REQUEST_VERSION);
		must(request.op >= REQUEST_HELP || request.version <= 4);
		must(strnlen(request.dev, sizeof(request.dev)) < sizeof(request.dev));
		must(!strpbrk(request.dev, "/ \t\n"));
		must(request.op != REQUEST_ETHERTAP || request.data_fd >= 0);
	}
	must(request.form <= ANSWER_ETHERTAP);
	free(copy);
}

static void rules(const char *text)
{
	char *copy = strdup(text), why[CONFIG_WHY_MAX];
	struct rule *rules = NULL, *rule;
	gid_t gids[] = { 100 };
	struct policy policy = { .caller = { .uid = 1000, .gids = gids, .nr_gids = 1 },
				 .has_file = true };
	int i;

	memset(why, 0xa5, sizeof(why));
	if (config_parse("f", copy, &rules, why)) {
		/* Root's own words are in it. */
		must(*why && strnlen(why, sizeof(why)) < sizeof(why) && !strchr(why, '\n'));
	} else {
		for (rule = rules; rule; rule = rule->next) {
			must(rule->kind <= RULE_EVERYONE);
			must(rule->nr_ranges > 0 && rule->nr_ranges <= CONFIG_ITEMS_MAX);
			must(rule->nr_patterns >= 0 && rule->nr_patterns <= CONFIG_ITEMS_MAX);
			for (i = 0; i < rule->nr_ranges; i++)
				must(ntohl(rule->ranges[i].first) <= ntohl(rule->ranges[i].last));
		}
		policy.rules = rules;
		/* No rule allows what belongs to the host by another way. */
		policy_new_link(&policy, "tap0");
		config_free(rules);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = 0;
	if (*text == '#')
		rules(text + 1);
	else
		command_line(text);
	free(text);
	return 0;
}
