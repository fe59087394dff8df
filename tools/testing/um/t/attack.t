#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# What hostile programs of a guest try (guest/attack.c), against the kernel and
# the host; a table of it, for each engine.
# umtest: slow 2
#
#   UMTEST_ENGINES    some of seccomp,ptrace (default: both)
#   UMTEST_ATTACKS    only these attacks
#   UMTEST_SEED       what the forged frames start from (default: the time)
import ctypes
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *
from soak import COMPLAINT, entries, read

need_linux()
initrd = initramfs()
seed = int(os.environ.get("UMTEST_SEED") or time.time())
only = (os.environ.get("UMTEST_ATTACKS") or "").split(",") if os.environ.get("UMTEST_ATTACKS") else None
HELPER = "/tests/guest-tests --helper attack "
TRACING = "/sys/kernel/tracing"
table = []


def row(engine, name, what, good):
    table.append((engine, name, what, "ok" if good else "BREACH"))
    if not tap.ok(good, "%s: %s" % (engine, name)):
        tap.diag(what)
    return good


# ---------------------------------------------------- what the host executed

class Watch:
    """System calls that the host executes for threads of stubs, by a trace of its
    own, where the host has that.  One that runs guest code ends its own with
    seccomp(): nothing may come from it after that."""

    SECCOMP, SIGALTSTACK = 317, 131
    # uretprobe() and uprobe(): newer hosts let them pass any filter.  From
    # anywhere but the host's own trampoline they are a SIGILL, or an error.
    UNFILTERED = (335, 336)
    # Without FSGSBASE instructions the filter lets the stub's code page set its
    # own thread's segment bases: arch_prctl(ARCH_SET_FS or ARCH_SET_GS).
    ARCH_PRCTL, OWN_BASES = 158, (0x1001, 0x1002)
    AT_HWCAP2, HWCAP2_FSGSBASE = 26, 2

    def __init__(self):
        self.path = None
        self.inside, self.seen, self.harmless, self.bases, self.bad = {}, 0, 0, 0, []
        self.bases_by_host = not ctypes.CDLL(None).getauxval(self.AT_HWCAP2) & self.HWCAP2_FSGSBASE
        if os.geteuid():
            self.why = "needs root"
            return
        path = "%s/instances/umtest-%d" % (TRACING, os.getpid())
        try:
            os.mkdir(path)
            self.path = path
            self.write("buffer_size_kb", "16384")
            self.write("options/event-fork", "1")
            self.write("set_event_pid", "0")
            self.write("events/raw_syscalls/sys_enter/filter", 'comm == "um-stub"')
            self.write("events/raw_syscalls/sys_enter/enable", "1")
        except OSError as e:
            self.why = "no tracing: %s" % e
            self.close()

    def write(self, name, text):
        with open(os.path.join(self.path, name), "w") as f:
            f.write(text)

    def wrap(self):
        if not self.path:
            return []
        return ["sh", "-c", 'echo $$ > %s/set_event_pid; exec "$@"' % self.path, "sh"]

    def take(self):
        if not self.path:
            return
        with open(os.path.join(self.path, "trace"), errors="replace") as f:
            for line in f:
                m = re.match(r"\s*um-stub-(\d+)\s.*sys_enter: NR (-?\d+) \((.*)\)", line)
                if not m:
                    continue
                self.seen += 1
                tid, nr = int(m.group(1)), int(m.group(2))
                if nr == self.SIGALTSTACK:
                    self.inside[tid] = False
                elif self.inside.get(tid):
                    if nr in self.UNFILTERED:
                        self.harmless += 1
                    elif self.bases_by_host and nr == self.ARCH_PRCTL and \
                            int(m.group(3).split(",")[0], 16) in self.OWN_BASES:
                        self.bases += 1
                    else:
                        self.bad.append("thread %d: system call %d (%s)" % (tid, nr, m.group(3)))
                elif nr == self.SECCOMP:
                    self.inside[tid] = True
        self.write("trace", "")

    def judge(self, engine):
        if engine != "seccomp":
            return
        name = "system calls of guest code that the host executes"
        if not self.path:
            tap.skip(self.why, name)
            return
        row(engine, name, "%d of %d calls of stubs; and %d of uretprobe() and uprobe(), which no filter sees; "
            "%d of the code page's for segment bases" %
            (len(self.bad), self.seen, self.harmless, self.bases), self.seen and not self.bad)
        if self.bad:
            tap.diag("\n".join(self.bad[:10]))

    def close(self):
        if self.path:
            try:
                for name in ("events/enable",):
                    self.write(name, "0")
                os.rmdir(self.path)
            except OSError as e:
                tap.diag("trace: %s" % e)
        self.path = None


