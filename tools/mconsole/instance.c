// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <um/abi/mconsole.h>
#include "../lib/log.h"
#include "instance.h"
#include "text.h"

/* Where every user can put something, so that only the caller's own is found. */
#define SHARED_DIR	"/tmp/uml"
#define MAX_DIRS	2

/**
 * struct places - where instances are
 * @dirs:	the directories, in the order in which they are looked at
 * @count:	how many
 * @home:	has one of them
 */
struct places {
	const char	*dirs[MAX_DIRS];
	int		count;
	char		*home;
};

static char *socket_path(const char *dir, const char *name)
{
	return make_text("%s/%s/%s", dir, name, UM_MCONSOLE_SOCKET_NAME);
}

static void places_find(struct places *places, const char *dir)
{
	const char *home = getenv("HOME");

	*places = (struct places) { };
	if (!dir)
		dir = getenv("UML_DIR");
	if (dir && *dir) {
		places->dirs[places->count++] = dir;
		return;
	}
	if (home && *home) {
		places->home = make_text("%s/.uml", home);
		places->dirs[places->count++] = places->home;
	}
	places->dirs[places->count++] = SHARED_DIR;
}

static void places_free(struct places *places)
{
	free(places->home);
}

/* ---- sockets ------------------------------------------------------------- */

/*
 * Connects to what is open as @file.  The path of a socket's address is short, and
 * may lead elsewhere by now: that of the descriptor does not.  A socket, or -errno.
 */
static int connect_file(int file)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, err = 0;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d", file);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		err = -errno;
		close(fd);
	}
	return err ?: fd;
}

/*
 * Whoever has a directory can put anything there at any time, so both have to be of
 * somebody who may do so: the place itself of root, or the user.
 */
static bool may_be_used(const char *dir, const char *name)
{
	struct stat place, st;
	char *path;
	bool ours;

	if (strcmp(dir, SHARED_DIR))
		return true;
	path = make_text("%s/%s", dir, name);
	ours = !lstat(dir, &place) && (!place.st_uid || place.st_uid == geteuid()) &&
	       !lstat(path, &st) && st.st_uid == geteuid();
	free(path);
	return ours;
}

