#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Load, crashes and boots, again and again: nothing fails, nothing leaks.
# umtest: slow 4
#
# All of it is short in `make check' and long in `make soak'.  Environment:
#   UMTEST_SOAK_PARTS    some of boots,areas,stress,stubs,crash (default all)
#   UMTEST_SOAK_MINUTES  how long stress-ng runs (default 10 when long)
#   UMTEST_SEED          what random choices start from (default: the time)
import math
import os
import random
import re
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from autopsy import autopsy
from umtest import *
from soak import *

need_linux()
seed = int(os.environ.get("UMTEST_SEED") or time.time())
rng = random.Random(seed)
tap.diag("seed: UMTEST_SEED=%d" % seed)
image = os.environ.get("ROOT_FS") or os.path.join(TOP, "root_fs")
minutes = os.environ.get("UMTEST_SOAK_MINUTES")


# ---------------------------------------------------------------------- boots

def boots():
    """Boots from start to end, of several kinds; none may fail."""
    number = 200 if SOAK else 5
    work = b"#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8; do cat /proc/self/maps | md5sum; done > /dev/null\n"
    initrd, bad = initramfs({"work.sh": work}), 0
    for i in range(number):
        words = [rng.choice(["quiet", "loglevel=7", "debug"]), "uml_dir=" + tmpdir_of("boots")]
        how = rng.choice(["poweroff", "halt", "exec"])
        mem = rng.choice(["48M", "64M", "96M", "200M", "256M", "512M", "1G", "3G"])
        if how == "exec":
            words.append("umrun=/work.sh")
        if how == "halt":
            words.append("umend=halt")
        with Guest(*words, initrd=initrd, mem=mem, tty=rng.random() < 0.3, name="boots") as g:
            rc = g.wait()
            found = complaints(g.text)
            if rc == 0 and not found:
                forget_log(g)
            else:
                bad += 1
                tap.diag("boot %d, %s %s: %s; log %s" % (i, mem, " ".join(words),
                                                         "hangs" if rc is None else "status %s" % rc, g.log_path))
                tap.diag("\n".join(found) or tail(g.text))
                if rc is None:
                    autopsy(g)
    tap.equal(bad, 0, "%d boots to the end" % number)
    no_leftovers()


# ---------------------------------------------------------------------- areas

def areas_again():
    """The in-guest areas round after round, in one guest."""
    rounds = 10 if SOAK else 1
    # These take long, and look at what repetition does not change.
    slow = () if SOAK else ("manymaps", "clocks", "signals", "fpu", "stress")
    names = ",".join(n for n in areas() if n not in slow)
    with boot("uml_dir=" + tmpdir_of("areas"), host_lacks(), mem="768M", name="areas") as g:
        g.run("ip link set lo up")
        leaks, bad = Leaks(g), 0
        # The first round is the warm-up.
        for i in range(rounds + 1):
            status, out = g.run("UMTEST_STRESS=%d /tests/guest-tests %s%s" %
                                (10 if SOAK else 1, names, "" if SOAK else ",stress"), 900)
            if status:
                bad += 1
                tap.diag("round %d" % i)
                tap.diag("\n".join(re.findall(r"^not ok.*|^# got.*|^@@END .* (?!ok).*$", out, re.M)[:20]))
            leaks.sample()
        tap.equal(bad, 0, "areas: %d rounds" % (rounds + 1))
        leaks.judge("areas")
        kernel_log(g, "areas")
        tap.equal(g.poweroff(), 0, "areas: power-off")
    no_leftovers()


# ------------------------------------------------------------------ stress-ng

# Name of the group, and what stress-ng is to do for it.
GROUPS = (
    ("cpu", "--cpu 2 --context 1 --vecmath 1 --matrix 1"),
    ("vm", "--vm 2 --vm-bytes 96M --brk 1 --brk-mlock --stack 1 --vm-rw 1 --vm-rw-bytes 16M --shm 1 --shm-bytes 8M"),
    ("fork", "--fork 2 --vfork 1 --clone 1 --daemon 1 --zombie 1 --zombie-max 200"),
    ("signal", "--signal 1 --sigrt 1 --sigq 1 --sigfd 1 --sigpending 1 --sigsuspend 1 --sigchld 1 "
               "--sigsegv 1 --sigfpe 1 --sigtrap 1 --kill 1"),
    ("pipe", "--pipe 2 --pipeherd 1 --fifo 1 --splice 1 --tee 1 --vm-splice 1"),
    ("mmap", "--mmap 2 --mmap-bytes 64M --mremap 1 --mremap-bytes 16M "
             "--madvise 1 --munmap 1 --msync 1 --mmapfixed 1 --mmapaddr 1"),
    ("futex", "--futex 2 --sem 1 --eventfd 1"),
    ("thread", "--pthread 2 --pthread-max 128 --switch 1 --tlb-shootdown 1 --membarrier 1 --exit-group 1"),
    ("timer", "--timer 1 --timerfd 1 --hrtimers 1 --nanosleep 1 --clock 1"),
    # Its CPU time comes in ticks: it has to run for some of them.
    ("itimer", "--itimer 1 --alarm 1"),
    ("io", "--io 1 --hdd 1 --hdd-bytes 48M --iomix 1 --iomix-bytes 32M --aio 1 --seek 1 --seek-size 8M "
           "--readahead 1 --readahead-bytes 32M --sync-file 1 --sync-file-bytes 8M"),
)
# One of each kind at the same time.
TOGETHER = ("--cpu 1 --vm 1 --vm-bytes 64M --fork 1 --signal 1 --sigrt 1 --sigq 1 --pipe 1 --mmap 1 --mmap-bytes 32M "
            "--futex 1 --pthread 1 --pthread-max 64 --switch 1 --timer 1 --timerfd 1 --io 1 --hdd 1 --hdd-bytes 32M")


