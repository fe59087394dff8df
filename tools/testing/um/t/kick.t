#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# An interrupt comes while a stub of the seccomp engine is in its signal handler, on
# the way to the kernel or back: the stub is stopped at a page fault, goes on by some
# instructions, and waits for the signal there. Nothing may be lost at any of them.
import os
import signal
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from autopsy import threads_of
from steps import Lost, Thread
from umtest import *

need_linux()
STUB_CODE = 0x7fffc0000000
# More than the handler, and what follows the kernel's answer, have.
MOST = 120


def guest_thread(g):
    """The thread that runs the code of the only program that does something."""
    pids = descendants(g.pid)
    before = threads_of(pids)
    time.sleep(0.5)
    after = threads_of(pids)
    pid = max(after, key=lambda key: sum(after[key]) - sum(before.get(key, (0, 0))))[0]
    # The first one of a stub maps memory.
    return max(tid for of, tid in after if of == pid)


def kick(thread, steps):
    """At a fault, that many instructions behind the handler's start; (how many it came,
    where that is)."""
    thread.until(signal.SIGSEGV)
    # The first one delivers the fault.
    got = thread.step(signal.SIGSEGV)
    done = 0
    # The kernel's may come before.
    while got == signal.SIGTRAP and done < steps:
        got = thread.step()
        done += 1
    place = thread.place() - STUB_CODE
    if not 0 <= place < 4096:
        thread.go(0 if got == signal.SIGTRAP else got)
        return done, None
    if got == signal.SIGTRAP:
        # With the next tick.  More than one at a time there never are.
        if not eventually(lambda: thread.is_pending(signal.SIGUSR1), 20):
            raise Lost("no interrupt comes")
        thread.go()
        thread.until(signal.SIGUSR1)
    thread.go(signal.SIGUSR1)
    return done, place


def kicks(thread, places):
    """Adds where it was each time, up to the way back to guest code."""
    for steps in range(MOST):
        done, place = kick(thread, steps)
        while done < steps and place is not None:
            done, place = kick(thread, steps)
        if place is None:
            break
        places.append(place)
    thread.until(signal.SIGSEGV)
    thread.go(signal.SIGSEGV)


with boot("engine=seccomp") as g:
    # Not as a child of the shell: busybox's ends when one does while it reads.
    g.run("(/tests/guest-tests --helper refault /tmp/enough >/tmp/out &)")
    places = []
    try:
        thread = Thread(guest_thread(g))
    except OSError as e:
        tap.skip("no ptrace of a process that is not a child: %s" % e.strerror, "an interrupt at each instruction")
        tap.done()
        sys.exit()
    try:
        kicks(thread, places)
    except Lost as e:
        tap.ok(False, "an interrupt at each instruction: %s behind %s" % (e, " ".join("%#x" % p for p in places)))
        tap.done()
        sys.exit(1)
    finally:
        thread.leave()
    tap.ok(len(places) > 30, "an interrupt at each of %d instructions: the next page fault comes" % len(places))
    g.run("touch /tmp/enough")
    said = eventually(lambda: g.run("cat /tmp/out")[1].strip(), 20) or ""
    tap.match(said, r"^\d+ rounds, 0 pages not new, the sum is right$", "nothing is lost")
    tap.equal(g.poweroff(), 0, "power-off")
no_leftovers()
tap.done()