/* A socket that is connected to @path, which is taken over; or -errno. */
static int try_path(struct instance *instance, char *path)
{
	struct stat st;
	int fd, err;

	instance->path = path;
	instance->file = open(path, O_PATH | O_CLOEXEC);
	if (instance->file < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	if (fstat(instance->file, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	fd = connect_file(instance->file);
	/* Only from now on is there an address that somebody could send to. */
	if (fd >= 0 && bind(fd, (struct sockaddr *)&(sa_family_t) { AF_UNIX },
			    sizeof(sa_family_t)) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* The file "pid" beside the console. */
static int open_pid(const char *console)
{
	const char *slash = strrchr(console, '/');
	int dir_len = slash ? slash - console + 1 : 0, fd;
	char *path = make_text("%.*spid", dir_len, console);

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	free(path);
	return fd;
}

static pid_t read_pid(int fd)
{
	char text[16] = "", *end;
	long pid;

	if (read(fd, text, sizeof(text) - 1) <= 0)
		return 0;
	pid = strtol(text, &end, 10);
	return (!*end || *end == '\n') && pid > 1 && pid <= INT_MAX ? pid : 0;
}

/* It holds a lock on its pid file for as long as it lives. */
static bool is_locked(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return !fcntl(fd, F_OFD_GETLK, &lock) && lock.l_type != F_UNLCK;
}

static bool runs_without_console(const char *path)
{
	int fd = open_pid(path);
	bool locked = fd >= 0 && is_locked(fd);

	if (fd >= 0)
		close(fd);
	return locked;
}

static void say_why(const char *name, const char *path, int err)
{
	if (err == -ECONNREFUSED)
		log_line("%s: it does not run: nobody listens on %s", name, path);
	else if (err == -ENOTSOCK)
		log_line("%s: %s is no socket", name, path);
	else if (err == -EPROTOTYPE)
		log_line("%s: %s is no console: a socket of another type", name, path);
	else if (err == -ENOENT && runs_without_console(path))
		log_line("%s: it runs, but has no management console: there is no %s", name, path);
	else if (strcmp(name, path))
		log_line("%s: %s: %s", name, path, strerror(-err));
	else
		log_line("%s: %s", name, strerror(-err));
}

static void say_not_found(const char *name, const struct places *places)
{
	char *first = socket_path(places->dirs[0], name);

	if (runs_without_console(first))
		say_why(name, first, -ENOENT);
	else if (places->count > 1)
		log_line("%s: no such guest: it is neither in %s nor in %s", name,
			 places->dirs[0], places->dirs[1]);
	else
		log_line("%s: no such guest: it is not in %s", name, places->dirs[0]);
	free(first);
}

/* By the path of its socket, or of the directory that has it. */
static int open_by_path(struct instance *instance, const char *name)
{
	if (is_directory(name))
		return try_path(instance, make_text("%s/%s", name, UM_MCONSOLE_SOCKET_NAME));
	return try_path(instance, make_text("%s", name));
}

static int open_by_name(struct instance *instance, const struct places *places, const char *name)
{
	int i, fd = -ENOENT;

	for (i = 0; i < places->count; i++) {
		struct instance next;
		int err;

		if (!may_be_used(places->dirs[i], name))
			continue;
		err = try_path(&next, socket_path(places->dirs[i], name));
		/* What is there, though not as it should be, is more than nothing. */
		if (err >= 0 || fd == -ENOENT) {
			instance_close(instance);
			*instance = next;
			fd = err;
		} else {
			instance_close(&next);
		}
		if (fd >= 0)
			break;
	}
	return fd;
}

int instance_open(struct instance *instance, const char *dir, const char *name)
{
	struct places places;
	struct stat st;
	int fd;

	*instance = (struct instance) { .file = -1 };
	places_find(&places, dir);
	if (!*name || !strcmp(name, ".") || !strcmp(name, "..")) {
		log_line("'%s': not the name of a guest", name);
		places_free(&places);
		return -1;
	}
	if (strchr(name, '/')) {
		fd = open_by_path(instance, name);
	} else {
		fd = open_by_name(instance, &places, name);
		if (fd == -ENOENT && !dir && !stat(name, &st) && S_ISSOCK(st.st_mode)) {
			instance_close(instance);
			fd = open_by_path(instance, name);
		}
	}
	if (fd == -ENOENT && !strchr(name, '/'))
		say_not_found(name, &places);
	else if (fd < 0)
		say_why(name, instance->path, fd);
	if (fd < 0)
		instance_close(instance);
	places_free(&places);
	return fd < 0 ? -1 : fd;
}

void instance_close(struct instance *instance)
{
	free(instance->path);
	if (instance->file >= 0)
		close(instance->file);
	*instance = (struct instance) { .file = -1 };
}

bool instance_is_live(const struct instance *instance)
{
	int fd = connect_file(instance->file);

	if (fd >= 0)
		close(fd);
	return fd != -ECONNREFUSED;
}

pid_t instance_pid(const struct instance *instance)
{
	int fd = open_pid(instance->path);
	pid_t pid = fd >= 0 ? read_pid(fd) : 0;

	if (fd >= 0)
		close(fd);
	return pid;
}

/* ---- lists --------------------------------------------------------------- */

static void list_one(const char *dir, const char *name,
		     void (*fn)(const struct listed *listed, void *arg), void *arg)
{
	struct instance instance = { .file = -1 };
	struct listed listed = { .name = name };
	int fd, pid_file;

	if (!may_be_used(dir, name))
		return;
	fd = try_path(&instance, socket_path(dir, name));
	pid_file = open_pid(instance.path);
	if (pid_file >= 0)
		listed.pid = read_pid(pid_file);
	if (fd >= 0)
		listed.path = instance.path;
	if (fd >= 0 || (pid_file >= 0 && is_locked(pid_file)))
		fn(&listed, arg);
	if (pid_file >= 0)
		close(pid_file);
	if (fd >= 0)
		close(fd);
	instance_close(&instance);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int instance_list(const char *dir, void (*fn)(const struct listed *listed, void *arg), void *arg)
{
	struct places places;
	int i, j, err = 0;

	places_find(&places, dir);
	for (i = 0; i < places.count; i++) {
		struct dirent **entries;
		int n = scandir(places.dirs[i], &entries, not_hidden, alphasort);

		for (j = 0; j < n; j++) {
			list_one(places.dirs[i], entries[j]->d_name, fn, arg);
			free(entries[j]);
		}
		if (n >= 0) {
			free(entries);
		} else if (dir || errno != ENOENT) {
			log_line("%s: %s", places.dirs[i], strerror(errno));
			err = -1;
		}
	}
	places_free(&places);
	return err;
}
