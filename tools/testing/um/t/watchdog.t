#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# The watchdog: /dev/watchdog, what the host does about a guest that does not write to it,
# or does nothing at all, and uml_watchdog by hand.
# umtest: slow
# umtest: waits
import os
import random
import re
import socket
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
MAGIC = 0xcafebabe
HANG = 2
SEED = int(os.environ.get("UMTEST_SEED") or time.time())
rng = random.Random(SEED)
tap.diag("seed: UMTEST_SEED=%d" % SEED)
home = tmpdir()
# Paths of sockets are short, and the build may be anywhere.
os.chdir(home)
TOOL = host_tool("uml_watchdog", True)
MCONSOLE = host_tool("uml_mconsole")
env = dict(os.environ, HOME=home, UML_DIR=home)


def place(name, tool=None):
    """The executable under test in a folder of its own, with that tool beside it."""
    folder = os.path.join(home, name)
    os.mkdir(folder)
    path = os.path.join(folder, "linux")
    try:
        os.link(LINUX, path)
    except OSError:
        shutil.copy(LINUX, path)
    if tool:
        shutil.copy(tool, os.path.join(folder, "uml_watchdog"))
    return path


linux = place("with", TOOL)
ctl = host_binary("watchdog_ioctl")
files = {"bin/wd": ctl}
files.update(libraries(ctl))


def hanging_module():
    """A module that spins with interrupts off; its path, or None."""
    out = os.environ.get("OUT") or os.path.join(BUILD, "out")
    where = os.path.join(home, "module")
    os.mkdir(where)
    with open(os.path.join(where, "spin.c"), "w") as f:
        f.write('#include <linux/module.h>\n#include <linux/irqflags.h>\n'
                'static int __init spin(void)\n{\n\tlocal_irq_disable();\n\tfor (;;)\n\t\tbarrier();\n'
                '\treturn 0;\n}\nmodule_init(spin);\nMODULE_LICENSE("GPL");\n')
    with open(os.path.join(where, "Makefile"), "w") as f:
        f.write("obj-m := spin.o\n")
    if not os.path.exists(os.path.join(out, "Module.symvers")):
        return None
    rc, text = host(["make", "-s", "-C", out, "ARCH=um", "M=" + where, "modules"], timeout=600)
    if rc:
        tap.diag(tail(text))
    return None if rc else os.path.join(where, "spin.ko")


module = hanging_module()
if module:
    files["spin.ko"] = module
initrd = initramfs(files)


class Socket:
    """What mconsole=notify: and --notify name."""

    def __init__(self, name):
        self.name = name
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(name)
        self.sock.settimeout(TIMEOUT)

    def hang(self):
        """The text of the next notification of that kind."""
        while True:
            data = self.sock.recv(4096)
            magic, version, kind, n = struct.unpack("<IIiI", data[:16])
            if (magic, version) != (MAGIC, 2) or n != len(data) - 16:
                return "odd: %r" % data
            if kind == HANG:
                return data[16:].decode()

    def close(self):
        self.sock.close()
        os.unlink(self.name)


def start(*words, program=None, seconds=1, **kw):
    return boot("umid=w", "uml_dir=" + home, "um_watchdog.timeout=%d" % seconds if seconds else "", *words,
                linux=program or linux, initrd=initrd, env=env, **kw)


def programs(g):
    """The processes that watch this guest."""
    found = []
    for pid in descendants():
        try:
            with open("/proc/%d/cmdline" % pid) as f:
                argv = f.read().split("\0")
        except OSError:
            continue
        if os.path.basename(argv[0]) == "uml_watchdog" and argv[1:3] == ["--pid", str(g.pid)]:
            found.append(pid)
    return found


def watched(g, name="it is watched"):
    tap.ok(eventually(lambda: len(programs(g)) == 1), name)


def unwatched(g, name="it is not watched any more"):
    tap.ok(eventually(lambda: not programs(g)), name)


