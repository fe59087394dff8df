# SPDX-License-Identifier: GPL-2.0
"""Block devices: fio on a file of the host, on the host and as a guest's disk.

The host goes through its page cache, which is what a guest's disk does, too; the
guest's own page cache is left out (O_DIRECT).  In a second table it is not: a file
of the guest's own file system, as programs use it."""
import json
import os

import peer
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
DISKS = list(JOBS) + [COLD] + list(COW)
LABELS = {
    "disk_read": "read 1 MiB",
    "disk_write": "write 1 MiB",
    "disk_randread": "random read 4 KiB, depth 16",
    "disk_randwrite": "random write 4 KiB, depth 16",
    "disk_fsync": "random write 4 KiB + fsync",
    COLD: "read 1 MiB, not in memory",
}
LABELS.update({"cow" + case[4:]: "COW: " + LABELS[case] for case in JOBS})
FILE = {"file" + case[4:]: job for case, job in JOBS.items()}
# Neither in the guest's memory nor in the host's, so each place is read once.
FILE_COLD = {"file_read_cold": JOBS["disk_read"], "file_randread_cold": JOBS["disk_randread"] + " --io_size=64M"}
LABELS.update({"file" + case[4:]: LABELS[case] for case in JOBS})
LABELS.update({case: LABELS[case[:-5]] + ", not in memory" for case in FILE_COLD})
CASES = DISKS + list(FILE) + list(FILE_COLD)
FACTORS = {"read": 1 / 0.9, "write": 1 / 0.9, "randread": 1 / 0.6, "randwrite": 1 / 0.6, "fsync": 1.3}
GOALS = {"disk_" + name: (factor, HOST) for name, factor in FACTORS.items()}
GOALS.update({"cow_" + name: (factor / 0.8, HOST) for name, factor in FACTORS.items()})
GOALS["cow_fsync"] = (1.3, HOST)
GOALS.update({"file_" + name: (factor, HOST) for name, factor in FACTORS.items()})
GOALS.update({case: GOALS[case[:-5]] for case in FILE_COLD})


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


def remove(paths):
    for path in paths:
        if os.path.exists(path):
            os.unlink(path)


def archive(script):
    fio = which("fio")
    files = {"bin/fio": os.path.realpath(fio), "bench.sh": script.encode()}
    files.update(libraries(fio))
    return initramfs(files)


class Fio:
    """A guest that does one job after the other, when it is told to."""

    def __init__(self, kernel, disk, jobs, before="mkdir -p /tmp", mem="512M"):
        rows = ["#!/bin/sh", before, "echo @@READY", "while read case; do", "case $case in"]
        for case, job in jobs.items():
            rows.append("%s) echo @@JOB; %s 2>/dev/null;;" % (case, job))
        rows += ["esac", "echo @@DONE", "done"]
        self.name = kernel.name
        self.guest = None

        def boot():
            self.end()
            self.guest = Guest("umrun=/bench.sh", "quiet", disk, *kernel.words, linux=kernel.linux,
                               wrap=kernel.wrap, initrd=archive("\n".join(rows) + "\n"), mem=mem,
                               name="block-" + kernel.name)
            self.guest.expect("@@READY", 60)
        try:
            peer.patiently(boot)
        except Timeout:
            say("bench: %s: does not boot with a disk; log %s" % (self.name, self.guest.log_path))
            self.end()

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


def rounds(section, guests, ready, jobs, host_job, number):
    """The host and all guests take turns, each finding its files as ready() leaves
    them."""
    try:
        for _ in range(number):
            for case in jobs:
                ready(case)
                best(section, case, HOST, host_job(case))
                for guest in guests:
                    ready(case)
                    best(section, case, guest.name, guest.job(case, 60))
    finally:
        for guest in guests:
            guest.end()


def on_host(line):
    rc, text = host(pinned(line.split()), timeout=120)
    if rc:
        say("bench: host: fio: %s" % text.strip().splitlines()[-1])
        return None
    return operation(text)


