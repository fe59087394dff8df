# SPDX-License-Identifier: GPL-2.0
"""Consoles: how fast text gets through a pseudo-terminal of the host, written by a
program there, and by one in a guest whose serial line it is."""
import os
import pty
import re
import select
import time
import tty

from columns import HOST, PEER, say
from section import Section
from umtest import TIMEOUT, Guest, Timeout, eventually, initramfs

MB = 1 << 20
CASES = ["console_pts"]
LABELS = {"console_pts": "100 MB through a pseudo-terminal"}
# At least half of the host's speed.
GOALS = {"console_pts": (2, HOST)}
SCRIPT = """#!/bin/sh
exec 3<>/dev/%s
stty raw -echo <&3
echo @@READY
read go
dd if=/dev/zero bs=64k count=%d >&3 2>/dev/null
echo @@DONE
sleep 1000
"""


def drain(fd, size):
    """Seconds until all of it has come; it begins with the first byte."""
    begin = None
    while size > 0:
        if not select.select([fd], [], [], TIMEOUT)[0]:
            raise Timeout("%d bytes do not arrive" % size)
        size -= len(os.read(fd, 65536))
        begin = begin or time.monotonic()
    return time.monotonic() - begin


def on_host(size):
    master, slave = pty.openpty()
    tty.setraw(slave)
    pid = os.fork()
    if not pid:
        block, left = bytes(65536), size
        while left:
            left -= os.write(slave, block[:min(left, len(block))])
        os._exit(0)
    try:
        return drain(master, size)
    finally:
        os.waitpid(pid, 0)
        os.close(master)
        os.close(slave)


def in_guest(kernel, size):
    script = SCRIPT % ("ttyS0", size >> 16)
    with Guest("umrun=/bench.sh", "quiet", "ssl0=pts", *kernel.words, linux=kernel.linux, wrap=kernel.wrap,
               initrd=initramfs({"bench.sh": script.encode()}), mem="128M", name="console-" + kernel.name) as g:
        g.expect("@@READY")
        # What the log says at "quiet" is not on the console: the host knows by itself.
        name = eventually(lambda: terminal_of(g.pid))
        if not name:
            raise Timeout("no pseudo-terminal")
        fd = os.open(name, os.O_RDWR | os.O_NOCTTY)
        try:
            tty.setraw(fd)
            g.send("go")
            return drain(fd, size)
        finally:
            os.close(fd)


def terminal_of(pid):
    """The other end of a process's pseudo-terminal."""
    for fd in os.listdir("/proc/%d/fdinfo" % pid):
        try:
            with open("/proc/%d/fdinfo/%s" % (pid, fd)) as f:
                m = re.search(r"^tty-index:\s+(\d+)", f.read(), re.M)
        except OSError:
            continue
        if m:
            return "/dev/pts/" + m.group(1)
    return None


def measure(kernels, quick):
    size = 100 * MB // (10 if quick else 1)
    rounds = 1 if quick else 3
    section = Section("Consoles: text through a serial line, the best of %d" % rounds, "s", labels=LABELS, goals=GOALS,
                      note="%d MB" % (size // MB))
    say("host: consoles ...")
    section.put("console_pts", HOST, min(on_host(size) for _ in range(rounds)))
    for kernel in kernels:
        # Its terminals are made, and named, in another way.
        if kernel.name == PEER:
            continue
        say("%s: consoles ..." % kernel.name)
        section.put("console_pts", kernel.name, min(in_guest(kernel, size) for _ in range(rounds)))
    return section
