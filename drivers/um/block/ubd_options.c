// SPDX-License-Identifier: GPL-2.0
/*
 * ubd<unit><flags>=<file>[,<backing>][,<serial>]
 *
 * Files are opened and locked here, before the kernel starts, so that a mistake
 * ends the program with one line.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/string.h>
#include <asm/byteorder.h>
#include <asm/options.h>

#include <um/ubd.h>
#include "ubd.h"

#define UBD_COW_MAGIC		0x4f4f4f4d	/* "OOOM" */
#define UBD_COW_MAX_VERSION	3

struct ubd_config ubd_configs[UBD_UNITS];
bool ubd_sync_all = IS_ENABLED(CONFIG_BLK_DEV_UBD_SYNC);

/* A part of the option's value. */
struct ubd_part {
	char	*start;
	int	len;
};

/* Cuts a part off at its separator; *rest is NULL after the last one. */
static struct ubd_part ubd_next_part(char **rest)
{
	struct ubd_part part = { .start = *rest };

	if (!part.start)
		return part;
	part.len = strcspn(part.start, ",:");
	*rest = part.start[part.len] ? part.start + part.len + 1 : NULL;
	return part;
}

/* Both byte orders: version 1 has that of its host. */
static bool ubd_is_cow(int fd)
{
	__be32 head[2] = { 0, 0 };
	struct host_iovec iov = { .base = head, .len = sizeof(head) };
	u32 magic, version;

	if (host_preadv(fd, &iov, 1, 0, 0) != sizeof(head))
		return false;
	magic = be32_to_cpu(head[0]);
	version = be32_to_cpu(head[1]);
	if (magic != UBD_COW_MAGIC) {
		magic = swab32(magic);
		version = swab32(version);
	}
	return magic == UBD_COW_MAGIC && version >= 1 &&
	       version <= UBD_COW_MAX_VERSION;
}

/* Another unit's word, when it has the same file open. */
static const char *ubd_same_file(const struct ubd_config *config)
{
	unsigned int i;

	for (i = 0; i < UBD_UNITS; i++) {
		const struct ubd_config *other = &ubd_configs[i];

		if (other != config && other->size && other->dev == config->dev &&
		    other->ino == config->ino)
			return other->word;
	}
	return NULL;
}

static int ubd_lock(const struct ubd_config *config)
{
	const char *other;
	int err, holder;

	if (config->shared)
		return 0;
	err = host_lock(config->fd, !config->read_only);
	/* Some file systems have no locks at all: that is no conflict. */
	if (err != -EAGAIN && err != -EACCES)
		return 0;

	other = ubd_same_file(config);
	if (other)
		return um_option_error("%s: the file is in use by %s (the flag 'c' shares it)",
				       config->word, other);
	holder = host_lock_holder(config->fd, !config->read_only);
	if (holder > 0)
		return um_option_error("%s: the file is in use by process %d (the flag 'c' shares it)",
				       config->word, holder);
	return um_option_error("%s: the file is in use by another process (the flag 'c' shares it)",
			       config->word);
}

/* What may be said of the file before it is opened, which could block. */
static int ubd_check_type(const struct ubd_config *config, const struct host_stat *st)
{
	switch (st->type) {
	case HOST_FILE_REGULAR:
	case HOST_FILE_BLOCK:
		return 0;
	case HOST_FILE_DIR:
		return um_option_error("%s: %s", config->word, um_strerror(EISDIR));
	case HOST_FILE_CHAR:
		return um_option_error("%s: a character device cannot be a disk",
				       config->word);
	default:
		return um_option_error("%s: neither a file nor a block device",
				       config->word);
	}
}

static int ubd_open_path(struct ubd_config *config, const char *path,
			 struct host_stat *st)
{
	int fd = host_stat(path, st);

	if (fd < 0)
		return fd;
	/* The caller has words for these. */
	if (st->type != HOST_FILE_REGULAR && st->type != HOST_FILE_BLOCK)
		return 0;

	if (!config->read_only) {
		fd = host_open(path, O_RDWR, 0);
		if (fd != -EACCES && fd != -EROFS && fd != -EPERM &&
		    fd != -ETXTBSY)
			return fd;
		config->read_only = true;
		config->demoted = true;
	}
	return host_open(path, O_RDONLY, 0);
}

