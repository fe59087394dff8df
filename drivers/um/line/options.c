// SPDX-License-Identifier: GPL-2.0
/*
 * con=<in>[,<out>] and con<n>=<in>[,<out>]
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <asm/options.h>

#include "line.h"

/**
 * struct line_choice - the channels that an option names
 * @given:	the option was there
 * @in:		for input
 * @out:	for output
 */
struct line_choice {
	bool		given;
	struct chan	in;
	struct chan	out;
};

static struct line_choice line_choices[LINE_COUNT];
static struct line_choice line_choice_all;

static int line_parse_value(struct line_choice *choice, const char *word,
			    const char *value)
{
	const char *comma = strchr(value, ',');
	struct line_choice new = { .given = true };
	char reason[128];
	const char *error;

	error = chan_parse(&new.in, value, reason, sizeof(reason));
	if (!error && comma)
		error = chan_parse(&new.out, comma + 1, reason, sizeof(reason));
	else
		new.out = new.in;
	if (!error && comma && strchr(comma + 1, ','))
		error = "there are but two channels, for input and for output";
	if (!error && !new.in.ops != !new.out.ops)
		error = "channel none is for both directions or for neither";
	if (error)
		return um_option_error("%s: %s", word, error);
	*choice = new;
	return 0;
}

static int um_con_option(char *arg)
{
	const char *word = arg - strlen("con");
	struct line_choice *choice = &line_choice_all;

	/* Others begin like this, "console=" among them. */
	if (*arg != '=' && !isdigit(*arg))
		return 1;

	if (isdigit(*arg)) {
		unsigned int n = 0;

		for (; isdigit(*arg); arg++)
			n = min(n * 10 + *arg - '0', (unsigned int)LINE_COUNT);
		if (n == LINE_COUNT || (*arg && *arg != '='))
			return um_option_error("%s: consoles are con0 to con%d",
					       word, LINE_COUNT - 1);
		if (!*arg)
			return um_option_error("%s: no channel: write %s=fd:0,fd:1, or the like",
					       word, word);
		choice = &line_choices[n];
	}
	return line_parse_value(choice, word, arg + 1);
}

UM_OPTION(con, "con", um_con_option, "con<n>=<in>[,<out>]",
	  "What a console (0-15, /dev/tty0 to /dev/tty15 in the guest) is\n"
	  "connected to; con= is for all that have no value of their own.\n"
	  "Channels: fd:N, a descriptor of this program; null, nothing is read\n"
	  "and what is written is lost; none, there is no such console.  With\n"
	  "one channel it is for both directions.  Default: con0=fd:0,fd:1, and\n"
	  "none for the others.\n");

/* Gives the lines the channels of the command line, or the defaults. */
void __init line_choose_channels(struct line *lines)
{
	struct line_choice standard = {
		.in	= { .ops = &chan_fd_ops, .number = 0 },
		.out	= { .ops = &chan_fd_ops, .number = 1 },
	};
	unsigned int i;

	for (i = 0; i < LINE_COUNT; i++) {
		const struct line_choice *choice = &line_choices[i];

		if (!choice->given && line_choice_all.given)
			choice = &line_choice_all;
		else if (!choice->given && i == 0)
			choice = &standard;
		lines[i].in = choice->in;
		lines[i].out = choice->out;
	}
}
