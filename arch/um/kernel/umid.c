// SPDX-License-Identifier: GPL-2.0
/*
 * The instance's name and its directory: <uml_dir>/<umid>/pid.
 *
 * The pid file is locked as long as the instance lives, so that a directory of
 * one that was killed is known to be stale.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/options.h>
#include <asm/umid.h>
#include <um/host.h>

#define NAME_MAX_LEN	64
#define DIR_MAX_LEN	256

static char name[NAME_MAX_LEN];
static char base[DIR_MAX_LEN];
static char dir[DIR_MAX_LEN + NAME_MAX_LEN + 1];
static char pid_file[DIR_MAX_LEN + NAME_MAX_LEN + 16];
static int pid_fd = -1;
static bool name_given, base_given;

static int __init umid_option(char *arg)
{
	if (!*arg)
		return um_option_error("umid=: a name is missing");
	if (strchr(arg, '/') || *arg == '.')
		return um_option_error("umid=%s: a name has no slash and no dot in front", arg);
	if (strlen(arg) >= sizeof(name))
		return um_option_error("umid=%s: longer than %d bytes", arg,
				       NAME_MAX_LEN - 1);
	strscpy(name, arg, sizeof(name));
	name_given = true;
	return 0;
}

UM_OPTION(umid, "umid=", umid_option, "umid=NAME",
	  "A name for this instance, unique for the user; random if not given.\n");

static int __init uml_dir_option(char *arg)
{
	const char *home = host_getenv("HOME");
	int n;

	if (!*arg)
		return um_option_error("uml_dir=: a directory is missing");
	if (!strncmp(arg, "~/", 2) && home)
		n = snprintf(base, sizeof(base), "%s%s", home, arg + 1);
	else
		n = snprintf(base, sizeof(base), "%s", arg);
	if (n >= sizeof(base))
		return um_option_error("uml_dir=%s: longer than %d bytes", arg,
				       DIR_MAX_LEN - 1);
	while (n > 1 && base[n - 1] == '/')
		base[--n] = 0;
	base_given = true;
	return 0;
}

UM_OPTION(uml_dir, "uml_dir=", uml_dir_option, "uml_dir=DIR",
	  "Where the instance keeps its files, in a directory of its name: ~/.uml\n"
	  "if not given.\n");

static void __init random_name(void)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	u8 bytes[6] = { };
	int i;

	host_getrandom(bytes, sizeof(bytes));
	for (i = 0; i < sizeof(bytes); i++)
		name[i] = letters[bytes[i] % 32];
	name[i] = 0;
}

/* The holder's pid as it wrote it, 0 when there is none. */
static int __init holder(void)
{
	char text[16] = "";
	struct host_iovec iov = { text, sizeof(text) - 1 };
	long n = host_preadv(pid_fd, &iov, 1, 0, 0);

	return n > 0 ? simple_strtol(text, NULL, 10) : 0;
}

/*
 * What the user has not asked for may fail: then the instance has no
 * directory.
 */
static int __init fail(const char *what, int err)
{
	if (pid_fd >= 0)
		host_close(pid_fd);
	pid_fd = -1;
	dir[0] = 0;
	if (!name_given && !base_given)
		return 0;
	um_option_error("%s=%s: %s: %s", base_given ? "uml_dir" : "umid",
			base_given ? base : name, what, um_strerror(err));
	return err;
}

int __init umid_start(void)
{
	const char *home = host_getenv("HOME");
	char text[16];
	int err, n, tries = 0;

	if (!base_given) {
		if (!home || snprintf(base, sizeof(base), "%s/.uml", home) >= sizeof(base))
			return fail("HOME is not set, or too long", -ENOENT);
	}
again:
	if (!name_given)
		random_name();
	snprintf(dir, sizeof(dir), "%s/%s", base, name);
	snprintf(pid_file, sizeof(pid_file), "%s/pid", dir);

	err = host_mkdir(base, 0700);
	if (err < 0 && err != -EEXIST)
		return fail(base, err);
	err = host_mkdir(dir, 0700);
	if (err < 0 && err != -EEXIST)
		return fail(dir, err);
	pid_fd = host_open(pid_file, 02 | 0100 /* O_RDWR | O_CREAT */, 0600);
	if (pid_fd < 0)
		return fail(pid_file, pid_fd);
	err = host_lock(pid_fd, 1);
	if (err == -EAGAIN || err == -EACCES) {
		n = holder();
		host_close(pid_fd);
		pid_fd = -1;
		if (!name_given && tries++ < 8)
			goto again;
		dir[0] = 0;
		return um_option_error("umid=%s: in use by process %d", name, n);
	}
	if (err < 0)
		return fail(pid_file, err);

	/* What another one left behind is overwritten. */
	host_truncate(pid_fd, 0);
	n = snprintf(text, sizeof(text), "%d\n", host_getpid());
	err = host_write_all(pid_fd, text, n);
	if (err < 0)
		return fail(pid_file, err);
	return 0;
}

void umid_end(void)
{
	if (!dir[0])
		return;
	host_unlink(pid_file);
	snprintf(pid_file, sizeof(pid_file), "%s/mconsole", dir);
	host_unlink(pid_file);
	host_rmdir(dir);
	dir[0] = 0;
	host_close(pid_fd);
	pid_fd = -1;
}

const char *umid_name(void)
{
	return name;
}

const char *umid_dir(void)
{
	return dir;
}
