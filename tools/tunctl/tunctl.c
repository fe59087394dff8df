// SPDX-License-Identifier: GPL-2.0
/*
 * tunctl: makes interfaces of the host that stay when nobody has them open, for
 * a user or a group, and removes them.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "../lib/tools.h"
#include "../lib/tun.h"

#define NOBODY	(-1L)		/* no owner, no group */
#define ID_MAX	0xfffffffeL	/* the last one that is not "none" */

/**
 * struct options - what is asked for
 * @clone:	the device that is opened
 * @name:	of the interface; empty: the next that is free
 * @owner:	user id, or NOBODY
 * @group:	group id, or NOBODY
 * @flags:	IFF_TAP or IFF_TUN, and more
 * @brief:	print the name only
 * @delete:	remove it
 */
struct options {
	const char	*clone;
	char		name[IFNAMSIZ];
	long		owner;
	long		group;
	int		flags;
	bool		brief;
	bool		delete;
};

static const char help[] =
"Usage: tunctl [-b] [-u OWNER] [-g GROUP] [-t DEV] [-p|-n] [-q] [-V] [-f CLONE]\n"
"       tunctl [OPTION]... OWNER\n"
"       tunctl -d DEV [-f CLONE]\n"
"\n"
"Makes an interface that stays, for a user or a group to open, or removes it.\n"
"\n"
"  -u OWNER     who may open it, by name or number; the caller if neither this\n"
"               nor -g is given\n"
"  -g GROUP     whose members may open it, by name or number\n"
"  -t DEV       its name; if this is not given the next of tap0, tap1, ...\n"
"  -d DEV       remove DEV\n"
"  -p           frames of Ethernet: a tap, the default\n"
"  -n           packets of IP: a tun\n"
"  -q           of several queues\n"
"  -V           with virtio-net headers\n"
"  -b           print the name of the interface only\n"
"  -f CLONE     the clone device, " TUN_CLONE_DEVICE " if this is not given\n"
"  --help, --version\n";

__noreturn __printf(1, 2)
static void die(const char *format, ...)
{
	va_list args;

	fputs("tunctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* A number of a user or group, or NOBODY when it is none. */
static long read_id(const char *text)
{
	char *end;
	long id;

	if (!isdigit((unsigned char)*text))
		return NOBODY;
	errno = 0;
	id = strtol(text, &end, 10);
	return *end || errno || id > ID_MAX ? NOBODY : id;
}

static long read_owner(const char *option, const char *text)
{
	const struct passwd *user = getpwnam(text);
	long id = user ? user->pw_uid : read_id(text);

	if (id == NOBODY)
		die("%s%s: neither the name nor the number of a user", option, text);
	return id;
}

static long read_group(const char *text)
{
	const struct group *group = getgrnam(text);
	long id = group ? group->gr_gid : read_id(text);

	if (id == NOBODY)
		die("-g %s: neither the name nor the number of a group", text);
	return id;
}

static void read_name(struct options *options, char option, const char *text)
{
	const char *why = tun_bad_name(text);

	if (why)
		die("-%c %s: %s", option, text, why);
	if (*options->name)
		die("-%c %s: an interface is named already, %s", option, text, options->name);
	snprintf(options->name, sizeof(options->name), "%s", text);
}

static void parse(struct options *options, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ }
	};
	bool creates = false;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":bd:f:g:hnpqt:u:V", longs, NULL)) != -1) {
		creates |= !strchr("dfb", c);
		switch (c) {
		case 'b':
			options->brief = true;
			break;
		case 'd':
			options->delete = true;
			read_name(options, c, optarg);
			break;
		case 'f':
			options->clone = optarg;
			break;
		case 'g':
			options->group = read_group(optarg);
			break;
		case 'n':
			options->flags = (options->flags & ~IFF_TAP) | IFF_TUN;
			break;
		case 'p':
			options->flags = (options->flags & ~IFF_TUN) | IFF_TAP;
			break;
		case 'q':
			options->flags |= IFF_MULTI_QUEUE;
			break;
		case 't':
			read_name(options, c, optarg);
			break;
		case 'u':
			options->owner = read_owner("-u ", optarg);
			break;
		case 'V':
			options->flags |= IFF_VNET_HDR;
			break;
		case 'h':
			fputs(help, stdout);
			exit(0);
		case 'v':
			printf("tunctl %s\n", VERSION);
			exit(0);
		case ':':
			die("-%c: its value is missing (see --help)", optopt);
		default:
			if (optopt)
				die("-%c: no such option (see --help)", optopt);
			die("%s: no such option (see --help)", argv[optind - 1]);
		}
	}
	if (options->delete && creates)
		die("-d %s: has no other options than -f", options->name);
	if (!argv[optind])
		return;
	if (!options->delete && options->owner == NOBODY)
		options->owner = read_owner("", argv[optind++]);
	if (argv[optind])
		die("%s: one word too many (see --help)", argv[optind]);
}