def line(g, why="no ping", more="", seconds=1, umid="w"):
    return r"^uml_watchdog: %s \(process %d\): %s within %d seconds?%s$" % (umid, g.pid, why, seconds, more)


def says(g, regex, name, times=1):
    """It is a line of the host's, which comes in the midst of what the guest writes."""
    if not tap.ok(eventually(lambda: len(re.findall(regex, g.text, re.M)) >= times), name):
        tap.diag("not %d times /%s/ in:\n%s" % (times, regex, tail(g.text)))


def fires(g, name, times=1):
    says(g, line(g), name, times)


def ctrl(g, *words):
    return g.run("wd " + " ".join(words))[1]


def mconsole(*words):
    return host([MCONSOLE, "-t", str(TIMEOUT), "w"] + list(words), env=env, timeout=2 * TIMEOUT)


# ---- bad values -----------------------------------------------------------------

def options():
    unknown = r"unknown action \(there are notify, kill, abort, exec:COMMAND and none\)"
    for value, why in (("", "the action is missing"), ("exec:", "the command is missing"), ("exec", unknown),
                       ("maybe", unknown), ("kill,notify", unknown), ("KILL", unknown)):
        rc, text = host([LINUX, "watchdog=" + value, "ubd0=/dev/null"])
        tap.ok(rc == 1 and re.search(r"\Alinux: watchdog=%s: %s\n\Z" % (value, why), text), "watchdog=%s is one line" % value)
    tap.match(host([LINUX, "--help"])[1], r"^  watchdog=ACTION$", "--help has it")


# ---- the device -----------------------------------------------------------------

def device():
    with start(seconds=None) as g:
        tap.equal(g.run("ls /dev/watchdog /dev/watchdog0")[1].split(), ["/dev/watchdog", "/dev/watchdog0"], "the devices are there")
        unwatched(g, "nobody watches before they are opened")
        tap.no_match(g.run("cat /proc/1/environ")[1], "watchdog=", "init does not get the switch")
        out = ctrl(g, "support", "timeout", "left", "status", "boot", "again", "timeout=0", "timeout=3601", "timeout=-1",
                   "timeout=3600", "timeout=1800", "timeout", "left", "ping", "V")
        tap.match(out, r"^support: 0x8180 User-mode Linux watchdog$", "identity and what it can")
        tap.match(out, r"^timeout: 60\nleft: (60|5\d)\n", "60 seconds at first")
        tap.match(out, r"^boot: 0\nagain: Device or resource busy\n", "it can be opened once")
        tap.match(out, r"^timeout=0: Invalid argument\ntimeout=3601: Invalid argument\ntimeout=-1: Invalid argument\n",
                  "times that cannot be")
        tap.match(out, r"^timeout=3600: 3600\ntimeout=1800: 1800\ntimeout: 1800\nleft: 1[78]\d\d\nping: 0\n", "and that can")
        unwatched(g, "it was stopped")
        ctrl(g, "off", "V")
        unwatched(g, "stopped by WDIOC_SETOPTIONS")
        g.send("exec 3> /dev/watchdog0")
        watched(g, "/dev/watchdog0 does as well")
        g.run("echo V >&3; exec 3>&-")
        unwatched(g)
        tap.no_match(g.run("dmesg")[1], "WARNING|BUG", "the log has no complaint")
        g.send("exec 3> /dev/watchdog0")
        watched(g, "again")
        tap.equal(g.poweroff(), 0, "power-off")
        unwatched(g, "with the guest its program ends")
        tap.no_match(g.text, "uml_watchdog:", "which had nothing to say")
    with start("um_watchdog.timeout=9999") as g:
        tap.match(ctrl(g, "timeout", "V"), r"^timeout: 60$", "a parameter that cannot be is not used")
        tap.equal(g.poweroff(), 0, "power-off")


# ---- actions --------------------------------------------------------------------

