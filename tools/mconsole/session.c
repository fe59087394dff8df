// SPDX-License-Identifier: GPL-2.0
#include <drivers/um/mconsole/request.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../lib/json.h"
#include "../lib/log.h"
#include "instance.h"
#include "session.h"
#include "talk.h"
#include "text.h"

/* A command "log" has this, and a piece of the text. */
#define LOG		"log "
#define LOG_PIECE	(UM_MCONSOLE_TEXT_MAX - (sizeof(LOG) - 1))
#define LOG_FILE_MAX	(1024 * 1024)

#define BLANKS		" \t\n\v\f\r"

/* ---- answers ------------------------------------------------------------- */

static void print_answer(const struct session *session, struct answer *answer)
{
	if (!answer->text)
		return;
	if (session->options->json) {
		printf("{\"err\": %d, \"text\": ", answer->err);
		json_string(answer->text);
		puts("}");
	} else {
		fputs(answer->err ? "ERR " : "OK ", stdout);
		print_text(answer->text, "\n\t");
		/* Some texts have the end of their last line. */
		if (!answer->len || answer->text[answer->len - 1] != '\n')
			putchar('\n');
	}
	fflush(stdout);
	free(answer->text);
	answer->text = NULL;
}

static enum status too_long(const struct session *session, size_t len)
{
	log_line("%s: a command has at most %d bytes, and this one has %zu", session->name,
		 UM_MCONSOLE_TEXT_MAX, len);
	return STATUS_USAGE;
}

/* Of exec the answer has the status of the command. */
static bool is_exec(const char *text)
{
	const char *name = mconsole_commands[MCONSOLE_EXEC].name;

	return !strncmp(text, name, strlen(name)) && strchr(BLANKS, text[strlen(name)]);
}

static enum status ask(const struct session *session, const char *text, size_t len)
{
	struct options options = *session->options;
	struct answer answer;
	enum status status;

	if (len > UM_MCONSOLE_TEXT_MAX)
		return too_long(session, len);
	if (is_exec(text) && options.patient)
		options.timeout = 0;
	status = talk(&options, session->name, text, len, &answer);
	print_answer(session, &answer);
	if (status == STATUS_ERROR && is_exec(text) && answer.err > 0 && answer.err <= 255)
		status = answer.err;
	return status;
}

/* ---- log, of which a text can be longer than a request ------------------- */

