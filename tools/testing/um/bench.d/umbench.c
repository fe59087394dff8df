// SPDX-License-Identifier: GPL-2.0
/*
 * Microbenchmarks of the ways into a kernel, to compare a guest kernel with its
 * peers and with the host.  Static, no dependencies.  Prints "name value" in
 * nanoseconds for one operation: the best of several rounds, which is the least
 * noisy figure on a shared machine.
 *
 *	umbench [-r ROUNDS] [WORD...]	only names with a WORD in them
 *	umbench -l			the names
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *self;
static int zero_fd, null_fd;

static void check(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static void do_null(long n)
{
	while (n--)
		syscall(SYS_getppid);
}

static void do_clock(long n)
{
	struct timespec ts;

	while (n--)
		clock_gettime(CLOCK_MONOTONIC, &ts);
}

static void do_read(long n)
{
	char c;

	while (n--)
		check(read(zero_fd, &c, 1) == 1, "read");
}

static void do_write(long n)
{
	char c = 0;

	while (n--)
		check(write(null_fd, &c, 1) == 1, "write");
}

static void do_stat(long n)
{
	struct stat st;

	while (n--)
		check(!stat("/", &st), "stat");
}

static void do_open(long n)
{
	while (n--)
		close(open("/dev/null", O_RDONLY));
}

static volatile int caught;

static void on_signal(int sig)
{
	caught++;
}

static void do_signal(long n)
{
	signal(SIGUSR1, on_signal);
	while (n--)
		raise(SIGUSR1);
}

static char *fault_page;

static void on_fault(int sig)
{
	mprotect(fault_page, 4096, PROT_READ | PROT_WRITE);
}

static void do_segv(long n)
{
	if (!fault_page)
		fault_page = mmap(NULL, 4096, PROT_READ,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	signal(SIGSEGV, on_fault);
	while (n--) {
		mprotect(fault_page, 4096, PROT_READ);
		*(volatile char *)fault_page = 1;
	}
	signal(SIGSEGV, SIG_DFL);
}

static void do_fault(long n)
{
	char *p = mmap(NULL, n * 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	long i;

	check(p != MAP_FAILED, "mmap");
	madvise(p, n * 4096, MADV_NOHUGEPAGE);
	for (i = 0; i < n; i++)
		p[i * 4096] = 1;
	munmap(p, n * 4096);
}

static void do_file_fault(long n)
{
	static int fd = -1;
	volatile char *p;
	char sum = 0;
	long i;

	if (fd < 0) {
		char name[] = "/tmp/umbenchXXXXXX", *z = calloc(1, 1 << 20);

		fd = mkstemp(name);
		check(fd >= 0, "mkstemp");
		unlink(name);
		for (i = 0; i < 16; i++)
			check(write(fd, z, 1 << 20) == 1 << 20, "write");
		free(z);
	}
	p = mmap(NULL, n * 4096, PROT_READ, MAP_SHARED, fd, 0);
	for (i = 0; i < n; i++)
		sum += p[i * 4096];
	munmap((void *)p, n * 4096);
}

static void do_mmap(long n)
{
	while (n--) {
		char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		*(volatile char *)p = 1;
		munmap(p, 65536);
	}
}

static void do_mprotect(long n)
{
	static char *p;

	if (!p) {
		p = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memset(p, 1, 65536);
	}
	while (n--) {
		mprotect(p, 65536, PROT_READ);
		mprotect(p, 65536, PROT_READ | PROT_WRITE);
		*(volatile char *)p = 2;
	}
}

/* Pass a byte to and fro between this task and another over two channels. */
static void ping(long n, int out, int in)
{
	char c = 0;

	while (n--)
		check(write(out, &c, 1) == 1 && read(in, &c, 1) == 1, "ping");
}

static void pong(long n, int in, int out)
{
	char c;

	while (n--)
		check(read(in, &c, 1) == 1 && write(out, &c, 1) == 1, "pong");
}

static void do_pipe(long n)
{
	int a[2], b[2];
	pid_t pid;

	check(!pipe(a) && !pipe(b), "pipe");
	pid = fork();
	if (!pid) {
		pong(n, a[0], b[1]);
		_exit(0);
	}
	ping(n, a[1], b[0]);
	waitpid(pid, NULL, 0);
	close(a[0]);
	close(a[1]);
	close(b[0]);
	close(b[1]);
}

static void do_unix(long n)
{
	int s[2];
	pid_t pid;

	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, s), "socketpair");
	pid = fork();
	if (!pid) {
		pong(n, s[1], s[1]);
		_exit(0);
	}
	ping(n, s[0], s[0]);
	waitpid(pid, NULL, 0);
	close(s[0]);
	close(s[1]);
}

struct ends {
	int in, out;
	long n;
};

static void *pong_thread(void *arg)
{
	struct ends *e = arg;

	pong(e->n, e->in, e->out);
	return NULL;
}

