// SPDX-License-Identifier: GPL-2.0
/*
 * Switches of the executable, before the kernel starts.
 */
#include <linux/errname.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <asm/options.h>
#include <asm/option_words.h>
#include <asm/setup.h>
#include <um/host.h>

extern const struct um_option __um_options_start[], __um_options_end[];

/* Words that a switch has taken: the kernel need not look at them. */
#define WORDS_MAX	256
static const char *taken[WORDS_MAX] __initdata;
static int nr_taken __initdata;

/* The program's output before there is a console. */
static void out(int fd, const char *text)
{
	host_write_all(fd, text, strlen(text));
}

int um_option_error(const char *fmt, ...)
{
	char line[1024] = "linux: ";
	va_list args;
	int n;

	va_start(args, fmt);
	n = 7 + vscnprintf(line + 7, sizeof(line) - 8, fmt, args);
	va_end(args);
	line[n++] = '\n';
	host_write_all(2, line, n);
	return -EINVAL;
}

int um_option_on_off(const char *name, const char *arg, bool *value)
{
	bool on = !strcmp(arg, "on");

	if (!on && strcmp(arg, "off"))
		return um_option_error("%s=%s: neither on nor off", name, arg);
	*value = on;
	return 0;
}

const char *um_strerror(int err)
{
	static char unknown[24];

	switch (abs(err)) {
	case EPERM:		return "Operation not permitted";
	case ENOENT:		return "No such file or directory";
	case ESRCH:		return "No such process";
	case EINTR:		return "Interrupted system call";
	case EIO:		return "Input/output error";
	case ENXIO:		return "No such device or address";
	case EBADF:		return "Bad file descriptor";
	case EAGAIN:		return "Resource temporarily unavailable";
	case ENOMEM:		return "Cannot allocate memory";
	case EACCES:		return "Permission denied";
	case EBUSY:		return "Device or resource busy";
	case EEXIST:		return "File exists";
	case ENODEV:		return "No such device";
	case ENOTDIR:		return "Not a directory";
	case EISDIR:		return "Is a directory";
	case EINVAL:		return "Invalid argument";
	case ENFILE:		return "Too many open files in system";
	case EMFILE:		return "Too many open files";
	case ENOTTY:		return "Not a terminal";
	case ETXTBSY:		return "Text file busy";
	case EFBIG:		return "File too large";
	case ENOSPC:		return "No space left on device";
	case EROFS:		return "Read-only file system";
	case ENAMETOOLONG:	return "File name too long";
	case ENOSYS:		return "Function not implemented";
	case ELOOP:		return "Too many levels of symbolic links";
	case EOVERFLOW:		return "Value too large for defined data type";
	case EOPNOTSUPP:	return "Operation not supported";
	case EPIPE:		return "Broken pipe";
	case EPROTO:		return "Protocol error";
	case ENOTSOCK:		return "Socket operation on non-socket";
	case EADDRINUSE:	return "Address already in use";
	case EADDRNOTAVAIL:	return "Cannot assign requested address";
	case ENETUNREACH:	return "Network is unreachable";
	case ECONNRESET:	return "Connection reset by peer";
	case ETIMEDOUT:		return "Connection timed out";
	case ECONNREFUSED:	return "Connection refused";
	case EHOSTUNREACH:	return "No route to host";
	}
	snprintf(unknown, sizeof(unknown), "error %d", abs(err));
	return unknown;
}

static int __init help_option(char *arg)
{
	const struct um_option *opt;

	if (*arg)
		return 1;
	out(1, "usage: linux [SWITCH|KERNEL PARAMETER]... [-- INIT ARGUMENT...]\n\n"
	       "Linux as a process of this host.  With no switch it boots from the file\n"
	       "root_fs in the current directory.  Switches:\n\n");
	for (opt = __um_options_start; opt < __um_options_end; opt++) {
		const char *line = opt->help, *next;

		out(1, "  ");
		out(1, opt->syntax);
		out(1, "\n");
		for (; *line; line = next) {
			next = strchrnul(line, '\n');
			out(1, "        ");
			host_write_all(1, line, next - line);
			out(1, "\n");
			if (*next)
				next++;
		}
	}
	out(1, "\nKernel parameters are those of Linux; what the kernel does not know\n"
	       "goes to init.\n");
	host_exit(0);
}

UM_OPTION(help, "--help", help_option, "--help", "Shows this text.\n");

static int __init version_option(char *arg)
{
	if (*arg)
		return 1;
	out(1, init_uts_ns.name.release);
	out(1, "\n");
	host_exit(0);
}

UM_OPTION(version, "--version", version_option, "--version",
	  "Shows the kernel's version.\n");

extern const char um_config_text[], um_config_text_end[];

static int __init showconfig_option(char *arg)
{
	if (*arg)
		return 1;
	host_write_all(1, um_config_text, um_config_text_end - um_config_text);
	host_exit(0);
}

UM_OPTION(showconfig, "--showconfig", showconfig_option, "--showconfig",
	  "Shows the configuration that the kernel was built with.\n");

/* For --help only: the kernel itself looks at these. */
static int __init kernel_option(char *arg)
{
	return 1;
}

UM_OPTION(root, "root=", kernel_option, "root=DEVICE",
	  "The root file system, ubd0 if not given.  The first ubd device is ubda\n"
	  "or ubd0, with /dev/ or without; PARTUUID= and the like work too.\n");
UM_OPTION(debug, "debug", kernel_option, "debug",
	  "All of the kernel's messages on the console.\n");
UM_OPTION(quiet, "quiet", kernel_option, "quiet",
	  "Only its errors.\n");

/* Runs the handlers of one word.  0, or -errno after a message. */
static int __init option_word(char *word)
{
	const struct um_option *opt;

	for (opt = __um_options_start; opt < __um_options_end; opt++) {
		size_t len = strlen(opt->name);
		int err;

		if (strncmp(word, opt->name, len))
			continue;
		err = opt->handler(word + len);
		if (err < 0)
			return err;
		if (err == 0) {
			if (nr_taken < WORDS_MAX)
				taken[nr_taken++] = word;
			return 0;
		}
	}
	if (!strncmp(word, "--", 2))
		return um_option_error("%s: unknown switch, see --help", word);
	return 0;
}

int __init um_options_handle(int argc, char **argv)
{
	int i, err;

	for (i = 1; i < argc; i++) {
		/* What follows is init's. */
		if (!strcmp(argv[i], "--"))
			break;
		err = option_word(argv[i]);
		if (err < 0)
			return err;
	}
	return 0;
}

bool __init um_option_is_taken(const char *word)
{
	int i;

	for (i = 0; i < nr_taken; i++)
		if (!strcmp(taken[i], word))
			return true;
	return false;
}