def notify():
    events = Socket("up")
    with start("mconsole=notify:up") as g:
        g.run("exec 3> /dev/watchdog")
        fires(g, "no ping: a line on standard error")
        tap.equal(events.hang(), "w (process %d): no ping within 1 second\0" % g.pid, "and a notification")
        watched(g, "it is watched on")
        tap.match(g.run("echo here")[1], "^here$", "nothing was done to the guest")
        g.run("echo >&3")
        says(g, r"^uml_watchdog: w \(process %d\): it pings again$" % g.pid, "it pings, which is told")
        fires(g, "and hangs again", 2)
        tap.match(events.hang(), "no ping", "with another notification")
        g.run("exec 3>&-")
        fires(g, "closed without a V it goes on", 3)
        tap.match(events.hang(), "no ping", "as before")
        watched(g, "and is watched")
        tap.match(g.run("dmesg")[1], "watchdog0: watchdog did not stop!", "which the log tells")
        g.kill()
        tap.equal(g.wait(), -9, "it is killed")
        unwatched(g, "then its program ends")
    events.close()
    with start("mconsole=notify:up") as g:
        g.run("exec 3> /dev/watchdog")
        fires(g, "where nobody listens there is the line")
        says(g, r"^uml_watchdog: --notify up: No such file or directory$", "and another one")
        tap.equal(g.poweroff(), 0, "power-off")


def ends():
    with start("watchdog=kill") as g:
        g.send("exec 3> /dev/watchdog")
        tap.equal(g.wait(), -9, "kill: it is killed")
        tap.match(g.text, line(g, more=": it is killed"), "after a line")
        unwatched(g)
    no_leftovers("nor are its stubs left")
    with start("watchdog=abort", wrap=["sh", "-c", 'ulimit -c 0; exec "$@"', "sh"]) as g:
        g.send("exec 3> /dev/watchdog")
        tap.equal(g.wait(), -6, "abort: it ends by SIGABRT")
        tap.match(g.text, line(g, more=": it is aborted"), "after a line")
        unwatched(g)
    no_leftovers("nor are its stubs left")
    with start('watchdog=exec:echo "$UMID $PID" > ran; read x; echo out; echo err >&2; kill -9 $PID; sleep 1') as g:
        g.send("exec 3> /dev/watchdog")
        tap.equal(g.wait(), -9, "exec: what the command does")
        tap.match(g.text, line(g, more=": a command is run"), "after a line")
        tap.match(g.text, r"^out\nerr$", "what it writes is where the kernel's errors are")
        with open("ran") as f:
            tap.equal(f.read(), "w %d\n" % g.pid, "it knows the guest, and reads nothing")
    no_leftovers("it ends")
    with start("watchdog=none") as g:
        tap.match(ctrl(g, "timeout=1", "left"), r"^timeout=1: 1\nleft: 1$", "none: the device is there")
        time.sleep(3)
        unwatched(g, "and nobody watches")
        tap.no_match(g.text, "uml_watchdog:", "so nothing is said")
        tap.equal(g.poweroff(), 0, "power-off")


def pings():
    with start("watchdog=kill", seconds=None) as g:
        g.run("watchdog -t 1 -T 10 /dev/watchdog")
        watched(g)
        time.sleep(15)
        tap.equal(g.run("echo here")[1].strip(), "here", "busybox watchdog pings: it lives")
        # Its children, who have it open too, are none.
        g.run("killall watchdog")
        unwatched(g, "ended by SIGTERM it writes a V")
        g.run("watchdog -t 1 -T 2 /dev/watchdog")
        g.send("killall -9 watchdog")
        tap.equal(g.wait(), -9, "ended by SIGKILL it does not")
    with start("watchdog=kill", "um_watchdog.nowayout=1", seconds=2) as g:
        g.send("echo V > /dev/watchdog")
        tap.equal(g.wait(), -9, "nowayout: a V is of no use")
        tap.match(g.text, line(g, more=": it is killed", seconds=2), "it is said so")


