# SPDX-License-Identifier: GPL-2.0
"""A thread of the host, instruction by instruction."""
import ctypes
import os
import re
import signal
import time

SINGLESTEP, CONT, GETREGS, DETACH, SEIZE, INTERRUPT = 9, 7, 12, 17, 0x4206, 0x4207
WALL = 0x40000000
RIP = 16
_libc = ctypes.CDLL(None, use_errno=True)


class Lost(Exception):
    """It does not stop any more, or has ended."""


class Thread:
    """It runs until a signal is on its way to it, which it gets by the next go() or step()."""

    def __init__(self, tid):
        self.tid = tid
        self._ptrace(SEIZE, 0)

    def _ptrace(self, request, data):
        if _libc.ptrace(ctypes.c_long(request), ctypes.c_long(self.tid), None, ctypes.c_void_p(data)) < 0:
            raise OSError(ctypes.get_errno(), "ptrace %#x" % request)

    def wait(self, seconds=20):
        """The signal that it stops for."""
        start = now = time.monotonic()
        while now < start + seconds:
            pid, status = os.waitpid(self.tid, WALL | os.WNOHANG)
            if pid:
                if not os.WIFSTOPPED(status):
                    raise Lost("it has ended")
                return os.WSTOPSIG(status)
            # Steps are to be quick, or the kernel comes in between.
            if now > start + 0.002:
                time.sleep(0.0005)
            now = time.monotonic()
        raise Lost("it does not stop")

    def go(self, sig=0):
        self._ptrace(CONT, sig)

    def step(self, sig=0):
        """By one instruction, or into the handler of @sig."""
        self._ptrace(SINGLESTEP, sig)
        return self.wait()

    def place(self):
        regs = (ctypes.c_ulong * 27)()
        self._ptrace(GETREGS, ctypes.addressof(regs))
        return regs[RIP]

    def is_pending(self, sig):
        with open("/proc/%d/status" % self.tid) as f:
            mask = int(re.search(r"(?m)^SigPnd:\t(\w+)", f.read())[1], 16)
        return mask >> (sig - 1) & 1

    def until(self, sig, seconds=20):
        """It runs, up to the next @sig; what comes in between it gets."""
        end = time.monotonic() + seconds
        got = self.wait()
        while got != sig:
            if time.monotonic() > end:
                raise Lost("no signal %d comes" % sig)
            self.go(got)
            got = self.wait()

    def leave(self):
        try:
            self._ptrace(INTERRUPT, 0)
            got = self.wait()
            self._ptrace(DETACH, 0 if got == signal.SIGTRAP else got)
        except (OSError, Lost):
            pass
