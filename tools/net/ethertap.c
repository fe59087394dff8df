// SPDX-License-Identifier: GPL-2.0
/*
 * Ethertap, as hosts had it before there were taps: the guest gives the helper a
 * socket for its frames, and has it stay.  Here the interface is a tap.
 */
#include <errno.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "address.h"
#include "host.h"
#include "peer.h"

#define FRAME_MAX	(UM_NET_ETHERTAP_PAD + 65536)
#define HEADER		14
/* How often the guest's end of the data socket is looked at. */
#define PEER_CHECK_MS	1000
/* Frames in one direction before the other gets its turn. */
#define TURN		64

enum { CONTROL, DATA, TAP, SIGNALS, NR_FILES };

/**
 * struct ethertap - one that is served
 * @host:	the host
 * @link:	the tap
 * @files:	what is waited for
 * @change:	a change that comes in
 * @change_len:	how much of it is there
 * @frame:	a frame of the host, behind the padding
 * @frame_len:	its length with the padding while it waits for the guest, or 0
 * @stop:	it ends
 */
struct ethertap {
	struct host		*host;
	struct link		link;
	struct pollfd		files[NR_FILES];
	union {
		struct um_net_change	change;
		char			change_bytes[sizeof(struct um_net_change)];
	};
	size_t			change_len;
	um_u8			frame[FRAME_MAX];
	size_t			frame_len;
	bool			stop;
};

/* ---- control ------------------------------------------------------------- */

static int obey(struct ethertap *tap)
{
	struct host *host = tap->host;
	in_addr_t addr, mask;

	memcpy(&addr, tap->change.addr, sizeof(addr));
	memcpy(&mask, tap->change.mask, sizeof(mask));
	if (!address_is_unicast(addr))
		return answer_wrong(&host->answer, "ADDR %s: no address that one machine can have",
				    address_text(addr).s);
	if (!address_is_mask(mask))
		return answer_wrong(&host->answer, "MASK %s: no netmask of IPv4",
				    address_text(mask).s);
	switch (tap->change.op) {
	case UM_NET_ADD:
		return guest_add(host, &tap->link, addr);
	case UM_NET_DEL:
		return guest_del(host, &tap->link, addr);
	default:
		return answer_wrong(&host->answer, "change %d: neither %d nor %d", tap->change.op,
				    UM_NET_ADD, UM_NET_DEL);
	}
}

static void control_ready(struct ethertap *tap)
{
	ssize_t bytes = recv(tap->files[CONTROL].fd, tap->change_bytes + tap->change_len,
			     sizeof(tap->change) - tap->change_len, MSG_DONTWAIT);

	if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (bytes <= 0) {
		tap->stop = true;
		return;
	}
	tap->change_len += bytes;
	if (tap->change_len < sizeof(tap->change))
		return;
	tap->change_len = 0;
	link_find_index(&tap->host->nl, tap->link.index, &tap->link);
	obey(tap);
	answer_send_change(&tap->host->answer);
}

/* ---- frames -------------------------------------------------------------- */

/* Is this error of a send or receive one after which the next may succeed? */
static bool may_go_on(int error)
{
	return error == EAGAIN || error == EINTR || error == ENOBUFS || error == ENOMEM ||
	       error == EMSGSIZE || error == EIO || error == EINVAL;
}

static void data_ready(struct ethertap *tap)
{
	static um_u8 frame[FRAME_MAX];
	ssize_t bytes;
	int i;

	for (i = 0; i < TURN && !tap->stop; i++) {
		bytes = recv(tap->files[DATA].fd, frame, sizeof(frame), MSG_DONTWAIT);
		if (bytes < 0) {
			tap->stop = !may_go_on(errno);
			return;
		}
		if (bytes < UM_NET_ETHERTAP_PAD + HEADER)
			continue;
		if (write(tap->files[TAP].fd, frame + UM_NET_ETHERTAP_PAD,
			  bytes - UM_NET_ETHERTAP_PAD) < 0)
			tap->stop = !may_go_on(errno);
	}
}

/* False: the guest has no room for the frame, and gets it later. */
static bool send_frame(struct ethertap *tap)
{
	ssize_t bytes = send(tap->files[DATA].fd, tap->frame, tap->frame_len, MSG_DONTWAIT);

	if (bytes < 0 && errno == EAGAIN)
		return false;
	tap->frame_len = 0;
	if (bytes < 0)
		tap->stop = !may_go_on(errno);
	return true;
}

static void tap_ready(struct ethertap *tap)
{
	ssize_t bytes;
	int i;

	for (i = 0; i < TURN && !tap->stop; i++) {
		bytes = read(tap->files[TAP].fd, tap->frame + UM_NET_ETHERTAP_PAD,
			     sizeof(tap->frame) - UM_NET_ETHERTAP_PAD);
		if (bytes < 0) {
			tap->stop = !may_go_on(errno);
			return;
		}
		tap->frame_len = UM_NET_ETHERTAP_PAD + bytes;
		if (!send_frame(tap))
			return;
	}
}

/* ---- all of it ----------------------------------------------------------- */

static int open_signals(void)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	return signalfd(-1, &ends, SFD_CLOEXEC);
}

static void serve(struct ethertap *tap)
{
	struct pollfd *files = tap->files;
	int ready;

	while (!tap->stop) {
		files[DATA].events = POLLIN | (tap->frame_len ? POLLOUT : 0);
		files[TAP].events = tap->frame_len ? 0 : POLLIN;
		ready = poll(files, NR_FILES, PEER_CHECK_MS);
		if (!ready && peer_is_gone(files[DATA].fd))
			return;
		if (ready <= 0)
			continue;
		if (files[SIGNALS].revents || (files[TAP].revents & (POLLERR | POLLNVAL)) ||
		    (files[DATA].revents & (POLLHUP | POLLNVAL)))
			return;
		if (files[CONTROL].revents)
			control_ready(tap);
		if (files[DATA].revents & (POLLIN | POLLERR))
			data_ready(tap);
		if ((files[DATA].revents & POLLOUT) && tap->frame_len)
			send_frame(tap);
		if (files[TAP].revents & POLLIN)
			tap_ready(tap);
	}
}

int ethertap_serve(struct host *host, const struct request *request)
{
	static struct ethertap tap;
	int err;

	tap.host = host;
	if (!peer_is_unix(request->data_fd, SOCK_DGRAM))
		return answer_wrong(&host->answer, "DATAFD: no open UNIX socket of datagrams");
	if (!peer_is_unix(STDOUT_FILENO, SOCK_STREAM))
		return answer_wrong(&host->answer, "standard output: no UNIX socket of a stream");
	if (device_open(host, request->dev, IFF_TAP, &tap.link))
		return -1;
	err = device_up(host, &tap.link, request->gate);
	if (!err) {
		answer_send_good(&host->answer, request);
		tap.files[CONTROL] = (struct pollfd){ STDOUT_FILENO, POLLIN, 0 };
		tap.files[DATA] = (struct pollfd){ request->data_fd, POLLIN, 0 };
		tap.files[TAP] = (struct pollfd){ host->tun, POLLIN, 0 };
		tap.files[SIGNALS] = (struct pollfd){ open_signals(), POLLIN, 0 };
		serve(&tap);
	}
	device_close(host, &tap.link);
	return err;
}