static int ubd_open(struct ubd_config *config, char *path)
{
	char end = path[config->file_len];
	struct host_stat st;
	int err;

	path[config->file_len] = '\0';
	config->fd = ubd_open_path(config, path, &st);
	path[config->file_len] = end;
	if (config->fd < 0)
		return um_option_error("%s: %s", config->word,
				       um_strerror(config->fd));

	err = ubd_check_type(config, &st);
	if (err)
		return err;

	/* Of the file that was opened, not of what had its name before. */
	err = host_fstat(config->fd, &st);
	if (err < 0)
		return um_option_error("%s: %s", config->word, um_strerror(err));
	err = ubd_check_type(config, &st);
	if (err)
		return err;
	config->dev = st.dev;
	config->ino = st.ino;
	config->size = st.size & ~(u64)(SECTOR_SIZE - 1);
	config->cut = st.size - config->size;
	if (!config->size)
		return um_option_error("%s: the file is %s", config->word,
				       st.size ? "shorter than a sector" : "empty");

	if (!config->plain && ubd_is_cow(config->fd))
		return um_option_error("%s: a COW file, which is not supported yet (the flag 'd' takes it as plain data)",
				       config->word);
	return ubd_lock(config);
}

static int ubd_parse_flags(struct ubd_config *config, const char *flags,
			   const char *end)
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
		case 't':
			config->no_trim = true;
			break;
		default:
			return um_option_error("%s: unknown flag '%c' (there are r, s, c, d and t)",
					       config->word, *flags);
		}
	}
	return 0;
}

static int ubd_parse_value(struct ubd_config *config, char *rest)
{
	struct ubd_part file = ubd_next_part(&rest);
	struct ubd_part backing = ubd_next_part(&rest);
	struct ubd_part serial = ubd_next_part(&rest);

	if (!file.len)
		return um_option_error("%s: the name of the file is empty",
				       config->word);
	if (rest)
		return um_option_error("%s: more than a file, a backing file and a serial number",
				       config->word);
	if (backing.len)
		return um_option_error("%s: backing files (COW) are not supported yet",
				       config->word);
	config->file = file.start;
	config->file_len = file.len;
	config->serial = serial.start;
	config->serial_len = serial.len;
	return ubd_open(config, file.start);
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

static int um_ubd_option(char *arg)
{
	char *word = arg - strlen("ubd");
	struct ubd_config *config;
	const char *flags;
	char *value;
	int unit, err;

	if (*arg == '.')
		return 1;
	if (*arg == '=') {
		if (strcmp(arg, "=sync"))
			return um_option_error("%s: for all units only ubd=sync is known",
					       word);
		ubd_sync_all = true;
		return 0;
	}

	value = strchr(arg, '=');
	unit = ubd_parse_unit(arg, &flags);
	if (unit < 0)
		return um_option_error("%s: the unit is none of 0 to 15, or a to p",
				       word);
	if (!value)
		return um_option_error("%s: no file: write ubd%d=FILE", word, unit);

	config = &ubd_configs[unit];
	if (config->word)
		return um_option_error("%s: the unit was given before, as %s",
				       word, config->word);
	config->word = word;
	err = ubd_parse_flags(config, flags, value);
	return err ?: ubd_parse_value(config, value + 1);
}

UM_OPTION(ubd, "ubd", um_ubd_option, "ubd<unit><flags>=<file>[,<backing>][,<serial>]",
	  "A file or block device of the host as disk /dev/ubda to /dev/ubdp;\n"
	  "units are 0 to 15, or a to p.  \":\" separates as \",\" does.  Flags:\n"
	  "r read-only; s each write is on stable storage before it is done;\n"
	  "c shared, the file is not locked; d data, never a COW file;\n"
	  "t space is not given back to the host.  ubd=sync: flag s for all.\n"
	  "Without ubd0= unit 0 is the file root_fs, if there is one.\n");

/* Not constant: an option's words are cut while they are used. */
static char ubd_default[16] = "ubd0=root_fs";

int ubd_open_default(void)
{
	struct host_stat st;

	if (ubd_configs[0].word || host_stat("root_fs", &st) == -ENOENT)
		return 0;
	return um_ubd_option(ubd_default + strlen("ubd"));
}

bool ubd_is_open(unsigned int unit)
{
	return unit < UBD_UNITS && ubd_configs[unit].word;
}
