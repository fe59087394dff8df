// SPDX-License-Identifier: GPL-2.0
#include <drivers/um/mconsole/request.h>
#include <stdlib.h>
#include <string.h>
#include "complete.h"
#include "instance.h"
#include "text.h"

#define BLANKS	" \t"

/**
 * struct search - for words that begin as one that is typed
 * @to:		those that were found
 * @text:	the beginning
 */
struct search {
	struct candidates	*to;
	const char		*text;
};

static bool is_wanted(const struct search *search, const char *word)
{
	int i;

	for (i = 0; i < search->to->count; i++)
		if (!strcmp(search->to->word[i], word))
			return false;
	return !strncmp(word, search->text, strlen(search->text));
}

/* Takes @word over. */
static void offer(struct search *search, char *word)
{
	struct candidates *to = search->to;
	char **more = NULL;

	if (is_wanted(search, word))
		more = realloc(to->word, (to->count + 1) * sizeof(*more));
	if (!more) {
		free(word);
		return;
	}
	to->word = more;
	to->word[to->count++] = word;
}

static void offer_commands(struct search *search)
{
	int i;

	for (i = 0; i < MCONSOLE_NR_VERBS; i++)
		offer(search, make_text("%s", mconsole_commands[i].name));
	for (i = 0; i < nr_local_commands; i++)
		offer(search, make_text("%s", local_commands[i].name));
}

/* The classes, or the units of one whose name is there. */
static void offer_devices(struct search *search)
{
	const struct mconsole_class_info *info;
	int class, unit;

	for (class = 0; class < MCONSOLE_NR_CLASSES; class++) {
		info = &mconsole_classes[class];
		if (!strncmp(search->text, info->name, strlen(info->name)))
			break;
		if (info->units && !strncmp(info->name, search->text, strlen(search->text)))
			search->to->goes_on = true;
		offer(search, make_text("%s", info->name));
	}
	if (class == MCONSOLE_NR_CLASSES)
		return;
	search->to->goes_on = false;
	/* Nobody wants to see hundreds. */
	for (unit = 0; unit < info->units && unit < 16; unit++)
		offer(search, make_text("%s%d", info->name, unit));
	if (!info->units)
		offer(search, make_text("%s", info->name));
}

static void offer_instance(const struct listed *listed, void *arg)
{
	if (listed->path)
		offer(arg, make_text("%s", listed->name));
}

void complete(const struct session *session, struct candidates *candidates, const char *line,
	      int start, const char *text)
{
	struct search search = { .to = candidates, .text = text };
	int word = strspn(line, BLANKS), word_len = strcspn(line + word, BLANKS), second;
	char *command;

	*candidates = (struct candidates) { };
	if (start <= word) {
		offer_commands(&search);
		return;
	}
	command = make_text("%.*s", word_len, line + word);
	second = word + word_len + strspn(line + word + word_len, BLANKS);
	if (!strcmp(command, "log"))
		candidates->files = !strncmp(line + second, "-f", 2);
	else if (second < start)
		;	/* a word that can be anything */
	else if (!strcmp(command, "config") || !strcmp(command, "remove"))
		offer_devices(&search);
	else if (!strcmp(command, "switch"))
		instance_list(session->options->dir, offer_instance, &search);
	free(command);
}

void candidates_free(struct candidates *candidates)
{
	while (candidates->count)
		free(candidates->word[--candidates->count]);
	free(candidates->word);
	candidates->word = NULL;
}
