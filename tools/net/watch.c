// SPDX-License-Identifier: GPL-2.0
/*
 * The host forgets the route to a guest together with the interface, but not that
 * it answers ARP for the guest elsewhere.  So a process waits for that.
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "address.h"
#include "host.h"
#include "privilege.h"

/* Events come in crowds. */
#define PAUSE_US	50000

/* Until the host has told of something.  What it was does not matter. */
static int wait_for_event(int fd)
{
	char bytes[4096];

	if (recv(fd, bytes, sizeof(bytes), 0) < 0 && errno != ENOBUFS && errno != EINTR)
		return -errno;
	usleep(PAUSE_US);
	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	return 0;
}

__noreturn
static void watch(int link, in_addr_t addr)
{
	struct netlink events, nl;

	if (netlink_open(&events, RTMGRP_LINK | RTMGRP_IPV4_ROUTE) || netlink_open(&nl, 0))
		_exit(1);
	do {
		while (route_is_there(&nl, addr, link))
			if (wait_for_event(events.fd))
				_exit(1);
		guest_withdraw(&nl, addr);
		/* It may have come back meanwhile, and relied on what was there. */
	} while (route_is_there(&nl, addr, link) && guest_publish(&nl, link, addr));
	_exit(0);
}

int watch_start(struct host *host, const struct link *link, in_addr_t addr)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		/* Nobody's child, that nobody has to wait for. */
		pid = fork();
		if (pid)
			_exit(pid < 0);
		privilege_detach(-1);
		/* It must not be what keeps the interface. */
		closefrom(STDERR_FILENO + 1);
		watch(link->index, addr);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (status)
		return answer_wrong(&host->answer, "ADDR %s: no process can wait for its end",
				    address_text(addr).s);
	return 0;
}
