#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Guest memory on the host: what is free goes back, and mem= promises more than
# there is.
# umtest: slow 40
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
initrd = initramfs()
disk = sparse(os.path.join(tmpdir(), "disk.img"), 600 << 20)
# Where no root_fs lies that a guest of another script may have locked.
os.chdir(os.path.dirname(disk))


def meminfo(name):
    with open("/proc/meminfo") as f:
        return int(re.search(r"^%s:\s+(\d+)" % name, f.read(), re.M).group(1)) >> 10


def taken(g):
    """MiB of the host that the file of guest memory takes."""
    for fd in os.listdir("/proc/%d/fd" % g.pid):
        path = "/proc/%d/fd/%s" % (g.pid, fd)
        try:
            if "um-physmem" in os.readlink(path):
                return os.stat(path).st_blocks >> 11
        except OSError:
            pass
    raise FileNotFoundError("no file of guest memory")


def tell(g, name):
    """What the guest knows of itself, in MiB."""
    return int(g.run("grep ^%s: /proc/meminfo" % name)[1].split()[1]) >> 10


def shrinks(g, limit, name):
    good = eventually(lambda: taken(g) < limit, step=0.2)
    if not tap.ok(good, name):
        tap.diag("%d MiB are taken, %d would do\n%s" % (
            taken(g), limit, g.run("cat /proc/meminfo /proc/buddyinfo")[1]))


if meminfo("MemAvailable") < 2000:
    tap.skip_all("the host has less than 2 GiB to spare")

with boot("ubd0=" + disk, mem="1500M", initrd=initrd) as g:
    start = taken(g)
    tap.ok(start < 150, "a guest of 1500 MiB starts with %d" % start)
    tap.match(g.run("dmesg")[1], "Free page reporting enabled", "the log says that memory goes back")
    for turn in ("", ", again"):
        tap.equal(g.run("/tests/guest-tests --helper use 1024")[0], 0, "a program uses 1 GiB" + turn)
        peak = taken(g)
        tap.ok(peak > 1024 or turn, "which the host has given (%d MiB)" % peak)
        shrinks(g, start + 64, "it ends, and the host has the memory back" + turn)
    tap.ok(tell(g, "HostReturned") > 1800, "/proc/meminfo: what has been returned")
    # The guest and the host count the same, but not at the same time.
    tap.ok(eventually(lambda: abs(tell(g, "HostMemory") - taken(g)) < 8, 10),
           "/proc/meminfo: what is taken")

    # So little that a CPU's own list of free pages would take it.
    g.run("/tests/guest-tests --helper use 120")
    shrinks(g, start + 64, "120 MiB come back too")

    # While it is open, what was read of it is kept.
    g.run("exec 3</dev/ubda; cat /dev/ubda >/dev/null")
    tap.ok(tell(g, "Buffers") > 500, "a disk is read")
    tap.ok(taken(g) > 600, "600 MiB of a disk are in memory (%d MiB)" % taken(g))
    # The host has them, too: a guest that does nothing gives its copy back.
    shrinks(g, start + 64, "they are dropped while nothing happens, and the host has the memory back")
    first = g.run("dd if=/dev/ubda bs=1M count=8 2>/dev/null | md5sum")[1]
    tap.equal(g.run("dd if=/dev/zero bs=1M count=8 2>/dev/null | md5sum")[1], first, "they read as before")

    g.run("mkdir -p /tmp/fs; mount -t tmpfs none /tmp/fs")
    g.run("dd if=/dev/zero of=/tmp/fs/keep bs=1M count=100; cat /tmp/fs/keep /bin/busybox >/tmp/fs/a; "
          "dd if=/dev/zero of=/tmp/fs/b bs=1M count=400")
    before = g.run("md5sum </tmp/fs/a")[1]
    g.run("rm /tmp/fs/b")
    shrinks(g, start + 250, "a file is deleted, and the host has the memory back")
    tap.equal(g.run("md5sum </tmp/fs/a")[1], before, "the other files are as they were")
    tap.equal(g.poweroff(), 0, "power-off")

with boot("free_page_reporting=off", initrd=initrd) as g:
    tap.no_match(g.run("dmesg")[1], "(?i)page reporting enabled", "free_page_reporting=off: nothing is reported")
    g.run("/tests/guest-tests --helper use 64")
    tap.equal(tell(g, "HostReturned"), 0, "and nothing returned")

with boot("page_cache_trim=off", "ubd0=" + disk, mem="1G", initrd=initrd) as g:
    g.run("exec 3</dev/ubda; dd if=/dev/ubda of=/dev/null bs=1M count=200")
    time.sleep(12)
    tap.ok(tell(g, "Buffers") > 190, "page_cache_trim=off: what was read is kept")
    g.run("echo 3 >/proc/sys/vm/drop_caches")
    shrinks(g, start + 64, "until it is dropped, and the host has the memory back")

# As many as the host allows the kernel's process: who wants more gets an error.
with boot(mem="1600M", initrd=initrd) as g:
    limit = int(open("/proc/sys/vm/max_map_count").read())
    if limit > 70000:
        tap.skip("vm.max_map_count is %d" % limit, "the kernel has mapped all that it may")
    else:
        out = g.run("/tests/guest-tests --helper kernel_maps 1150 200")[1]
        m = re.search(r"TABLES (\d+) of 200", out)
        if not tap.ok(m and 10 < int(m.group(1)) < 200, "the kernel maps for itself what it may, and no more"):
            tap.diag(out)
    tap.equal(g.run("/tests/guest-tests --helper use 200")[0], 0, "and programs run as before")
    tap.no_match(g.run("dmesg")[1], "BUG|WARNING|Oops", "the log has no complaint")
    tap.equal(g.poweroff(), 0, "power-off")

double = 2 * meminfo("MemTotal")
if meminfo("MemAvailable") < double / 40 + 500:
    tap.skip("the host's memory is in use", "mem= of twice the host's memory")
else:
    with boot(mem="%dM" % double, initrd=initrd) as g:
        total = tell(g, "MemTotal")
        tap.ok(double * 0.95 < total <= double,
               "mem= of twice the host's memory: the guest has it (%d MiB)" % total)
        tap.ok(taken(g) < double / 50 + 100, "and it takes little (%d MiB)" % taken(g))
        tap.equal(g.run("/tests/guest-tests --helper use 200")[0], 0, "what is there can be used")
        tap.equal(g.poweroff(), 0, "power-off")
no_leftovers()
tap.done()
