// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../lib/tools.h"
#include "address.h"
#include "config.h"

/* ---- the file ------------------------------------------------------------ */

/* Who can write to it decides what this program does as root. */
static const char *file_is_bad(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "no regular file";
	if (st->st_uid)
		return "it does not belong to root";
	if (st->st_mode & 0022)
		return "others than root can write to it";
	if (st->st_size > CONFIG_SIZE_MAX)
		return "it is too large";
	return NULL;
}

static int read_all(int fd, char **text)
{
	size_t length = 0;
	ssize_t bytes;

	*text = calloc(1, CONFIG_SIZE_MAX + 1);
	if (!*text)
		return -ENOMEM;
	do {
		bytes = read(fd, *text + length, CONFIG_SIZE_MAX - length);
		if (bytes > 0)
			length += bytes;
	} while (bytes > 0);
	if (!bytes)
		return 0;
	free(*text);
	return -errno;
}

int config_read(const char *path, char **text, char why[CONFIG_WHY_MAX])
{
	const char *bad;
	struct stat st;
	int fd, err;

	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0) {
		snprintf(why, CONFIG_WHY_MAX, "%s: %s", path, strerror(errno));
		return -1;
	}
	bad = fstat(fd, &st) < 0 ? strerror(errno) : file_is_bad(&st);
	if (!bad) {
		err = read_all(fd, text);
		if (err)
			bad = strerror(-err);
	}
	close(fd);
	if (!bad)
		return 1;
	snprintf(why, CONFIG_WHY_MAX, "%s: %s", path, bad);
	return -1;
}

/* ---- its text ------------------------------------------------------------ */

static bool parse_bits(const char *text, unsigned int *bits)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || digits > 2 || text[digits])
		return false;
	*bits = strtoul(text, NULL, 10);
	return *bits <= 32;
}

/* NULL, or what is wrong with it. */
static const char *parse_range(char *text, struct range *range)
{
	char *end = strpbrk(text, "/-"), kind = end ? *end : '\0';
	unsigned int bits = 32;

	if (end)
		*end++ = '\0';
	if (!address_parse(text, &range->first))
		return "no address of IPv4";
	switch (kind) {
	case '-':
		if (!address_parse(end, &range->last))
			return "its end is no address of IPv4";
		return ntohl(range->last) < ntohl(range->first) ? "its end is before it" : NULL;
	case '/':
		if (!parse_bits(end, &bits))
			return "its prefix has 0 to 32 bits";
		if (range->first & ~address_mask(bits))
			return "it has ones behind its prefix";
	}
	range->last = range->first | ~address_mask(bits);
	return NULL;
}

static const char *parse_pattern(const char *text, char pattern[IFNAMSIZ])
{
	if (!*text || strlen(text) >= IFNAMSIZ)
		return "a name has 1 to 15 characters";
	memcpy(pattern, text, strlen(text) + 1);
	return NULL;
}

/* One after the other; @item is the one that is wrong. */
static const char *parse_list(struct rule *rule, bool devices, char *text, const char **item)
{
	int *count = devices ? &rule->nr_patterns : &rule->nr_ranges;
	const char *bad = NULL;
	char *next;

	*item = text;
	if (*count)
		return "there is such a list already";
	while (text && !bad) {
		next = strchr(text, ',');
		if (next)
			*next++ = '\0';
		*item = text;
		if (*count == CONFIG_ITEMS_MAX)
			return "a list has at most 16 items";
		bad = devices ? parse_pattern(text, rule->patterns[*count])
			      : parse_range(text, &rule->ranges[*count]);
		++*count;
		text = next;
	}
	return bad;
}

static const char *parse_who(struct rule *rule, const char *kind, char **words,
			     const char **item)
{
	const char *who;

	*item = kind;
	if (!strcmp(kind, "everyone")) {
		rule->kind = RULE_EVERYONE;
		return NULL;
	}
	if (strcmp(kind, "user") && strcmp(kind, "group"))
		return "neither user nor group nor everyone";
	rule->kind = *kind == 'u' ? RULE_USER : RULE_GROUP;
	who = strsep(words, " ");
	if (!who)
		return "a name or number is missing";
	*item = who;
	if (strlen(who) >= CONFIG_WHO_MAX)
		return "a name has at most 32 characters";
	memcpy(rule->who, who, strlen(who) + 1);
	return NULL;
}

/* What is wrong, with the word where it is in @item. */
static const char *parse_rule(struct rule *rule, char *words, const char **item)
{
	const char *word = strsep(&words, " "), *bad;
	bool devices;
	char *list;

	*item = word;
	if (strcmp(word, "allow"))
		return "a rule begins with allow";
	word = strsep(&words, " ");
	if (!word)
		return "whom is missing";
	bad = parse_who(rule, word, &words, item);
	while (!bad && words) {
		word = strsep(&words, " ");
		*item = word;
		devices = !strcmp(word, "device");
		if (!devices && strcmp(word, "address"))
			return "neither device nor address";
		list = strsep(&words, " ");
		if (!list)
			return "a list is missing";
		bad = parse_list(rule, devices, list, item);
	}
	if (!bad && !rule->nr_ranges) {
		*item = "allow";
		bad = "a rule needs an address";
	}
	return bad;
}

/* Single blanks between words, none around them, no comment. */
static void squeeze(char *line)
{
	char *to = line, *word;
	bool first = true;

	line[strcspn(line, "#")] = '\0';
	while ((word = strsep(&line, " \t\r"))) {
		if (!*word)
			continue;
		if (!first)
			*to++ = ' ';
		first = false;
		memmove(to, word, strlen(word));
		to += strlen(word);
	}
	*to = '\0';
}

int config_parse(const char *path, char *text, struct rule **rules, char why[CONFIG_WHY_MAX])
{
	struct rule **tail = rules;
	const char *bad, *item;
	unsigned int number = 0;
	char *line;

	*rules = NULL;
	while ((line = strsep(&text, "\n"))) {
		number++;
		squeeze(line);
		if (!*line)
			continue;
		*tail = calloc(1, sizeof(**tail));
		item = line;
		bad = *tail ? parse_rule(*tail, line, &item) : strerror(ENOMEM);
		if (bad) {
			snprintf(why, CONFIG_WHY_MAX, "%s:%u: %.40s: %s", path, number, item, bad);
			config_free(*rules);
			*rules = NULL;
			return -1;
		}
		tail = &(*tail)->next;
	}
	return 0;
}

void config_free(struct rule *rules)
{
	struct rule *next;

	for (; rules; rules = next) {
		next = rules->next;
		free(rules);
	}
}

bool range_has(const struct range *range, in_addr_t addr)
{
	return ntohl(addr) >= ntohl(range->first) && ntohl(addr) <= ntohl(range->last);
}
