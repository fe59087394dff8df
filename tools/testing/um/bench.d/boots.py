# SPDX-License-Identifier: GPL-2.0
"""How fast guests start and end, and what they take while nothing happens."""
import glob
import os
import time

import memory
import umtest
from columns import PEER, median, say
from section import Section
from umtest import Guest, initramfs

LABELS = {
    "boot": "boot, static init [ms]",
    "idle_cpu": "idle CPU [%]",
    "login": "Debian to login [s]",
    "poweroff": "Debian, power-off [s]",
    "idle_pss": "Debian idle, PSS [MiB]",
    "idle_rss": "Debian idle, RSS [MiB]",
    "idle_files": "Debian idle, guest memory [MiB]",
    "idle_processes": "Debian idle, host processes",
}
DEBIAN = ("login", "poweroff", "idle_pss", "idle_rss", "idle_files", "idle_processes")
GOALS = {"boot": 50, "login": (1 / 3, PEER), "idle_pss": (1 / 2, PEER)}


def tiny_archive(out):
    """Nothing but a static init that powers off."""
    bins = umtest.guest_binaries()
    cpio = umtest.Cpio()
    for d in ("proc", "dev"):
        cpio.dir(d)
    cpio.node("dev/console", "c", 5, 1)
    cpio.copy("init", os.path.join(bins, "init"))
    return cpio.finish(os.path.join(out, "tiny.cpio"))


def static_init(kernel, archive, count):
    """Milliseconds from the program's start to its end."""
    times = []
    for _ in range(count):
        start = time.monotonic()
        with Guest("quiet", *kernel.words, linux=kernel.linux, wrap=kernel.wrap,
                   initrd=archive, mem="128M") as g:
            rc = g.wait(120)
            times.append((time.monotonic() - start) * 1e3)
        if rc != 0:
            say("bench: %s: a boot ended with %s" % (kernel.name, rc))
            return None
    return median(times)


def cpu_seconds(guest):
    """CPU time of all its threads, as the scheduler has it: ticks are too coarse, and
    who wakes with the tick, as timers do, is charged all of it."""
    total = 0
    for pid in [guest.pid] + guest.children():
        for path in glob.glob("/proc/%d/task/*/schedstat" % pid):
            try:
                with open(path) as f:
                    total += int(f.read().split()[0])
            except OSError:
                pass
    return total / 1e9 or guest.cpu_seconds()


def idle_cpu(kernel, archive, span):
    """Per cent of a CPU that a guest takes at its shell prompt."""
    with Guest("umsh", "quiet", *kernel.words, linux=kernel.linux, wrap=kernel.wrap,
               initrd=archive, mem="256M") as g:
        g.shell()
        time.sleep(2)
        before = cpu_seconds(g)
        time.sleep(span)
        used = 100 * (cpu_seconds(g) - before) / span
        g.poweroff()
        return used


def debian(kernel, image, settle):
    """The figures of one session of the Debian image."""
    copy = umtest.scratch_copy(image)
    # Else the first flush of the guest's has the host write all of the copy.
    umtest.host(["sync", copy])
    try:
        start = time.monotonic()
        with Guest("ubd0=" + copy, "root=/dev/ubda", "rw", *kernel.words, linux=kernel.linux,
                   wrap=kernel.wrap, mem="512M", tty=True, name="debian-" + kernel.name) as g:
            g.expect(r"login:", 300)
            found = {"login": time.monotonic() - start}
            time.sleep(settle)
            try:
                for name, value in memory.taken(g.pid).items():
                    found["idle_" + name] = value
            except PermissionError as e:
                say("bench: %s: no figures of memory: %s" % (kernel.name, e))
            g.send("root")
            g.expect(r"assword:", 120)
            g.send("root")
            g.expect(r"[#$] ?$", 120)
            start = time.monotonic()
            g.send("poweroff")
            if g.wait(180) is None:
                say("bench: %s: no power-off; log %s" % (kernel.name, g.log_path))
            else:
                found["poweroff"] = time.monotonic() - start
            return found
    finally:
        os.unlink(copy)


def measure(kernels, archive, image, chosen, quick):
    section = Section("Start, end and idle", labels=LABELS, goals=GOALS)
    for kernel in kernels:
        try:
            if "boot" in chosen:
                say("%s: boots ..." % kernel.name)
                section.put("boot", kernel.name, static_init(kernel, archive, 3 if quick else 10))
            if "idle_cpu" in chosen:
                say("%s: idle ..." % kernel.name)
                section.put("idle_cpu", kernel.name,
                            idle_cpu(kernel, initramfs(), 5 if quick else 20))
            if set(DEBIAN) & set(chosen):
                say("%s: Debian ..." % kernel.name)
                for case, value in debian(kernel, image, 20).items():
                    if case in chosen:
                        section.put(case, kernel.name, value)
        except umtest.Timeout as e:
            say("bench: %s: %s" % (kernel.name, e))
    # One kernel after the other was measured; rows are in the order of LABELS.
    section.rows = {case: section.rows[case] for case in LABELS if case in section.rows}
    return section