static int open_clone(const struct options *options)
{
	int fd = open(options->clone, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", options->clone, strerror(errno));
	return fd;
}

static void set(int fd, const struct options *options, unsigned long request, unsigned long value,
		const char *what)
{
	if (ioctl(fd, request, value) < 0)
		die("%s: %s: %s", options->name, what, strerror(errno));
}

__noreturn
static void attach_failed(const struct options *options, int err)
{
	const char *name = *options->name ? options->name : "a new interface";

	switch (-err) {
	case ENOTTY:
		die("-f %s: no clone device of TUN/TAP", options->clone);
	case EPERM:
		die("%s: %s (it takes root, or CAP_NET_ADMIN)", name, strerror(-err));
	case EBUSY:
		die("%s: a process has it open", name);
	case EINVAL:
		die("%s: there is one of another kind", name);
	default:
		die("%s: %s", name, strerror(-err));
	}
}

static void delete_interface(struct options *options)
{
	int fd, err;

	/* Attaching would make it. */
	if (!if_nametoindex(options->name))
		die("-d %s: there is no such interface", options->name);
	fd = open_clone(options);
	err = tun_attach_queues(fd, options->name, IFF_TAP | IFF_NO_PI);
	if (err == -EINVAL)
		err = tun_attach_queues(fd, options->name, IFF_TUN | IFF_NO_PI);
	if (err == -EINVAL)
		die("-d %s: neither a tap nor a tun", options->name);
	if (err)
		attach_failed(options, err);
	set(fd, options, TUNSETPERSIST, 0, "cannot be removed");
	printf("Set '%s' nonpersistent\n", options->name);
}

static void create_interface(struct options *options)
{
	int fd = open_clone(options), err;

	if (options->owner == NOBODY && options->group == NOBODY)
		options->owner = geteuid();
	err = tun_attach(fd, options->name, options->flags | IFF_NO_PI);
	if (err)
		attach_failed(options, err);
	/* It stays only when all else is as it should be. */
	if (options->owner != NOBODY)
		set(fd, options, TUNSETOWNER, options->owner, "cannot set the owner");
	if (options->group != NOBODY)
		set(fd, options, TUNSETGROUP, options->group, "cannot set the group");
	set(fd, options, TUNSETPERSIST, 1, "cannot make it stay");
	if (options->brief) {
		puts(options->name);
		return;
	}
	printf("Set '%s' persistent and owned by", options->name);
	if (options->owner != NOBODY)
		printf(" uid %ld", options->owner);
	if (options->group != NOBODY)
		printf(" gid %ld", options->group);
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct options options = {
		.clone = TUN_CLONE_DEVICE,
		.owner = NOBODY,
		.group = NOBODY,
		.flags = IFF_TAP,
	};

	parse(&options, argc, argv);
	if (options.delete)
		delete_interface(&options);
	else
		create_interface(&options);
	return 0;
}
