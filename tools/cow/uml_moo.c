// SPDX-License-Identifier: GPL-2.0
/* uml_moo: merges a COW file and its backing file. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "failure.h"
#include "image.h"
#include "merge.h"
#include "newfile.h"
#include "progress.h"

/**
 * struct options - what the user asked for
 * @in_place:	merge into the backing file
 * @ignore:	the backing file's size and time may be others
 * @force:	replace the new file if it exists, and let plain data be what is taken for
 *		a COW file
 * @backing:	instead of what the header names, or NULL
 * @cow:	the COW file
 * @target:	the new file, or NULL with @in_place
 */
struct options {
	int		in_place;
	int		ignore;
	int		force;
	const char	*backing;
	const char	*cow;
	const char	*target;
};

static void help(void)
{
	puts("Usage: uml_moo [-b BACKING] [-i] [-f] COW NEW\n"
	     "       uml_moo [-b BACKING] [-i] [-f] -d COW\n"
	     "\n"
	     "Merge the COW file COW and its backing file, which may be a COW file too: into\n"
	     "the file NEW, which gets the whole disk as plain data, or into the backing file.\n"
	     "\n"
	     "  -b, --backing=BACKING   the backing file, if it is not where COW says\n"
	     "  -d, --destructive       merge into the backing file; COW stays what it is\n"
	     "  -i, --ignore-mismatch   use the backing file even if its size or time is not\n"
	     "                          what COW says\n"
	     "  -f, --force             replace NEW if it exists and nobody uses it, and\n"
	     "                          merge a disk that begins with a COW header\n"
	     "      --help              this text\n"
	     "      --version           the version of the program");
}

/* Opens all files; those that are written to exclusively. */
static struct image *open_images(const struct options *options)
{
	enum image_lock lock = options->in_place ? IMAGE_EXCLUSIVE : IMAGE_SHARED;
	enum image_match match;
	struct image *top, *image;

	top = image_open(options->cow, lock);
	if (!top)
		return NULL;
	if (image_need_cow(top) < 0 || image_open_backing(top, options->backing, lock) < 0 ||
	    image_open_chain(top, IMAGE_SHARED) < 0)
		goto close;
	for (image = top; image->is_cow; image = image->backing) {
		match = image_match(image);
		if (match == IMAGE_SAME || match == IMAGE_MERGING || options->ignore)
			continue;
		image_mismatch(image, match);
		goto close;
	}
	return top;
close:
	image_close(top);
	return NULL;
}

/* May the file that has the new one's name go? */
static int check_old(const struct options *options, const struct image *top,
		     const struct stat *st)
{
	const struct image *image;

	for (image = top; image; image = image->backing)
		if (image_is_file(image, st))
			return fail("%s: is what is merged: -d merges into the backing file",
				    options->target);
	if (!S_ISREG(st->st_mode))
		return fail("%s: exists and is no file", options->target);
	/* An empty one was made for this. */
	if (st->st_size && !options->force)
		return fail("%s: exists (-f replaces it)", options->target);
	return 0;
}

/* The file that is to go, if there is one: locked, as a running system may have it. */
static int open_old(const struct options *options, const struct image *top,
		    struct image **old)
{
	struct stat st;

	if (stat(options->target, &st))
		return errno == ENOENT ? 0 : fail("%s: %m", options->target);
	/* Before it is opened, as the files of the chain are locked, by us. */
	if (check_old(options, top, &st) < 0)
		return -1;
	*old = image_open(options->target, IMAGE_EXCLUSIVE);
	if (!*old)
		return -1;
	/* Again, as whoever had it locked may have filled it. */
	return check_old(options, top, &(*old)->st);
}

static int merge_to_file(const struct options *options, struct image *top)
{
	const struct image *base = top;
	struct image *old = NULL;
	struct newfile file;
	int ret = -1;

	while (base->backing)
		base = base->backing;
	if (open_old(options, top, &old) < 0)
		goto close;
	if (!options->force && image_check_disguise(top, options->target) < 0)
		goto close;
	if (newfile_begin(&file, options->target, &base->st) == 0 &&
	    merge_into_new(top, file.fd, options->target) == 0)
		ret = newfile_finish(&file, old ? old->fd : -1);
	newfile_drop(&file);
close:
	image_close(old);
	return ret;
}

static int merge(const struct options *options)
{
	struct image *top = open_images(options);
	int ret;

	if (!top)
		return -1;
	progress_begin(options->cow);
	ret = options->in_place ? merge_into_backing(top, options->force) :
				  merge_to_file(options, top);
	progress_end();
	image_close(top);
	return ret;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "backing", required_argument, NULL, 'b' },
		{ "destructive", no_argument, NULL, 'd' },
		{ "ignore-mismatch", no_argument, NULL, 'i' },
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ }
	};
	struct options options = { };
	int option, status;

	while ((option = getopt_long(argc, argv, "b:dif", longs, NULL)) != -1) {
		switch (option) {
		case 'b':
			options.backing = optarg;
			break;
		case 'd':
			options.in_place = 1;
			break;
		case 'i':
			options.ignore = 1;
			break;
		case 'f':
			options.force = 1;
			break;
		case 'h':
			help();
			return finish_stdout();
		case 'v':
			puts("uml_moo " VERSION);
			return finish_stdout();
		default:
			return 2;
		}
	}
	if (argc - optind < 1)
		return usage_error("no COW file is named");
	options.cow = argv[optind];
	options.target = argv[optind + 1];
	if (options.in_place && options.target)
		return usage_error("with -d nothing is named but the COW file");
	if (!options.in_place && argc - optind != 2)
		return usage_error(options.target ? "too many files are named" :
				   "where to merge it is not named: a new file, or -d");

	if (!merge(&options))
		return 0;
	status = report_failure();
	progress_raise();
	return status;
}
