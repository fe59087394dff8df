# SPDX-License-Identifier: GPL-2.0
"""What t/soak.t looks at: leaks in the guest and on the host, the kernel's
complaints, file systems after a crash, guests that hang."""
import os
import re
import shutil
import time
import traceback

from autopsy import comm, read
from umtest import (Guest, Timeout, TIMEOUT, descendants, eventually, host, kill_pids, leftovers,
                    tap, tmpdir, which)


def part(name, function):
    """Run a part; one that a hanging guest ends is a failure, and the next
    has its turn."""
    start = time.monotonic()
    try:
        function()
    except (Timeout, OSError, RuntimeError) as e:
        tap.ok(False, "%s: gets to its end (%s)" % (name, type(e).__name__))
        tap.diag(traceback.format_exc())
        leftovers()
        kill_pids(descendants())
    tap.diag("%s took %.1f s" % (name, time.monotonic() - start))


# ------------------------------------------------------------ host processes

def mappings(pid):
    return read("/proc/%d/maps" % pid).count("\n")


def entries(path):
    try:
        return len(os.listdir(path))
    except OSError:
        return 0


_dirs = {}


def tmpdir_of(name):
    """A directory for umid directories: killed guests leave theirs."""
    if name not in _dirs:
        _dirs[name] = tmpdir()
    return _dirs[name]


def forget_log(g):
    """The log of a guest that did well, where there are hundreds."""
    g.close()
    try:
        os.unlink(g.log_path)
    except OSError:
        pass


# --------------------------------------------------- the kernel's complaints

COMPLAINT = re.compile(
    r"WARNING:|BUG:|\bOops|Call Trace|cut here|Kernel panic|blocked for more than|[Hh]ung task|"
    r"detected stall|soft lockup|Bad page|Bad rss-counter|general protection|"
    r"scheduling while|possible recursive|inconsistent lock|UBSAN|KASAN|"
    r"refcount_t|list_(?:add|del) corruption|Out of memory|oom-kill|page allocation failure|"
    r"EXT4-fs error|EXT4-fs warning|JBD2: .*(?:[Ee]rror|corrupt)|I/O error|Buffer I/O|corrupted|"
    r"no stub can be made|refuses another process|nobody cared|bad: scheduling")


# A test may want the memory of a control group to run out.
EXPECTED = re.compile(r"umtest-expected|Memory cgroup out of memory|oom-kill:constraint=CONSTRAINT_MEMCG")


def complaints(text):
    """The lines of a kernel's log that tell of trouble, each with what follows."""
    found, follow = [], 0
    for row in text.splitlines():
        if COMPLAINT.search(row) and not EXPECTED.search(row):
            follow = 25
        if follow and re.match(r"\s*(<\d+>)?\[ *\d+\.\d+\]", row):
            found.append(row)
            follow -= 1
        elif follow == 25:
            found.append(row)
            follow -= 1
    return found


def kernel_log(g, name):
    found = complaints(g.run("dmesg")[1] + g.text)
    if not tap.equal(len(found), 0, "%s: the kernel's log has no complaint" % name):
        tap.diag("\n".join(found[:80]))


# --------------------------------------------------------------------- leaks

