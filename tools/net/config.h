/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /etc/uml_net.conf: who may use which addresses, on which interfaces.  A line of
 * it is
 *
 *	allow user NAME|UID [device PATTERN,...] address RANGE,...
 *	allow group NAME|GID [device PATTERN,...] address RANGE,...
 *	allow everyone [device PATTERN,...] address RANGE,...
 *
 * where RANGE is ADDRESS, ADDRESS/BITS or ADDRESS-ADDRESS, and PATTERN the name of
 * an interface, with the wildcards of the shell.  Words are separated by blanks; a
 * '#' begins a comment.
 */
#ifndef NET_CONFIG_H
#define NET_CONFIG_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#define CONFIG_PATH		"/etc/uml_net.conf"
#define CONFIG_SIZE_MAX		65536
#define CONFIG_WHY_MAX		200
#define CONFIG_WHO_MAX		33	/* a name of a user, with its NUL */
#define CONFIG_ITEMS_MAX	16	/* of a list in a rule */

enum rule_kind { RULE_USER, RULE_GROUP, RULE_EVERYONE };

/**
 * struct range - addresses from one to another
 * @first:	the first one
 * @last:	the last one, which belongs to it
 */
struct range {
	in_addr_t	first;
	in_addr_t	last;
};

/**
 * struct rule - a line of the file
 * @next:	the next one
 * @kind:	whom it is about
 * @who:	name or number of a user or group
 * @patterns:	names of interfaces
 * @nr_patterns: their number; 0: all
 * @ranges:	addresses
 * @nr_ranges:	their number
 */
struct rule {
	struct rule	*next;
	enum rule_kind	kind;
	char		who[CONFIG_WHO_MAX];
	char		patterns[CONFIG_ITEMS_MAX][IFNAMSIZ];
	int		nr_patterns;
	struct range	ranges[CONFIG_ITEMS_MAX];
	int		nr_ranges;
};

/*
 * Reads the file.  Returns 1 and its text, which is the caller's to free; 0 when
 * there is none; or -1 and one line in @why, also where somebody else than root
 * could have written it.
 */
int config_read(const char *path, char **text, char why[CONFIG_WHY_MAX]);

/* The rules in a text, which is changed: 0; or -1, and one line in @why. */
int config_parse(const char *path, char *text, struct rule **rules, char why[CONFIG_WHY_MAX]);
void config_free(struct rule *rules);

bool range_has(const struct range *range, in_addr_t addr);

#endif /* NET_CONFIG_H */
