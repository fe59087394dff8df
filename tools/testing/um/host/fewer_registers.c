// SPDX-License-Identifier: GPL-2.0
/*
 * For LD_PRELOAD: a ptrace() for programs that know fewer registers than the CPU has.
 * The host takes all extended state of a tracee or none, and the debuggers and kernels
 * of some distributions have no room for that of newer CPUs (AMX).  What they do not
 * know is as the tracee has it.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* In the header of the XSAVE area: which states are in it. */
#define XSTATE_BV	512
/* x87, SSE, AVX, AVX-512, PKRU: what stands in the first 2696 bytes. */
#define XSTATE_OLD	0x2ffUL

static long call(long request, long pid, void *addr, void *data)
{
	return syscall(SYS_ptrace, request, pid, addr, data);
}

static long xstate(long request, long pid, struct iovec *known)
{
	static unsigned char state[64 << 10];
	struct iovec all = { state, sizeof(state) };
	unsigned long bv;

	if (call(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &all) < 0)
		return -1;
	if (known->iov_len > all.iov_len)
		known->iov_len = all.iov_len;
	if (request == PTRACE_GETREGSET) {
		memcpy(known->iov_base, state, known->iov_len);
		return 0;
	}
	memcpy(state, known->iov_base, known->iov_len);
	memcpy(&bv, state + XSTATE_BV, sizeof(bv));
	bv &= XSTATE_OLD;
	memcpy(state + XSTATE_BV, &bv, sizeof(bv));
	return call(request, pid, (void *)NT_X86_XSTATE, &all);
}

long ptrace(enum __ptrace_request request, ...)
{
	long pid, word, err;
	void *addr, *data;
	va_list ap;

	va_start(ap, request);
	pid = va_arg(ap, int);
	addr = va_arg(ap, void *);
	data = va_arg(ap, void *);
	va_end(ap);

	switch (request) {
	case PTRACE_GETREGSET:
	case PTRACE_SETREGSET:
		if (addr == (void *)NT_X86_XSTATE)
			return xstate(request, pid, data);
		return call(request, pid, addr, data);
	case PTRACE_PEEKTEXT:
	case PTRACE_PEEKDATA:
	case PTRACE_PEEKUSER:
		err = call(request, pid, addr, &word);
		if (err < 0)
			return err;
		errno = 0;
		return word;
	default:
		return call(request, pid, addr, data);
	}
}