# ---- kernels that do nothing ------------------------------------------------------

def dead_kernels():
    with start("panic=0", "watchdog=kill", seconds=2) as g:
        g.send("exec 3> /dev/watchdog; echo c > /proc/sysrq-trigger")
        tap.equal(g.wait(), -9, "a kernel that stays in its panic is killed")
        tap.match(g.text, r"Kernel panic", "it was one")
    if not module:
        tap.skip("no module can be built", "a kernel that spins with interrupts off is killed")
        return
    for action, status in (("kill", -9), ("abort", -6)):
        with start("watchdog=" + action, seconds=2, wrap=["sh", "-c", 'ulimit -c 0; exec "$@"', "sh"]) as g:
            g.send("exec 3> /dev/watchdog; insmod /spin.ko")
            tap.equal(g.wait(), status, "%s: a kernel that spins with interrupts off" % action)
    no_leftovers("no stub of these is left")


# ---- standing still is no hang ----------------------------------------------------

def still():
    with start("watchdog=kill", seconds=None) as g:
        g.run("watchdog -t 1 -T 3 /dev/watchdog")
        watched(g)
        tap.match(mconsole("stop")[1], "OK stopped", "stop")
        time.sleep(8)
        tap.equal(len(programs(g)), 1, "it is watched, and not killed")
        tap.match(mconsole("go")[1], "OK goes on", "go")
        tap.equal(g.run("echo here")[1].strip(), "here", "it goes on")
        program = (programs(g) or [0])[0]
        os.kill(g.pid, signal.SIGSTOP)
        time.sleep(8)
        tap.ok(stat_of(g.pid)[0] == "T", "SIGSTOP: nor is it killed")
        os.kill(g.pid, signal.SIGCONT)
        tap.equal(g.run("echo here")[1].strip(), "here", "it goes on")
        os.kill(program, signal.SIGSTOP)
        time.sleep(5)
        os.kill(g.pid, signal.SIGSTOP)
        time.sleep(5)
        os.kill(program, signal.SIGCONT)
        os.kill(g.pid, signal.SIGCONT)
        time.sleep(1)
        tap.equal(g.run("echo here")[1].strip(), "here", "both were stopped: it goes on")
        tap.equal(programs(g), [program], "watched by the same")
        os.kill(program, signal.SIGKILL)
        tap.ok(eventually(lambda: programs(g) not in ([], [program])), "one that was killed is started anew")
        tap.match(g.run("dmesg")[1], "watchdog: uml_watchdog has ended, and is started anew", "which the log tells")
        tap.match(mconsole("stop")[1], "OK stopped", "stop")
        time.sleep(5)
        mconsole("go")
        g.send("killall -9 watchdog")
        tap.equal(g.wait(), -9, "after all of that, no ping: it is killed")
    with start(seconds=None, program=linux) as g:
        g.run("exec 3> /dev/watchdog")
        watched(g)
        before = programs(g)
        g.send("reboot -f")
        g.shell()
        tap.ok(eventually(lambda: before[0] not in programs(g)), "a reboot ends the program")
        unwatched(g)
        g.run("exec 3> /dev/watchdog")
        watched(g, "the new kernel has its own")
        tap.equal(g.poweroff(), 0, "power-off")


# ---- programs that cannot be ------------------------------------------------------

def no_program():
    os.mkdir("empty")
    nowhere = dict(env, PATH=os.path.join(home, "empty"))
    with boot("umid=w", "uml_dir=" + home, linux=place("without"), initrd=initrd, env=nowhere) as g:
        tap.match(ctrl(g, "timeout"), "^open: No such file or directory$", "without the program it cannot be opened")
        tap.match(g.run("dmesg")[1], "watchdog: uml_watchdog cannot be started: No such file or directory", "which the log tells")
        tap.equal(g.poweroff(), 0, "power-off")
    for name, tool in (("Debian's", "/usr/bin/uml_watchdog"), ("one that says nothing", "/bin/true")):
        if not os.access(tool, os.X_OK):
            tap.skip("no %s" % tool, name)
            continue
        with start(program=place("other-" + os.path.basename(tool), tool)) as g:
            tap.match(ctrl(g, "timeout"), "^open: No such device$", "nor with another program (%s)" % name)
            tap.equal(g.poweroff(), 0, "power-off")


