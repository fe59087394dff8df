# SPDX-License-Identifier: GPL-2.0
"""Debian's user-mode kernel, as a peer of ours."""
import functools
import os
import re

from registers import with_fewer_registers
from umtest import Guest, Timeout, initramfs

PEER = os.environ.get("PEER") or "/usr/bin/linux.uml"


def fault(path):
    """Why it does not run here; "" if it does.  It fails now and then everywhere."""
    for _ in range(3):
        with Guest("umsh", "quiet", linux=path, initrd=initramfs(), mem="64M", name="peer") as g:
            try:
                g.shell(60)
                g.poweroff()
                return ""
            except Timeout:
                said = re.findall(r"^(?:userspace - |Kernel panic).*", g.text, re.M)
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


def peer():
    """The program, where it runs."""
    return find()[0]


def lacks_peer():
    """Why there is none; "" if there is."""
    return find()[1]
