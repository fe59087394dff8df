// SPDX-License-Identifier: GPL-2.0
/*
 * ubd<unit><flags>=<file>[,<backing>][,<serial>]
 *
 * What is said of units.  Those of the command line are opened and locked before
 * the kernel starts, so that a mistake ends the program with one line.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <asm/options.h>

#include <um/ubd.h>
#include "ubd.h"

struct ubd_config ubd_configs[UBD_UNITS];
bool ubd_sync_all = IS_ENABLED(CONFIG_BLK_DEV_UBD_SYNC);

int ubd_say(struct ubd_why *why, const char *fmt, ...)
{
	va_list args;
	char *c;

	va_start(args, fmt);
	vscnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	/* Names come from files, too, and go to a terminal. */
	for (c = why->text; *c; c++)
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
	return -EINVAL;
}

/* Cuts a part off at its separator; *rest is NULL after the last one. */
static struct ubd_part ubd_next_part(const char **rest)
{
	struct ubd_part part = { .start = *rest };

	if (!part.start)
		return part;
	part.len = strcspn(part.start, ",:");
	*rest = part.start[part.len] ? part.start + part.len + 1 : NULL;
	return part;
}

static int ubd_parse_flags(struct ubd_config *config, const char *flags,
			   const char *end, struct ubd_why *why)
{
	for (; flags < end; flags++) {
		switch (*flags) {
		case 'r':
			config->read_only = true;
			break;
		case 's':
			config->sync = true;
			break;
		case 'c':
			config->shared = true;
			break;
		case 'd':
			config->plain = true;
			break;
		case 'o':
			config->direct = true;
			break;
		case 't':
			config->no_trim = true;
			break;
		default:
			return ubd_say(why, "%s: unknown flag '%c' (there are r, s, c, d, o and t)",
				       config->word, *flags);
		}
	}
	return 0;
}

static int ubd_parse_value(struct ubd_config *config, const char *rest,
			   struct ubd_why *why)
{
	config->file = ubd_next_part(&rest);
	config->backing = ubd_next_part(&rest);
	config->serial = ubd_next_part(&rest);

	if (!config->file.len)
		return ubd_say(why, "%s: the name of the file is empty",
			       config->word);
	if (rest)
		return ubd_say(why, "%s: more than a file, a backing file and a serial number",
			       config->word);
	return ubd_image_open(config, why);
}

/* The unit at the option's front; *flags is what follows it. */
static int ubd_parse_unit(const char *arg, const char **flags)
{
	unsigned int unit = 0;

	if (*arg >= 'a' && *arg < 'a' + UBD_UNITS) {
		*flags = arg + 1;
		return *arg - 'a';
	}
	if (!isdigit(*arg))
		return -EINVAL;
	for (; isdigit(*arg); arg++)
		unit = min(unit * 10 + *arg - '0', (unsigned int)UBD_UNITS);
	*flags = arg;
	return unit < UBD_UNITS ? unit : -EINVAL;
}

int ubd_configure(const char *word, struct ubd_why *why)
{
	const char *flags, *value = strchr(word, '=');
	struct ubd_config *config;
	int unit, err;

	unit = ubd_parse_unit(word + strlen("ubd"), &flags);
	if (unit < 0)
		return ubd_say(why, "%s: the unit is none of 0 to 15, or a to p",
			       word);
	if (!value)
		return ubd_say(why, "%s: no file: write ubd%d=FILE", word, unit);

	config = &ubd_configs[unit];
	if (config->word)
		return ubd_say(why, "%s: the unit was given before, as %s", word,
			       config->word);
	*config = (struct ubd_config) { .word = word };
	err = ubd_parse_flags(config, flags, value, why) ?:
	      ubd_parse_value(config, value + 1, why);
	if (err)
		config->word = NULL;
	return err ?: unit;
}

void ubd_unconfigure(struct ubd_config *config)
{
	ubd_image_close(&config->image);
	config->word = NULL;
}

/* Before the kernel starts. */
static int ubd_open_word(const char *word)
{
	static struct ubd_why why;

	if (ubd_configure(word, &why) < 0)
		return um_option_error("%s", why.text);
	return 0;
}

static int um_ubd_option(char *arg)
{
	const char *word = arg - strlen("ubd");

	if (*arg == '.')
		return 1;
	if (*arg == '=') {
		if (strcmp(arg, "=sync"))
			return um_option_error("%s: for all units only ubd=sync is known",
					       word);
		ubd_sync_all = true;
		return 0;
	}
	return ubd_open_word(word);
}

UM_OPTION(ubd, "ubd", um_ubd_option, "ubd<unit><flags>=<file>[,<backing>][,<serial>]",
	  "A file or block device of the host as disk /dev/ubda to /dev/ubdp;\n"
	  "units are 0 to 15, or a to p.  \":\" separates as \",\" does.  Flags:\n"
	  "r read-only; s each write is on stable storage before it is done;\n"
	  "c shared, the file is not locked; d data, never a COW file;\n"
	  "o past the host's page cache; t space is not given back to the host.\n"
	  "ubd=sync: flag s for all.\n"
	  "With a backing file, <file> is a COW file that has what differs from\n"
	  "it; one that does not exist is made.\n"
	  "Without ubd0= unit 0 is the file root_fs, if there is one.\n");

int ubd_open_default(void)
{
	struct host_stat st;

	if (ubd_configs[0].word || host_stat("root_fs", &st) == -ENOENT)
		return 0;
	return ubd_open_word("ubd0=root_fs");
}

bool ubd_is_open(unsigned int unit)
{
	return unit < UBD_UNITS && ubd_configs[unit].word;
}
