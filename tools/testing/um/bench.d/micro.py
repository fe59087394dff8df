# SPDX-License-Identifier: GPL-2.0
"""The microbenchmarks of umbench.c, and the bare cost of a ptrace round trip."""
import os
import re

from columns import HOST, pinned, say
from section import Section
from umtest import Guest, host, initramfs, libraries

# What the port sets out to reach, in microseconds on a machine whose own figure
# for syscall_null is a quarter of one: for ways into the kernel a few round
# trips between two host processes on one CPU, for clock_gettime no trip at all,
# for fork and exec what the host itself takes for making processes, two or three
# times. On another machine read them as orders of magnitude.
GOALS = {
    "syscall_null": 8.5, "clock_gettime": 0.06, "read_zero": 9, "stat": 10, "open_close": 20,
    "signal": 35, "segv_mprotect": 60, "fault_anon": 2.0, "fault_file": 2, "mmap_munmap": 45,
    "mprotect": 45, "pipe_roundtrip": 30, "thread_pipe_rt": 30, "unix_roundtrip": 40,
    "pipe_64k": 35, "thread_create": 90, "fork_exit": 350, "vfork_exec": 1100,
    "fork_exec": 1500, "sh_c": 4500,
}


def figures(text):
    return {m.group(1): float(m.group(2))
            for m in re.finditer(r"^(\w+) (\d+\.\d)\s*$", text, re.M)}


def cases(out):
    return host([os.path.join(out, "umbench"), "-l"])[1].split()


def archive(umbench, command):
    """A guest has the host's own sh and true, as sh_c runs them."""
    files = {"bench/umbench": umbench, "bench.sh": ("#!/bin/sh\n%s\n" % command).encode()}
    for name in ("bin/sh", "bin/true"):
        files[name] = os.path.realpath("/" + name)
        files.update(libraries("/" + name))
    return initramfs(files)


def measure(kernels, out, chosen, quick):
    rounds = 2 if quick else 5
    section = Section("One operation, best of %d rounds" % rounds, "us", goals=GOALS)
    umbench = os.path.join(out, "umbench")
    args = ["-r", str(rounds)] + chosen
    say("host: microbenchmarks ...")
    mine = figures(host(pinned([umbench] + args), timeout=600)[1])
    for case, value in mine.items():
        section.put(case, HOST, value / 1e3)
    initrd = archive(umbench, " ".join(["/bench/umbench"] + args))
    for kernel in kernels:
        say("%s: microbenchmarks ..." % kernel.name)
        with Guest("umrun=/bench.sh", "quiet", *kernel.words, linux=kernel.linux,
                   wrap=kernel.wrap, initrd=initrd, mem="512M", name=kernel.name) as g:
            rc = g.wait_busy(300)
            for case, value in figures(g.text).items():
                section.put(case, kernel.name, value / 1e3)
            if rc != 0:
                say("bench: %s: umbench %s; log %s" % (
                    kernel.name, "hangs" if rc is None else "ended with %s" % rc, g.log_path))
    return section


def ptrace_trip(out):
    """Microseconds, or None where the host lets nobody trace."""
    trip = figures(host([os.path.join(out, "roundtrip")], timeout=60)[1]).get("ptrace_roundtrip")
    return trip / 1e3 if trip else None
