// SPDX-License-Identifier: GPL-2.0
/* uml_switch: an Ethernet switch between guests; switch.h tells how it works. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include "log.h"
#include "options.h"
#include "pcap.h"

/* Descriptors that are not of ports; a port has two, connection and data. */
#define OTHER_FILES	(PENDING_MAX + 64)
#define PORT_FILES	2

static struct uml_switch the_switch;

um_u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000UL + now.tv_nsec / 1000000;
}

/* As many descriptors as are allowed; the ports that they are enough for. */
static um_u32 raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < OTHER_FILES + PORT_FILES)
		return 1;
	return (limit.rlim_cur - OTHER_FILES) / PORT_FILES;
}

/* ---- signals ------------------------------------------------------------- */

static void signal_ready(struct source *source, um_u32 events)
{
	struct signalfd_siginfo info;

	(void)events;
	while (read(source->fd, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGUSR1:
			stats_log(&the_switch);
			break;
		case SIGCONT:
			mgmt_stdin_continue();
			break;
		default:
			log_detail("signal %u", info.ssi_signo);
			the_switch.stop = true;
		}
	}
}

static struct source signal_source = { -1, signal_ready };

/* Those that end it, but for those that it is to ignore, as nohup(1) has it. */
static void signals_block(sigset_t *set)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction action;
	size_t i;

	sigemptyset(set);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGCONT);
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		if (!sigaction(ends[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(set, ends[i]);
	sigprocmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int signals_open(const sigset_t *set)
{
	signal_source.fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	return signal_source.fd < 0 ? -errno : event_add(&signal_source, EPOLLIN);
}

/* ---- the background ------------------------------------------------------ */

/*
 * Goes on in a child; the caller waits until that is ready, or has failed and
 * said why.  Returns the descriptor for daemon_ready().
 */
static int daemon_start(void)
{
	char byte;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0) {
		log_line("-daemon: %s", strerror(errno));
		exit(1);
	}
	pid = fork();
	if (pid < 0) {
		log_line("-daemon: %s", strerror(errno));
		exit(1);
	}
	if (pid) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) == 1 ? 0 : 1);
	}
	close(fds[0]);
	setsid();
	return fds[1];
}

static void daemon_ready(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), i;

	log_to_syslog();
	if (chdir("/") < 0)
		log_line("-daemon: /: %s", strerror(errno));
	for (i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		dup2(null, i);
	if (null > STDERR_FILENO)
		close(null);
	if (write(fd, "", 1) < 0)
		log_line("-daemon: %s", strerror(errno));
	close(fd);
}

/* ---- start and end ------------------------------------------------------- */

/* What those wait for who start a switch and then its clients. */
static void announce(const struct uml_switch *sw, const char *program)
{
	const struct endpoint *at;

	for (at = sw->endpoints; at; at = at->next) {
		if (at->kind != ENDPOINT_SOCKET)
			continue;
		if (at->data_name)
			printf("%s attached to unix sockets '%s' and '%s'\n", program, at->name,
			       at->data_name);
		else
			printf("%s attached to unix socket '%s'\n", program, at->name);
	}
	fflush(stdout);
}

/* 0, or -1 after a line. */
static int switch_open(struct uml_switch *sw, const struct options *options,
		       const sigset_t *signals)
{
	struct endpoint *at;
	um_u64 seed;
	int err, i;

	TAILQ_INIT(&sw->ports);
	TAILQ_INIT(&sw->pending);
	for (i = 0; i < ADDR_BUCKETS; i++)
		TAILQ_INIT(&sw->addr[i]);
	if (getrandom(&seed, sizeof(seed), 0) < 0)
		seed = now_ms();
	err = mac_table_init(&sw->forward.macs, options->macs, options->age * 1000, seed);
	if (!err)
		err = event_init();
	if (!err)
		err = signals_open(signals);
	if (err) {
		log_line("cannot start: %s", strerror(-err));
		return -1;
	}
	for (at = sw->endpoints; at; at = at->next)
		if (at->kind == ENDPOINT_TAP ? tap_open(sw, at) : control_open(sw, at))
			return -1;
	if (options->mgmt && mgmt_open(sw, options->mgmt))
		return -1;
	/* Last, so that one that is refused does not spoil a capture that goes on. */
	if (options->pcap) {
		sw->pcap = pcap_open(options->pcap, options->pcap_limit);
		if (!sw->pcap)
			return -1;
	}
	if (!options->daemon)
		mgmt_stdin_open(sw);
	return 0;
}

static void switch_close(struct uml_switch *sw)
{
	struct endpoint *at;

	mgmt_close();
	for (at = sw->endpoints; at; at = at->next)
		control_close(at);
	if (sw->pcap)
		pcap_close(sw->pcap);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct uml_switch *sw = &the_switch;
	int ready_fd = -1, status;
	sigset_t signals;

	(void)argc;
	sw->max_ports = raise_file_limit();
	status = options_parse(&options, sw, argv);
	if (status >= 0)
		return status;
	signals_block(&signals);
	if (options.daemon)
		ready_fd = daemon_start();
	status = switch_open(sw, &options, &signals);
	if (!status)
		announce(sw, argv[0]);
	if (!status && options.daemon)
		daemon_ready(ready_fd);
	while (!status && !sw->stop) {
		event_wait();
		if (sw->pcap)
			pcap_flush(sw->pcap);
	}
	switch_close(sw);
	return status ? 1 : 0;
}
