# SPDX-License-Identifier: GPL-2.0
"""A network of its own for a part of a test: what is done to interfaces there
does not reach the machine, and is gone with the last process in it."""
import ctypes
import os
import pickle
import sys
import traceback

from umtest import tap

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000


class Results(list):
    """What is found out in a process that does not report by itself."""

    def ok(self, good, name, seen=None):
        self.append((bool(good), name if good or seen is None else "%s; seen: %s" % (name, seen)))
        return good

    def equal(self, got, want, name):
        return self.ok(got == want, name, repr(got))

    def tell(self):
        for good, name in self:
            tap.ok(good, name)


class Unavailable(Exception):
    """This machine, or this user, cannot have one."""


def _enter():
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWNET | (CLONE_NEWUSER if uid else 0)):
        raise Unavailable("no network namespace: %s" % os.strerror(ctypes.get_errno()))
    if not uid:
        return
    for name, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % uid), ("gid_map", "0 %d 1" % gid)):
        try:
            with open("/proc/self/" + name, "w") as f:
                f.write(text)
        except OSError as e:
            raise Unavailable("no user namespace: %s" % e.strerror)


def need_tun():
    """In the namespace: raise Unavailable where there are no tap interfaces."""
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError as e:
        raise Unavailable("/dev/net/tun: %s" % e.strerror)


def run(function, *args):
    """What function(*args) returns in a process in a namespace of its own; or
    what it raises: Unavailable, or RuntimeError with the traceback."""
    sys.stdout.flush()
    rfd, wfd = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(rfd)
        try:
            _enter()
            answer = True, function(*args)
        except Unavailable as e:
            answer = False, e
        except BaseException:
            answer = False, RuntimeError(traceback.format_exc())
        with os.fdopen(wfd, "wb") as f:
            pickle.dump(answer, f)
        os._exit(0)
    os.close(wfd)
    with os.fdopen(rfd, "rb") as f:
        data = f.read()
    os.waitpid(pid, 0)
    good, value = pickle.loads(data)
    if not good:
        raise value
    return value
