// SPDX-License-Identifier: GPL-2.0
/*
 * Opens and locks the files behind a disk, and makes new COW files.
 *
 * For the disks of the command line this runs before the kernel starts: it uses
 * what needs no kernel, and memory of the host.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <asm/options.h>

#include "ubd.h"

/*
 * One caller at a time, see ubd_configure(): the names of a file and of the one
 * below it, and their headers by turns.
 */
static char this_path[PATH_MAX], next_path[PATH_MAX], new_path[PATH_MAX];
static char head[2][COW_HEAD_MAX], new_head[COW_HEAD_MAX];

/* What a message says of a file: its name, unless it is the one that the word has. */
static const char *which(const struct ubd_config *config, const char *path)
{
	static char name[PATH_MAX + 2];

	if (strlen(path) == config->file.len &&
	    !strncmp(path, config->file.start, config->file.len))
		return "";
	snprintf(name, sizeof(name), "%s: ", path);
	return name;
}

/* For a disk of 256 TiB with sectors of 512 bytes; more would be looked at for long. */
#define BITMAP_MAX	(64ULL * SZ_1G)

static int take_path(char *to, const struct ubd_part *from,
		     const struct ubd_config *config, struct ubd_why *why)
{
	if (from->len >= PATH_MAX)
		return ubd_say(why, "%s: a name of more than %d bytes",
			       config->word, PATH_MAX - 1);
	memcpy(to, from->start, from->len);
	to[from->len] = '\0';
	return 0;
}

/* ---- locks ------------------------------------------------------------------ */

/* Is the last layer's file above it, too? */
static bool is_above(const struct ubd_image *image)
{
	const struct ubd_layer *l = &image->layer[image->nr_layers - 1], *a;

	for (a = image->layer; a < l; a++)
		if (a->dev == l->dev && a->ino == l->ino)
			return true;
	return false;
}

/* Another unit's word, when it has the same file open. */
static const char *same_file(const struct ubd_config *config,
			     const struct ubd_layer *l)
{
	unsigned int i;
	int n;

	for (i = 0; i < UBD_UNITS; i++) {
		const struct ubd_config *other = &ubd_configs[i];

		for (n = 0; other != config && n < other->image.nr_layers; n++)
			if (other->image.layer[n].dev == l->dev &&
			    other->image.layer[n].ino == l->ino)
				return other->word;
	}
	return NULL;
}

static int lock(const struct ubd_config *config, const struct ubd_layer *l,
		const char *path, bool exclusive, struct ubd_why *why)
{
	const char *other;
	int err, holder;

	if (config->shared)
		return 0;
	err = host_lock(l->fd, exclusive);
	/* Some file systems have no locks at all: that is no conflict. */
	if (err != -EAGAIN && err != -EACCES)
		return 0;

	other = same_file(config, l);
	if (other)
		return ubd_say(why, "%s: %sin use by %s (the flag 'c' shares it)",
			       config->word, which(config, path), other);
	holder = host_lock_holder(l->fd, exclusive);
	if (holder > 0)
		return ubd_say(why, "%s: %sin use by process %d (the flag 'c' shares it)",
			       config->word, which(config, path), holder);
	return ubd_say(why, "%s: %sin use by another process (the flag 'c' shares it)",
		       config->word, which(config, path));
}

/* ---- one file ----------------------------------------------------------------- */

/* What may be said of the file before it is opened, which could block. */
static int check_type(const struct ubd_config *config, const char *path,
		      const struct host_stat *st, struct ubd_why *why)
{
	switch (st->type) {
	case HOST_FILE_REGULAR:
	case HOST_FILE_BLOCK:
		return 0;
	case HOST_FILE_DIR:
		return ubd_say(why, "%s: %s%s", config->word, which(config, path),
			       um_strerror(EISDIR));
	case HOST_FILE_CHAR:
		return ubd_say(why, "%s: %sa character device cannot be a disk",
			       config->word, which(config, path));
	default:
		return ubd_say(why, "%s: %sneither a file nor a block device",
			       config->word, which(config, path));
	}
}

