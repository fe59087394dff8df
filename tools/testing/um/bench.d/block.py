# SPDX-License-Identifier: GPL-2.0
"""Block devices: fio on a file of the host, on the host and as a guest's disk.

The host goes through its page cache, which is what a guest's disk does, too; the
guest's own page cache is left out (O_DIRECT)."""
import json
import os

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


def fill(path):
    """All in writes of 1 MiB, as guests' are: what the host's page cache is made of
    shows in each later write."""
    with open(sparse(path, SIZE << 20), "r+b", 0) as f:
        for _ in range(SIZE):
            f.write(os.urandom(1 << 20))


def forget(path):
    """The host is to read it from its disk."""
    with open(path, "rb") as f:
        os.fdatasync(f.fileno())
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def settle(paths):
    """What was written before is on the disk: to write a page that waits for that
    costs the host less than to write any other.  And all of it is in memory."""
    for path in paths:
        if os.path.exists(path):
            with open(path, "rb") as f:
                os.fsync(f.fileno())
                while f.read(1 << 20):
                    pass


def archive(script):
    fio = which("fio")
    files = {"bin/fio": os.path.realpath(fio), "bench.sh": script.encode()}
    files.update(libraries(fio))
    return initramfs(files)


BOOTS = 3


class Fio:
    """A guest that does one job after the other, when it is told to."""

    def __init__(self, kernel, disk, jobs):
        rows = ["#!/bin/sh", "mkdir -p /tmp", "echo @@READY", "while read case; do", "case $case in"]
        for case, job in jobs.items():
            rows.append("%s) echo @@JOB; %s 2>/dev/null;;" % (case, job))
        rows += ["esac", "echo @@DONE", "done"]
        self.name = kernel.name
        # The peer does not get to its first process each time.
        for _ in range(BOOTS):
            self.guest = Guest("umrun=/bench.sh", "quiet", disk, *kernel.words, linux=kernel.linux,
                               wrap=kernel.wrap, initrd=archive("\n".join(rows) + "\n"), mem="512M",
                               name="block-" + kernel.name)
            try:
                self.guest.expect("@@READY", 20)
                return
            except Timeout:
                log = self.guest.log_path
                self.end()
        say("bench: %s: does not boot with a disk; log %s" % (self.name, log))

    def job(self, case, timeout):
        """Microseconds for one operation; None: it did not get that far."""
        if not self.guest:
            return None
        try:
            self.guest.send(case)
            start = self.guest.expect("@@JOB").end()
            end = self.guest.expect("@@DONE", timeout).start()
            return operation(self.guest.text[start:end])
        except (OSError, Timeout, ValueError):
            say("bench: %s: %s: no figures; log %s" % (self.name, case, self.guest.log_path))
            self.end()
            return None

    def end(self):
        if self.guest:
            self.guest.close()
        self.guest = None


def best(section, case, name, value):
    if value:
        was = section.rows.get(case, {}).get(name)
        section.put(case, name, min(was or value, value))


def rounds(section, kernels, disks, files, jobs, host_job, number):
    """The host and all guests take turns, each finding @files settled."""
    guests = [Fio(k, disk, jobs) for k, disk in zip(kernels, disks)]
    try:
        for _ in range(number):
            for case in jobs:
                settle(files)
                best(section, case, HOST, host_job(case))
                for guest in guests:
                    settle(files)
                    best(section, case, guest.name, guest.job(case, 60))
    finally:
        for guest in guests:
            guest.end()


def measure(kernels, out, chosen, quick):
    number, seconds = (1, 2) if quick else (3, 3)
    section = Section("Disks: one operation of fio on a file of %d MiB, best of %d times %d s" %
                      (SIZE, number, seconds), "us", labels=LABELS, goals=GOALS,
                      note="the host through its page cache, guests without theirs")
    if not which("fio"):
        say("bench: no fio (Debian: fio); no figures of disks")
        return section
    path = os.path.join(out, "disk")
    # What is below COW files stays as it is.
    own = path + ".host"
    cows = ["%s.%s.cow" % (path, k.name) for k in kernels]
    if not os.path.exists(path) or os.path.getsize(path) != SIZE << 20:
        fill(path)

    def on_host(case):
        job = JOBS["disk" + case[case.index("_"):]] if case != COLD else JOBS["disk_read"]
        target = own if case.startswith("cow") else path
        rc, text = host(pinned(command(job, target, 0, seconds if case != COLD else 0).split()), timeout=120)
        if rc:
            say("bench: host: fio: %s" % text.strip().splitlines()[-1])
            return None
        return operation(text)

    def cold(case):
        # The guests' turns come behind this one's, and each wants it forgotten.
        forget(path)
        return on_host(case)

    def in_guest(prefix):
        return {case: command(JOBS["disk" + case[len(prefix):]], "/dev/ubda", 1, seconds)
                for case in chosen if case != COLD and case.startswith(prefix)}
    try:
        plain, layered = in_guest("disk"), in_guest("cow")
        shared = ["ubd0c=" + path] * len(kernels)
        if plain:
            say("host and guests: disks ...")
            rounds(section, kernels, shared, [path], plain, on_host, number)
        if COLD in chosen:
            best(section, COLD, HOST, cold(COLD))
            for kernel in kernels:
                guest = Fio(kernel, shared[0], {COLD: command(JOBS["disk_read"], "/dev/ubda", 1, 0)})
                forget(path)
                best(section, COLD, kernel.name, guest.job(COLD, 120))
                guest.end()
        if layered:
            say("host and guests: COW files ...")
            fill(own)
            rounds(section, kernels, ["ubd0=%s,%s" % (cow, path) for cow in cows], [path, own] + cows,
                   layered, on_host, number)
    finally:
        for name in [path, own] + cows:
            if os.path.exists(name):
                os.unlink(name)
    section.rows = {case: section.rows[case] for case in CASES if case in section.rows and case in chosen}
    return section