def disks(kernels, out, chosen, number, seconds):
    section = Section("Disks: one operation of fio on a file of %d MiB, best of %d times %d s" %
                      (SIZE, number, seconds), "us", labels=LABELS, goals=GOALS,
                      note="the host through its page cache, guests without theirs")
    path = os.path.join(out, "disk")
    # What is below COW files stays as it is.
    own = path + ".host"
    cows = ["%s.%s.cow" % (path, k.name) for k in kernels]
    if not os.path.exists(path) or os.path.getsize(path) != SIZE << 20:
        fill(path)

    def host_job(case):
        return on_host(command(JOBS["disk" + case[case.index("_"):]],
                               own if case.startswith("cow") else path, 0, seconds))

    def in_guest(prefix):
        return {case: command(JOBS["disk" + case[len(prefix):]], "/dev/ubda", 1, seconds)
                for case in chosen if case != COLD and case.startswith(prefix)}
    try:
        plain, layered = in_guest("disk"), in_guest("cow")
        shared = ["ubd0c=" + path] * len(kernels)
        if plain:
            say("host and guests: disks ...")
            guests = [Fio(k, disk, plain) for k, disk in zip(kernels, shared)]
            rounds(section, guests, lambda case: settle([path]), plain, host_job, number)
        if COLD in chosen:
            forget(path)
            best(section, COLD, HOST, on_host(command(JOBS["disk_read"], path, 0, 0)))
            for kernel in kernels:
                guest = Fio(kernel, shared[0], {COLD: command(JOBS["disk_read"], "/dev/ubda", 1, 0)})
                forget(path)
                best(section, COLD, kernel.name, guest.job(COLD, 120))
                guest.end()
        if layered:
            say("host and guests: COW files ...")
            fill(own)
            guests = [Fio(k, "ubd0=%s,%s" % (cow, path), layered) for k, cow in zip(kernels, cows)]
            rounds(section, guests, lambda case: settle([path, own] + cows), layered, host_job, number)
    finally:
        remove([path, own] + cows)
    return section


FILE_DISK = (SIZE + 256) << 20
# A tenth of it may be dirty before that is written back: the file, as on the host.
FILE_MEM = "%dM" % (12 * SIZE)


def files(kernels, out, chosen, number, seconds):
    section = Section("Files: one operation of fio on a file of %d MiB, best of %d times %d s" %
                      (SIZE, number, seconds), "us", labels=LABELS, goals=GOALS,
                      note="through the page cache of whoever runs it; guests have it on ext4")
    own = os.path.join(out, "disk.host")
    images = ["%s.%s.ext4" % (os.path.join(out, "disk"), k.name) for k in kernels]
    before = "mkdir -p /tmp /mnt; mount -t ext4 /dev/ubda /mnt; " \
             "fio --name=fill --filename=/mnt/file --size=%dM --rw=write --bs=1M >/dev/null; sync" % SIZE
    # What is done before each job, with a guest's own caches and files.
    warm, cold = "sync; cat /mnt/file >/dev/null; ", "sync; echo 3 >/proc/sys/vm/drop_caches; "

    def job(case, path):
        return command(FILE_COLD[case], path, 0, 0) if case in FILE_COLD else \
               command(FILE[case], path, 0, seconds)
    jobs = {case: (cold if case in FILE_COLD else warm) + job(case, "/mnt/file") for case in chosen}

    def ready(case):
        if case in FILE_COLD:
            for path in [own] + images:
                forget(path)
        else:
            settle([own])
    try:
        say("host and guests: files ...")
        fill(own)
        for image in images:
            if host(["mkfs.ext4", "-q", sparse(image, FILE_DISK)])[0]:
                say("bench: mkfs.ext4 (Debian: e2fsprogs) fails; no figures of files")
                return section
        guests = [Fio(k, "ubd0=" + image, jobs, before, FILE_MEM) for k, image in zip(kernels, images)]
        rounds(section, guests, ready, jobs, lambda case: on_host(job(case, own)), number)
    finally:
        remove([own] + images)
    return section


def measure(kernels, out, chosen, quick):
    """A section for each of the two tables of which rows are chosen."""
    if not which("fio"):
        say("bench: no fio (Debian: fio); no figures of disks")
        return []
    number, seconds = (1, 2) if quick else (3, 3)
    sections = []
    for table, cases in ((disks, DISKS), (files, list(FILE) + list(FILE_COLD))):
        wanted = [case for case in cases if case in chosen]
        if wanted:
            section = table(kernels, out, wanted, number, seconds)
            section.rows = {case: section.rows[case] for case in wanted if case in section.rows}
            sections.append(section)
    return sections