/*
 * For reading and writing, or for reading if that is all that there is.  @flags: for
 * writing only.
 */
static int open_path(const char *path, int flags, bool *read_only)
{
	int fd;

	/* A FIFO that has just taken the file's place is not to be waited for. */
	if (!*read_only) {
		fd = host_open(path, O_RDWR | O_NONBLOCK | flags, 0);
		if (fd != -EACCES && fd != -EROFS && fd != -EPERM &&
		    fd != -ETXTBSY)
			return fd;
		*read_only = true;
	}
	return host_open(path, O_RDONLY | O_NONBLOCK, 0);
}

/* Of the file that was opened, not of what had its name before. */
static int stat_open(const struct ubd_config *config, const struct ubd_layer *l,
		     const char *path, struct host_stat *st, struct ubd_why *why)
{
	int err = host_fstat(l->fd, st);

	if (err)
		return ubd_say(why, "%s: %s%s", config->word, which(config, path),
			       um_strerror(err));
	return check_type(config, path, st, why);
}

/* Takes what @fd is as the last layer; *@st is of the file that was opened. */
static int take_layer(struct ubd_config *config, int fd, const char *path,
		      bool exclusive, struct host_stat *st, struct ubd_why *why)
{
	struct ubd_image *image = &config->image;
	struct ubd_layer *l = &image->layer[image->nr_layers++];
	int err;

	*l = (struct ubd_layer) { .fd = fd, .direct = -1 };
	err = stat_open(config, l, path, st, why);
	if (err)
		return err;
	l->dev = st->dev;
	l->ino = st->ino;
	if (is_above(image))
		return ubd_say(why, "%s: the backing file %s is in use above itself",
			       config->word, path);
	err = lock(config, l, path, exclusive, why);
	if (err)
		return err;
	/* Who had it locked may have changed it. */
	return stat_open(config, l, path, st, why);
}

/* Adds the file as the last layer. */
static int add_layer(struct ubd_config *config, const char *path,
		     bool *read_only, struct host_stat *st, struct ubd_why *why)
{
	int err, fd, flags = 0;
	bool busy;

	if (config->image.nr_layers == UBD_MAX_LAYERS)
		return ubd_say(why, "%s: more than %d files, one below the other",
			       config->word, UBD_MAX_LAYERS);
	err = host_stat(path, st);
	if (err)
		return ubd_say(why, "%s: %s%s", config->word, which(config, path),
			       um_strerror(err));
	err = check_type(config, path, st, why);
	if (err)
		return err;
	/* What the host has mounted, say, is not to be written. */
	if (st->type == HOST_FILE_BLOCK && !config->shared)
		flags = O_EXCL;
	fd = open_path(path, flags, read_only);
	busy = fd == -EBUSY;
	if (busy)
		fd = open_path(path, 0, read_only);
	if (fd < 0)
		return ubd_say(why, "%s: %s%s", config->word, which(config, path),
			       um_strerror(fd));
	/* It knows better who it is, if that is another one like us. */
	err = take_layer(config, fd, path, !*read_only, st, why);
	if (!err && busy)
		return ubd_say(why, "%s: %sin use by the host (the flag 'c' shares it)",
			       config->word, which(config, path));
	return err;
}

static long read_at(int fd, void *buf, unsigned long len, u64 off)
{
	struct host_iovec iov = { .base = buf, .len = len };

	return host_preadv(fd, &iov, 1, off, 0);
}

static int write_at(int fd, void *buf, unsigned long len, u64 off)
{
	struct host_iovec iov = { .base = buf, .len = len };
	long n = host_pwritev(fd, &iov, 1, off, 0);

	return n < 0 ? n : n == len ? 0 : -ENOSPC;
}

/* ---- COW files ---------------------------------------------------------------- */

/*
 * Reads the header, if there is one.  @plain: as a file it has the size that the COW
 * file above asks for, so it is data unless it is a COW file with a disk of that size.
 */
static int read_header(const struct ubd_config *config, struct ubd_layer *l,
		       const char *path, char *buf, u64 size, bool plain,
		       struct ubd_why *why)
{
	/* That flag is of the first file. */
	const char *hint = l == config->image.layer && !config->backing.len ?
			   " (the flag 'd' takes it as plain data)" : "";
	enum cow_fault fault;
	um_u64 need;
	long n;

