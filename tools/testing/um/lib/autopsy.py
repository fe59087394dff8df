# SPDX-License-Identifier: GPL-2.0
"""What the host can tell of a guest that does not go on."""
import array
import fcntl
import os
import re
import struct
import subprocess
import termios
import time

import mconsole
from umtest import descendants, host, tail, tap, which

# In the seccomp engine the system call by which a stub's thread tells of a signal:
# its arguments are the signal, nothing, the address of the context that the host
# has put on its stack, and what was interrupted.
TRAP = 0x7fffff00
# Of struct ucontext and of the siginfo behind it.
UC_SP, UC_IP, UC_ERR, UC_TRAPNO, UC_INFO = 160, 168, 192, 200, 304


def read(path):
    try:
        with open(path, errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def comm(pid):
    return read("/proc/%d/comm" % pid).strip()


def mapping(pid, addr):
    """The line of /proc/PID/maps that addr is in."""
    for row in read("/proc/%d/maps" % pid).splitlines():
        start, end = (int(x, 16) for x in row.split()[0].split("-"))
        if start <= addr < end:
            return " ".join(row.split())
    return "nothing"


def trapped(pid, context):
    """The signal whose frame a thread of a stub waits with."""
    try:
        with open("/proc/%d/mem" % pid, "rb") as f:
            f.seek(context)
            data = f.read(UC_INFO + 24)
    except (OSError, ValueError):
        return "no frame"

    def word(at):
        return struct.unpack_from("<Q", data, at)[0]
    if len(data) < UC_INFO + 24:
        return "no frame"
    sig, _, code = struct.unpack_from("<3i", data, UC_INFO)
    addr, ip = word(UC_INFO + 16), word(UC_IP)
    return "signal %d code %d at %#x (%s), ip %#x (%s), sp %#x, trap %d error %#x" % (
        sig, code, addr, mapping(pid, addr), ip, mapping(pid, ip), word(UC_SP), word(UC_TRAPNO), word(UC_ERR))


def threads_of(pids):
    """{(pid, tid): (ticks of its own, ticks in the host's kernel)}"""
    all_ = {}
    for pid in pids:
        try:
            tids = os.listdir("/proc/%d/task" % pid)
        except OSError:
            continue
        for tid in tids:
            fields = read("/proc/%d/task/%s/stat" % (pid, tid)).rsplit(")", 1)[-1].split()
            if len(fields) > 12:
                all_[pid, int(tid)] = int(fields[11]), int(fields[12])
    return all_


def busy(g):
    """The threads of a guest that use the CPU, and what they are seen in."""
    pids = [g.pid] + descendants(g.pid)
    before = threads_of(pids)
    seen = {}
    # An even step would see the same moment of a loop each time.
    for i in range(12):
        time.sleep(0.03 + 0.007 * i)
        for pid, tid in before:
            call = read("/proc/%d/task/%d/syscall" % (pid, tid)).split()
            if call and call[0] == str(TRAP):
                what = trapped(pid, int(call[3], 16))
            else:
                what = " ".join(call)
            seen.setdefault((pid, tid), []).append(what)
    rows = []
    for key, (user, system) in threads_of(pids).items():
        was = before.get(key)
        if not was or (user, system) == was:
            continue
        rows.append("%s %d/%d: %d ticks, and %d in the host's kernel" % (
            comm(key[0]), *key, user - was[0], system - was[1]))
        for what in sorted(set(seen[key]), key=seen[key].count, reverse=True)[:5]:
            rows.append("  %d times %s" % (seen[key].count(what), what))
    return "\n".join(rows) or "no thread of it uses the CPU"


def console_of(g):
    """(directory, umid) of a guest's management console, or None."""
    places = [a.split("=", 1)[1] for a in g.argv if a.startswith("uml_dir=")]
    places += [os.path.join(home, ".uml") for home in (g.home, os.path.expanduser("~"))]
    for place in places:
        try:
            umids = os.listdir(place)
        except OSError:
            continue
        for umid in umids:
            if read(os.path.join(place, umid, "pid")).strip() == str(g.pid):
                return place, umid
    return None


def tasks(g):
    """What the guest's kernel says of its tasks, if it still says anything."""
    where = console_of(g)
    if not where:
        return "it has no management console"
    try:
        status, out, err = mconsole.run("-d", *where, "sysrq", "t", sanitize=False)
    except subprocess.TimeoutExpired:
        return "its management console does not answer"
    told = re.split(r"(?m)^.*Sched Debug Version", out or err)[0]
    # Workers without work are of no help.
    return "".join(t for t in re.split(r"(?m)^(?=task:)", told) if " state:I " not in t).rstrip()


def untaken(g):
    """What the guest has not taken yet of what was written to it."""
    size = array.array("i", [0])
    try:
        fcntl.ioctl(g.slave if g.tty else g.proc.stdin, termios.FIONREAD, size)
    except (OSError, AttributeError, TypeError) as e:
        return "its input: %s" % e
    return "its input: %d bytes are not taken" % size[0]


def watches(g):
    """What its threads wait for: without events one of a line or device is not armed."""
    rows = []
    base = "/proc/%d/" % g.pid
    try:
        links = {fd: os.readlink(base + "fd/" + fd) for fd in os.listdir(base + "fd")}
    except OSError as e:
        return str(e)
    for fd, link in links.items():
        if "eventpoll" in link:
            for tfd, events in re.findall(r"tfd:\s*(\d+) events:\s*(\w+)", read(base + "fdinfo/" + fd)):
                rows.append("%s waits for %s (%s), events %s" % (fd, tfd, links.get(tfd), events))
    return "\n".join(rows) or "it waits for no descriptors"


def autopsy(g):
    """All there is to say."""
    tap.diag("the log is %s" % g.log_path)
    for pid in [g.pid] + descendants(g.pid, zombies=True):
        text = read("/proc/%d/status" % pid)
        sig = re.findall(r"^(?:State|TracerPid|SigPnd|ShdPnd|SigBlk):\s*(.*)$", text, re.M)
        tap.diag("%d %s: %s; in %s" % (pid, comm(pid), ", ".join(sig), read("/proc/%d/wchan" % pid)))
    tap.diag(busy(g))
    # To ask it is an interrupt, which may be what it waits for.
    tap.diag(untaken(g))
    tap.diag(watches(g))
    tap.diag(tasks(g))
    tap.diag(untaken(g))
    if which("gdb") and g.proc.poll() is None:
        tap.diag(tail(host([which("gdb"), "-batch", "-nx", "-p", str(g.pid), "-ex", "thread apply all bt 30"],
                           timeout=120)[1], 150))
        # Whether it is in a loop, and of whom.
        what = ["current_task->comm", "current_task->pid", "/x current_task->thread.regs",
                "/x current_task->thread.cr2", "/x current_task->pending.signal", "/x current_task->blocked",
                "/x current_task->mm->context.stub"]
        for _ in range(5):
            tap.diag(tail(host([which("gdb"), "-batch", "-nx", "-p", str(g.pid), "-ex", "set width 0"] +
                               [w for p in what for w in ("-ex", "p" + ("" if p[0] == "/" else " ") + p)],
                               timeout=120)[1], len(what) + 1))