# ---- odd input --------------------------------------------------------------------

def run(*words, **kw):
    return subprocess.Popen([TOOL] + list(words), stdin=kw.pop("stdin", subprocess.PIPE), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=kw.pop("text", True), env=env, **kw)


def message(verb, timeout, zero=0):
    return struct.pack("=BBH", ord(verb), zero, timeout)


def ended(p, data=None):
    """(status, standard output, standard error)"""
    try:
        out, err = p.communicate(data, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        p.kill()
        out, err = p.communicate()
        return ("hangs", out, err)
    return p.returncode, out, err


def pipes():
    victim = subprocess.Popen(["sleep", "10000"])
    me = ("--pid", str(victim.pid), "--action", "kill")
    tap.equal(ended(run(*me, text=False), b""), (0, b"r", b""), "a pipe that is closed at once")
    tap.equal(ended(run(*me, text=False), message("p", 5) * 5000), (0, b"r", b""), "pings")
    tap.equal(ended(run(*me, text=False), message("s", 5) + message("x", 9)), (0, b"r", b""), "stop")
    for i in range(200 if SOAK else 20):
        data = rng.randbytes(rng.randrange(1, 9000)).replace(b"s\0", b"s\1")
        rc, out, err = ended(run(*me, text=False), data)
        if (rc, out) != (0, b"r") or err and err != b"uml_watchdog: process %d: sends what is no message\n" % victim.pid:
            tap.ok(False, "random bytes")
            tap.diag("status %s: %r" % (rc, err))
            break
    else:
        tap.ok(True, "random bytes")
    tap.equal(victim.poll(), None, "no process was harmed")
    p = run("-pid", str(victim.pid), "-umid", "x", "-timeout", "1", "-action", "kill", text=False)
    # As kernels do it, but slowly: each in two parts.
    for i in range(3):
        p.stdin.write(message("p", 1)[:3])
        p.stdin.flush()
        p.stdin.write(message("p", 1)[3:])
        p.stdin.flush()
    tap.equal(victim.wait(TIMEOUT), -9, "no ping: the process is killed")
    rc, out, err = ended(p)
    tap.equal((rc, out), (0, b"r"), "then the pipe is closed")
    tap.equal(err.decode(), "uml_watchdog: x (process %d): no ping within 1 second: it is killed\n" % victim.pid, "it was said so")
    tap.equal(ended(run(*me))[0], 2, "a process that is not there")


# ---- by hand ----------------------------------------------------------------------

def mistakes():
    for words, regex in (
            ([], "the name of a guest is missing"),
            (["nobody"], "nobody: no such guest"),
            (["x", "maybe"], "maybe: unknown action"),
            (["x", "exec:"], "exec:: the command is missing"),
            (["x", "-t", "0"], "--timeout 0: not a number from 1 to 3600"),
            (["x", "-t", "3601"], "--timeout 3601: not a number"),
            (["x", "-t", "1x"], "--timeout 1x: not a number"),
            (["x", "-t", ""], "--timeout : not a number"),
            (["x", "-t"], "-t: its value is missing"),
            (["x", "--nothing"], "--nothing: no such option"),
            (["x", "-q"], "-q: no such option"),
            (["--pid", "0"], "--pid 0: not a number"),
            (["--pid", "1", "x"], "x: does not go with --pid"),
            (["--pid", "1", "--dir", "x"], "--dir: does not go with --pid"),
            (["--umid", "x", "y"], "--umid: without --pid"),
            (["x"] + ["notify"] * 9, "notify: more than 8 actions")):
        rc, out, err = ended(run(*words))
        if not tap.ok(rc == 2 and not out and re.search(r"\Auml_watchdog: %s.*\n\Z" % regex, err), "mistake: " + " ".join(words)):
            tap.diag("status %s: %s" % (rc, err))
    rc, out, err = ended(run("--help"))
    tap.ok(rc == 0 and out.startswith("Usage: uml_watchdog") and not err, "--help")
    tap.match(ended(run("--version"))[1], r"^uml_watchdog 6\.12", "--version")


def by_hand():
    events = Socket("up")
    with start(seconds=None) as g:
        def said(why="", **kw):
            return line(g, why="no answer", more=why, **kw)

        p = run("w", "-t", "2", "kill")
        quick = run("w", "-t", "1", "--once")
        time.sleep(6)
        tap.equal((p.poll(), quick.poll()), (None, None), "a guest that answers")
        tap.match(mconsole("stop")[1], "OK stopped", "stop")
        time.sleep(6)
        tap.equal((p.poll(), quick.poll()), (None, None), "one that is told to stop does answer that")
        mconsole("go")
        tap.equal(g.run("echo here")[1].strip(), "here", "it lives")
        p.kill()
        ended(p)
        again = run("w", "-t", "1", "exec:echo $UMID $PID", "exec:sleep 1; echo second")
        told = run("-t", "1", "w", "notify", "--once", "--notify", "up")
        time.sleep(1)
        os.kill(g.pid, signal.SIGSTOP)
        rc, out, err = ended(quick)
        tap.equal((rc, out), (3, ""), "one that is stopped by a signal does not: --once")
        tap.match(err, r"\A" + said() + r"\n\Z", "a line says so")
        tap.equal(ended(told)[0], 3, "and with --notify")
        tap.equal(events.hang(), "w (process %d): no answer within 1 second\0" % g.pid, "a notification")
        tap.equal([again.stdout.readline(), again.stdout.readline()], ["w %d\n" % g.pid, "second\n"], "commands are run in turn")
        tap.equal(again.poll(), None, "without --once it goes on")
        os.kill(g.pid, signal.SIGCONT)
        tap.equal(g.run("echo here")[1].strip(), "here", "the guest goes on")
        rows = [again.stderr.readline() for i in range(3)]
        tap.equal(rows[2], "uml_watchdog: w: it answers again\n", "which is told")
        p = run("w", "-t", "1", "none", "--once")
        os.kill(g.pid, signal.SIGSTOP)
        tap.equal(ended(p), (3, "", ""), "none is but an exit status")
        p = run("w", "-t", "1", "kill")
        tap.equal(g.wait(), -9, "kill: one that is stopped is killed")
        rc, out, err = ended(p)
        tap.equal(rc, 0, "its end is seen")
        tap.match(err, r"\A" + said(": it is killed") + r"\n\Z", "a line says what was done")
        tap.equal(ended(again)[0], 0, "by the other one, too")
    with start(seconds=None) as g:
        p = run("w", "-t", "1", "abort")
        time.sleep(1)
        os.kill(g.pid, signal.SIGSTOP)
        tap.equal(g.wait(), -6, "abort: even one that is stopped")
        tap.equal(ended(p)[0], 0, "its end is seen")
    with start(seconds=None) as g:
        p = run("w", "-t", "60", "kill")
        other = run(os.path.join(home, "w"), "-t", "60", "kill")
        time.sleep(1)
        g.send("reboot -f")
        g.shell()
        tap.equal((p.poll(), other.poll()), (None, None), "a reboot is no end")
        tap.equal(g.poweroff(), 0, "power-off")
        tap.equal(ended(p), (0, "", ""), "which is one")
        tap.equal(ended(other), (0, "", ""), "by a path, too")
    events.close()


options()
device()
notify()
ends()
pings()
dead_kernels()
still()
no_program()
pipes()
mistakes()
by_hand()
no_leftovers()
tap.done()
