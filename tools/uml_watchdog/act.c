// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <um/abi/mconsole.h>
#include "../lib/log.h"
#include "act.h"

int guest_open(struct guest *guest, pid_t pid)
{
	guest->pid = pid;
	guest->pidfd = pidfd_open(pid, 0);
	return guest->pidfd < 0 ? -errno : 0;
}

bool guest_wait_end(const struct guest *guest, int ms)
{
	struct pollfd pollfd = { .fd = guest->pidfd, .events = POLLIN };

	/* Without a descriptor it is but a pause. */
	return poll(&pollfd, 1, ms) > 0;
}

bool guest_is_stopped(const struct guest *guest)
{
	char path[32], text[512];
	const char *state;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", guest->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	/* Behind the name, which may have anything in it. */
	state = strrchr(text, ')');
	return state && state[1] && (state[2] == 'T' || state[2] == 't');
}

void guest_text(const struct guest *guest, char *text, size_t size)
{
	const char *umid = guest->umid && *guest->umid ? guest->umid : NULL;

	if (umid && guest->pid)
		snprintf(text, size, "%s (process %d)", umid, guest->pid);
	else if (umid)
		snprintf(text, size, "%s", umid);
	else
		snprintf(text, size, "process %d", guest->pid);
}

/* Nobody is waited for who has too much to read already. */
static void tell_socket(const char *path, const char *text)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct um_mconsole_notify datagram = {
		.magic = UM_MCONSOLE_MAGIC,
		.version = UM_MCONSOLE_VERSION,
		.type = UM_MCONSOLE_HANG,
	};
	size_t len = strlen(text) + 1, path_len = strlen(path);
	int fd;

	if (path_len >= sizeof(addr.sun_path)) {
		log_line("--notify %s: longer than a socket's name may be", path);
		return;
	}
	memcpy(addr.sun_path, path, path_len);
	datagram.length = len < sizeof(datagram.data) ? len : sizeof(datagram.data);
	memcpy(datagram.data, text, datagram.length);
	datagram.data[datagram.length - 1] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, &datagram, UM_MCONSOLE_NOTIFY_HEAD + datagram.length,
			     MSG_DONTWAIT, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		log_line("--notify %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void end_guest(const struct guest *guest, int sig)
{
	if (guest->pidfd < 0)
		log_line("the process is not known, and cannot be ended");
	else if (pidfd_send_signal(guest->pidfd, sig, NULL, 0) < 0 && errno != ESRCH)
		log_line("process %d: %s", guest->pid, strerror(errno));
	/* One that is stopped does not die of anything else. */
	else if (sig != SIGKILL)
		pidfd_send_signal(guest->pidfd, SIGCONT, NULL, 0);
}

static void run_command(const char *command, const struct guest *guest)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char pid[16] = "";

	if (guest->pid)
		snprintf(pid, sizeof(pid), "%d", guest->pid);
	setenv("UMID", guest->umid ?: "", 1);
	setenv("PID", pid, 1);
	/* It gets neither the pipe, nor what we ignore. */
	dup2(null, STDIN_FILENO);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	setsid();
	execl("/bin/sh", "sh", "-c", command, NULL);
	log_line("/bin/sh: %s", strerror(errno));
	_exit(127);
}

static void start_command(const char *command, const struct guest *guest, bool wait)
{
	pid_t pid = fork();

	if (!pid)
		run_command(command, guest);
	if (pid < 0)
		log_line("%s: %s", command, strerror(errno));
	else if (wait)
		waitpid(pid, NULL, 0);
}

void act(const struct arguments *args, const struct guest *guest, const char *why, bool wait)
{
	static const char * const how[] = {
		[WATCHDOG_NOTIFY] = "",
		[WATCHDOG_KILL] = ": it is killed",
		[WATCHDOG_ABORT] = ": it is aborted",
		[WATCHDOG_EXEC] = ": a command is run",
	};
	char text[UM_MCONSOLE_DATA], name[256];
	bool told = false;
	int i;

	guest_text(guest, name, sizeof(name));
	for (i = 0; i < args->count; i++) {
		const struct watchdog_action *action = &args->actions[i];

		if (action->what == WATCHDOG_NONE)
			continue;
		snprintf(text, sizeof(text), "%s: %s within %u second%s%s", name, why,
			 args->timeout, args->timeout == 1 ? "" : "s", how[action->what]);
		if (action->what != WATCHDOG_NOTIFY || !told)
			log_line("%s", text);
		if (args->notify && !told)
			tell_socket(args->notify, text);
		told = true;
		if (action->what == WATCHDOG_KILL)
			end_guest(guest, SIGKILL);
		else if (action->what == WATCHDOG_ABORT)
			end_guest(guest, SIGABRT);
		else if (action->what == WATCHDOG_EXEC)
			start_command(action->command, guest, wait);
	}
}