# ------------------------------------------------------- what stubs look like

FIELDS = r"^(Name|Umask|NSpgid|NSsid|PPid|Uid|Gid|Groups|SigBlk|SigIgn|SigCgt|CapEff|NoNewPrivs|Seccomp|Seccomp_filters|CoreDumping|VmLck):\s*(.*)$"


def looks(pid):
    """What the host keeps of a stub, and must not change."""
    d = {}
    for task in os.listdir("/proc/%d/task" % pid):
        base = "/proc/%d/task/%s/" % (pid, task)
        d[task] = dict(re.findall(FIELDS, read(base + "status"), re.M))
        # priority, nice
        d[task]["nice"] = read(base + "stat").rsplit(")", 1)[1].split()[15:17]
        for name in ("limits", "personality", "oom_score_adj", "timerslack_ns"):
            d[task][name] = read(base + name)
        for name in ("cwd", "root", "ns/mnt", "ns/pid"):
            try:
                d[task][name] = os.readlink(base + name)
            except OSError:
                d[task][name] = ""
    d["fd"] = sorted((n, os.readlink("/proc/%d/fd/%s" % (pid, n))) for n in os.listdir("/proc/%d/fd" % pid))
    d["stub"] = [r for r in read("/proc/%d/maps" % pid).splitlines() if r.startswith("7fffc")]
    return d


def foreign_mappings(pid, engine):
    """Mappings that a stub should not have: all of the guest's are of its
    physical memory, and the rest is the stub's own."""
    bad = []
    for line in read("/proc/%d/maps" % pid).splitlines():
        m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ (\S+) (\d+)\s*(.*)", line)
        start, name, rights = int(m.group(1), 16), m.group(6), m.group(3)
        if name == "[vsyscall]":
            continue
        if start < 0x7fffc0000000:
            if not re.match(r"/memfd:|/.*\(deleted\)", name):
                bad.append(line)
        elif start == 0x7fffc0000000:
            if rights != "r-xp":
                bad.append(line)
        elif "w" in rights and start < 0x7fffc0200000 and "/dev/zero" not in name:
            bad.append(line)
        elif "x" in rights and name != "[vdso]":
            bad.append(line)
    return bad


def marked(g):
    for pid in g.children():
        if re.search(r"^123456789000-", read("/proc/%d/maps" % pid), re.M):
            return pid
    return None


def hold(g, engine):
    """All that the host keeps for a process is the same after an attack on it."""
    g.send(HELPER + "hold")
    g.expect(r"@@BEFORE@@")
    pid = eventually(lambda: marked(g), 5)
    before = looks(pid)
    g.send("go")
    g.expect(r"@@HELD@@")
    after = looks(pid)
    foreign = foreign_mappings(pid, engine)
    g.send("go")
    g.run("true")
    changed = [k for k in before if before[k] != after.get(k)] + [k for k in after if k not in before]
    row(engine, "hold: what the host keeps of a process", "%d threads, %d descriptors: %s" %
        (len(before) - 2, len(before["fd"]), "nothing changes" if not changed else "CHANGES"), not changed)
    for k in changed:
        a, b = before.get(k), after.get(k)
        if isinstance(a, dict) and isinstance(b, dict):
            tap.diag("\n".join("%s %s: %r -> %r" % (k, f, a[f], b.get(f)) for f in a if a[f] != b.get(f)))
        else:
            tap.diag("%s: %r -> %r" % (k, a, b))
    row(engine, "hold: what its stub maps", "%d mappings that should not be" % len(foreign), not foreign)
    if foreign:
        tap.diag("\n".join(foreign))


# ------------------------------------------------------------------- attacks

class Host:
    """Things of the host that a guest would like to harm."""

    def __init__(self):
        self.dir = tmpdir()
        self.file = os.path.join(self.dir, "precious")
        with open(self.file, "w") as f:
            f.write("of the host\n")
        os.chmod(self.file, 0o666)
        os.chmod(self.dir, 0o777)
        self.victim = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        self.before = self.look()

    def look(self):
        st = os.stat(self.file)
        pid = self.victim.pid
        text = read("/proc/%d/status" % pid)
        return (sorted(os.listdir(self.dir)), read(self.file), st.st_mode, st.st_mtime_ns, st.st_ino,
                re.findall(r"^(?:TracerPid|SigPnd|ShdPnd|Cpus_allowed|NSpgid):.*$", text, re.M),
                read("/proc/%d/limits" % pid), os.getpriority(os.PRIO_PROCESS, pid), os.uname().nodename)

    def close(self):
        self.victim.kill()
        self.victim.wait()


