// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "failure.h"
#include "newfile.h"

static int open_directory(const char *path)
{
	char *copy = strdup(path);
	int fd = -1;

	if (copy)
		fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	return fd;
}

/* A name in the same directory that nobody uses. */
static char *temporary_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	int dir_len = slash ? slash + 1 - path : 0;
	unsigned int number = 0;
	char *name;

	/* Whether it is random matters little: nothing that exists is opened. */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = getpid();
	/* Cut, as a name may be as long as the file system lets it. */
	if (asprintf(&name, "%.*s.%.200s.%08x", dir_len, path, path + dir_len, number) < 0)
		return NULL;
	return name;
}

static int begin_nameless(struct newfile *file, int dir)
{
	char self[32];

	file->fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (file->fd < 0)
		return -1;
	/* The way by which it gets a name. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	if (!access(self, F_OK))
		return 0;
	close(file->fd);
	file->fd = -1;
	return -1;
}

/* Until now it is for its owner alone: who has opened a file can read what comes later. */
static void give_access(int fd, const struct stat *like)
{
	mode_t mode = (like->st_mode & 0666) | 0600;
	mode_t mask = umask(077);
	struct stat st;

	umask(mask);
	if (fstat(fd, &st))
		return;
	/* Who was in the group there is not here: group and others get what both had. */
	if (st.st_gid != like->st_gid && fchown(fd, -1, like->st_gid)) {
		mode_t both = mode & (mode >> 3) & 06;

		mode = 0600 | both << 3 | both;
	}
	/* Some file systems have no modes. */
	fchmod(fd, mode & ~mask);
}

static int begin(struct newfile *file, const char *path)
{
	int dir;

	*file = (struct newfile) { .path = path, .fd = -1 };
	dir = open_directory(path);
	if (dir < 0)
		return fail("%s: its directory: %m", path);
	begin_nameless(file, dir);
	close(dir);
	if (file->fd >= 0)
		return 0;

	file->temporary = temporary_name(path);
	if (!file->temporary)
		return fail("%s: %m", path);
	file->fd = open(file->temporary, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (file->fd >= 0)
		return 0;
	fail("%s: %m", path);
	/* Not ours. */
	free(file->temporary);
	file->temporary = NULL;
	return -1;
}

int newfile_begin(struct newfile *file, const char *path, const struct stat *like)
{
	if (begin(file, path) < 0)
		return -1;
	give_access(file->fd, like);
	return 0;
}

static int link_nameless(const struct newfile *file, const char *name)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

/* Only where the name is free. */
static int rename_to_free(const struct newfile *file)
{
	if (!renameat2(AT_FDCWD, file->temporary, AT_FDCWD, file->path, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (link(file->temporary, file->path))
		return -1;
	unlink(file->temporary);
	return 0;
}

/* Who had the file locked before us may have put another one in its place. */
static int has_name(int fd, const char *path)
{
	struct stat named, st;

	return !stat(path, &named) && !fstat(fd, &st) && named.st_dev == st.st_dev &&
	       named.st_ino == st.st_ino;
}

static int newfile_name(struct newfile *file, int old)
{
	if (!file->temporary && old < 0)
		return link_nameless(file, file->path) ? fail("%s: %m", file->path) : 0;
	if (!file->temporary) {
		char *name = temporary_name(file->path);

		if (!name || link_nameless(file, name)) {
			fail("%s: %m", file->path);
			free(name);
			return -1;
		}
		file->temporary = name;
	}
	if (old >= 0 && !has_name(old, file->path))
		return fail("%s: another file has got that name meanwhile", file->path);
	if (old < 0 ? rename_to_free(file) : rename(file->temporary, file->path))
		return fail("%s: %m", file->path);
	free(file->temporary);
	file->temporary = NULL;
	return 0;
}

int newfile_finish(struct newfile *file, int old)
{
	int dir, err;

	if (fsync(file->fd))
		return fail("%s: bringing it to stable storage: %m", file->path);
	if (newfile_name(file, old) < 0)
		return -1;
	dir = open_directory(file->path);
	err = dir < 0 ? -1 : fsync(dir);
	if (dir >= 0)
		close(dir);
	if (err)
		return fail("%s: written, but its directory: %m", file->path);
	return 0;
}

void newfile_drop(struct newfile *file)
{
	if (file->fd >= 0)
		close(file->fd);
	if (file->temporary)
		unlink(file->temporary);
	free(file->temporary);
	*file = (struct newfile) { .fd = -1 };
}
