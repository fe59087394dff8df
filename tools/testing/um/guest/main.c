// SPDX-License-Identifier: GPL-2.0
/*
 * Runs areas one after another, each in a process of its own under a watchdog:
 *
 *	guest-tests			all areas
 *	guest-tests NAME...		these (comma or space between)
 *	guest-tests --list		names and seconds
 *	guest-tests --bare NAME		this one right here, for a debugger
 *
 * Results are lines of TAP between "@@AREA name" and "@@END name count state",
 * state being "ok" or the word for what went wrong.  Exit status 0 when all
 * is well.
 */
#include "tap.h"
#include <ctype.h>
#include <poll.h>
#include <sys/prctl.h>

extern const struct area __start_areas[], __stop_areas[];
extern const struct helper __start_helpers[], __stop_helpers[];

const char *self_path;
static int *counters;	/* tests, failures: shared with the runner */
static int out_fd = 1;

static void emit(const char *text)
{
	size_t len = strlen(text), done = 0;

	while (done < len) {
		ssize_t n = write(out_fd, text + done, len - done);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0)
			done += n;
	}
}

static void result(bool good, const char *why, const char *fmt, va_list ap)
{
	char name[512], line[900];
	char *p;
	int n = __atomic_add_fetch(&counters[0], 1, __ATOMIC_SEQ_CST);

	vsnprintf(name, sizeof(name), fmt, ap);
	for (p = name; *p; p++)
		if (!isprint(*p) || *p == '#')
			*p = '.';
	if (!good)
		__atomic_add_fetch(&counters[1], 1, __ATOMIC_SEQ_CST);
	snprintf(line, sizeof(line), "%sok %d - %s%s%s\n", good ? "" : "not ",
		 n, name, why ? " # SKIP " : "", why ? why : "");
	emit(line);
}

bool ok(bool good, const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	result(good, NULL, fmt, ap);
	va_end(ap);
	errno = err;
	return good;
}

bool is(long got, long want, const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	result(got == want, NULL, fmt, ap);
	va_end(ap);
	if (got != want)
		diag("got %ld (0x%lx), want %ld (0x%lx), errno %d %s", got, got,
		     want, want, err, strerror(err));
	errno = err;
	return got == want;
}

bool is_err(long ret, int want, const char *fmt, ...)
{
	int err = errno;
	bool good = ret == -1 && err == want;
	va_list ap;

	va_start(ap, fmt);
	result(good, NULL, fmt, ap);
	va_end(ap);
	if (!good)
		diag("returned %ld, errno %d %s; want -1, %d %s", ret, err,
		     strerror(err), want, strerror(want));
	errno = err;
	return good;
}

void skip(const char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(true, why, fmt, ap);
	va_end(ap);
}

void diag(const char *fmt, ...)
{
	char text[800], line[900], *p;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (p = text; *p; p++)
		if (!isprint(*p))
			*p = ' ';
	snprintf(line, sizeof(line), "# %s\n", text);
	emit(line);
}

bool in_guest(void)
{
	return getenv("UMTEST_GUEST");
}

int reap(pid_t pid)
{
	int st;

	if (pid < 0)
		return -1;
	while (waitpid(pid, &st, __WALL) < 0)
		if (errno != EINTR)
			return -1;
	return st;
}

int in_child(int (*fn)(void *), void *arg)
{
	pid_t pid = fork();

	if (!pid)
		_exit(fn(arg));
	return reap(pid);
}

bool has_feature(const char *flag)
{
	static char *flags;
	size_t len = strlen(flag);
	char *p;

	if (!flags) {
		flags = calloc(1, 16384);
		read_file("/proc/cpuinfo", flags, 16384);
	}
	for (p = flags; (p = strstr(p, flag)); p += len)
		if (p > flags && isspace(p[-1]) && isspace(p[len]))
			return true;
	return false;
}

bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t n;

	if (fd < 0)
		return false;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text);
}

long read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t done = 0;
	ssize_t n;

	buf[0] = 0;
	if (fd < 0)
		return -1;
	while (done < size - 1 && (n = read(fd, buf + done, size - 1 - done)) > 0)
		done += n;
	buf[done] = 0;
	close(fd);
	return done;
}

double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