def settled(g, want):
    """Stubs of the guest, and descriptors of its kernel, once they are few."""
    eventually(lambda: len(g.children()) <= want[0], 5)
    return len(g.children()), entries("/proc/%d/fd" % g.pid)


class Log:
    """The kernel's log: no complaint, and a line for each process that the host
    ends."""

    def __init__(self, g):
        self.g = g
        self.many, self.alarms, self.dead = [], [], set()
        self.count = 0

    def check(self):
        lines = [r for r in self.g.run("dmesg -c")[1].splitlines() if re.match(r"\[ *\d+\.\d+\]", r)]
        ends = [r for r in lines if re.search(r"stub \d+|\]: killed|refuses to map", r)]
        dead = {m.group(1) for m in (re.search(r"\[(\d+)\]: killed", r) for r in ends) if m}
        self.dead |= dead
        self.count += len(ends)
        if len(ends) > len(dead):
            self.many += ends
        self.alarms += [r for r in lines if "has no memory" in r]
        return [r for r in lines if COMPLAINT.search(r) and "umtest-expected" not in r]

    def judge(self, title, main):
        title("one line of the log for each that the host ends", not self.many,
              "%d lines for %d processes" % (self.count, len(self.dead)), self.many[:6])
        # All of them look where the vDSO has nothing, once.
        title("no line of the log that blames the host's memory", not self.alarms or not main,
              "%d lines" % len(self.alarms), self.alarms[:3])


def attack(g, engine, watch, host_side, log, name, args=""):
    if name == "hold":
        hold(g, engine)
    start = time.monotonic()
    status, text = (0, "@@DONE hold") if name == "hold" else g.run("%s%s %s" % (HELPER, name, args))
    rows = re.findall(r"^@@ROW (good|BAD) (.*?) \| (.*)$", text, re.M)
    for verdict, what, happened in rows:
        row(engine, what, happened, verdict == "good")
    if "@@DONE " + name not in text:
        row(engine, "%s: gets to its end" % name, "status %d: %s" % (status, tail(text, 5)), False)
    bad = log.check()
    if bad:
        row(engine, "%s: the kernel's log" % name, "%d complaints" % len(bad), False)
        tap.diag("\n".join(bad[:12]))
    if host_side.victim.poll() is not None or host_side.look() != host_side.before:
        row(engine, "%s: the host's files and processes" % name, "HARMED", False)
        tap.diag("%r\n%r" % (host_side.before, host_side.look()))
    watch.take()
    tap.diag("%s: %s took %.1f s" % (engine, name, time.monotonic() - start))


# Those in one row share a guest: what harms it is to be found where it is.
ATTACKS = [
    [("foreign", ""), ("calls", ""), ("places", ""), ("hold", ""), ("vsyscall", ""),
     ("memory", ""), ("race", "20" if SOAK else "1.5"), ("search", ""), ("leftover", ""),
     ("exhaust", "250")],
    [("preempt", "")],
    [("instructions", "")],
    [("tracer", "")],
    [("frames", "%d %d" % (60 if SOAK else 4, seed))],
    [("scribble", "20" if SOAK else "2")],
    [("inherit", "0")],
    [("inherit", "1")],
    [("inherit", "2")],
    [("inherit", "3")],
]


def run_group(engine, watch, group, victim):
    after = []

    def check(name, good, what, more=()):
        """Only what is not as it should be has a row of its own."""
        after.append(what)
        if not good:
            row(engine, "%s: %s" % (group[0][0] if len(group) == 1 else "afterwards", name), what, False)
            tap.diag("\n".join(more))
            after[0] = False

    with boot("engine=" + engine, host_lacks(), mem="384M", initrd=initrd, wrap=watch.wrap(), name=engine) as g:
        if len(group) > 1:
            tap.match(g.run("dmesg -c")[1], r"engine: %s" % engine, "%s: is what runs" % engine)
        g.run("cd /tmp; chmod 1777 /tmp; dmesg -c; echo 0 > /proc/sys/kernel/print-fatal-signals")
        g.run("export ATTACK_PID=%d ATTACK_VICTIM=%d ATTACK_FILE=%s ATTACK_DIR=%s" %
              (g.pid, victim.victim.pid, victim.file, victim.dir))
        g.run(HELPER + "bystander & BYSTANDER=$!")
        before = len(g.children()), entries("/proc/%d/fd" % g.pid)
        # A pool of idle ones is there in any case.
        want = before[0] + 18, before[1] + 18 * 6
        log = Log(g)
        for name, args in group:
            attack(g, engine, watch, victim, log, name, args)
        after.append(True)
        log.judge(check, len(group) > 1)
        status = g.run("kill -TERM $BYSTANDER; wait $BYSTANDER")[0]
        check("another process meanwhile", not status, "another process ends with %d" % status)
        bad = [g.run("echo alive | cat")[1].strip() for _ in range(20)]
        bad = [b for b in bad if b != "alive"]
        check("programs", not bad, "%d of 20 programs fail" % len(bad), bad[:1])
        now = settled(g, want)
        check("stubs and descriptors", now[0] <= want[0] and now[1] <= want[1],
              "%d stubs and %d descriptors, before %d and %d" % (now + before))
        foreign = [r for p in g.children() for r in foreign_mappings(p, engine)]
        check("what stubs map", not foreign, "%d foreign mappings in stubs" % len(foreign), foreign[:10])
        check("power-off", not g.poweroff(), "power-off")
    if after[0]:
        row(engine, "%s: afterwards" % (group[0][0] if len(group) == 1 else "all these"), ", ".join(after[3:-1]), True)