	n = read_at(l->fd, buf, COW_HEAD_MAX, 0);
	if (n < 0)
		return ubd_say(why, "%s: %s%s", config->word, which(config, path),
			       um_strerror(n));
	fault = cow_parse(&l->cow, buf, n, &need);
	if (plain && (fault != COW_FINE || l->cow.size != size))
		return 0;
	switch (fault) {
	case COW_FINE:
		break;
	case COW_NO_COW:
		return 0;
	case COW_SHORT:
		if (n < 8)
			return 0;
		return ubd_say(why, "%s: %sthe file ends within its COW header%s",
			       config->word, which(config, path), hint);
	default:
		return ubd_say(why, "%s: %s%s %llu is not valid in a COW header: must be %s%s",
			       config->word, which(config, path), cow_field(fault),
			       (u64)l->cow.bad, cow_rule(fault), hint);
	}
	if (size < l->cow.bitmap_off + l->cow.bitmap_len)
		return ubd_say(why, "%s: %scut off: the bitmap ends at byte %llu, the file at %llu",
			       config->word, which(config, path),
			       (u64)(l->cow.bitmap_off + l->cow.bitmap_len), size);
	if (l->cow.bitmap_len > BITMAP_MAX)
		return ubd_say(why, "%s: %sa COW file for a disk of %llu bytes is too large",
			       config->word, which(config, path),
			       (u64)l->cow.size);
	l->is_cow = 1;
	return 0;
}

static bool is_merging(const struct ubd_layer *l)
{
	struct cow_merge_mark mark;

	return read_at(l->fd, &mark, sizeof(mark), l->cow.end) == sizeof(mark) &&
	       cow_is_mark(&l->cow, &mark);
}

/* @path as a name from the root. */
static int absolute_path(const struct ubd_config *config, const char *path,
			 char *to, struct ubd_why *why)
{
	int len = 0;

	if (*path != '/') {
		len = host_getcwd(to, PATH_MAX - 1);
		if (len < 0)
			return ubd_say(why, "%s: the current directory: %s",
				       config->word, um_strerror(len));
		to[len++] = '/';
	}
	if (strscpy(to + len, path, PATH_MAX - len) < 0)
		return ubd_say(why, "%s: the name of the backing file is too long",
			       config->word);
	return 0;
}

/* The header's name of the backing file; a relative one goes with its file. */
static int named_backing(const struct ubd_config *config,
			 const struct ubd_layer *l, struct ubd_why *why)
{
	const char *slash = strrchr(this_path, '/');
	int len, dir;

	dir = slash && *l->cow.path != '/' ? slash + 1 - this_path : 0;
	len = snprintf(next_path, sizeof(next_path), "%.*s%s", dir, this_path,
		       l->cow.path);
	if (len >= sizeof(next_path))
		return ubd_say(why, "%s: %sthe name of its backing file is too long",
			       config->word, which(config, this_path));
	return 0;
}

/* Is it the file that the COW file was made for? */
static int check_backing(const struct ubd_config *config,
			 const struct ubd_layer *l, const struct host_stat *st,
			 u64 size, struct ubd_why *why)
{
	if (size != l->cow.size)
		return ubd_say(why, "%s: %sthe backing file %s has %llu bytes instead of %llu: name the right one behind the COW file",
			       config->word, which(config, this_path), next_path,
			       size, (u64)l->cow.size);
	/* A device's time is that of its name. */
	if (st->type == HOST_FILE_BLOCK || is_merging(l) ||
	    cow_same_mtime(&l->cow, st->mtime))
		return 0;
	return ubd_say(why, "%s: %sthe backing file %s was changed: its time is %lld instead of %u; if what it holds is the same, touch -d @%u it",
		       config->word, which(config, this_path), next_path,
		       (s64)st->mtime, l->cow.mtime, l->cow.mtime);
}

/*
 * The same file by another name: the header is to have it.  The COW file's time
 * stays, as a COW file on it goes by that.
 */