/* How much of a text goes into one request: whole lines, or else whole characters. */
static size_t log_piece(const char *text, size_t len)
{
	const char *newline;
	size_t n = LOG_PIECE;

	if (len <= n)
		return len;
	newline = memrchr(text, '\n', n);
	if (newline)
		return newline + 1 - text;
	while (n > LOG_PIECE - 4 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* One answer is printed, that of the last request or of the first that failed. */
static enum status log_pieces(const struct session *session, const char *text, size_t len)
{
	struct answer answer = { };
	enum status status = STATUS_OK;

	while (len && !status) {
		char command[UM_MCONSOLE_TEXT_MAX + 1] = LOG;
		size_t piece = log_piece(text, len);

		memcpy(command + strlen(LOG), text, piece);
		if (strspn(text, BLANKS) < piece) {
			free(answer.text);
			status = talk(session->options, session->name, command,
				      strlen(LOG) + piece, &answer);
		}
		text += piece;
		len -= piece;
	}
	print_answer(session, &answer);
	return status;
}

static enum status log_text(const struct session *session, const char *text)
{
	size_t len = strlen(text);
	/* A line without an end might wait for it until something else is logged. */
	char *lines = make_text("%s%s", text, len && text[len - 1] == '\n' ? "" : "\n");
	enum status status = log_pieces(session, lines, strlen(lines));

	free(lines);
	return status;
}

static char *read_file(const char *path)
{
	char part[4096], *text = NULL, *nul;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = 0;
	ssize_t n = -1;

	while (fd >= 0 && (n = read(fd, part, sizeof(part))) > 0 && len + n <= LOG_FILE_MAX)
		text = add_text(text, &len, part, n);
	if (fd < 0 || n < 0)
		log_line("log -f %s: %s", path, strerror(errno));
	else if (n > 0)
		log_line("log -f %s: a file has at most 1 MiB", path);
	else if (!len)
		log_line("log -f %s: the file is empty", path);
	if (fd >= 0)
		close(fd);
	if (n || !len) {
		free(text);
		return NULL;
	}
	/* They would end the text. */
	while ((nul = memchr(text, 0, len)))
		*nul = ' ';
	return text;
}

static enum status run_log(struct session *session, const char *args)
{
	enum status status;
	char *text;

	if (!strncmp(args, "-f", 2) && strchr(BLANKS, args[2])) {
		args += 2;
		args += strspn(args, BLANKS);
		if (!*args) {
			log_line("log -f: the name of a file is missing");
			return STATUS_USAGE;
		}
		text = read_file(args);
		if (!text)
			return STATUS_USAGE;
		status = log_text(session, text);
		free(text);
		return status;
	}
	if (!*args)
		return ask(session, "log", strlen("log"));
	return log_text(session, args);
}

/* ---- the other commands of the client ------------------------------------ */

static enum status run_help(struct session *session, const char *args)
{
	enum status status;
	int i;

	(void)args;
	status = ask(session, "help", strlen("help"));
	if (session->options->json)
		return status;
	puts("\nCommands of uml_mconsole itself:");
	for (i = 0; i < nr_local_commands; i++) {
		const struct local_command *local = &local_commands[i];

		printf("    %s%s%s - %s\n", local->name, *local->args ? " " : "", local->args,
		       local->help);
	}
	return status;
}

static enum status run_quit(struct session *session, const char *args)
{
	(void)args;
	session->quit = true;
	return STATUS_OK;
}

static enum status run_switch(struct session *session, const char *args)
{
	enum status status;

	if (!*args) {
		log_line("switch: the name of a guest is missing");
		return STATUS_USAGE;
	}
	status = session_switch(session, args);
	if (!status && !session->options->json) {
		fputs("Switched to '", stdout);
		print_text(session->name, "");
		puts("'");
	}
	return status;
}

static enum status run_version(struct session *session, const char *args)
{
	struct answer answer = {
		.text = make_text("uml_mconsole client version %d", UM_MCONSOLE_VERSION),
	};

	(void)args;
	if (session->options->json) {
		print_answer(session, &answer);
	} else {
		puts(answer.text);
		free(answer.text);
	}
	return STATUS_OK;
}

/* As Ctrl-C on the terminal that it was started from. */
static enum status run_int(struct session *session, const char *args)
{
	enum status status = STATUS_USAGE;
	struct instance instance;
	pid_t pid;
	int fd;

	(void)args;
	fd = instance_open(&instance, session->options->dir, session->name);
	if (fd < 0)
		return status;
	pid = instance_pid(&instance);
	if (!pid)
		log_line("int: there is no file with its pid beside %s", instance.path);
	else if (kill(pid, SIGINT) < 0)
		log_line("int: process %d: %s", pid, strerror(errno));
	else
		status = STATUS_OK;
	close(fd);
	instance_close(&instance);
	return status;
}

const struct local_command local_commands[] = {
	{ "help", "", "the commands of the guest, and these", run_help },
	{ "quit", "", "end", run_quit },
	{ "switch", "<umid>", "go on with another guest", run_switch },
	{ "log", "-f <file>", "log what is in a file of the host", run_log },
	{ "int", "", "interrupt the guest: SIGINT to its process", run_int },
	{ "mconsole-version", "", "the version of the protocol", run_version },
};

const int nr_local_commands = ARRAY_SIZE(local_commands);

/* ---- all of them --------------------------------------------------------- */

enum status session_switch(struct session *session, const char *name)
{
	struct instance instance;
	int fd = instance_open(&instance, session->options->dir, name);
	char *copy;

	if (fd < 0)
		return STATUS_USAGE;
	close(fd);
	instance_close(&instance);
	/* @name may be a part of what is freed. */
	copy = make_text("%s", name);
	free(session->name);
	session->name = copy;
	return STATUS_OK;
}

static const struct local_command *find_local(const char *command, size_t len)
{
	int i;

	for (i = 0; i < nr_local_commands; i++) {
		const char *name = local_commands[i].name;

		if (strlen(name) == len && !memcmp(name, command, len))
			return &local_commands[i];
	}
	return NULL;
}

enum status session_command(struct session *session, const char *command, size_t len)
{
	const struct local_command *local;
	enum status status;
	size_t word;
	char *text;

	if (memchr(command, 0, len)) {
		log_line("%s: a command has no NUL in it", session->name);
		return STATUS_USAGE;
	}
	command += strspn(command, BLANKS);
	len = strlen(command);
	while (len && strchr(BLANKS, command[len - 1]))
		len--;
	if (!len) {
		log_line("%s: the command is empty", session->name);
		return STATUS_USAGE;
	}
	text = make_text("%.*s", (int)len, command);
	word = strcspn(text, BLANKS);
	local = find_local(text, word);
	if (local)
		status = local->run(session, text + word + strspn(text + word, BLANKS));
	else
		status = ask(session, text, len);
	free(text);
	return status;
}
