// SPDX-License-Identifier: GPL-2.0
/* uml_mkcow: makes an empty COW file for a backing file. */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failure.h"
#include "image.h"
#include "io.h"
#include "newfile.h"

/**
 * struct options - what the user asked for
 * @force:	replace a COW file
 * @data:	the backing file is plain data, even if it looks like a COW file
 * @layout:	of the header
 * @sector:	bytes
 * @cow:	name of the new file
 * @backing:	name of its backing file
 */
struct options {
	int		force;
	int		data;
	enum cow_layout	layout;
	um_u32		sector;
	const char	*cow;
	const char	*backing;
};

static void help(void)
{
	puts("Usage: uml_mkcow [-f] [-d] [-V VERSION] [-s BYTES] COW BACKING\n"
	     "\n"
	     "Make the COW file COW: a disk with what the file BACKING has, in which\n"
	     "changes are kept. BACKING itself must not change from then on.\n"
	     "\n"
	     "  -f, --force                replace COW if it is an unused COW file\n"
	     "  -d, --data                 BACKING is data, even if it looks like a COW file\n"
	     "  -V, --cow-version=VERSION  of the format: 1, 2 or 3 (3)\n"
	     "  -s, --sector-size=BYTES    a power of two, 512 to 1048576 (512)\n"
	     "      --help                 this text\n"
	     "      --version              the version of the program");
}

/* As others do it: the directory without symbolic links, the file's name as it is. */
static char *absolute_path(const char *path)
{
	char *copy = strdup(path), *dir = NULL, *absolute = NULL;

	if (copy)
		dir = realpath(dirname(copy), NULL);
	free(copy);
	copy = dir ? strdup(path) : NULL;
	if (copy && asprintf(&absolute, "%s/%s", dir[1] ? dir : "", basename(copy)) < 0)
		absolute = NULL;
	free(copy);
	free(dir);
	return absolute;
}

/* The file that is to go, if there is one and it may; locked until it has gone. */
static int open_old(const struct options *options, const struct image *backing,
		    struct image **old)
{
	struct stat st;

	if (lstat(options->cow, &st))
		return errno == ENOENT ? 0 : fail("%s: %m", options->cow);
	if (!stat(options->cow, &st) && image_is_file(backing, &st))
		return fail("%s: is the backing file itself", options->cow);
	if (!options->force)
		return fail("%s: exists (-f replaces it)", options->cow);

	*old = image_open(options->cow, IMAGE_EXCLUSIVE);
	if (!*old)
		return -1;
	if (!S_ISREG((*old)->st.st_mode) || (!(*old)->is_cow && (*old)->len))
		return fail("%s: is no COW file: remove it yourself if it is to go",
			    options->cow);
	return 0;
}

static int check_new(const struct cow *cow, enum cow_fault fault,
		     const struct options *options, const char *path)
{
	switch (fault) {
	case COW_FINE:
		break;
	case COW_BAD_PATH:
		return fail("%s: the path %s has %zu bytes, version %d can have %d",
			    options->cow, path, strlen(path), cow_version(cow),
			    (cow->layout == COW_V1 ? COW_PATH_V1 : COW_PATH_MAX) - 1);
	case COW_BAD_SIZE:
		return fail("%s: has %lu bytes, must have %s", options->backing, cow->size,
			    cow_rule(fault));
	default:
		return fail("%s: %s %lu must be %s", options->cow, cow_field(fault), cow->bad,
			    cow_rule(fault));
	}
	if (cow->bits < cow->sectors)
		return fail("%s: version %d cannot have the last %lu sectors of %lu bytes: take version 3",
			    options->cow, cow_version(cow), cow->sectors - cow->bits, cow->size);
	return 0;
}

static int write_file(const struct options *options, const struct image *backing,
		      const struct image *old, const struct cow *cow)
{
	um_u8 head[COW_HEAD_MAX];
	struct newfile file;
	int ret = -1;

	if (newfile_begin(&file, options->cow, &backing->st) < 0)
		goto drop;
	if (write_at(file.fd, head, cow_write_head(cow, head), 0) ||
	    ftruncate(file.fd, cow->data_off + cow->size)) {
		fail("%s: %m", options->cow);
		goto drop;
	}
	ret = newfile_finish(&file, old ? old->fd : -1);
drop:
	newfile_drop(&file);
	return ret;
}

static int make(const struct options *options)
{
	struct image *backing, *old = NULL;
	char *path = NULL;
	struct cow cow;
	int ret = -1;

	backing = image_open(options->backing, IMAGE_SHARED);
	if (!backing)
		return -1;
	if (open_old(options, backing, &old) < 0)
		goto close;
	path = absolute_path(options->backing);
	if (!path) {
		fail("%s: %m", options->backing);
		goto close;
	}
	ret = check_new(&cow, cow_init(&cow, options->layout, path, backing->st.st_mtime,
				       options->data ? backing->len : backing->size,
				       options->sector, COW_ALIGN), options, path);
	if (!ret)
		ret = write_file(options, backing, old, &cow);
close:
	free(path);
	image_close(old);
	image_close(backing);
	return ret;
}

/* 0, or an exit status. */
static int parse_sector(struct options *options, const char *word)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(word, &end, 10);
	if (errno || *end || n < COW_SECTOR_MIN || n > COW_SECTOR_MAX || n & (n - 1) ||
	    *word == '-')
		return usage_error("sector size '%s' must be %s", word,
				   cow_rule(COW_BAD_SECTOR));
	options->sector = n;
	return 0;
}

static int parse_version(struct options *options, const char *word)
{
	if (strlen(word) != 1 || *word < '1' || *word > '3')
		return usage_error("version '%s' must be %s", word, cow_rule(COW_BAD_VERSION));
	options->layout = COW_V1 + *word - '1';
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "data", no_argument, NULL, 'd' },
		{ "cow-version", required_argument, NULL, 'V' },
		{ "sector-size", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ }
	};
	struct options options = { .layout = COW_V3, .sector = COW_SECTOR };
	int option, err = 0;

	while (!err && (option = getopt_long(argc, argv, "fdV:s:", longs, NULL)) != -1) {
		switch (option) {
		case 'f':
			options.force = 1;
			break;
		case 'd':
			options.data = 1;
			break;
		case 'V':
			err = parse_version(&options, optarg);
			break;
		case 's':
			err = parse_sector(&options, optarg);
			break;
		case 'h':
			help();
			return finish_stdout();
		case 'v':
			puts("uml_mkcow " VERSION);
			return finish_stdout();
		default:
			return 2;
		}
	}
	if (err)
		return err;
	if (argc - optind != 2)
		return usage_error("two files are to be named, COW and BACKING");
	options.cow = argv[optind];
	options.backing = argv[optind + 1];
	return make(&options) < 0 ? report_failure() : 0;
}