static int rename_backing(struct ubd_config *config, struct ubd_layer *l,
			  struct ubd_why *why)
{
	int err = absolute_path(config, next_path, new_path, why);
	struct host_stat st;

	if (err || !strcmp(new_path, l->cow.path))
		return err;
	config->moved = true;
	if (config->read_only ||
	    (l->cow.layout == COW_V1 && strlen(new_path) >= COW_PATH_V1))
		return 0;
	l->cow.path = new_path;
	err = host_fstat(l->fd, &st) ?:
	      write_at(l->fd, new_head, cow_write_head(&l->cow, new_head), 0);
	if (err)
		return ubd_say(why, "%s: the header of %s: %s", config->word,
			       this_path, um_strerror(err));
	/* Only its owner may do that; the disk is the same without it. */
	config->newer = host_set_mtime(l->fd, st.mtime);
	return 0;
}

/* Opens what is below the last layer. */
static int add_backing(struct ubd_config *config, struct ubd_why *why)
{
	struct ubd_image *image = &config->image;
	int err, n = image->nr_layers;
	struct ubd_layer *l = &image->layer[n - 1], *below = l + 1;
	bool read_only = true, given = n == 1 && config->backing.len;
	struct host_stat st;

	if (given)
		err = take_path(next_path, &config->backing, config, why);
	else
		err = named_backing(config, l, why);
	if (!err)
		err = add_layer(config, next_path, &read_only, &st, why);
	if (err)
		return err;
	/* What others made on top of a COW file takes it as plain data. */
	err = read_header(config, below, next_path, head[n & 1], st.size,
			  st.size == l->cow.size, why);
	if (err)
		return err;
	err = check_backing(config, l, &st,
			    below->is_cow ? below->cow.size : st.size, why);
	if (!err && given)
		err = rename_backing(config, l, why);
	if (err)
		return err;
	l->cow.path = NULL;
	strscpy(this_path, next_path, sizeof(this_path));
	return 0;
}

/* ---- new COW files ---------------------------------------------------------- */

/* What a new COW file on @next_path says, which has *@st. */
static int describe(struct ubd_config *config, struct cow *cow,
		    struct host_stat *st, struct ubd_why *why)
{
	struct ubd_layer *l = config->image.layer;
	bool read_only = true;
	enum cow_fault fault;
	int err;

	err = add_layer(config, next_path, &read_only, st, why) ?:
	      read_header(config, l, next_path, head[0], st->size, false, why) ?:
	      absolute_path(config, next_path, new_path, why);
	if (err)
		return err;
	fault = cow_init(cow, COW_V3, new_path, st->mtime,
			 l->is_cow ? l->cow.size : st->size, COW_SECTOR, COW_ALIGN);
	if (fault != COW_FINE)
		return ubd_say(why, "%s: no COW file can be made on %s: %s must be %s",
			       config->word, next_path, cow_field(fault),
			       cow_rule(fault));
	return 0;
}

static int sync_directory(char *path)
{
	char *slash = strrchr(path, '/');
	int fd, err;

	if (slash)
		slash[1] = '\0';
	fd = host_open(slash ? path : ".", O_RDONLY | O_DIRECTORY, 0);
	/* It may be writable only. */
	if (fd == -EACCES)
		return 0;
	if (fd < 0)
		return fd;
	err = host_datasync(fd);
	host_close(fd);
	/* Not every file system syncs directories. */
	return err == -EINVAL ? 0 : err;
}

/* A file of a new name; that is in @new_path. */
static int open_new(struct ubd_config *config, struct ubd_why *why)
{
	int fd, tries;
	u32 number;

	for (tries = 0, fd = -EEXIST; tries < 100 && fd == -EEXIST; tries++) {
		if (host_getrandom(&number, sizeof(number)) != sizeof(number))
			number = host_getpid() + tries;
		if (snprintf(new_path, sizeof(new_path), "%s.%08x", this_path,
			     number) >= sizeof(new_path))
			return ubd_say(why, "%s: %s%s", config->word,
				       which(config, this_path),
				       um_strerror(ENAMETOOLONG));
		fd = host_open(new_path, O_RDWR | O_CREAT | O_EXCL, 0600);
	}
	if (fd < 0)
		return ubd_say(why, "%s: %s%s", config->word, which(config, new_path),
			       um_strerror(fd));
	return fd;
}

