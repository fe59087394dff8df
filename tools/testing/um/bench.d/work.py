# SPDX-License-Identifier: GPL-2.0
"""Real work: the same programs on the same files, on the host in a chroot and
in guests whose process 1 does nothing else.

The host mounts a copy of the image that the guests have as their root, so that
both have the same file system in a file of the same disk.  Without root, it has
the files in a folder."""
import os
import re

import inputs
from columns import HOST, HOST_ALL, median, pinned, say
from section import Section
from umtest import Guest, host, scratch_copy, tmpdir

CASES = ("compile", "untar", "find", "remove", "python", "dpkg_install", "dpkg_purge", "sqlite")
# The rows of work.sh that have more than one of them.
ROWS = {"untar": "tree", "find": "tree", "remove": "tree",
        "dpkg_install": "dpkg", "dpkg_purge": "dpkg"}
FACTOR = 1.5
SILENCE = 420

# usage: FOLDER IMAGE ARGUMENTS, in name spaces of its own, which take the mounts
# along when they end. Without an IMAGE, the folder has the files.
CHROOT = """
set -e
top=$0
[ -z "$1" ] || mount -t ext4 -o loop "$1" "$top"
shift
mount -t proc proc "$top/proc"
mount -t tmpfs -o mode=755 dev "$top/dev"
for name in null zero full random urandom; do
	: >"$top/dev/$name"
	mount --bind "/dev/$name" "$top/dev/$name"
done
exec chroot "$top" /bench/work.sh "$@"
"""


def labels(count, quick):
    return {
        "compile": "compile %d C files, make -j2" % inputs.modules(quick),
        "untar": "untar %s files" % format(count, ","),
        "find": "find in them, with stat",
        "remove": "rm -r of them",
        "python": "python3 -c pass, 40 times",
        "dpkg_install": "dpkg -i " + inputs.PACKAGE,
        "dpkg_purge": "dpkg --purge of it",
        "sqlite": "sqlite, 200 transactions",
    }


def namespace():
    """How a chroot is to be had here, or None."""
    base = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    if os.geteuid() == 0:
        ways = [base]
    else:
        own = base + ["--user", "--map-root-user"]
        ways = [own + ["--map-auto"], own]
    for way in ways:
        if host(way + ["true"])[0] == 0:
            return way
    return None


def guest_memory():
    """Enough for the archive and the tree, where the host has twice that."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return "%dM" % min(3072, total // 2 >> 20)


def collect(section, column, text):
    times = {}
    for case, seconds in re.findall(r"^@@TIME (\S+) ([\d.]+)\s*$", text, re.M):
        times.setdefault(case, []).append(float(seconds))
    for case in CASES:
        if case in times:
            section.put(case, column, median(times[case]))
    for row in re.findall(r"^@@(?:FAIL|SKIP) (.*)$", text, re.M):
        say("bench: %s: %s" % (column, row.strip()))


def loop_mounts(way, image):
    """Whether the host mounts an image here."""
    return host(way + ["mount", "-t", "ext4", "-o", "loop,ro,noload", image, tmpdir()],
                timeout=60)[0] == 0


def on_host(section, image, args):
    way = namespace()
    if not way:
        say("bench: unshare makes no chroot here: no column for the host's real work")
        return
    loop = loop_mounts(way, image)
    section.note = "the host has the files in %s" % (
        "a loop mount of the guests' image" if loop else "a folder of its own file system")
    for column, pin in ((HOST, pinned([])), (HOST_ALL, [])):
        copy = scratch_copy(image) if loop else ""
        say("%s: real work ..." % column)
        rc, text = host(pin + way + ["sh", "-c", CHROOT, tmpdir() if loop else
                                     inputs.unpacked(image), copy] + args, timeout=1200)
        collect(section, column, text)
        if rc and "@@" not in text:
            say("bench: %s: %s" % (column, (text.strip().splitlines() or ["status %d" % rc])[-1]))
        if copy:
            os.unlink(copy)


def in_guest(section, kernel, image, args):
    copy = scratch_copy(image)
    try:
        with Guest("ubd0=" + copy, "root=/dev/ubda", "rw", "quiet", "init=/bench/bench-init",
                   "benchruns=" + args[0], "benchrows=" + args[1], *kernel.words,
                   linux=kernel.linux, wrap=kernel.wrap, mem=guest_memory(),
                   name="work-" + kernel.name) as g:
            rc = g.wait_busy(SILENCE)
            collect(section, kernel.name, g.text)
            if rc != 0 or not re.search(r"^@@END", g.text, re.M):
                say("bench: %s: the guest %s; log %s" % (
                    kernel.name, "hangs" if rc is None else "ended with %s" % rc, g.log_path))
    finally:
        os.unlink(copy)


def measure(kernels, out, image, chosen, quick):
    runs = 1 if quick else 3
    ready, count = inputs.prepare(image, quick, out)
    section = Section("Real work, %s" % ("once" if quick else "median of %d runs" % runs), "s",
                      labels=labels(count, quick), goals={case: (FACTOR, HOST) for case in CASES})
    args = [str(runs), ",".join(sorted({ROWS.get(case, case) for case in chosen}))]
    on_host(section, ready, args)
    for kernel in kernels:
        say("%s: real work ..." % kernel.name)
        in_guest(section, kernel, ready, args)
    section.rows = {case: section.rows[case] for case in CASES
                    if case in section.rows and case in chosen}
    return section
