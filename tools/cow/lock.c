// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"
#include "lock.h"

static struct flock whole_file(int exclusive)
{
	return (struct flock) {
		.l_type = exclusive ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET,
	};
}

static int has_lock_line(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[256];
	int found = 0;

	if (!f)
		return 0;
	while (!found && fgets(line, sizeof(line), f))
		found = !strncmp(line, "lock:", 5);
	fclose(f);
	return found;
}

/* Has the process locked the file by one of its descriptors? */
static int process_has_lock(const char *pid, const struct stat *file)
{
	char path[600];
	struct dirent *entry;
	struct stat st;
	int found = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while (!found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, entry->d_name);
		if (stat(path, &st) || st.st_dev != file->st_dev ||
		    st.st_ino != file->st_ino)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, entry->d_name);
		found = has_lock_line(path);
	}
	closedir(dir);
	return found;
}

/* A lock of an open file description names no process; its descriptors do. */
static int find_holder(int fd)
{
	struct dirent *entry;
	struct stat file;
	int pid = 0;
	DIR *proc;

	proc = opendir("/proc");
	if (!proc)
		return 0;
	if (!fstat(fd, &file))
		while (!pid && (entry = readdir(proc)))
			if (isdigit((unsigned char)*entry->d_name) &&
			    atoi(entry->d_name) != getpid() &&
			    process_has_lock(entry->d_name, &file))
				pid = atoi(entry->d_name);
	closedir(proc);
	return pid;
}

int lock_conflict(int fd, int exclusive, int *pid)
{
	struct flock lock = whole_file(exclusive);

	*pid = 0;
	if (fcntl(fd, F_OFD_GETLK, &lock) || lock.l_type == F_UNLCK)
		return 0;
	*pid = lock.l_pid > 0 ? lock.l_pid : find_holder(fd);
	return 1;
}

int lock_file(int fd, const char *path, int exclusive)
{
	struct flock lock = whole_file(exclusive);
	int pid;

	if (!fcntl(fd, F_OFD_SETLK, &lock))
		return 0;
	/* Some file systems have no locks at all: that is no conflict. */
	if (errno != EAGAIN && errno != EACCES)
		return 0;
	lock_conflict(fd, exclusive, &pid);
	if (pid)
		return fail("%s: in use by process %d", path, pid);
	return fail("%s: in use by another process", path);
}