# Of stress-ng 0.15 itself: when its time is over while it creates threads, it
# does not join the last one, which may find the mutex destroyed. With a
# pthread_create() that takes 3 ms, its count on any machine is one too low.
# And a child that it kills is to be no longer runnable right behind kill(): one
# that had no turn since fork(), on a CPU with others, is until it gets one.
OWN_FLAWS = re.compile(r"pthread: pthread_mutex_unlock failed, tid=\d+, errno=22 |"
                       r"zombie: pid \d+ is not in the expected zombie state")


class Stress:
    def __init__(self, g):
        self.g, self.ran, self.bad = g, 0, 0

    def run(self, name, what, seconds):
        """One invocation; everything that is wrong with it is reported."""
        self.ran += seconds
        cmd = "stress-ng %s --verify --timeout %ds --seed %d --temp-path /var/tmp" % (what, seconds, rng.getrandbits(31))
        status, out = self.g.run(cmd + " 2>&1", seconds + 3 * TIMEOUT)
        lines = out.splitlines()
        wrong = [r for r in lines if re.search(r"stress-ng: (fail|error)|unsuccessful|untrustworthy|failed: [1-9]|"
                                               r"terminated on signal|Killed|Segmentation", r) and
                 not OWN_FLAWS.search(r)]
        log = complaints(self.g.run("dmesg -c")[1])
        if status or wrong or log:
            self.bad += 1
            tap.diag("stress-ng, %s: status %d: %s" % (name, status, cmd))
            tap.diag("\n".join(wrong[:20] or lines[-20:]))
            tap.diag("\n".join(log[:60]))
        for r in lines:
            if "skipp" in r or "not implemented" in r:
                tap.diag("%s: %s" % (name, r.strip()))


def stress():
    """stress-ng with --verify in the Debian image."""
    if not os.path.exists(image):
        tap.skip("no image %s" % image, "stress-ng in the Debian image")
        return
    total = float(minutes) * 60 if minutes else 600 if SOAK else 12
    rounds = 5 if total >= 60 else 2
    copy = scratch_copy(image)
    with debian("ubd0=" + copy, "uml_dir=" + tmpdir_of("stress"), mem="1G", name="stress") as g:
        # What starts by itself would be taken for a leak.
        g.run("systemctl stop '*.timer' 2>/dev/null; dmesg -c >/dev/null")
        if g.run("command -v stress-ng")[0]:
            tap.skip("no stress-ng in %s" % image, "stress-ng in the Debian image")
            return
        load, leaks = Stress(g), Leaks(g)
        # Half a round is the load together, the other one in turn.
        part = total / rounds / 3
        each = math.ceil(2 * part / len(GROUPS))
        load.run("warm-up", TOGETHER, max(2, round(part / 4)))
        if rounds > 2:
            for name, what in GROUPS:
                load.run(name, what, 2)
        load.ran = 0
        leaks.sample()
        for i in range(rounds):
            # A short run has each of the groups once.
            for name, what in GROUPS[i::2] if rounds == 2 else GROUPS:
                load.run(name, what, each)
            load.run("together", TOGETHER, max(2, round(part)))
            leaks.sample()
        tap.equal(load.bad, 0, "stress-ng --verify for %d s: no failure, no complaint of the kernel's" % load.ran)
        leaks.judge("stress-ng")
        g.send("poweroff")
        tap.equal(g.wait(300), 0, "stress-ng: power-off")
        found = complaints(g.text)
        if not tap.equal(len(found), 0, "stress-ng: the console has no complaint"):
            tap.diag("\n".join(found[:60]))
    no_leftovers()
    tap.ok(clean_file_system(copy), "stress-ng: the file system is clean")
    if not SOAK:
        crash_debian(copy, 1)


# ----------------------------------------------------------------- lost stubs

