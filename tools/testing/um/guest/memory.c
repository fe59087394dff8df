// SPDX-License-Identifier: GPL-2.0
/* Address spaces: mappings, protections, faults, copies on write. */
#include "tap.h"
#include <setjmp.h>
#include <sys/resource.h>
#include <sys/uio.h>

static sigjmp_buf jump;
static siginfo_t info;

static void escape(int sig, siginfo_t *si, void *uc)
{
	info = *si;
	siglongjmp(jump, 1);
}

static void catch_faults(bool on)
{
	struct sigaction sa = { .sa_sigaction = escape, .sa_flags = SA_SIGINFO };

	if (!on) {
		sa.sa_handler = SIG_DFL;
		sa.sa_flags = 0;
	}
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
}

/* 0, or the code of the fault */
static int __attribute__((noinline)) try_read(volatile char *p)
{
	if (sigsetjmp(jump, 1))
		return info.si_addr == p ? info.si_code : 1000;
	(void)*p;
	return 0;
}

static int __attribute__((noinline)) try_write(volatile char *p)
{
	if (sigsetjmp(jump, 1))
		return info.si_addr == p ? info.si_code : 1000;
	*p = 0x5a;
	return 0;
}

static int __attribute__((noinline)) try_run(void *p)
{
	if (sigsetjmp(jump, 1))
		return info.si_addr == p ? info.si_code : 1000;
	((void (*)(void))p)();
	return 0;
}

