// SPDX-License-Identifier: GPL-2.0
/* uml_cowinfo: what a COW file says, and whether its backing files fit. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../lib/json.h"
#include "failure.h"
#include "image.h"
#include "lock.h"

/* Exit statuses, the worst of all files counts. */
enum {
	INFO_GOOD,
	INFO_PROBLEM,
	INFO_ERROR,
};

/**
 * struct info - what is found out about one file
 * @path:	as it was given
 * @image:	with the chain as far as it could be opened, or NULL
 * @status:	exit status
 * @problem:	a line about what is wrong, or NULL
 * @sectors:	that the COW file has
 * @in_use:	somebody has locked it
 * @pid:	who, or 0
 */
struct info {
	const char	*path;
	struct image	*image;
	int		status;
	char		*problem;
	um_u64		sectors;
	int		in_use;
	int		pid;
};

static void help(void)
{
	puts("Usage: uml_cowinfo [--json] FILE...\n"
	     "\n"
	     "Show what COW files say and hold, and whether their backing files fit.\n"
	     "\n"
	     "  -j, --json     as JSON: an array with an object for each file\n"
	     "      --help     this text\n"
	     "      --version  the version of the program\n"
	     "\n"
	     "Exit status: 0 all is well, 1 a file is no COW file or does not fit, 2 a file\n"
	     "cannot be read, or wrong usage.");
}

/* ---- finding out -------------------------------------------------------- */

static int info_set(struct info *info, int status)
{
	info->status = status;
	info->problem = strdup(failure());
	return status;
}

static int info_count(struct info *info)
{
	struct image *image = info->image;
	struct cow_segment seg;
	um_u64 off;

	for (off = 0; off < image->size; off += seg.len) {
		if (image_segment(image, off, image->size - off, &seg) < 0)
			return -1;
		if (seg.in_cow)
			info->sectors += cow_sectors(&image->cow, off, seg.len).len;
	}
	return 0;
}

static int info_check(struct info *info)
{
	enum image_match match;
	struct image *image;

	if (image_open_chain(info->image, IMAGE_NO_LOCK) < 0)
		return info_set(info, INFO_PROBLEM);
	for (image = info->image; image->backing; image = image->backing) {
		match = image_match(image);
		if (match == IMAGE_SAME || match == IMAGE_MERGING)
			continue;
		image_mismatch(image, match);
		return info_set(info, INFO_PROBLEM);
	}
	return INFO_GOOD;
}

static int info_find(struct info *info, const char *path)
{
	*info = (struct info) { .path = path };
	info->image = image_open(path, IMAGE_NO_LOCK);
	if (!info->image)
		return info_set(info, INFO_ERROR);
	if (image_need_cow(info->image) < 0) {
		info->image->is_cow = 0;
		return info_set(info, INFO_PROBLEM);
	}
	if (info_count(info) < 0)
		return info_set(info, INFO_ERROR);
	info->in_use = lock_conflict(info->image->fd, 1, &info->pid);
	return info_check(info);
}

static void info_free(struct info *info)
{
	image_close(info->image);
	free(info->problem);
}

/* ---- words -------------------------------------------------------------- */

static const char *layout_name(const struct cow *cow)
{
	static const char * const names[COW_NR_LAYOUTS] = {
		"1", "2", "3", "3, long header"
	};

	return names[cow->layout];
}

static const char *match_name(const struct image *image)
{
	static const char * const names[] = {
		[IMAGE_SAME]		= "fits",
		[IMAGE_MERGING]		= "being merged",
		[IMAGE_OTHER_TIME]	= "other time",
		[IMAGE_OTHER_SIZE]	= "other size",
	};

	return names[image_match(image)];
}

static const char *utc(time_t when)
{
	static char text[64];
	struct tm tm;

	if (!gmtime_r(&when, &tm) || !strftime(text, sizeof(text), "%F %T UTC", &tm))
		return "?";
	return text;
}

/* ---- for people --------------------------------------------------------- */

/* Names come from files: a terminal must not obey them. */
static void put_name(const char *name)
{
	for (; *name; name++)
		putchar((unsigned char)*name < ' ' || *name == 0x7f ? '?' : *name);
}

static void show_chain(const struct image *image)
{
	for (; image->backing; image = image->backing) {
		const struct image *backing = image->backing;

		printf("  %-13s ", backing->is_cow ? "on COW file" : "on file");
		put_name(backing->path);
		printf(": %s: %lu bytes, time %ld, %s\n", match_name(image), backing->size,
		       (long)backing->st.st_mtime, utc(backing->st.st_mtime));
	}
}