class Leaks:
    """Samples of what a guest holds, between rounds of the same load.

    A leak is what grows from round to round: all of the later half of the
    samples lie above all of the earlier half, by more than the slack.  The
    slack covers caches: what a CPU keeps of free pages and objects.
    """

    # What to look at, and the slack in kB or in pieces.
    SLACK = {
        "kernel kB": 6144, "SUnreclaim kB": 3072, "PageTables kB": 512, "KernelStack kB": 512,
        "VmallocUsed kB": 1024, "Committed_AS kB": 16384, "processes": 4,
        "stubs": 4, "zombies": 0, "host fds": 1, "host threads": 2, "host mappings": 256, "host RssAnon kB": 2048,
    }
    # Objects that come and go with processes; slabs are counted as a whole.
    OBJECTS = ("task_struct", "mm_struct", "signal_cache", "sighand_cache", "files_cache", "fs_cache", "pid",
               "vm_area_struct", "anon_vma", "filp", "pool_workqueue", "sigqueue", "posix_timers_cache")
    OBJECT_SLACK = 300

    def __init__(self, g):
        self.g, self.samples = g, []

    def _once(self):
        g, s = self.g, {}
        out = g.run("sync; for i in 1 2 3; do echo 3 > /proc/sys/vm/drop_caches; sleep 0.2; done; "
                    "cat /proc/meminfo; echo @@SLABS@@; "
                    "cat /proc/slabinfo 2>/dev/null; echo @@ZONES@@; cat /proc/zoneinfo; echo @@PROCESSES@@; "
                    "grep -hE '^(Name|VmSize|Threads):' /proc/[0-9]*/status 2>/dev/null")[1]
        memory, rest = out.split("@@SLABS@@", 1)
        slabs, rest = rest.split("@@ZONES@@", 1)
        zones, status = rest.split("@@PROCESSES@@", 1)
        m = {k: int(v) for k, v in re.findall(r"^(\w+(?:\(\w+\))?):\s+(\d+)", memory, re.M)}
        # What nobody accounts for, and what the kernel has for itself.
        s["kernel kB"] = m["MemTotal"] - sum(m[k] for k in (
            "MemFree", "Buffers", "Cached", "SwapCached", "AnonPages", "KReclaimable"))
        # Free pages that a CPU keeps to itself are many, and not in MemFree.
        s["kernel kB"] -= 4 * sum(int(n) for n in re.findall(r"^\s+count:\s+(\d+)", zones, re.M))
        for k in ("SUnreclaim", "PageTables", "KernelStack", "VmallocUsed", "Committed_AS"):
            s[k + " kB"] = m[k]
        for name, active, size in re.findall(r"^(\S+)\s+(\d+)\s+\d+\s+(\d+)", slabs, re.M):
            if name in self.OBJECTS:
                s[name] = int(active)
        threads = processes = 0
        for name, body in re.findall(r"^Name:\s*(\S*)\n((?:(?!Name:).*\n?)*)", status, re.M):
            if "VmSize:" in body and name != "grep":
                processes += 1
                threads += int(re.search(r"^Threads:\s*(\d+)", body, re.M).group(1))
        s["processes"] = processes
        below = descendants(g.pid)
        stubs = [p for p in below if comm(p) == "um-stub"]
        tasks = sum(entries("/proc/%d/task" % p) for p in stubs)
        # Under seccomp a process of the guest has one of the host, and each
        # thread of the host a descriptor; under ptrace each thread has one.
        seccomp = tasks > len(stubs)
        # Beyond those of the guest: reserves, and the first.
        s["stubs"] = len(stubs) - (processes if seccomp else threads)
        s["zombies"] = len(descendants(g.pid, zombies=True)) - len(below)
        s["host fds"] = entries("/proc/%d/fd" % g.pid) - (tasks if seccomp else 0)
        s["host threads"] = entries("/proc/%d/task" % g.pid)
        s["host mappings"] = mappings(g.pid)
        s["host RssAnon kB"] = int((re.findall(r"^RssAnon:\s*(\d+)", read("/proc/%d/status" % g.pid), re.M)
                                    or [0])[0])
        return s

    def _slack(self, name):
        return self.SLACK.get(name, self.OBJECT_SLACK)

    def sample(self):
        """What is left once things have settled."""
        s = self._once()
        for _ in range(3):
            if not self.samples or all(s[k] <= self.samples[0][k] + self._slack(k) // 2 for k in s):
                break
            time.sleep(1)
            s = {k: min(v, s[k]) for k, v in self._once().items()}
        self.samples.append(s)

    def grown(self, name):
        values = [s[name] for s in self.samples]
        half = len(values) // 2
        return min(values[-half:]) - max(values[:len(values) - half]) > self._slack(name)

    def judge(self, title):
        """Results for all samples so far."""
        names = list(self.samples[0])
        leaking = [n for n in names if self.grown(n)]
        for n in names:
            tap.diag("%s: %-18s %s%s" % (title, n, " ".join("%7d" % s[n] for s in self.samples),
                                         "  <-- grows" if n in leaking else ""))
        guest = [n for n in leaking if n not in ("stubs", "zombies") and not n.startswith("host ")]
        tap.equal(guest, [], "%s: the guest's kernel leaks nothing" % title)
        tap.equal([n for n in leaking if n in ("stubs", "zombies")], [], "%s: no stub process is lost" % title)
        tap.equal([n for n in leaking if n.startswith("host ")], [], "%s: nothing leaks on the host" % title)
        extra = self.samples[-1]["stubs"]
        tap.ok(0 <= extra <= 20, "%s: %d stubs in reserve" % (title, extra))
        if self.g.run("[ -w /sys/kernel/debug/kmemleak ]")[0] == 0:
            out = self.g.run("echo scan > /sys/kernel/debug/kmemleak; sleep 6; echo scan > /sys/kernel/debug/kmemleak; "
                             "cat /sys/kernel/debug/kmemleak", TIMEOUT * 3)[1]
            if not tap.equal(out.count("unreferenced object"), 0, "%s: kmemleak" % title):
                tap.diag("\n".join(out.splitlines()[:80]))


# ----------------------------------------------------- images and the Debian

def clean_file_system(path):
    """Replay the journal, if there is need, and look at all of it."""
    e2fsck = which("e2fsck")
    if not e2fsck:
        return True
    # The replay alone: e2fsck -p would repair what is to be seen.
    status, text = host([e2fsck, "-y", "-E", "journal_only", path], timeout=600)
    if status & ~1:
        tap.diag("e2fsck -E journal_only: status %d\n%s" % (status, text))
        return False
    status, text = host([e2fsck, "-fn", path], timeout=600)
    if status:
        tap.diag("e2fsck -fn: status %d\n%s" % (status, tail(text, 60)))
    return status == 0


def debian(*args, **kw):
    """A guest on the Debian image, logged in on its console."""
    g = Guest("rw", *args, tty=True, **kw)
    try:
        g.expect(r"login: ", 5 * TIMEOUT)
        g.send("root")
        g.expect(r"assword: ")
        g.send("root")
        g.expect(r"# ?$")
        g.send("exec sh")
        g.send("stty -echo; PS1=; PS2=; export PAGER=cat SYSTEMD_PAGER=cat TERM=dumb; echo @@'IN'@@")
        g.expect(r"@@IN@@")
        g.run("ip link set lo up")
        g.run("until systemctl is-system-running | grep -qE 'running|degraded'; do sleep 0.2; done", 5 * TIMEOUT)
        return g
    except Timeout:
        g.close()
        raise