/*
 * Nobody may read the file who may not read what it is on.  Where it cannot have
 * that one's group, its own may not, and of the others there are more.
 */
static int set_rights(int fd, const struct host_stat *like)
{
	u32 mode = like->mode & 0666 & ~host_umask();
	struct host_stat st;
	int err = host_fstat(fd, &st);

	if (err)
		return err;
	if (st.gid != like->gid && host_set_group(fd, like->gid))
		mode &= 0600 | (like->mode >> 3 & 6);
	/* Where that cannot be, it stays its owner's alone. */
	host_chmod(fd, mode | 0600);
	return 0;
}

/* Gives the file all that it has, and then its name. */
static int fill_new(struct ubd_config *config, int fd, u64 head_len, u64 len,
		    const struct host_stat *like, struct ubd_why *why)
{
	int err;

	err = set_rights(fd, like) ?:
	      write_at(fd, new_head, head_len, 0) ?:
	      host_truncate(fd, len) ?:
	      host_datasync(fd) ?:
	      host_rename_new(new_path, this_path);
	/* Somebody was quicker: then that file is opened. */
	if (!err || err == -EEXIST)
		return err;
	return ubd_say(why, "%s: %s%s", config->word, which(config, this_path),
		       um_strerror(err));
}

/*
 * The file has its name when it is complete, and on stable storage, only.  As soon
 * as it has it others may open it, so it is locked before, and not opened anew: it
 * is the first layer then, if there is one.
 */
static int create(struct ubd_config *config, struct host_stat *st,
		  struct ubd_why *why)
{
	struct host_stat like;
	struct cow cow;
	int err, fd;
	u64 n;

	err = take_path(next_path, &config->backing, config, why) ?:
	      describe(config, &cow, &like, why);
	/* It is opened anew, below the file that is made. */
	ubd_image_close(&config->image);
	if (err)
		return err;
	n = cow_write_head(&cow, new_head);
	fd = open_new(config, why);
	if (fd < 0)
		return fd;
	err = take_layer(config, fd, new_path, true, st, why) ?:
	      fill_new(config, fd, n, cow.end, &like, why);
	if (err) {
		host_unlink(new_path);
		ubd_image_close(&config->image);
		return err == -EEXIST ? 0 : err;
	}
	config->created = true;
	err = sync_directory(new_path);
	if (err)
		return ubd_say(why, "%s: its directory: %s", config->word,
			       um_strerror(err));
	return stat_open(config, config->image.layer, this_path, st, why);
}

/*
 * What was made is of no use when the rest fails.  Without a lock others may have
 * opened it by now, and then it is theirs.
 */
static void uncreate(struct ubd_config *config, struct ubd_why *why)
{
	const struct ubd_layer *l = config->image.layer;
	struct host_stat st;

	if (!config->created || config->shared || host_lock(l->fd, true) ||
	    take_path(this_path, &config->file, config, why))
		return;
	if (!host_stat(this_path, &st) && st.dev == l->dev && st.ino == l->ino)
		host_unlink(this_path);
}

/* ---- bitmaps ------------------------------------------------------------------ */

/* Reads what is not a hole; all else is zero already. */
static int read_map(const struct ubd_layer *l)
{
	u64 off = 0;

	while (off < l->cow.bitmap_len) {
		s64 data = host_seek_data(l->fd, l->cow.bitmap_off + off);
		long n;

		/* Nothing but a hole, or no idea of holes. */
		if (data == -ENXIO)
			return 0;
		if (data > 0 && data - l->cow.bitmap_off > off)
			off = data - l->cow.bitmap_off;
		if (off >= l->cow.bitmap_len)
			return 0;
		n = read_at(l->fd, l->map + off,
			    min_t(u64, l->cow.bitmap_len - off, SZ_1M),
			    l->cow.bitmap_off + off);
		if (n < 0)
			return n;
		/* The file ends here: there is no data behind. */
		if (n == 0)
			return 0;
		off += n;
	}
	return 0;
}

