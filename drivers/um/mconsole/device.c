// SPDX-License-Identifier: GPL-2.0
/* Names of devices, as `config' and `remove' are given them. */
#include "request.h"

const struct mconsole_class_info mconsole_classes[MCONSOLE_NR_CLASSES] = {
	[MCONSOLE_UBD] = {
		.name		= "ubd",
		.units		= 16,
		.letters	= 1,
		.flags		= 1,
		.why		= "there are ubd0 to ubd15, or ubda to ubdp",
	},
	[MCONSOLE_CON] = {
		.name		= "con",
		.units		= 16,
		.why		= "there are con0 to con15",
	},
	[MCONSOLE_SSL] = {
		.name		= "ssl",
		.units		= 64,
		.why		= "there are ssl0 to ssl63",
	},
	[MCONSOLE_ETH] = {
		.name		= "eth",
		.units		= 256,
		.why		= "there are eth0 to eth255",
	},
	[MCONSOLE_MEM] = {
		.name		= "mem",
		.why		= "there is one memory, mem",
	},
};

static int mconsole_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What follows @name in @word, or NULL when it begins otherwise. */
static const char *mconsole_behind(const char *word, const char *name)
{
	while (*name)
		if (*word++ != *name++)
			return (void *)0;
	return word;
}

/* The unit at the front, or -1; *@at is what follows it. */
static int mconsole_unit(const struct mconsole_class_info *info, const char **at)
{
	const char *p = *at;
	int unit = 0;

	if (info->letters && *p >= 'a' && *p < 'a' + info->units) {
		*at = p + 1;
		return *p - 'a';
	}
	if (!mconsole_is_digit(*p))
		return -1;
	for (; mconsole_is_digit(*p); p++)
		if (unit < info->units)
			unit = unit * 10 + *p - '0';
	*at = p;
	return unit < info->units ? unit : -1;
}

static const char *mconsole_parse_device(struct mconsole_device *device, const char *word)
{
	const struct mconsole_class_info *info;
	const char *at = (void *)0;
	int class;

	for (class = 0; class < MCONSOLE_NR_CLASSES; class++) {
		at = mconsole_behind(word, mconsole_classes[class].name);
		if (at)
			break;
	}
	if (!at)
		return "no such device (there are ubd, con, ssl, eth and mem)";

	info = &mconsole_classes[class];
	*device = (struct mconsole_device) { .class = class, .unit = -1 };
	if (info->units) {
		device->unit = mconsole_unit(info, &at);
		if (device->unit < 0)
			return info->why;
	}
	device->flags = at;
	while (info->flags && *at >= 'a' && *at <= 'z')
		at++;
	device->flags_len = at - device->flags;
	if (*at == '=')
		device->value = at + 1;
	else if (*at)
		return info->why;
	else if (device->flags_len)
		return "flags are for a new device: its value is missing";
	return (void *)0;
}

static int mconsole_same(const char *a, const char *b)
{
	const char *end = mconsole_behind(a, b);

	return end && !*end;
}

/**
 * mconsole_is_list() - are several devices asked for?
 * @args:	the arguments of `config'
 * @class:	becomes theirs, MCONSOLE_NR_CLASSES for "" and "?": those of all
 *
 * A class alone is a list of its units; one without units is a device.
 */
int mconsole_is_list(const char *args, enum mconsole_class *class)
{
	int c;

	*class = MCONSOLE_NR_CLASSES;
	if (!*args || mconsole_same(args, "?"))
		return 1;
	for (c = 0; c < MCONSOLE_NR_CLASSES; c++)
		if (mconsole_classes[c].units && mconsole_same(args, mconsole_classes[c].name))
			break;
	*class = c;
	return c < MCONSOLE_NR_CLASSES;
}

/**
 * mconsole_parse_config() - understand "DEV" and "DEV=VALUE"
 * @device:	filled in; without a value it is a question
 * @args:	the arguments of `config'
 *
 * The value is for the device: it is only known that there is one.
 *
 * Returns NULL, or what is wrong.
 */
const char *mconsole_parse_config(struct mconsole_device *device, const char *args)
{
	const char *why = mconsole_parse_device(device, args);

	if (!why && device->value && !*device->value)
		why = "nothing follows the =";
	return why;
}

/**
 * mconsole_parse_remove() - understand "DEV"
 * @device:	filled in
 * @args:	the arguments of `remove'
 *
 * Returns NULL, or what is wrong.
 */
const char *mconsole_parse_remove(struct mconsole_device *device, const char *args)
{
	const char *why = mconsole_parse_device(device, args);

	if (!why && device->value)
		why = "a device is removed by its name alone";
	if (!why && device->class == MCONSOLE_MEM)
		why = "memory cannot be removed";
	return why;
}
