// SPDX-License-Identifier: GPL-2.0
/*
 * A guest at the other end of a line.  Where the host's tty has SLIP itself, that
 * is used.  Where it has not, a process carries packets between the tty and a tun.
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include "host.h"
#include "privilege.h"

#define TTY	STDIN_FILENO

/* Of the host's SLIP: without compression of headers. */
#define ENCAPSULATION	0

static int check_tty(struct host *host)
{
	uid_t uid = host->policy.caller.uid;
	struct stat st;

	if (!isatty(TTY) || fstat(TTY, &st) < 0)
		return answer_wrong(&host->answer, "standard input: no tty");
	if (uid && st.st_uid != uid)
		return answer_wrong(&host->answer, "standard input: not your tty");
	return 0;
}

/* True when the tty is an interface now. */
static bool set_discipline(int discipline)
{
	return !ioctl(TTY, TIOCSETD, &discipline);
}

/* The name of the interface that the host's SLIP has for the tty. */
static bool discipline_name(char name[IFNAMSIZ])
{
	int discipline;

	return !ioctl(TTY, TIOCGETD, &discipline) && discipline == N_SLIP &&
	       !ioctl(TTY, SIOCGIFNAME, name);
}

static int up_by_host(struct host *host, const struct request *request)
{
	int encapsulation = ENCAPSULATION, err;
	char name[IFNAMSIZ] = "";
	struct link link;

	host->made = true;
	if (ioctl(TTY, SIOCSIFENCAP, &encapsulation) < 0 || !discipline_name(name) ||
	    link_find(&host->nl, name, &link) ||
	    link_mark_slip(&host->nl, &link, host->policy.caller.uid))
		err = answer_wrong(&host->answer, "the host's SLIP: no interface for the tty");
	else
		err = device_up(host, &link, request->gate);
	if (err)
		set_discipline(N_TTY);
	return err;
}

static int up_by_tun(struct host *host, const struct request *request)
{
	struct link link;
	pid_t pid;
	int err;

	if (device_open(host, "sl%d", IFF_TUN, &link))
		return -1;
	err = link_mark_slip(&host->nl, &link, host->policy.caller.uid);
	if (err)
		return answer_wrong(&host->answer, "DEV %s: %s", link.name, strerror(-err));
	if (device_up(host, &link, request->gate))
		return -1;
	pid = fork();
	if (pid < 0)
		return answer_wrong(&host->answer, "nothing can carry SLIP: %s", strerror(errno));
	if (!pid) {
		privilege_detach(TTY);
		carry(host, TTY);
		_exit(0);
	}
	answer_did(&host->answer, "%s%s", UM_NET_SLIP_DEV + strlen("* "), link.name);
	return 0;
}

int slip_up(struct host *host, const struct request *request)
{
	if (check_tty(host))
		return -1;
	return set_discipline(N_SLIP) ? up_by_host(host, request) : up_by_tun(host, request);
}

int slip_down(struct host *host, const struct request *request)
{
	char name[IFNAMSIZ] = "";
	struct link link;
	int err;

	if (device_find(host, request->dev, &link))
		return -1;
	if (link.slip == LINK_NOBODY)
		return answer_wrong(&host->answer, "DEV %s: it carries no SLIP", link.name);
	if (link.tun) {
		err = link_remove(&host->nl, &link);
		if (err)
			return answer_wrong(&host->answer, "DEV %s: %s", link.name,
					    strerror(-err));
		answer_did(&host->answer, "ip link del %s", link.name);
		return 0;
	}
	if (check_tty(host))
		return -1;
	if (!discipline_name(name) || strcmp(name, link.name) || !set_discipline(N_TTY))
		return answer_wrong(&host->answer, "DEV %s: not of the tty on standard input",
				    link.name);
	return 0;
}