LOAD = ("(while :; do (:); /bin/true; done) & (while :; do cat /bin/busybox | md5sum; done) & "
        "(while :; do find /proc /sys -maxdepth 3 | wc -l; done) & (while :; do :; done) & "
        "(while :; do UMTEST_STRESS=1 /tests/guest-tests stress; done) &")


def stubs():
    """Host processes of guests are killed at the kernel's back, again and again."""
    number, loops = (400, 8) if SOAK else (16, 2)
    with boot("uml_dir=" + tmpdir_of("stubs"), mem="512M", name="stubs") as g:
        # The kernel tells of each on the console.
        g.run("dmesg -n 1")
        # These of init and the shell are to live.
        keep = {p for p in g.children() if comm(p) != "um-stub" or mappings(p) > 8}
        leaks = Leaks(g)
        leaks.sample()
        start = "(%s) </dev/null >/dev/null 2>&1" % LOAD
        stop = "for i in 1 2 3; do for p in /proc/[0-9]*; do n=${p#/proc/}; " \
               "[ -e $p/exe ] && [ $n -gt 1 ] && [ $n != $$ ] && kill -9 $n; done 2>/dev/null; done; wait 2>/dev/null"
        killed = 0
        for i in range(loops):
            g.run(start)
            for _ in range(number // loops):
                time.sleep(rng.uniform(0, 0.1))
                victims = [p for p in g.children() if p not in keep]
                for pid in rng.sample(victims, min(len(victims), rng.choice((1, 1, 1, 2, 5)))):
                    # Not one that the kernel has ended meanwhile, whose number is new.
                    if stat_of(pid) and comm(pid) == "um-stub" and pid in g.children():
                        os.kill(pid, signal.SIGKILL)
                        killed += 1
                # The load is to go on; what ended is started anew.
                if rng.random() < 0.2:
                    g.run(start)
            tap.equal(g.run("echo alive")[1].strip(), "alive", "%d stubs were killed: the guest lives on" % killed)
            g.run(stop)
            # All are made anew, the one that the others come from too.
            last = [p for p in g.children() if p not in keep and comm(p) == "um-stub"]
            for pid in last:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            # What is about to die may still be given to a process, which dies with it.
            tap.ok(eventually(lambda: not any(entries("/proc/%d/task" % p) > 1 or
                                              (stat_of(p) or "Z")[0] != "Z" for p in last), 30),
                   "stubs that are killed die")
            tap.equal(g.run("for i in 1 2 3 4 5 6 7 8 9 10; do /bin/true || echo no; done; echo done")[1].strip(),
                      "done", "without a stub in reserve, new ones are made")
            leaks.sample()
        leaks.judge("killed stubs")
        kernel_log(g, "killed stubs")
        tap.equal(g.poweroff(), 0, "killed stubs: power-off")
    no_leftovers()


# -------------------------------------------------------------------- crashes

# File n has n times "n ROUND" in lines, and is on disk when it is told.
WRITER = ("i=0; while :; do i=$((i+1)); n=$((i*977 %% 60000 + 1)); "
          "yes \"$i %d\" | head -c $n > /mnt/d/$i && sync /mnt/d/$i && echo @@SAVED $i $n@@; "
          "[ $i -lt 30 ] || rm /mnt/d/$((i-29)); done")
# What makes the journal busy: names come and go, files grow and shrink.
CHURN = ("(while :; do mkdir /mnt/c; for i in 1 2 3 4 5 6 7 8 9; do cp /etc/group /mnt/c/$i; mv /mnt/c/$i /mnt/c/x$i; "
         "ln -s x /mnt/c/l$i; done; rm -r /mnt/c; done) & "
         "(while :; do dd if=/dev/zero of=/mnt/big bs=64k count=100; truncate -s 100k /mnt/big; sync /mnt/big; done) &")


def disk_copy(disk, cow):
    """What is on a disk now, as a file of its own."""
    if not cow:
        return scratch_copy(disk)
    path = os.path.join(tmpdir(), "merged")
    status, text = host([host_tool("uml_moo"), disk, path], timeout=120)
    if status:
        raise RuntimeError(text)
    return path


def crash():
    """SIGKILL of the guest at random moments: what was synced is on disk."""
    if not which("mkfs.ext4") or not which("e2fsck"):
        tap.skip("no mkfs.ext4 or no e2fsck", "crashes")
        return
    # By turns on a plain file and on a COW file.
    number = 250 if SOAK else 4
    d = tmpdir()
    plain, backing, cow = (os.path.join(d, n) for n in ("plain", "backing", "cow"))
    for path in (plain, backing):
        sparse(path, 64 << 20)
        host([which("mkfs.ext4"), "-q", "-F", path])
    host([host_tool("uml_mkcow"), "-s", rng.choice(("512", "4096", "32768")), cow, backing])
    files, bad, seen = {plain: {}, cow: {}}, 0, 0
    for i in range(number + 2):
        disk = (plain, cow)[i % 2]
        with boot("ubd0=" + disk, "uml_dir=" + os.path.join(d, "uml"), mem="128M", name="crash") as g:
            # The kernel replays the journal here.
            good = g.run("mount -t ext4 /dev/ubda /mnt")[0] == 0
            lost = []
            for name, (size, word) in files[disk].items():
                if g.run("yes '%s %s' | head -c %d | cmp - /mnt/d/%s" % (name, word, size, name))[0]:
                    lost.append(name)
            seen += len(files[disk])
            files[disk] = {}
            found = complaints(g.run("dmesg")[1])
            if i >= number:
                g.run("umount /mnt")
                tap.equal(g.poweroff(), 0, "crashes: power-off")
            else:
                g.run("rm -rf /mnt/*; mkdir /mnt/d; sync")
                if rng.random() < 0.7:
                    g.run("(%s) </dev/null >/dev/null 2>&1" % CHURN)
                g.send(WRITER % i)
                time.sleep(rng.uniform(0.05, 1.5))
                g.kill()
                g.wait(10)
                for name, size in re.findall(r"^@@SAVED (\d+) (\d+)@@$", g.text, re.M):
                    files[disk][name] = (int(size), str(i))
                # The writer may have removed the oldest since.
                files[disk] = dict(list(files[disk].items())[-20:])
            if not good or lost or found:
                tap.diag("round %d, log %s" % (i, g.log_path))
                tap.diag("mount fails" if not good else "lost: %s" % lost)
                tap.diag("\n".join(found))
                bad += 1
            else:
                forget_log(g)
        left = leftovers(10)
        if left:
            bad += 1
            tap.diag("round %d leaves behind:\n%s" % (i, "\n".join(left)))
        # A copy, for the next boot is to have the journal as it is.
        copy = disk_copy(disk, disk == cow)
        if not clean_file_system(copy):
            bad += 1
            kept = os.path.join(LOGS, "soak-disk-%d" % i)
            shutil.copyfile(copy, kept)
            tap.diag("round %d: kept as %s" % (i, kept))
        shutil.rmtree(os.path.dirname(copy), ignore_errors=True)
    tap.equal(bad, 0, "%d crashes: %d synced files are there, the file system is sound" % (number, seen))
    if SOAK and os.path.exists(image):
        crash_debian(scratch_copy(image), 30)


def crash_debian(copy, number):
    """The same while a Debian starts, works and stops."""
    bad = 0
    udir = tmpdir_of("debian")
    for i in range(number):
        with Guest("ubd0=" + copy, "rw", "quiet", "uml_dir=" + udir, tty=True, mem="512M", name="crash") as g:
            if i % 3 == 2:
                g.expect("login: ", 5 * TIMEOUT)
                g.kill(signal.SIGTERM)
                time.sleep(rng.uniform(0, 1))
            else:
                time.sleep(rng.uniform(0.1, 4))
            g.kill()
            g.wait(10)
            found = complaints(g.text)
            if found:
                bad += 1
                tap.diag("\n".join(found))
            else:
                forget_log(g)
        if leftovers(10):
            bad += 1
            tap.diag("round %d leaves behind:\n%s" % (i, "\n".join(leftovers())))
        # By turns the host replays the journal, and the next boot does.
        if (i % 2 or i == number - 1) and not clean_file_system(copy):
            bad += 1
    tap.equal(bad, 0, "%d crashes of the Debian image" % number)
    with debian("ubd0=" + copy, "uml_dir=" + udir, mem="512M", name="crash") as g:
        g.run("systemctl is-system-running --wait", 300)
        tap.equal(g.run("systemctl --failed --no-legend")[1].strip(), "", "it comes up after them, nothing failed")
        found = complaints(g.run("dmesg")[1])
        if not tap.equal(len(found), 0, "crashes: the kernel's log has no complaint"):
            tap.diag("\n".join(found))
        g.send("poweroff")
        tap.equal(g.wait(300), 0, "it powers off")
    tap.ok(clean_file_system(copy), "its file system is clean")
    no_leftovers()


PARTS = (("boots", boots), ("areas", areas_again), ("stubs", stubs), ("crash", crash), ("stress", stress))
wanted = (os.environ.get("UMTEST_SOAK_PARTS") or ",".join(n for n, f in PARTS)).split(",")
unknown = [w for w in wanted if w not in dict(PARTS)]
if unknown:
    tap.ok(False, "UMTEST_SOAK_PARTS=%s: no part %s; there are %s" %
           (",".join(wanted), unknown[0], ", ".join(n for n, f in PARTS)))
    tap.done()
for name, function in PARTS:
    if name in wanted:
        part(name, function)
tap.done()
