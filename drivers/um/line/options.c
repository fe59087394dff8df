// SPDX-License-Identifier: GPL-2.0
/*
 * con=<in>[,<out>], con<n>=<in>[,<out>], and the same for ssl.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <asm/options.h>

#include <um/host.h>
#include "line.h"

static struct line_choice console_choices[LINE_CONSOLES] __initdata;
static struct line_choice serial_choices[LINE_SERIALS] __initdata;

/**
 * struct line_options - what the command line says of a class
 * @each:	of each line
 * @all:	of all that have no choice of their own
 */
static struct line_options {
	struct line_choice	*each;
	struct line_choice	all;
} line_options[LINE_CLASSES] __initdata = {
	{ .each = console_choices },
	{ .each = serial_choices },
};

/* What a channel is called, up to the comma. */
static bool line_names_one(const char *in, const char *out)
{
	size_t len = strcspn(in, ",");

	return len == strcspn(out, ",") && !strncmp(in, out, len);
}

const char *line_parse(struct line_choice *choice, const char *value, char *reason,
		       int size)
{
	const char *comma = strchr(value, ',');
	const char *why;

	*choice = (struct line_choice) { .given = true };
	if (comma && strchr(comma + 1, ','))
		return "there are but two channels, for input and for output";
	why = chan_parse(&choice->in, value, reason, size);
	/* One that is named twice is one. */
	if (!why && comma && !line_names_one(value, comma + 1)) {
		why = chan_parse(&choice->out, comma + 1, reason, size);
		if (!why && (!choice->in.ops || !choice->out.ops))
			why = "channel none is for both directions or for neither";
	}
	if (why)
		line_choice_forget(choice);
	return why;
}

void line_choice_forget(struct line_choice *choice)
{
	chan_spec_forget(&choice->in);
	chan_spec_forget(&choice->out);
	choice->given = false;
}

/* "con<n>=<value>" or "con=<value>", without "con" */
static int __init line_option(unsigned int which, char *arg)
{
	const struct line_class *class = &line_classes[which];
	const char *word = arg - strlen(class->name);
	struct line_choice *choice = &line_options[which].all;
	struct line_choice new;
	char reason[200];
	const char *why;

	/* Others begin like this, "console=" among them. */
	if (*arg != '=' && !isdigit(*arg))
		return 1;

	if (isdigit(*arg)) {
		unsigned int n = 0;

		for (; isdigit(*arg); arg++)
			n = min(n * 10 + *arg - '0', class->count);
		if (n == class->count || (*arg && *arg != '='))
			return um_option_error("%s: %ss are %s0 to %s%u", word, class->title,
					       class->name, class->name, class->count - 1);
		if (!*arg)
			return um_option_error("%s: no channel: write %s=fd:0,fd:1, or the like",
					       word, word);
		choice = &line_options[which].each[n];
	}
	why = line_parse(&new, arg + 1, reason, sizeof(reason));
	if (why)
		return um_option_error("%s: %s", word, why);
	line_choice_forget(choice);
	*choice = new;
	return 0;
}

static int __init um_con_option(char *arg)
{
	return line_option(0, arg);
}

static int __init um_ssl_option(char *arg)
{
	return line_option(1, arg);
}

#define LINE_CHANNELS							\
	"Channels:\n"							\
	"  fd:N          a descriptor of this program\n"		\
	"  pts, pty      a pseudo-terminal of the host, which the log names;\n" \
	"                attach a terminal program to it: screen /dev/pts/5\n" \
	"  tty:PATH      a terminal of the host\n"			\
	"  port:N        whoever connects to that port of 127.0.0.1, by telnet or\n" \
	"                by nc; port:ADDRESS:N another address, port:/PATH a\n" \
	"                UNIX socket\n"					\
	"  xterm         a window (xterm=)\n"				\
	"  null          nothing is read, and what is written is lost\n" \
	"  none          there is no such line\n"			\
	"One channel is for both directions, two are for input and output.\n"

UM_OPTION(con, "con", um_con_option, "con<n>=<in>[,<out>]",
	  "What a console (0-15, /dev/tty0 to /dev/tty15 in the guest) is\n"
	  "connected to; con= is for all that have no value of their own.\n"
	  LINE_CHANNELS
	  "Default: con0=fd:0,fd:1; xterm for the others where DISPLAY is set, else\n"
	  "none.\n");

UM_OPTION(ssl, "ssl", um_ssl_option, "ssl<n>=<in>[,<out>]",
	  "The same for the serial lines (0-63, /dev/ttyS0 to /dev/ttyS63).\n"
	  "Default: pty for all.\n");

/* What a line has that no option names. */
static const char * __init line_standard(const struct line *line)
{
	if (line->class != line_classes)
		return "pty";
	if (line->index == 0)
		return "fd:0,fd:1";
	return host_getenv("DISPLAY") ? "xterm" : "none";
}

/* Gives the lines the channels of the command line, or the defaults. */
void __init line_choose_channels(void)
{
	unsigned int i;

	for (i = 0; i < LINE_CLASSES; i++) {
		struct line_options *options = &line_options[i];
		struct line *line;

		for_each_line_of(line, &line_classes[i]) {
			struct line_choice *choice = &options->each[line->index];
			char reason[200];

			if (!choice->given && options->all.given) {
				chan_spec_copy(&choice->in, &options->all.in);
				chan_spec_copy(&choice->out, &options->all.out);
			} else if (!choice->given) {
				/* Such as fd:0 where there is no standard input. */
				line_parse(choice, line_standard(line), reason, sizeof(reason));
			}
			line_set_channels(line, choice);
		}
		line_choice_forget(&options->all);
	}
}