static int load_map(struct ubd_image *image, int n)
{
	struct ubd_layer *l = &image->layer[n];
	u64 pages = DIV_ROUND_UP(l->cow.bitmap_len, UBD_MAP_PAGE);
	u64 map_len = pages * UBD_MAP_PAGE;
	u64 words_len = DIV_ROUND_UP(pages, 64) * sizeof(u64);
	long mem;

	/* Only the first one changes. */
	image->mem_len[n] = n ? map_len : 2 * map_len + 3 * words_len;
	mem = host_reserve(image->mem_len[n]);
	if (mem < 0 && mem > -4096) {
		image->mem_len[n] = 0;
		return mem;
	}
	image->mem[n] = (void *)mem;
	l->map = image->mem[n];
	if (!n) {
		struct ubd_changes *c = &image->changes;

		c->stable = l->map + map_len;
		c->dirty = (um_u64 *)(c->stable + map_len);
		c->writing = c->dirty + words_len / sizeof(u64);
		c->room = c->writing + words_len / sizeof(u64);
		c->pages = pages;
	}
	return read_map(l);
}

/* Is all of its data there?  A copy may have been ended in its middle. */
static int check_end(struct ubd_config *config, int n, struct ubd_why *why)
{
	const struct ubd_layer *l = &config->image.layer[n];
	u64 bit, end, size = l->cow.size;
	struct host_stat st;
	int set, err;

	err = host_fstat(l->fd, &st);
	ubd_layer_name(config, n, next_path, sizeof(next_path));
	if (err)
		return ubd_say(why, "%s: %s%s", config->word, which(config, next_path),
			       um_strerror(err));
	if (!n && !config->read_only && st.type == HOST_FILE_BLOCK &&
	    st.size < l->cow.data_off + size)
		return ubd_say(why, "%s: %sthe device ends at byte %llu, the COW file at %llu",
			       config->word, which(config, next_path), (u64)st.size,
			       l->cow.data_off + size);
	/* The first sector that is not there as a whole. */
	bit = st.size > l->cow.data_off ?
	      (st.size - l->cow.data_off) >> l->cow.shift : 0;
	for (; bit < l->cow.bits; bit = end) {
		end = bit + cow_run(l->map, bit, l->cow.bits, &set);
		/* Of the last one only the disk's part need be. */
		if (!set || st.size >= l->cow.data_off + min(end << l->cow.shift, size))
			continue;
		return ubd_say(why, "%s: %scut off: byte %llu of the disk is to be at %llu, the file ends at %llu",
			       config->word, which(config, next_path),
			       bit << l->cow.shift,
			       l->cow.data_off + (bit << l->cow.shift), (u64)st.size);
	}
	return 0;
}

/* ---- past the host's page cache ---------------------------------------------- */

/* What the host wants to have aligned it does not say everywhere, but it refuses. */
static int find_alignment(struct ubd_layer *l)
{
	static char buf[2 * SZ_4K] __aligned(SZ_4K);
	struct host_iovec iov = { .base = buf + SECTOR_SIZE, .len = SECTOR_SIZE };
	long n = host_preadv(l->direct, &iov, 1, 0, 0);

	l->unaligned = SECTOR_SIZE - 1;
	if (n != -EINVAL)
		return n < 0 ? n : 0;
	l->unaligned = SZ_4K - 1;
	iov = (struct host_iovec) { .base = buf, .len = SZ_4K };
	n = host_preadv(l->direct, &iov, 1, 0, 0);
	return n < 0 ? n : 0;
}

static int open_direct(struct ubd_config *config, int n, struct ubd_why *why)
{
	struct ubd_layer *l = &config->image.layer[n];
	int writes = !n && !config->read_only ? O_RDWR : O_RDONLY;
	char path[32];
	int err;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", l->fd);
	l->direct = host_open(path, writes | O_DIRECT | O_NONBLOCK, 0);
	err = l->direct < 0 ? l->direct : find_alignment(l);
	if (!err)
		return 0;
	ubd_layer_name(config, n, next_path, sizeof(next_path));
	return ubd_say(why, "%s: %sno O_DIRECT there (the flag 'o'): %s",
		       config->word, which(config, next_path), um_strerror(err));
}