def run_all(engine):
    watch = Watch()
    try:
        for group in ATTACKS:
            group = [a for a in group if not only or a[0] in only]
            if not group:
                continue
            victim = Host()
            try:
                run_group(engine, watch, group, victim)
            except (Timeout, OSError, RuntimeError) as e:
                row(engine, "%s: gets to its end" % group[-1][0], "%s: %s" % (type(e).__name__, tail(e, 1)), False)
                tap.diag(tail(e, 12))
            finally:
                victim.close()
            no_leftovers("%s: %s: no host process is left behind" % (engine, group[0][0]))
        watch.judge(engine)
    finally:
        watch.close()


def scarce(engine, limit, wrap, initrd=initrd, linux=None):
    """On a host that gives little: refused, and given back."""
    if only and "scarce" not in only:
        return
    name = "%s with %s" % (engine, limit)
    with boot("engine=" + engine, mem="256M", initrd=initrd, wrap=wrap, linux=linux, name=engine + "-scarce") as g:
        g.run("cd /tmp; dmesg -c")
        before = len(g.children()), entries("/proc/%d/fd" % g.pid)
        status, text = g.run(HELPER + "exhaust 2000 host")
        for verdict, what, happened in re.findall(r"^@@ROW (good|BAD) (.*?) \| (.*)$", text, re.M):
            row(name, what, happened, verdict == "good")
        if "@@DONE" not in text:
            row(name, "exhaust: gets to its end", "status %d: %s" % (status, tail(text, 5)), False)
        bad = [r for r in g.run("dmesg -c")[1].splitlines()
               if COMPLAINT.search(r) and not re.search("refuses another", r)]
        row(name, "the kernel's log", "%d complaints" % len(bad), not bad)
        if bad:
            tap.diag("\n".join(bad[:10]))
        after = settled(g, (before[0] + 18, 0))
        row(name, "stubs and descriptors afterwards", "%d and %d, before %d and %d" % (after + before),
            after[0] <= before[0] + 18 and after[1] <= before[1] + 108)
        tap.equal(g.poweroff(), 0, "%s: power-off" % name)
    no_leftovers("%s: no host process is left behind" % name)


tap.diag("seed: UMTEST_SEED=%d" % seed)
for engine in (os.environ.get("UMTEST_ENGINES") or "seccomp,ptrace").split(","):
    run_all(engine)
    if not which("prlimit"):
        tap.skip("no prlimit", "%s: a host that gives little" % engine)
        continue
    try:
        scarce(engine, "few descriptors", ["prlimit", "--nofile=150:150"])
        # Root may have as many processes as it likes.
        copy = os.path.join(tmpdir(), "initrd")
        shutil.copy(initrd, copy)
        user = ["setpriv", "--reuid=61234", "--regid=61234", "--clear-groups"] if os.geteuid() == 0 else []
        os.chmod(os.path.dirname(copy), 0o755)
        os.chmod(copy, 0o644)
        if host(user + ["test", "-r", copy])[0] or host(user + [LINUX, "--version"])[0]:
            tap.skip("an ordinary user can read neither %s nor %s" % (LINUX, copy), "few processes")
        elif user or not only:
            scarce(engine, "few processes", ["prlimit", "--nproc=90:90"] + user if user else
                   ["prlimit", "--nproc=90:90"], initrd=copy)
    except (Timeout, OSError, RuntimeError) as e:
        row(engine, "gets to its end", "%s: %s" % (type(e).__name__, tail(e, 8)), False)

wide = [max(len(r[i]) for r in table) for i in range(2)] if table else [0, 0]
tap.diag("%-*s  %-*s  %-7s  %s" % (wide[0], "engine", wide[1], "attack", "verdict", "what happened"))
for engine, name, what, verdict in table:
    tap.diag("%-*s  %-*s  %-7s  %s" % (wide[0], engine, wide[1], name, verdict, what))
tap.done()
