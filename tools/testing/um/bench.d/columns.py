# SPDX-License-Identifier: GPL-2.0
"""What is compared: the host, this port with each engine, and a peer."""
import collections
import os
import re
import sys
import time

import peer
from umtest import LINUX, Guest, host

# wrap is what it runs under, words are for its command line.
Kernel = collections.namedtuple("Kernel", "name linux wrap words")

PEER = "peer"
HOST = "host"           # on one CPU, as the guests have one
HOST_ALL = "host-all"   # on all CPUs


def say(text):
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def pinned(argv):
    return ["taskset", "-c", str(min(os.sched_getaffinity(0)))] + argv


def median(values):
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def candidates():
    """The kernels that the environment asks for."""
    found = []
    for engine in (os.environ.get("ENGINES") or "ptrace seccomp").split():
        found.append(Kernel(engine, LINUX, [], ["engine=" + engine]))
    if peer.PEER == "none":
        pass
    elif peer.peer():
        found.append(Kernel(PEER, os.path.abspath(peer.peer()), pinned([]), []))
    else:
        say("bench: no column for a peer: " + peer.lacks_peer())
    return found


def boots(kernel, archive):
    """Whether it gets to its end with a static init; says why it does not."""
    with Guest("quiet", *kernel.words, linux=kernel.linux, wrap=kernel.wrap, initrd=archive,
               mem="128M") as g:
        rc = g.wait(60)
        if rc == 0:
            return True
        rows = g.text.strip().splitlines() or ["no output"]
        say("bench: no column for %s: %s: %s" % (
            kernel.name, "ended with %s" % rc if rc is not None else "hangs", rows[-1][:200]))
        return False


def version(path):
    rc, text = host([path, "--version"], timeout=10)
    return text.strip().splitlines()[0] if rc == 0 and text.strip() else "?"


def machine(kernels):
    """What the figures were measured on: lines of text."""
    with open("/proc/cpuinfo") as f:
        model = re.search(r"^model name\s*:\s*(.*)$", f.read(), re.M)
    cpus = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    rows = ["%s, %d CPU%s, host Linux %s" % (model.group(1) if model else "x86-64", cpus,
                                            "s" if cpus > 1 else "", os.uname().release)]
    seen = []
    for kernel in kernels:
        if kernel.linux not in seen:
            seen.append(kernel.linux)
            rows.append("%s: %s" % (kernel.name if kernel.name == PEER else "port",
                                    version(kernel.linux)))
    rows[-1] += "; " + time.strftime("%Y-%m-%d")
    if load > 0.7:
        rows.append("the machine was not idle before: load %.1f" % load)
        say("bench: the machine is not idle (load %.1f): the figures will be uneven" % load)
    return rows
