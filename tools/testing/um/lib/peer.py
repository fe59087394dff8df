# SPDX-License-Identifier: GPL-2.0
"""Debian's user-mode kernel, as a peer of ours."""
import functools
import os
import re
import shlex

from umtest import Guest, Timeout, host_binary, initramfs, tmpdir

PEER = os.environ.get("PEER") or "/usr/bin/linux.uml"


def with_fewer_registers(path):
    """A program that has the kernel there see the registers that it has room for."""
    script = os.path.join(tmpdir(), "peer")
    with open(script, "w") as f:
        f.write("#!/bin/sh\nLD_PRELOAD=%s exec %s \"$@\"\n" % (
            shlex.quote(host_binary("peer_xstate", shared=True)), shlex.quote(path)))
    os.chmod(script, 0o755)
    return script


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
