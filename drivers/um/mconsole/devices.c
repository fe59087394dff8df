// SPDX-License-Identifier: GPL-2.0
/* Devices that the management console adds, shows and removes. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <um/eth.h>
#include <um/line.h>
#include <um/ubd.h>

#include "mconsole.h"

static const char *mconsole_name(const struct mconsole_device *device, char *buf, size_t len)
{
	const struct mconsole_class_info *info = &mconsole_classes[device->class];

	if (device->unit < 0)
		snprintf(buf, len, "%s", info->name);
	else
		snprintf(buf, len, "%s%d", info->name, device->unit);
	return buf;
}

/* As on the command line; its length, or -errno. */
static int mconsole_describe(const struct mconsole_device *device, char *text, size_t len)
{
	switch (device->class) {
	case MCONSOLE_UBD:
		return ubd_describe(device->unit, text, len);
	case MCONSOLE_CON:
	case MCONSOLE_SSL:
		return line_describe(mconsole_classes[device->class].name, device->unit, text,
				     len);
	case MCONSOLE_ETH:
		return eth_describe(device->unit, text, len);
	case MCONSOLE_MEM:
		return mconsole_mem_describe(text, len);
	default:
		return -ENODEV;
	}
}

static void mconsole_show(struct mconsole_answer *answer, const struct mconsole_device *device)
{
	char text[512], name[16];
	int n = mconsole_describe(device, text, sizeof(text));

	mconsole_name(device, name, sizeof(name));
	if (n < 0)
		mconsole_fail(answer, n, "%s: there is no such device", name);
	else
		/* What stands behind the name on the command line. */
		mconsole_printf(answer, "%s", strchr(text, '=') + 1);
}

static void mconsole_set(struct mconsole_answer *answer, const struct mconsole_device *device,
			 const char *args)
{
	char why[512], name[16];
	int err;

	mconsole_name(device, name, sizeof(name));
	switch (device->class) {
	case MCONSOLE_UBD:
		err = ubd_attach(args, why, sizeof(why));
		if (err < 0)
			mconsole_fail(answer, err, "%s", why);
		break;
	case MCONSOLE_CON:
	case MCONSOLE_SSL:
		err = line_configure(mconsole_classes[device->class].name, device->unit,
				     device->value, why, sizeof(why));
		if (err < 0)
			mconsole_fail(answer, err, "%s", why);
		break;
	case MCONSOLE_ETH:
		err = eth_attach(args, why, sizeof(why));
		if (err < 0)
			mconsole_fail(answer, err, "%s", why);
		break;
	case MCONSOLE_MEM:
		mconsole_mem_set(answer, device->value);
		break;
	default:
		mconsole_fail(answer, -ENODEV, "%s: this kernel has no such devices",
			      name);
	}
}

static void mconsole_discover(struct mconsole_answer *answer, enum mconsole_class wanted);

void mconsole_config(struct mconsole_answer *answer, const char *args)
{
	struct mconsole_device device;
	enum mconsole_class class;
	const char *why;

	if (mconsole_is_list(args, &class)) {
		mconsole_discover(answer, class);
		return;
	}
	why = mconsole_parse_config(&device, args);
	if (why)
		mconsole_fail(answer, -EINVAL, "config: %s: %s", args, why);
	else if (device.value)
		mconsole_set(answer, &device, args);
	else
		mconsole_show(answer, &device);
}

void mconsole_remove(struct mconsole_answer *answer, const char *args)
{
	struct mconsole_device device;
	const char *why = mconsole_parse_remove(&device, args);
	char text[512];
	int err;

	if (why) {
		mconsole_fail(answer, -EINVAL, "remove: %s: %s", args, why);
		return;
	}
	switch (device.class) {
	case MCONSOLE_UBD:
		err = ubd_detach(device.unit, text, sizeof(text));
		if (err)
			mconsole_fail(answer, err, "%s", text);
		break;
	case MCONSOLE_CON:
	case MCONSOLE_SSL:
		err = line_remove(mconsole_classes[device.class].name, device.unit, text,
				  sizeof(text));
		if (err)
			mconsole_fail(answer, err, "%s", text);
		break;
	case MCONSOLE_ETH:
		err = eth_detach(device.unit, text, sizeof(text));
		if (err)
			mconsole_fail(answer, err, "%s", text);
		break;
	default:
		mconsole_fail(answer, -ENODEV, "%s: there is no such device",
			      mconsole_name(&device, text, sizeof(text)));
	}
}

/* All devices of a class, or with MCONSOLE_NR_CLASSES of all. */
static void mconsole_discover(struct mconsole_answer *answer, enum mconsole_class wanted)
{
	struct mconsole_device device = {};
	char text[512], name[16];
	int class, unit, units;

	for (class = 0; class < MCONSOLE_NR_CLASSES; class++) {
		if (wanted != MCONSOLE_NR_CLASSES && wanted != class)
			continue;
		device.class = class;
		units = mconsole_classes[class].units;
		for (unit = 0; unit < (units ?: 1); unit++) {
			device.unit = units ? unit : -1;
			if (mconsole_describe(&device, text, sizeof(text)) >= 0)
				mconsole_printf(answer, "%s%s\n",
						mconsole_name(&device, name, sizeof(name)),
						strchr(text, '='));
		}
	}
}
