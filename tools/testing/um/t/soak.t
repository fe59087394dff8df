#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Hours in minutes: areas and load again and again; nothing may leak.
# umtest: soak
# UMTEST_SOAK_MINUTES (default 10) is how long.
import os
import re
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
minutes = float(os.environ.get("UMTEST_SOAK_MINUTES") or 10)


def memory(g):
    g.run("echo 3 > /proc/sys/vm/drop_caches; sleep 1")
    out = g.run("cat /proc/meminfo")[1]
    value = dict(re.findall(r"^(\w+):\s+(\d+) kB", out, re.M))
    return {k: int(value.get(k, 0)) for k in ("MemFree", "Slab", "SUnreclaim", "KernelStack", "PageTables")}


# Round after round of every area; hung ones are failures there.
with boot(mem="768M") as g:
    g.run("/tests/guest-tests stress", 300)
    first, stubs = memory(g), len(g.children())
    end = time.monotonic() + minutes * 60
    rounds = bad = 0
    while time.monotonic() < end:
        names = [n for n in areas() if n not in ("manymaps", "stress")] + ["stress"]
        status, out = g.run("UMTEST_STRESS=20 /tests/guest-tests " + ",".join(names), 1200)
        rounds += 1
        if status:
            bad += 1
            tap.diag("\n".join(re.findall(r"^not ok.*|^# got.*|^@@END .* (?!ok).*$", out, re.M)[:20]))
            for row in re.findall(r"^@@END \S+ \d+ (?!ok).*$", out, re.M):
                tap.diag(row)
    tap.equal(bad, 0, "%d rounds of all areas" % rounds)
    last = memory(g)
    tap.diag("before: %s\nafter:  %s" % (first, last))
    tap.ok(first["MemFree"] - last["MemFree"] < 20000, "no memory is lost")
    tap.ok(last["SUnreclaim"] - first["SUnreclaim"] < 8000, "no kernel memory is lost")
    tap.ok(eventually(lambda: len(g.children()) <= stubs + 2, 20),
           "no stub is lost (%d before, %d after)" % (stubs, len(g.children())))
    out = g.run("dmesg | grep -E 'WARNING:|BUG:|Call Trace|blocked for more' | head")[1]
    tap.equal(out.strip(), "", "the kernel's log has no complaint")
    tap.equal(g.poweroff(), 0, "power-off")
no_leftovers()

# stress-ng, where the host has it.
prog = which("stress-ng")
if not prog:
    tap.skip("no stress-ng on this host", "stress-ng with --verify")
    tap.done()
files = {"bin/stress-ng": prog}
files.update(libraries(prog))
# On a disk, for stress-ng wants a real file system.
disk = sparse(os.path.join(tmpdir(), "disk"), 1 << 30)
mkfs = which("mkfs.ext4")
if mkfs:
    host([mkfs, "-q", "-F", disk])
with boot("ubd0=" + disk, mem="1G", initrd=initramfs(files)) as g:
    if mkfs:
        g.run("mount /dev/ubda /mnt && cd /mnt")
    first, stubs = memory(g), len(g.children())
    stressors = "cpu 2 vm 2 fork 2 sigrt 1 signal 1 sigq 1 pipe 2 mmap 2 futex 2 pthread 2 timer 1 timerfd 1 io 1 hdd 1"
    words = stressors.split()
    line = " ".join("--%s %s" % (words[i], words[i + 1]) for i in range(0, len(words), 2))
    status, out = g.run("stress-ng %s --vm-bytes 128M --hdd-bytes 64M --mmap-bytes 64M --verify --timeout %ds "
                        "--metrics-brief 2>&1" % (line, minutes * 60), minutes * 60 + 600)
    tap.equal(status, 0, "stress-ng for %g minutes" % minutes)
    tap.diag(tail(out, 40))
    last = memory(g)
    tap.diag("before: %s\nafter:  %s" % (first, last))
    tap.ok(last["SUnreclaim"] - first["SUnreclaim"] < 16000, "no kernel memory is lost")
    tap.ok(eventually(lambda: len(g.children()) <= stubs + 2, 20),
           "no stub is lost (%d before, %d after)" % (stubs, len(g.children())))
    out = g.run("dmesg | grep -E 'WARNING:|BUG:|Call Trace|blocked for more' | head")[1]
    tap.equal(out.strip(), "", "the kernel's log has no complaint")
    g.run("cd /; umount /mnt")
    tap.equal(g.poweroff(), 0, "power-off")
no_leftovers()
tap.done()
