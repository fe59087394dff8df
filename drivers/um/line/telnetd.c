// SPDX-License-Identifier: GPL-2.0
/*
 * telnetd=: a telnet daemon of the host serves the callers of ports, as it did before
 * the kernel spoke telnet itself.
 */
#define pr_fmt(fmt) fmt

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/options.h>

#include <um/host.h>
#include <um/spawn.h>
#include "handover.h"
#include "telnetd.h"

/* The daemon, with arguments up to that for the program to run. */
#define TELNETD_WORDS	8
static char telnetd[512];
static char telnetd_text[CHAN_VALUE] = "-L";
static const char *telnetd_words[TELNETD_WORDS] = { telnetd, telnetd_text };

/* Where it is, which is where no user's PATH looks. */
static int __init telnetd_find(const char *name, size_t len)
{
	char wanted[CHAN_VALUE + 16];
	int err;

	snprintf(wanted, sizeof(wanted), "%.*s", (int)len, name);
	err = host_find_program(wanted, telnetd, sizeof(telnetd));
	if (!err || memchr(name, '/', len))
		return err;
	snprintf(wanted, sizeof(wanted), "/usr/sbin/%.*s", (int)len, name);
	return host_find_program(wanted, telnetd, sizeof(telnetd));
}

/* Its arguments; false: one is empty, or there are too many. */
static bool __init telnetd_split(void)
{
	char *rest = telnetd_text, *word;
	unsigned int n = 1;

	while ((word = strsep(&rest, ","))) {
		/* The last ones are port-helper and NULL. */
		if (!*word || n == TELNETD_WORDS - 2)
			return false;
		telnetd_words[n++] = word;
	}
	telnetd_words[n] = NULL;
	return true;
}

static int __init um_telnetd_option(char *arg)
{
	size_t len = strcspn(arg, ",");

	if (!len || len >= CHAN_VALUE ||
	    strscpy(telnetd_text, arg[len] ? arg + len + 1 : "-L", sizeof(telnetd_text)) < 0 ||
	    !telnetd_split())
		return um_option_error("telnetd=%s: write telnetd=PROGRAM,SWITCH, as in telnetd=in.telnetd,-L",
				       arg);
	if (telnetd_find(arg, len))
		return um_option_error("telnetd=%s: there is no program %.*s", arg, (int)len, arg);
	return 0;
}

UM_OPTION(telnetd, "telnetd=", um_telnetd_option, "telnetd=PROGRAM[,SWITCH...]",
	  "Callers of a channel port are served by a telnet daemon of the host, with\n"
	  "port-helper as its login program, instead of by the kernel itself: the\n"
	  "daemon, and its switches, the last one that for the login program.  They\n"
	  "are -L if they are not given.\n");

bool telnetd_is_wanted(void)
{
	return *telnetd;
}

int telnetd_start(struct chan *chan, void *private, int fd)
{
	const char *argv[TELNETD_WORDS];
	unsigned int n;
	int fds[] = { fd, fd, 2, -1 };
	struct handover *h = handover_new(chan, private, telnetd, "a terminal");
	int err;

	if (IS_ERR(h))
		return PTR_ERR(h);
	for (n = 0; telnetd_words[n]; n++)
		argv[n] = telnetd_words[n];
	argv[n++] = h->helper;
	argv[n] = NULL;
	fds[3] = handover_pair(h);
	err = fds[3];
	if (err >= 0) {
		/* As a daemon expects its connection. */
		host_set_nonblock(fd, 0);
		err = handover_start(h, argv, fds, ARRAY_SIZE(fds));
		host_close(fds[3]);
	}
	if (err)
		handover_end(h);
	return err;
}