static void do_thread_pipe(long n)
{
	struct ends e;
	int a[2], b[2];
	pthread_t t;

	check(!pipe(a) && !pipe(b), "pipe");
	e = (struct ends){ a[0], b[1], n };
	pthread_create(&t, NULL, pong_thread, &e);
	ping(n, a[1], b[0]);
	pthread_join(t, NULL);
	close(a[0]);
	close(a[1]);
	close(b[0]);
	close(b[1]);
}

static void do_pipe_64k(long n)
{
	static char buf[65536];
	pid_t pid;
	int a[2];

	check(!pipe(a), "pipe");
	pid = fork();
	if (!pid) {
		close(a[1]);
		while (read(a[0], buf, sizeof(buf)) > 0)
			;
		_exit(0);
	}
	close(a[0]);
	while (n--) {
		size_t done = 0;

		while (done < sizeof(buf)) {
			ssize_t r = write(a[1], buf + done, sizeof(buf) - done);

			check(r > 0, "write");
			done += r;
		}
	}
	close(a[1]);
	waitpid(pid, NULL, 0);
}

static void *nothing(void *arg)
{
	return arg;
}

static void do_thread(long n)
{
	pthread_t t;

	while (n--) {
		check(!pthread_create(&t, NULL, nothing, NULL), "thread");
		pthread_join(t, NULL);
	}
}

static void do_fork(long n)
{
	while (n--) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		check(pid > 0, "fork");
		waitpid(pid, NULL, 0);
	}
}

static void run_self(pid_t pid)
{
	int st;

	if (!pid) {
		execl(self, self, "--exit", NULL);
		_exit(1);
	}
	waitpid(pid, &st, 0);
	check(!st, "exec");
}

static void do_vfork_exec(long n)
{
	while (n--) {
		pid_t pid = vfork();

		if (!pid) {
			execl(self, self, "--exit", NULL);
			_exit(1);
		}
		run_self(pid);
	}
}

static void do_fork_exec(long n)
{
	while (n--)
		run_self(fork());
}

static void do_shell(long n)
{
	while (n--) {
		pid_t pid = fork();

		if (!pid) {
			execl("/bin/sh", "sh", "-c", "/bin/true;:", NULL);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
	}
}

static void do_cpu(long n)
{
	volatile double sink;
	double x = 1;
	long i;

	for (i = 0; i < n * 1000; i++)
		x = x * 1.0000001 + 1e-9;
	sink = x;
	(void)sink;
}

static const struct bench {
	const char *name;
	long n;
	void (*fn)(long);
} benches[] = {
	{ "syscall_null", 20000, do_null },
	{ "clock_gettime", 20000, do_clock },
	{ "read_zero", 20000, do_read },
	{ "write_null", 20000, do_write },
	{ "stat", 10000, do_stat },
	{ "open_close", 10000, do_open },
	{ "signal", 5000, do_signal },
	{ "segv_mprotect", 2000, do_segv },
	{ "fault_anon", 4096, do_fault },
	{ "fault_file", 4096, do_file_fault },
	{ "mmap_munmap", 2000, do_mmap },
	{ "mprotect", 2000, do_mprotect },
	{ "pipe_roundtrip", 3000, do_pipe },
	{ "thread_pipe_rt", 3000, do_thread_pipe },
	{ "unix_roundtrip", 3000, do_unix },
	{ "pipe_64k", 1000, do_pipe_64k },
	{ "thread_create", 500, do_thread },
	{ "fork_exit", 200, do_fork },
	{ "vfork_exec", 200, do_vfork_exec },
	{ "fork_exec", 200, do_fork_exec },
	{ "sh_c", 50, do_shell },
	{ "cpu_1k_fma", 5000, do_cpu },
};

static int chosen(const char *name, char **words, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (strstr(name, words[i]))
			return 1;
	return !count;
}

int main(int argc, char **argv)
{
	int rounds = 5, list = 0, i;
	size_t b;

	self = argv[0];
	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--exit"))
			_exit(0);
		if (!strcmp(argv[i], "-l"))
			list = 1;
		if (!strcmp(argv[i], "-r") && i + 1 < argc)
			rounds = atoi(argv[++i]);
	}
	argv += i;
	argc -= i;
	zero_fd = open("/dev/zero", O_RDONLY);
	null_fd = open("/dev/null", O_WRONLY);
	for (b = 0; b < sizeof(benches) / sizeof(benches[0]); b++) {
		double best = 1e30;

		if (!chosen(benches[b].name, argv, argc))
			continue;
		if (list) {
			puts(benches[b].name);
			continue;
		}
		for (i = 0; i < rounds; i++) {
			double t = now();

			benches[b].fn(benches[b].n);
			t = (now() - t) / benches[b].n;
			if (t < best)
				best = t;
		}
		printf("%s %.1f\n", benches[b].name, best);
		fflush(stdout);
	}
	return 0;
}
