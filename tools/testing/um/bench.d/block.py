# SPDX-License-Identifier: GPL-2.0
"""Block devices: fio on a file of the host, on the host and as a guest's disk.

The host goes through its page cache, which is what a guest's disk does, too; the
guest's own page cache is left out (O_DIRECT)."""
import json
import os
import re

from columns import HOST, pinned, say
from section import Section
from umtest import Guest, Timeout, host, initramfs, libraries, sparse, which

SIZE = 512
BATCH = "--ioengine=libaio --iodepth=16 --iodepth_batch_submit=16 --iodepth_batch_complete_max=16"
JOBS = {
    "disk_read": "--rw=read --bs=1M --ioengine=psync",
    "disk_write": "--rw=write --bs=1M --ioengine=psync",
    "disk_randread": "--rw=randread --bs=4k " + BATCH,
    "disk_randwrite": "--rw=randwrite --bs=4k " + BATCH,
    "disk_fsync": "--rw=randwrite --bs=4k --ioengine=psync --fsync=1",
}
COLD = "disk_read_cold"
COW = {"cow" + case[4:]: job for case, job in JOBS.items()}
CASES = list(JOBS) + [COLD] + list(COW)
LABELS = {
    "disk_read": "read 1 MiB",
    "disk_write": "write 1 MiB",
    "disk_randread": "random read 4 KiB, depth 16",
    "disk_randwrite": "random write 4 KiB, depth 16",
    "disk_fsync": "random write 4 KiB + fsync",
    COLD: "read 1 MiB, not in memory",
}
LABELS.update({"cow" + case[4:]: "COW: " + LABELS[case] for case in JOBS})
FACTORS = {"read": 1 / 0.9, "write": 1 / 0.9, "randread": 1 / 0.6, "randwrite": 1 / 0.6, "fsync": 1.3}
GOALS = {"disk_" + name: (factor, HOST) for name, factor in FACTORS.items()}
GOALS.update({"cow_" + name: (factor / 0.8, HOST) for name, factor in FACTORS.items()})
GOALS["cow_fsync"] = (1.3, HOST)


def command(job, path, direct, seconds, size=SIZE):
    how = "--time_based --runtime=%d" % seconds if seconds else ""
    return "fio --name=disk --filename=%s --size=%dM --direct=%d --invalidate=0 --randrepeat=1 " \
           "--mem_align=4k --output-format=json %s %s" % (path, size, direct, how, job)


def operation(text):
    """Microseconds for one, of fio's report."""
    job = json.loads(text[text.index("{"):text.rindex("}") + 1])["jobs"][0]
    way = job["read"] if job["read"]["io_bytes"] else job["write"]
    return 1e6 / way["iops"] if way["iops"] else None


def forget(path):
    """The host is to read it from its disk."""
    with open(path, "rb") as f:
        os.fdatasync(f.fileno())
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def settle(paths):
    """What was written before is on the disk: to write a page that waits for that
    costs the host less than to write any other."""
    for path in paths:
        if os.path.exists(path):
            with open(path, "rb") as f:
                os.fsync(f.fileno())


def archive(script):
    fio = which("fio")
    files = {"bin/fio": os.path.realpath(fio), "bench.sh": script.encode()}
    files.update(libraries(fio))
    return initramfs(files)


def in_guest(section, kernel, files, cases, seconds, prefix, cold=False):
    rows = ["#!/bin/sh", "mkdir -p /tmp"]
    for case in cases:
        job = JOBS["disk" + case[len(prefix):]] if not cold else JOBS["disk_read"]
        rows.append("echo @@READY; read go; echo @@JOB %s; %s 2>/dev/null; echo @@DONE" % (
            case, command(job, "/dev/ubda", 1, 0 if cold else seconds)))
    with Guest("umrun=/bench.sh", "quiet", "ubd0=" + ",".join(files), *kernel.words, linux=kernel.linux,
               wrap=kernel.wrap, initrd=archive("\n".join(rows) + "\n"), mem="512M",
               name="block-" + kernel.name) as g:
        for _ in cases:
            try:
                g.expect("@@READY", 60 + seconds)
            except Timeout:
                break
            settle(files)
            g.send("go")
        rc = g.wait_busy(120)
        for case, text in re.findall(r"^@@JOB (\S+)\s*$(.*?)^@@DONE", g.text, re.M | re.S):
            try:
                section.put(case, kernel.name, operation(text))
            except ValueError:
                say("bench: %s: %s: no figures; log %s" % (kernel.name, case, g.log_path))
        if rc != 0:
            say("bench: %s: fio %s; log %s" % (
                kernel.name, "hangs" if rc is None else "ended with %s" % rc, g.log_path))


def measure(kernels, out, chosen, quick):
    seconds = 2 if quick else 6
    section = Section("Disks: one operation of fio on a file of %d MiB, %d s each" % (SIZE, seconds), "us",
                      labels=LABELS, goals=GOALS,
                      note="the host through its page cache, guests without theirs")
    if not which("fio"):
        say("bench: no fio (Debian: fio); no figures of disks")
        return section
    path, cow = os.path.join(out, "disk"), os.path.join(out, "disk.cow")
    if not os.path.exists(path) or os.path.getsize(path) != SIZE << 20:
        with open(sparse(path, SIZE << 20), "r+b") as f:
            for _ in range(SIZE):
                f.write(os.urandom(1 << 20))
    try:
        say("host: disks ...")
        for case in [c for c in JOBS if c in chosen or "cow" + c[4:] in chosen]:
            settle([path])
            rc, text = host(pinned(command(JOBS[case], path, 0, seconds).split()), timeout=120)
            if rc:
                say("bench: host: fio: %s" % text.strip().splitlines()[-1])
                return section
            section.put(case, HOST, operation(text))
            section.put("cow" + case[4:], HOST, operation(text))
        if COLD in chosen:
            forget(path)
            section.put(COLD, HOST, operation(host(pinned(command(
                JOBS["disk_read"], path, 0, 0).split()), timeout=120)[1]))
        for kernel in kernels:
            say("%s: disks ..." % kernel.name)
            plain = [c for c in JOBS if c in chosen]
            if plain:
                in_guest(section, kernel, [path], plain, seconds, "disk")
            if COLD in chosen:
                forget(path)
                in_guest(section, kernel, [path], [COLD], 0, "disk", cold=True)
            layered = [c for c in COW if c in chosen]
            if layered:
                in_guest(section, kernel, [cow, path], layered, seconds, "cow")
                os.unlink(cow)
    finally:
        for name in (path, cow):
            if os.path.exists(name):
                os.unlink(name)
    section.rows = {case: section.rows[case] for case in CASES if case in section.rows and case in chosen}
    return section