static void show_cow(const struct info *info)
{
	const struct image *image = info->image;
	const struct cow *cow = &image->cow;

	printf("  version       %s%s\n", layout_name(cow),
	       cow->little_endian ? ", little-endian" : "");
	printf("  disk          %lu bytes\n", cow->size);
	printf("  sectors       %lu of %u bytes\n", cow->sectors, 1U << cow->shift);
	printf("  allocated     %lu sectors, %lu bytes\n", info->sectors,
	       info->sectors << cow->shift);
	printf("  file          %lu bytes, %lu of them on the host's disk\n", image->len,
	       (um_u64)image->st.st_blocks * 512);
	printf("  bitmap        at %lu, %lu bytes\n", cow->bitmap_off, cow->bitmap_len);
	printf("  data          at %lu\n", cow->data_off);
	if (cow->align)
		printf("  alignment     %u\n", cow->align);
	if (cow->bits < cow->sectors)
		printf("  no bits for   the last %lu sectors\n", cow->sectors - cow->bits);
	printf("  backing file  ");
	put_name(cow->path);
	printf("\n  of time       %u, %s\n", cow->mtime, utc(cow->mtime));
	if (image->merging)
		puts("  merge         not complete: 'uml_moo -d' goes on with it");
	if (info->pid)
		printf("  in use        by process %d\n", info->pid);
	else if (info->in_use)
		puts("  in use        by another process");
	show_chain(image);
}

static void show(const struct info *info)
{
	put_name(info->path);
	puts(":");
	if (info->image && info->image->is_cow)
		show_cow(info);
	if (info->problem)
		printf("  problem       %s\n", info->problem);
}

/* ---- for programs ------------------------------------------------------- */

static void json_chain(const struct image *image)
{
	const char *comma = "";

	printf(",\n    \"chain\": [");
	for (; image->backing; image = image->backing) {
		const struct image *backing = image->backing;

		printf("%s\n      { \"file\": ", comma);
		json_string(backing->path);
		printf(", \"cow\": %s, \"size\": %lu, \"mtime\": %ld, \"result\": \"%s\" }",
		       backing->is_cow ? "true" : "false", backing->size,
		       (long)backing->st.st_mtime, match_name(image));
		comma = ",";
	}
	printf("%s]", *comma ? "\n    " : "");
}

static void json_cow(const struct info *info)
{
	const struct image *image = info->image;
	const struct cow *cow = &image->cow;

	printf(",\n    \"version\": %d", cow_version(cow));
	printf(",\n    \"long_header\": %s", cow->layout == COW_V3_LONG ? "true" : "false");
	printf(",\n    \"little_endian\": %s", cow->little_endian ? "true" : "false");
	printf(",\n    \"size\": %lu", cow->size);
	printf(",\n    \"sector_size\": %u", 1U << cow->shift);
	printf(",\n    \"sectors\": %lu", cow->sectors);
	printf(",\n    \"sectors_with_bits\": %lu", cow->bits);
	printf(",\n    \"allocated_sectors\": %lu", info->sectors);
	printf(",\n    \"allocated_bytes\": %lu", info->sectors << cow->shift);
	printf(",\n    \"file_size\": %lu", image->len);
	printf(",\n    \"host_bytes\": %lu", (um_u64)image->st.st_blocks * 512);
	printf(",\n    \"bitmap_offset\": %lu", cow->bitmap_off);
	printf(",\n    \"bitmap_bytes\": %lu", cow->bitmap_len);
	printf(",\n    \"data_offset\": %lu", cow->data_off);
	printf(",\n    \"alignment\": %u", cow->align);
	printf(",\n    \"backing_file\": ");
	json_string(cow->path);
	printf(",\n    \"backing_mtime\": %u", cow->mtime);
	printf(",\n    \"merging\": %s", image->merging ? "true" : "false");
	printf(",\n    \"in_use\": %s", info->in_use ? "true" : "false");
	if (info->pid)
		printf(",\n    \"pid\": %d", info->pid);
	json_chain(image);
}

static void show_json(const struct info *info, int number)
{
	printf("%s\n  {\n    \"file\": ", number ? "," : "");
	json_string(info->path);
	printf(",\n    \"cow\": %s", info->image && info->image->is_cow ? "true" : "false");
	if (info->image && info->image->is_cow)
		json_cow(info);
	printf(",\n    \"problem\": ");
	if (info->problem)
		json_string(info->problem);
	else
		printf("null");
	printf("\n  }");
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ }
	};
	int option, i, status = INFO_GOOD, json = 0;

	while ((option = getopt_long(argc, argv, "j", longs, NULL)) != -1) {
		switch (option) {
		case 'j':
			json = 1;
			break;
		case 'h':
			help();
			return finish_stdout();
		case 'v':
			puts("uml_cowinfo " VERSION);
			return finish_stdout();
		default:
			return INFO_ERROR;
		}
	}
	if (optind == argc)
		return usage_error("no file is named");

	if (json)
		putchar('[');
	for (i = optind; i < argc; i++) {
		struct info info;
		int one = info_find(&info, argv[i]);

		if (json)
			show_json(&info, i - optind);
		else
			show(&info);
		if (one > status)
			status = one;
		info_free(&info);
	}
	if (json)
		puts("\n]");
	return finish_stdout() ? INFO_ERROR : status;
}