static void check_basic(void)
{
	char *p = pages(16), *q, *r;
	int i, bad = 0;

	for (i = 0; i < 16 * 4096; i++)
		bad += p[i] != 0;
	is(bad, 0, "new anonymous memory is zero");
	fill(p, 16 * PAGE, 1);
	ok(filled(p, 16 * PAGE, 1), "it keeps what is written");
	is(munmap(p + 4 * PAGE, 4 * PAGE), 0, "munmap in the middle");
	is(try_read(p + 4 * PAGE), SEGV_MAPERR, "gone at its start");
	is(try_read(p + 8 * PAGE - 1), SEGV_MAPERR, "gone at its end");
	is(try_read(p + 4 * PAGE - 1), 0, "still there before");
	is(try_read(p + 8 * PAGE), 0, "still there after");
	q = mmap(p + 5 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ok(q == p + 5 * PAGE && *q == 0, "MAP_FIXED into the hole is zero");
	*q = 7;
	q = mmap(p + 5 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	is(*q, 0, "MAP_FIXED over a mapping replaces it");
	r = mmap(p + 5 * PAGE, PAGE, PROT_READ,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ok(r == MAP_FAILED && errno == EEXIST, "MAP_FIXED_NOREPLACE does not");
	munmap(p, 16 * PAGE);
	is_err((long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	       EINVAL, "a mapping of nothing");
	is_err(munmap((void *)1, PAGE), EINVAL, "munmap off a page edge");
	is_err((long)mmap((void *)0xffff800000000000, PAGE, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
	       ENOMEM, "a fixed mapping in the kernel's half");
	is_err((long)mmap(NULL, 1UL << 47, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
	       ENOMEM, "a mapping of 128 TiB");
	/* High and low places of the address space. */
	p = mmap((void *)0x10000, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ok(p == (void *)0x10000 && !try_write(p), "a page at 64 KiB");
	munmap(p, PAGE);
	p = mmap((void *)0x600000000000, PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ok(p == (void *)0x600000000000 && !try_write(p), "a page at 96 TiB");
	munmap(p, PAGE);
	p = mmap(NULL, 64UL << 30, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ok(p != MAP_FAILED, "64 GiB of address space without reserve");
	if (p != MAP_FAILED) {
		for (bad = i = 0; i < 64; i++) {
			p[(size_t)i << 30] = i;
			bad += p[(size_t)i << 30] != i;
		}
		is(bad, 0, "a page in each of its gigabytes");
		munmap(p, 64UL << 30);
	}
}

static void check_mprotect(void)
{
	char *p = pages(3);
	int i, bad = 0;

	memset(p, 1, 3 * PAGE);
	mprotect(p, PAGE, PROT_READ);
	is(try_write(p), SEGV_ACCERR, "read-only refuses a write");
	is(try_read(p), 0, "and allows a read");
	mprotect(p, PAGE, PROT_NONE);
	is(try_read(p), SEGV_ACCERR, "PROT_NONE refuses a read");
	mprotect(p, PAGE, PROT_READ | PROT_WRITE);
	is(try_write(p), 0, "back to writable");
	is(p[1], 1, "with its content");
	mprotect(p, PAGE, PROT_READ);
	is(try_write(p), SEGV_ACCERR, "read-only again, though it was dirty");
	mprotect(p, PAGE, PROT_READ | PROT_WRITE);
	for (i = 0; i < 200; i++) {
		mprotect(p + PAGE, PAGE, i & 1 ? PROT_READ | PROT_WRITE : PROT_READ);
		bad += try_write(p + PAGE) != (i & 1 ? 0 : SEGV_ACCERR);
	}
	is(bad, 0, "200 changes, each effective at once");
	is_err(mprotect(p + 1, PAGE, PROT_READ), EINVAL, "mprotect off a page edge");
	munmap(p + PAGE, PAGE);
	is_err(mprotect(p, 3 * PAGE, PROT_READ), ENOMEM, "mprotect over a hole");
	munmap(p, 3 * PAGE);
}

static void check_exec_pages(void)
{
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
	unsigned char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int (*fn)(void) = (void *)p;
	int i, bad = 0;

	if (p == MAP_FAILED) {
		ok(false, "a mapping to write and run");
		return;
	}
	memcpy(p, code, sizeof(code));
	is(fn(), 42, "code made at run time runs");
	for (i = 0; i < 100; i++) {
		p[1] = i;
		bad += fn() != i;
	}
	is(bad, 0, "and can be changed 100 times");
	mprotect(p, PAGE, PROT_READ | PROT_WRITE);
	is(try_run(p), SEGV_ACCERR, "without PROT_EXEC it does not run");
	mprotect(p, PAGE, PROT_READ | PROT_EXEC);
	is(fn(), 99, "with it, it does");
	is(try_write((char *)p), SEGV_ACCERR, "but cannot be written");
	/* The usual way of a JIT: write, then flip. */
	for (bad = i = 0; i < 50; i++) {
		mprotect(p, PAGE, PROT_READ | PROT_WRITE);
		p[1] = i + 100;
		mprotect(p, PAGE, PROT_READ | PROT_EXEC);
		bad += fn() != i + 100;
	}
	is(bad, 0, "50 rounds of write and flip");
	munmap(p, PAGE);
	p = pages(2);
	is(try_run(p + PAGE), SEGV_ACCERR, "an untouched page without PROT_EXEC");
	munmap(p, 2 * PAGE);
}

static void check_cow(void)
{
	const size_t n = 300;
	char *p = pages(n);
	int round, st, bad = 0;
	pid_t pid;

	fill(p, n * PAGE, 10);
	for (round = 0; round < 4; round++) {
		int fd[2], fd2[2];
		char c;

		if (pipe(fd) || pipe(fd2))
			return;
		pid = fork();
		if (!pid) {
			close(fd[1]);
			if (read(fd[0], &c, 1) != 1)
				_exit(1);
			/* The parent has written by now. */
			if (!filled(p, n * PAGE, 10 + round))
				_exit(2);
			fill(p, n * PAGE, 1000);
			if (write(fd2[1], "x", 1) != 1)
				_exit(3);
			_exit(filled(p, n * PAGE, 1000) ? 0 : 4);
		}
		fill(p, n * PAGE, 11 + round);
		if (write(fd[1], "x", 1) != 1 || read(fd2[0], &c, 1) != 1)
			bad++;
		st = reap(pid);
		bad += st != 0;
		bad += !filled(p, n * PAGE, 11 + round);
		close(fd[0]);
		close(fd[1]);
		close(fd2[0]);
		close(fd2[1]);
	}
	is(bad, 0, "copy on write, both directions, four forks");
	/* Written through the kernel, too. */
	pid = fork();
	if (!pid) {
		int z = open("/dev/zero", O_RDONLY);

		if (read(z, p, n * PAGE) != (ssize_t)(n * PAGE))
			_exit(1);
		_exit(p[0] || p[n * PAGE - 1]);
	}
	st = reap(pid);
	ok(exited(st, 0) && filled(p, n * PAGE, 11 + 3),
	   "a system call that writes copies too");
	munmap(p, n * PAGE);
	/* The zero page. */
	p = pages(64);
	for (bad = 0, round = 0; round < 64; round++)
		bad += p[round * PAGE];
	p[5 * PAGE] = 1;
	for (round = 0; round < 64; round++)
		bad += p[round * PAGE] != (round == 5);
	is(bad, 0, "the zero page is not written");
	munmap(p, 64 * PAGE);
}

static void check_shared(void)
{
	char *p = shared(16 * PAGE);
	pid_t pid = fork();

	if (!pid) {
		fill(p, 16 * PAGE, 3);
		_exit(0);
	}
	reap(pid);
	ok(filled(p, 16 * PAGE, 3), "what a child writes into shared memory is seen");
	mprotect(p, 16 * PAGE, PROT_READ);
	is(try_write(p), SEGV_ACCERR, "shared and read-only");
	munmap(p, 16 * PAGE);
}

static void check_files(void)
{
	char name[] = "/tmp/umtest.XXXXXX", *p, *q, *buf = malloc(8 * PAGE);
	int fd = mkstemp(name), i, bad = 0;

	unlink(name);
	fill(buf, 8 * PAGE, 5);
	is(write(fd, buf, 8 * PAGE), 8 * PAGE, "a file to map");
	p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ok(filled(p, 8 * PAGE, 5), "a shared mapping shows the file");
	q = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ok(filled(q, 8 * PAGE, 5), "a private one too");
	for (i = 0; i < 200; i++) {
		uint64_t v = i * 77, r = 0;

		memcpy(p + (i % 8) * PAGE + 8 * i, &v, 8);
		bad += pread(fd, &r, 8, (i % 8) * PAGE + 8 * i) != 8 || r != v;
		v++;
		bad += pwrite(fd, &v, 8, (i % 8) * PAGE + 8 * i) != 8;
		memcpy(&r, p + (i % 8) * PAGE + 8 * i, 8);
		bad += r != v;
	}
	is(bad, 0, "mapping and read() agree at once");
	memset(q, 9, PAGE);
	is(pread(fd, buf, 1, 0), 1, "a private write");
	ok(buf[0] != 9 && p[0] != 9, "does not reach the file");
	is(msync(p, 8 * PAGE, MS_SYNC), 0, "msync");
	if (ftruncate(fd, 4 * PAGE))
		bad++;
	is(try_read(p + 5 * PAGE), BUS_ADRERR, "truncated: SIGBUS behind the end");
	is(try_read(p + 3 * PAGE), 0, "fine before");
	if (ftruncate(fd, 8 * PAGE))
		bad++;
	ok(try_read(p + 5 * PAGE) == 0 && p[5 * PAGE] == 0, "extended: zeros");
	p[4 * PAGE + 5] = 1;
	munmap(p, 8 * PAGE);
	munmap(q, 8 * PAGE);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);
	ok(p != MAP_FAILED && !pread(fd, buf, 0, 0), "a mapping at an offset");
	is(pread(fd, buf, PAGE, 2 * PAGE), PAGE, "read there");
	ok(!memcmp(p, buf, PAGE), "the same bytes");
	munmap(p, PAGE);
	close(fd);
	fd = open("/proc/self/exe", O_RDONLY);
	is_err((long)mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0), EACCES,
	       "a shared writable mapping of a read-only descriptor");
	close(fd);
	free(buf);
}

static void check_mremap(void)
{
	char *p = pages(4), *q, *r;

	fill(p, 4 * PAGE, 21);
	q = mremap(p, 4 * PAGE, 400 * PAGE, MREMAP_MAYMOVE);
	ok(q != MAP_FAILED && filled(q, 4 * PAGE, 21), "mremap to grow");
	is(q[399 * PAGE], 0, "the new end is zero");
	q[399 * PAGE] = 1;
	r = pages(400);
	munmap(r, 400 * PAGE);
	p = mremap(q, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, r);
	ok(p == r && filled(p, 4 * PAGE, 21), "moved to a fixed place");
	is(try_read(q), SEGV_MAPERR, "the old place is gone");
	is(try_read(q + 399 * PAGE), 0, "what was not moved stays");
	munmap(q + 4 * PAGE, 396 * PAGE);
	q = mremap(p, 4 * PAGE, 2 * PAGE, 0);
	ok(q == p && try_read(p + 2 * PAGE) == SEGV_MAPERR, "shrunk");
	q = mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	ok(q != MAP_FAILED && filled(q, 2 * PAGE, 21) && !try_read(p) && !*p,
	   "MREMAP_DONTUNMAP leaves an empty mapping");
	munmap(p, 2 * PAGE);
	munmap(q, 2 * PAGE);
}

static void check_madvise(void)
{
	unsigned char vec[8];
	char *p = pages(8);
	int i, n = 0;

	memset(p, 3, 8 * PAGE);
	is(madvise(p + PAGE, 2 * PAGE, MADV_DONTNEED), 0, "MADV_DONTNEED");
	ok(p[PAGE] == 0 && p[3 * PAGE - 1] == 0 && p[0] == 3 && p[3 * PAGE] == 3,
	   "drops exactly those pages");
	p[PAGE] = 4;
	is(madvise(p + 4 * PAGE, PAGE, MADV_FREE), 0, "MADV_FREE");
	ok(p[4 * PAGE] == 3 || p[4 * PAGE] == 0, "old or zero");
	p[4 * PAGE] = 8;
	is(p[4 * PAGE], 8, "a write sticks");
	munmap(p, 8 * PAGE);
	p = pages(8);
	p[0] = p[5 * PAGE] = 1;
	is(mincore(p, 8 * PAGE, vec), 0, "mincore");
	for (i = 0; i < 8; i++)
		n |= (vec[i] & 1) << i;
	ok((n & 0x21) == 0x21, "shows the touched pages (0x%x)", n);
	is_err(mincore(p + 1, PAGE, vec), EINVAL, "mincore off a page edge");
	is(madvise(p, 8 * PAGE, MADV_POPULATE_WRITE), 0, "MADV_POPULATE_WRITE");
	is(mlock(p, 8 * PAGE), 0, "mlock");
	is(munlock(p, 8 * PAGE), 0, "munlock");
	is(madvise(p, 4 * PAGE, MADV_DONTFORK), 0, "MADV_DONTFORK");
	is(madvise(p + 4 * PAGE, 4 * PAGE, MADV_WIPEONFORK), 0, "MADV_WIPEONFORK");
	p[4 * PAGE] = 9;
	{
		pid_t pid = fork();

		if (!pid)
			_exit((try_read(p) == SEGV_MAPERR) | (p[4 * PAGE] == 0) << 1);
		is(WEXITSTATUS(reap(pid)), 3, "hold in the child");
	}
	is(p[4 * PAGE], 9, "and do nothing in the parent");
	munmap(p, 8 * PAGE);
}

static void check_huge(void)
{
	const size_t size = 8 << 20;
	char *raw = mmap(NULL, size + (2 << 20), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *p = (char *)(((long)raw + (2 << 20) - 1) & -(2L << 20));
	int r = madvise(p, size, MADV_HUGEPAGE), st;
	pid_t pid;

	if (r)
		skip("no transparent huge pages", "MADV_HUGEPAGE");
	else
		ok(true, "MADV_HUGEPAGE");
	fill(p, size, 33);
	ok(filled(p, size, 33), "8 MiB keep their content");
	is(mprotect(p + (1 << 20), PAGE, PROT_NONE), 0, "mprotect one page of it");
	is(try_read(p + (1 << 20)), SEGV_ACCERR, "that page is out of reach");
	is(try_read(p + (1 << 20) + PAGE), 0, "the next is not");
	mprotect(p + (1 << 20), PAGE, PROT_READ | PROT_WRITE);
	ok(filled(p, size, 33), "content unharmed");
	pid = fork();
	if (!pid) {
		if (!filled(p, size, 33))
			_exit(1);
		fill(p, size, 34);
		_exit(!filled(p, size, 34));
	}
	st = reap(pid);
	ok(exited(st, 0) && filled(p, size, 33), "copied on write after fork");
	is(munmap(p + (3 << 20), PAGE), 0, "munmap one page of it");
	is(try_read(p + (3 << 20)), SEGV_MAPERR, "which is gone");
	ok(filled(p, 3 << 20, 33) && try_read(p + (3 << 20) + PAGE) == 0,
	   "and no other");
	madvise(p + (4 << 20), 2 << 20, MADV_DONTNEED);
	is(p[(4 << 20) + 12345], 0, "MADV_DONTNEED on 2 MiB");
	munmap(raw, size + (2 << 20));
}

static char *grown;

static int grow(void *arg)
{
	volatile char *p = mmap(NULL, 64 * PAGE, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap((void *)p, 64 * PAGE);
	p = mmap((void *)(p + 60 * PAGE), PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	if (p == MAP_FAILED)
		return 1;
	p[0] = 1;
	p[-1] = 2;
	p[-(long)PAGE - 1] = 3;
	return !(p[0] == 1 && p[-1] == 2);
}

static int __attribute__((noinline)) deep(int n)
{
	volatile char room[8192];

	room[0] = n;
	room[8191] = 1;
	return n ? deep(n - 1) + room[0] - room[0] : (int)room[8191];
}

static int big_stack(void *arg)
{
	return deep(700) == 1 ? 0 : 1;	/* 5.6 MiB of the usual 8 */
}

static void *reader(void *arg)
{
	volatile char *p = arg;
	long sum = 0;
	int i;

	for (i = 0; i < 100000; i++)
		sum += p[(i % 64) * PAGE];
	return (void *)sum;
}

static void check_threads(void)
{
	char *p = pages(64);
	pthread_t t[3];
	long bad = 0;
	void *r;
	int i;

	memset(p, 1, 64 * PAGE);
	for (i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, reader, p);
	for (i = 0; i < 300; i++) {
		mprotect(p + (i % 64) * PAGE, PAGE, PROT_READ);
		mprotect(p + (i % 64) * PAGE, PAGE, PROT_READ | PROT_WRITE);
		p[(i % 64) * PAGE + 1] = i;
	}
	for (i = 0; i < 3; i++) {
		pthread_join(t[i], &r);
		bad += (long)r != 100000;
	}
	is(bad, 0, "threads read while another changes protections");
	munmap(p, 64 * PAGE);
}

static void check_vm_rw(void)
{
	char *p = pages(4), *buf = malloc(4 * PAGE);
	struct iovec l = { buf, 4 * PAGE }, r = { p, 4 * PAGE };
	pid_t pid;
	int fd[2];
	char c;

	if (pipe(fd))
		return;
	pid = fork();
	if (!pid) {
		fill(p, 4 * PAGE, 71);
		if (write(fd[1], "x", 1) != 1)
			_exit(1);
		while (*(volatile char *)p != 'W')
			usleep(1000);
		_exit(p[PAGE] == 'W' ? 0 : 2);
	}
	if (read(fd[0], &c, 1) != 1)
		return;
	is(process_vm_readv(pid, &l, 1, &r, 1, 0), 4 * PAGE, "process_vm_readv");
	ok(filled(buf, 4 * PAGE, 71), "the other's memory");
	memset(buf, 'W', 2 * PAGE);
	l.iov_len = r.iov_len = 2 * PAGE;
	is(process_vm_writev(pid, &l, 1, &r, 1, 0), 2 * PAGE, "process_vm_writev");
	ok(exited(reap(pid), 0), "the other sees it");
	is_err(process_vm_readv(pid, &l, 1, &r, 1, 0), ESRCH, "no such process");
	close(fd[0]);
	close(fd[1]);
	munmap(p, 4 * PAGE);
	free(buf);
}

static void check_proc_mem(void)
{
	int fd = open("/proc/self/mem", O_RDWR);
	char *p = pages(2);
	char c = 0;

	*p = 'm';
	is(pread(fd, &c, 1, (long)p), 1, "/proc/self/mem reads");
	is(c, 'm', "the right byte");
	mprotect(p, PAGE, PROT_READ);
	is(pwrite(fd, "n", 1, (long)p), 1, "and writes even a read-only page");
	is(*(volatile char *)p, 'n', "which shows");
	is_err(pread(fd, &c, 1, 8), EIO, "but not an unmapped one");
	close(fd);
	munmap(p, 2 * PAGE);
}

/* Uses so many MiB of memory, and ends: for t/memory.t. */
TEST_HELPER(use)
{
	size_t size = argc > 1 ? atol(argv[1]) << 20 : 0;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	if (p == MAP_FAILED)
		return 1;
	for (i = 0; i < size; i += PAGE) {
		p[i] = 1;
		if (p[i + PAGE - 1])
			return 2;
	}
	fill(p, size, 77);
	return filled(p, size, 77) ? 0 : 3;
}

/* Rights that change while the frames behind them stay, and while they do not. */
/* The kernel takes pages as they are, without a copy, from who may read them. */
static void check_pinned(void)
{
	enum { N = 8 };
	static char got[N * PAGE];
	char *p = pages(N);
	struct iovec v = { p, N * PAGE };
	int pipes[2];

	fill(p, N * PAGE, 5);
	is(pipe(pipes), 0, "a pipe");
	is(vmsplice(pipes[1], &v, 1, 0), N * PAGE, "pages go into a pipe");
	mprotect(p, N * PAGE, PROT_NONE);
	is(read(pipes[0], got, N * PAGE), N * PAGE, "and come out");
	ok(filled(got, N * PAGE, 5), "as they were, although nobody may read them now");
	is_err(vmsplice(pipes[1], &v, 1, 0), EFAULT, "without a right they cannot be had");
	mprotect(p, N * PAGE, PROT_READ);
	is(vmsplice(pipes[1], &v, 1, 0), N * PAGE, "that to read is enough");
	is(read(pipes[0], got, N * PAGE), N * PAGE, "and they come out");
	ok(filled(got, N * PAGE, 5), "as they were");
	mprotect(p + PAGE, PAGE, PROT_NONE);
	is(vmsplice(pipes[1], &v, 1, 0), PAGE, "up to one without it");
	close(pipes[0]);
	close(pipes[1]);
	munmap(p, N * PAGE);
}

static void check_rights(void)
{
	enum { N = 64 };
	char *p = pages(N), *code;
	int i, round, bad = 0, refused = 0;
	pid_t pid;

	madvise(p, N * PAGE, MADV_NOHUGEPAGE);
	/* Frames in no order. */
	for (i = 0; i < N; i++)
		p[i * 29 % N * PAGE] = i * 29 % N;
	for (round = 0; round < 8; round++) {
		mprotect(p, N * PAGE, PROT_READ);
		for (i = 0; i < N; i += 7)
			refused += try_write(p + i * PAGE) == SEGV_ACCERR;
		mprotect(p + 8 * PAGE, 16 * PAGE, PROT_NONE);
		bad += try_read(p + 8 * PAGE) != SEGV_ACCERR;
		bad += try_read(p + 23 * PAGE) != SEGV_ACCERR;
		bad += try_read(p + 24 * PAGE) != 0;
		mprotect(p, N * PAGE, PROT_READ | PROT_WRITE);
		for (i = 0; i < N; i++) {
			bad += p[i * PAGE] != (char)(i + round);
			p[i * PAGE]++;
		}
		/* All shared with a child for a while. */
		pid = fork();
		if (!pid) {
			mprotect(p, N * PAGE, PROT_READ);
			mprotect(p, N / 2 * PAGE, PROT_READ | PROT_WRITE);
			for (i = 0; i < N / 2; i++)
				p[i * PAGE] = 99;
			_exit(try_write(p + N / 2 * PAGE) != SEGV_ACCERR ||
			      p[(N - 1) * PAGE] != (char)(N - 1 + round + 1));
		}
		bad += !exited(reap(pid), 0);
		bad += p[0] != (char)(round + 1);
	}
	is(refused, 8 * ((N + 6) / 7), "read-only holds for every frame");
	is(bad, 0, "rights come and go, contents stay");
	munmap(p, N * PAGE);

	/* mov $N, %eax; ret */
	code = pages(4);
	bad = 0;
	for (round = 0; round < 20; round++) {
		char *at = code + round % 4 * PAGE;

		memcpy(at, "\xb8\0\0\0\0\xc3", 6);
		at[1] = round;
		bad += try_run(at) != SEGV_ACCERR;
		mprotect(code, 4 * PAGE, PROT_READ | PROT_EXEC);
		bad += ((int (*)(void))at)() != round;
		bad += try_write(at) != SEGV_ACCERR;
		mprotect(code, 4 * PAGE, PROT_READ | PROT_WRITE);
	}
	is(bad, 0, "code that is written and run by turns");
	munmap(code, 4 * PAGE);
}

/* Private copies of a file's pages, as a program's data: written here and there. */
static void check_data(void)
{
	static const int flags[] = { 0, MAP_DENYWRITE };
	enum { N = 300 };
	int fd = open("/tmp/memory.data", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char page[PAGE];
	size_t k;
	int i, bad;

	for (i = 0; i < N; i++) {
		memset(page, i, PAGE);
		if (write(fd, page, PAGE) != PAGE)
			diag("write: %m");
	}
	for (k = 0; k < 2 * sizeof(flags) / sizeof(flags[0]); k++) {
		int n = k < 2 ? N : 12;
		char *p = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | flags[k % 2], fd, 0);
		char *shown = mmap(NULL, n * PAGE, PROT_READ, MAP_SHARED, fd, 0);

		for (i = bad = 0; i < n; i += 3)
			p[i * 7 % n * PAGE + 5] = 77;
		/* Behind the back of what was copied in advance, if anything was. */
		page[0] = 55;
		pwrite(fd, page, 1, (n - 1) * PAGE + 9);
		for (i = 0; i < n; i++) {
			bool wrote = false;
			int j;

			for (j = 0; j < n; j += 3)
				wrote |= j * 7 % n == i;
			bad += p[i * PAGE + 5] != (wrote ? 77 : (char)i);
			bad += p[i * PAGE + 6] != (char)i || shown[i * PAGE + 5] != (char)i;
		}
		is(bad, 0, "%d pages of data, written here and there%s", n,
		   flags[k % 2] ? ", of a dynamic linker" : "");
		is(shown[(n - 1) * PAGE + 9], 55, "the file itself is the file");
		munmap(p, n * PAGE);
		munmap(shown, n * PAGE);
		page[0] = n - 1;
		pwrite(fd, page, 1, (n - 1) * PAGE + 9);
	}
	close(fd);
	unlink("/tmp/memory.data");
}

static unsigned long place(unsigned long hint, size_t size, int flags)
{
	char *p = mmap((void *)hint, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (p == MAP_FAILED)
		return 0;
	*p = 1;
	munmap(p, size);
	return (unsigned long)p;
}

#ifndef MAP_ABOVE4G
#define MAP_ABOVE4G	0x80
#endif

/* Where a mapping goes by x86's own flags. */
static void check_places(void)
{
	const int all_32bit = MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT | MAP_NORESERVE;
	const unsigned long g = 1UL << 30;
	unsigned long at = place(0, 3 * PAGE, MAP_32BIT);
	void *all;

	ok(at >= g && at < 2 * g, "MAP_32BIT: %#lx is in the second GiB", at);
	is(place(0x31234000, PAGE, MAP_32BIT), 0x31234000,
	   "where it is asked to be, if that is below");
	at = place(5 * g, PAGE, MAP_32BIT);
	ok(at >= g && at < 2 * g, "and not where it is not: %#lx", at);
	is(place(0, g + PAGE, MAP_32BIT), 0, "there is no room for more");
	is_err((long)mmap(NULL, 3 * g, PROT_NONE, all_32bit, -1, 0), ENOMEM,
	       "nor for what has more bits");
	all = mmap(NULL, g - (64 << 20), PROT_NONE, all_32bit, -1, 0);
	if (all != MAP_FAILED) {
		is(place(0, 128 << 20, MAP_32BIT), 0, "when it is full it is full");
		ok(place(0, 128 << 20, 0) > 4 * g, "for these only");
		munmap(all, g - (64 << 20));
	}
	if (!in_guest())
		return;		/* that of the host may not know it */
	at = place(0, PAGE, MAP_ABOVE4G);
	ok(at >= 4 * g, "MAP_ABOVE4G: %#lx is above", at);
	ok(place(0x31234000, PAGE, MAP_ABOVE4G), "what is asked for comes first");
}

/*
 * Touches single pages, never two neighbours one behind the other, at an address by
 * which it can be found on the host, when it is told to.
 *
 *	guest-tests --helper scattered MIB
 */
#define SCATTERED_AT	0x123400000000

TEST_HELPER(scattered)
{
	size_t pages = (size_t)atol(argv[1]) << 8, step = pages / 2 + 1, i, bad = 0;
	char *p = mmap((void *)SCATTERED_AT, pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p != (void *)SCATTERED_AT || madvise(p, pages * PAGE, MADV_NOHUGEPAGE))
		return 2;
	p[0] = 1;
	printf("READY\n");
	fflush(stdout);
	getchar();
	for (i = 0; i < pages; i++)
		p[i * step % pages * PAGE] = i % 251;
	for (i = 0; i < pages; i++)
		bad += p[i * step % pages * PAGE] != (char)(i % 251);
	printf("SCATTERED %zu pages, %zu bad\n", pages, bad);
	return !!bad;
}

/*
 * Has the kernel map as many single pages for itself as it can: tables of
 * descriptors, of 4 MiB each, of memory in which every other page is in use.
 *
 *	guest-tests --helper kernel_maps MIB TABLES
 */
TEST_HELPER(kernel_maps)
{
	enum { TABLE_FDS = 512 * 1024 };
	size_t size = atol(argv[1]) << 20, i;
	const struct rlimit r = { TABLE_FDS, TABLE_FDS };
	int told[2], tables = atoi(argv[2]), got = 0, n;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char c;

	/* All that there is of it is ended in the end. */
	setpgid(0, 0);
	if (p == MAP_FAILED || pipe(told) || setrlimit(RLIMIT_NOFILE, &r) ||
	    setgid(1000) || setuid(1000))
		return 2;
	madvise(p, size, MADV_NOHUGEPAGE);
	madvise(p, size, MADV_DONTFORK);
	for (i = 0; i < size; i += PAGE)
		p[i] = 1;
	for (i = 0; i < size; i += 2 * PAGE)
		madvise(p + i, PAGE, MADV_DONTNEED);
	for (n = 0; n < tables; n++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (!pid) {
			c = dup2(0, TABLE_FDS - 1) < 0 ? '-' : '+';
			if (write(told[1], &c, 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
		if (read(told[0], &c, 1) != 1)
			return 2;
		got += c == '+';
	}
	printf("TABLES %d of %d\n", got, n);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
	return 0;
}

TEST_AREA(memory, 120)
{
	(void)grown;
	catch_faults(true);
	check_basic();
	check_mprotect();
	check_exec_pages();
	check_rights();
	check_pinned();
	check_data();
	check_cow();
	check_shared();
	check_files();
	check_mremap();
	check_madvise();
	check_huge();
	check_places();
	is(in_child(grow, NULL), 0, "MAP_GROWSDOWN grows");
	is(in_child(big_stack, NULL), 0, "the stack grows to 5.6 MiB");
	check_threads();
	check_vm_rw();
	check_proc_mem();
	catch_faults(false);
}
