// SPDX-License-Identifier: GPL-2.0
/* uml_mconsole: the client of a guest's management console. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/json.h"
#include "../lib/log.h"
#include "instance.h"
#include "listen.h"
#include "session.h"
#include "text.h"

static void print_listed(const struct listed *listed, void *arg)
{
	const struct options *options = arg;

	if (options->json) {
		fputs("{\"umid\": ", stdout);
		json_string(listed->name);
		printf(", \"pid\": ");
		printf(listed->pid ? "%d" : "null", listed->pid);
		fputs(", \"socket\": ", stdout);
		if (listed->path)
			json_string(listed->path);
		else
			fputs("null", stdout);
		puts("}");
		return;
	}
	print_text(listed->name, "");
	printf(listed->pid ? " %d " : " - ", listed->pid);
	print_text(listed->path ?: "-", "");
	putchar('\n');
}

static enum status run_list(const struct options *options)
{
	if (instance_list(options->dir, print_listed, (void *)options))
		return STATUS_USAGE;
	return STATUS_OK;
}

/* The words of the command line with blanks between them. */
static enum status run_words(struct session *session, char **words)
{
	char *command = NULL;
	enum status status;
	size_t len = 0;

	for (; *words; words++) {
		if (command)
			command = add_text(command, &len, " ", 1);
		command = add_text(command, &len, *words, strlen(*words));
	}
	status = session_command(session, command, len);
	free(command);
	return status;
}

static enum status run_session(const struct options *options)
{
	struct session session = { .options = options };
	enum status status = STATUS_OK;

	if (*options->words) {
		session.name = make_text("%s", options->name);
		status = run_words(&session, options->words);
	} else {
		status = session_switch(&session, options->name);
		if (!status)
			status = session_shell(&session);
	}
	free(session.name);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = { };
	int status;

	status = options_parse(&options, argc, argv);
	if (status >= 0)
		;
	else if (options.listen)
		status = listen_run(&options);
	else if (options.name)
		status = run_session(&options);
	else
		status = run_list(&options);
	if (fflush(stdout) || ferror(stdout)) {
		/* A reader who has seen enough is no mistake. */
		if (errno != EPIPE)
			log_line("standard output: %s", strerror(errno));
		return status ?: STATUS_USAGE;
	}
	return status;
}
