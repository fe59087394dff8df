# SPDX-License-Identifier: GPL-2.0
"""Debian's user-mode kernel, as a peer of ours."""
import functools
import os
import re

from registers import with_fewer_registers
from umtest import Guest, Timeout, initramfs

PEER = os.environ.get("PEER") or "/usr/bin/linux.uml"


# Its processes die at their start now and then: one of ten boots on some hosts.
TRIES = 5


def fault(path):
    """Why it does not run here; "" if it does."""
    for _ in range(TRIES):
        with Guest("umsh", "quiet", linux=path, initrd=initramfs(), mem="64M", name="peer") as g:
            try:
                g.shell(60)
                g.poweroff()
                return ""
            except (Timeout, BrokenPipeError):
                said = re.findall(r"^(?:userspace - |Kernel panic).*", g.text, re.M)
        # This it says each time.
        if said and "set fp regs failed" in said[0]:
            break
    return said[0].strip() if said else "it says nothing"


@functools.cache
def find():
    """(path, ""), or ("", why it cannot be had here)."""
    path = PEER
    if not os.access(path, os.X_OK):
        return "", "no %s (Debian: user-mode-linux)" % path
    why = fault(path)
    # What it says on a CPU with AMX.
    if "set fp regs failed" in why:
        path = with_fewer_registers(path)
        why = fault(path)
    return ("", "%s does not run here: %s" % (PEER, why)) if why else (path, "")


def patiently(work):
    """What work() returns, which boots a guest of the peer's, and may use it; if that
    dies, work() is called again."""
    for left in reversed(range(TRIES)):
        try:
            return work()
        except (Timeout, BrokenPipeError, ConnectionRefusedError):
            if not left:
                raise


def peer():
    """The program, where it runs."""
    return find()[0]


def lacks_peer():
    """Why there is none; "" if there is."""
    return find()[1]
