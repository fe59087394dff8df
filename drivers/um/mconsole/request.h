/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the management console is asked and answers, as pure code: no input or
 * output, no allocation, no library.  The driver and the client on the host are
 * compiled with it.
 *
 * include/um/abi/mconsole.h tells how the bytes lie.
 *
 * Functions that can find a mistake return NULL, or why it is one: a text that is
 * to be put behind the name of what was asked for.
 */
#ifndef _UM_MCONSOLE_REQUEST_H
#define _UM_MCONSOLE_REQUEST_H

#include <um/abi/mconsole.h>

/* ---- commands (command.c) ------------------------------------------------ */

enum mconsole_verb {
	MCONSOLE_VERSION,
	MCONSOLE_HELP,
	MCONSOLE_HALT,
	MCONSOLE_REBOOT,
	MCONSOLE_CONFIG,
	MCONSOLE_REMOVE,
	MCONSOLE_SYSRQ,
	MCONSOLE_CAD,
	MCONSOLE_STOP,
	MCONSOLE_GO,
	MCONSOLE_LOG,
	MCONSOLE_PROC,
	MCONSOLE_STACK,
	MCONSOLE_EXEC,
	MCONSOLE_PS,
	MCONSOLE_MEMINFO,
	MCONSOLE_DMESG,
	MCONSOLE_NR_VERBS,
};

/**
 * struct mconsole_command - a command of the console
 * @name:	its first word
 * @args:	what follows, as the help shows it; NULL: nothing may
 * @optional:	@args can be left out
 * @help:	what it does
 */
struct mconsole_command {
	const char	*name;
	const char	*args;
	int		optional;
	const char	*help;
};

extern const struct mconsole_command mconsole_commands[MCONSOLE_NR_VERBS];

/* The command that is named so, and not one that only begins so; or NR_VERBS. */
enum mconsole_verb mconsole_find(const char *name);

/* ---- requests (request.c) ------------------------------------------------ */

/**
 * struct mconsole_request - a request that is understood
 * @verb:	what is to be done; NR_VERBS as long as that is not known
 * @name:	the command's name as it was sent; "" as long as there is none
 * @args:	what follows it, without blanks at both ends
 * @text:	has @name and @args
 */
struct mconsole_request {
	enum mconsole_verb	verb;
	const char		*name;
	const char		*args;
	char			text[UM_MCONSOLE_DATA];
};

const char *mconsole_parse(struct mconsole_request *request, const void *datagram, um_u64 have);

/* ---- devices of config and remove (device.c) ----------------------------- */

enum mconsole_class {
	MCONSOLE_UBD,
	MCONSOLE_CON,
	MCONSOLE_SSL,
	MCONSOLE_ETH,
	MCONSOLE_MEM,
	MCONSOLE_NR_CLASSES,
};

/**
 * struct mconsole_class_info - what devices of a class are named
 * @name:	of the class
 * @units:	how many there can be; 0: a single one, without a number
 * @letters:	the units have letters as well as numbers
 * @flags:	letters may stand between unit and value
 * @why:	what is said of a name that is none
 */
struct mconsole_class_info {
	const char	*name;
	int		units;
	int		letters;
	int		flags;
	const char	*why;
};

extern const struct mconsole_class_info mconsole_classes[MCONSOLE_NR_CLASSES];

/**
 * struct mconsole_device - a device, and what it is to be
 * @class:	of the device
 * @unit:	its number; -1 where the class has none
 * @flags:	letters between unit and "="
 * @flags_len:	how many
 * @value:	what follows "="; NULL: nothing does, that is a question
 *
 * The pointers are into the arguments.
 */
struct mconsole_device {
	enum mconsole_class	class;
	int			unit;
	const char		*flags;
	um_u32			flags_len;
	const char		*value;
};

int mconsole_is_list(const char *args, enum mconsole_class *class);
const char *mconsole_parse_config(struct mconsole_device *device, const char *args);
const char *mconsole_parse_remove(struct mconsole_device *device, const char *args);

/* ---- replies (reply.c) --------------------------------------------------- */

um_u32 mconsole_reply(struct um_mconsole_reply *reply, int err, const char **text,
		      um_u64 *len, int last);

/* Blanks are what isspace() takes for such. */
static inline int mconsole_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

#endif /* _UM_MCONSOLE_REQUEST_H */