void *pages(size_t n)
{
	void *p = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void *shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

void fill(void *buf, size_t size, uint64_t seed)
{
	uint64_t *p = buf;
	size_t i;

	for (i = 0; i < size / 8; i++)
		p[i] = mix(seed + i);
}

bool filled(const void *buf, size_t size, uint64_t seed)
{
	const uint64_t *p = buf;
	size_t i;

	for (i = 0; i < size / 8; i++)
		if (p[i] != mix(seed + i))
			return false;
	return true;
}

/* Kill what an area left running: only ever descendants of the runner. */
static void kill_orphans(void)
{
	char path[64], kids[4096], *p;
	int round, st;

	for (round = 0; round < 200; round++) {
		pid_t pid;

		while (waitpid(-1, &st, WNOHANG | __WALL) > 0)
			;
		snprintf(path, sizeof(path), "/proc/self/task/%d/children",
			 getpid());
		if (read_file(path, kids, sizeof(kids)) <= 0)
			return;
		for (p = kids; (pid = strtol(p, &p, 10)) > 1; )
			kill(pid, SIGKILL);
		usleep(20000);
	}
}

static const char *run_area(const struct area *area, char *why, size_t size)
{
	double end = seconds() + area->seconds;
	char line[128];
	int st = 0, ready = 0;
	pid_t pid;

	counters[0] = counters[1] = 0;
	snprintf(line, sizeof(line), "@@AREA %s\n", area->name);
	emit(line);
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		area->run();
		_exit(0);
	}
	if (pid < 0)
		return "no fork";
	/* Polling keeps the runner independent of the timers under test. */
	while (!(ready = waitpid(pid, &st, WNOHANG | __WALL)) && seconds() < end)
		usleep(2000);
	if (!ready) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
		kill_orphans();
		return "hung";
	}
	kill(-pid, SIGKILL);
	kill_orphans();
	if (WIFSIGNALED(st)) {
		snprintf(why, size, "signal %d", WTERMSIG(st));
		return why;
	}
	if (st) {
		snprintf(why, size, "status %d", WEXITSTATUS(st));
		return why;
	}
	return "ok";
}

static const struct area *find(const char *name)
{
	const struct area *a;

	for (a = __start_areas; a < __stop_areas; a++)
		if (!strcmp(a->name, name))
			return a;
	return NULL;
}

static int run_and_tell(const struct area *area)
{
	char why[64], line[256];
	double t = seconds();
	const char *state = run_area(area, why, sizeof(why));
	int bad = counters[1] || strcmp(state, "ok");

	snprintf(line, sizeof(line), "# %s took %.2f s\n@@END %s %d %s\n",
		 area->name, seconds() - t, area->name, counters[0], state);
	emit(line);
	return bad;
}

int main(int argc, char **argv)
{
	static char path[256];
	const struct area *a;
	int bad = 0, i;

	i = readlink("/proc/self/exe", path, sizeof(path) - 1);
	self_path = i > 0 ? path : argv[0];
	if (argc > 2 && !strcmp(argv[1], "--helper")) {
		const struct helper *h;

		for (h = __start_helpers; h < __stop_helpers; h++)
			if (!strcmp(h->name, argv[2]))
				return h->main(argc - 2, argv + 2);
		return 99;
	}
	if (argc > 1 && !strcmp(argv[1], "--list")) {
		for (a = __start_areas; a < __stop_areas; a++)
			printf("%s %d\n", a->name, a->seconds);
		return 0;
	}
	counters = shared(PAGE);
	if (!counters)
		return 98;
	if (argc > 2 && !strcmp(argv[1], "--bare")) {
		a = find(argv[2]);
		if (a)
			a->run();
		return !a || counters[1];
	}
	out_fd = fcntl(1, F_DUPFD_CLOEXEC, 100);
	if (out_fd < 0)
		out_fd = 1;
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (argc == 1) {
		for (a = __start_areas; a < __stop_areas; a++)
			bad |= run_and_tell(a);
		return bad;
	}
	for (i = 1; i < argc; i++) {
		char *name = strtok(argv[i], ",");

		for (; name; name = strtok(NULL, ",")) {
			a = find(name);
			if (a) {
				bad |= run_and_tell(a);
			} else {
				diag("no area %s", name);
				bad = 1;
			}
		}
	}
	return bad;
}