/* ---- all of it ------------------------------------------------------------------ */

static int open_layers(struct ubd_config *config, struct ubd_why *why)
{
	struct ubd_image *image = &config->image;
	bool read_only = config->read_only;
	struct host_stat st;
	int i, err;

	err = take_path(this_path, &config->file, config, why);
	if (err)
		return err;
	if (config->backing.len && config->plain)
		return ubd_say(why, "%s: plain data (the flag 'd') has no backing file",
			       config->word);
	if (config->backing.len && !config->read_only &&
	    host_stat(this_path, &st) == -ENOENT) {
		err = create(config, &st, why);
		if (err)
			return err;
	}
	if (!image->nr_layers) {
		err = add_layer(config, this_path, &read_only, &st, why);
		if (err)
			return err;
	}
	config->demoted = read_only && !config->read_only;
	config->read_only = read_only;
	if (!st.size)
		return ubd_say(why, "%s: the file is empty", config->word);
	if (!config->plain)
		err = read_header(config, image->layer, this_path, head[0],
				  st.size, false, why);
	if (err)
		return err;
	if (config->backing.len && !image->layer[0].is_cow)
		return ubd_say(why, "%s: no COW file, so there is no backing file",
			       config->word);

	while (image->layer[image->nr_layers - 1].is_cow) {
		err = add_backing(config, why);
		if (err)
			return err;
	}
	for (i = 0; image->layer[i].is_cow; i++) {
		err = load_map(image, i);
		if (err)
			return ubd_say(why, "%s: the bitmap of %s: %s",
				       config->word,
				       ubd_layer_name(config, i, next_path,
						      sizeof(next_path)),
				       um_strerror(err));
		err = check_end(config, i, why);
		if (err)
			return err;
	}

	for (i = 0; config->direct && i < image->nr_layers; i++) {
		err = open_direct(config, i, why);
		if (err)
			return err;
	}

	/* What is not there yet is not written. */
	if (image->layer[0].is_cow && !config->read_only &&
	    st.type == HOST_FILE_REGULAR && st.size < image->layer[0].cow.end) {
		err = host_truncate(image->layer[0].fd, image->layer[0].cow.end);
		if (err)
			return ubd_say(why, "%s: %s", config->word, um_strerror(err));
	}
	image->guarded = !config->plain && !image->layer[0].is_cow;
	image->size = image->layer[0].is_cow ? image->layer[0].cow.size : st.size;
	config->cut = image->size % SECTOR_SIZE;
	image->size -= config->cut;
	if (!image->size)
		return ubd_say(why, "%s: the file is shorter than a sector",
			       config->word);
	return 0;
}

int ubd_image_open(struct ubd_config *config, struct ubd_why *why)
{
	int err = open_layers(config, why);

	if (err) {
		uncreate(config, why);
		ubd_image_close(&config->image);
	}
	return err;
}

void ubd_image_close(struct ubd_image *image)
{
	int i;

	for (i = 0; i < image->nr_layers; i++) {
		if (image->mem_len[i])
			host_unmap(image->mem[i], image->mem_len[i]);
		if (image->layer[i].fd >= 0)
			host_close(image->layer[i].fd);
		if (image->layer[i].direct >= 0)
			host_close(image->layer[i].direct);
	}
	*image = (struct ubd_image) { };
}

const char *ubd_layer_name(const struct ubd_config *config, int layer, char *buf,
			   unsigned long len)
{
	int cut = max_t(int, config->file.len - (int)len + 1, 0);
	char link[32];
	long n;

	/* The end of a long one says more. */
	if (!layer) {
		snprintf(buf, len, "%.*s", config->file.len - cut,
			 config->file.start + cut);
		return buf;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d",
		 config->image.layer[layer].fd);
	n = host_readlink(link, buf, len - 1);
	if (n < 0)
		return "a backing file";
	buf[n] = '\0';
	return buf;
}
