#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Consoles and serial lines over their channels: pseudo-terminals, terminals, descriptors,
# windows; what they are told by the command line and by uml_mconsole, and what is refused.
# umtest: waits
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
import hashlib
import socket
from lines import *
from mconsole import Terminal

MB = 1 << 20
LOG = r"WARNING|BUG|Oops|stall|lockup"


def clean(g):
    tap.no_match(g.run("dmesg")[1], LOG, "the log has no complaint")


def program(*names):
    """The first of them that is not there, or None."""
    for name in names:
        if not which(name):
            return name
    return None


# ------------------------------------------------------------------ pseudo-terminals

def screen(name, *argv, env):
    return Terminal(["screen", "-c", "/dev/null", "-S", name] + list(argv), env=env)


def with_screen(g, path):
    if program("screen"):
        tap.skip("no screen", "a session in screen")
        return
    d = tmpdir()
    os.chmod(d, 0o700)
    env = dict(os.environ, SCREENDIR=d)
    with screen("umtest", path, env=env) as t:
        t.type("\n")
        t.expect(r"> ")
        t.type("echo in scr''een $(tty); left=here\n")
        tap.ok(t.expect(r"in screen /dev/ttyS0"), "screen: a session")
        t.type("\x01d")
        t.expect(r"detached from")
        tap.equal(t.wait(), 0, "screen: it is left")
    g.run("echo nobody sees this > /dev/ttyS0")
    with Terminal(["screen", "-c", "/dev/null", "-r", "umtest"], env=env) as t:
        t.expect("nobody sees this")
        t.type("echo it is st''ill $left\n")
        tap.ok(t.expect(r"it is still here"), "screen: and found again, with what came meanwhile")
        # C-a k, yes: the terminal is closed.
        t.type("\x01k")
        t.expect(r"kill")
        t.type("y")
        t.expect("terminating")
        t.wait()
    with screen("again", path, env=env) as t:
        t.type("\necho one mo''re $left\n")
        tap.ok(t.expect(r"one more here"), "screen: another one finds the same session")
        t.type("\x01k")
        t.expect(r"kill")
        t.type("y")
        t.wait()


def with_minicom(g, path):
    if program("minicom"):
        tap.skip("no minicom", "a session in minicom")
        return
    with Terminal(["minicom", "-o", "-D", path], env=dict(os.environ, HOME=tmpdir())) as t:
        t.expect("Welcome to minicom")
        t.type("\n")
        t.expect(r"> ")
        t.type("echo in mini''com $(tty)\n")
        tap.ok(t.expect(r"in minicom /dev/ttyS0"), "minicom: a session")
        t.type("\x01q")
        t.expect(r"(?i)leave without reset|quit")
        t.type("\n")
        tap.ok(t.wait() is not None, "minicom: it is left")


def ptys():
    console = Console()
    with start("ssl0=pts", "ssl1=pty", "con1=pts", console=console) as g:
        gettys(g, "ttyS0", "ttyS1", "tty1")
        paths = {n: console.pty(n) for n in ("ssl0", "ssl1", "con1")}
        log = g.run("dmesg")[1]
        tap.match(log, r"serial line 0 assigned pty %s$" % paths["ssl0"], "the log names the terminal")
        tap.match(log, r"serial line 1 assigned pty %s$" % paths["ssl1"], "that of pty as well")
        tap.match(log, r"console 1 assigned pty %s$" % paths["con1"], "and a console's")
        tap.equal(console.config("ssl1"), "pty:" + paths["ssl1"], "config has it as it was given, and the name")
        with_screen(g, paths["ssl0"])
        with_minicom(g, paths["ssl0"])
        for line, name in (("ssl1", "ttyS1"), ("con1", "tty1")):
            with Attached(paths[line]) as a:
                tap.equal(a.session(), name, "%s: what was said before anybody came is there" % name)
                tap.ok(a.works(name), "%s: a session" % name)
                a.run("echo kept > /tmp/mine; mine=kept")
            g.run("echo left on the table > /dev/%s" % name)
            with Attached(paths[line]) as a:
                a.expect(rb"left on the table\r\n")
                tap.equal(a.run("echo $mine")[1].strip(), "kept", "%s: it is the same session for the next" % name)
                a.resize(40, 100)
                a.send("\n")
                tap.ok(eventually(lambda: a.run("stty size")[1].strip() == "40 100"),
                       "%s: the guest hears of the window's size" % name)
                g.run("stty rows 33 cols 99 < /dev/%s" % name)
                tap.ok(eventually(lambda: a.size() == (33, 99)), "%s: and the host of the guest's" % name)
                # The end of a session does not hang up: the next is there.
                a.send("exit\n")
                tap.equal(a.session(), name, "%s: behind a session there is the next" % name)
        with Attached(paths["ssl1"]) as a:
            through(a, 100 * MB if SOAK else 20 * MB, "pty", g)
        clean(g)
        tap.equal(g.poweroff(), 0, "power-off")
    tap.ok(not any(map(os.path.exists, paths.values())), "the terminals are gone")


def drains():
    with Pair() as pair, boot("ssl0=tty:" + pair.name) as g:
        g.send("/tests/guest-tests --helper drains /dev/ttyS0; echo @@DRAINS=$?@@")
        g.expect("reading")
        # Each echo is read before the next line, so that the host takes all at once.
        for i in range(2000):
            line = b"%d " % i * 20
            pair.send(line + b"\n")
            pair.expect(line.rstrip() + rb" \r\n")
        pair.send(b"end\n")
        tap.match(g.expect(r"@@DRAINS=(\d+)@@").group(1), "^0$", "who waits for the end of output sees that of an echo")
        tap.equal(g.poweroff(), 0, "power-off")


# ------------------------------------------------------------------ two guests

def joined():
    console = Console()
    size = 100000
    with start("ssl1=pty", "ssl2=pty", console=console, umid="a") as a:
        # They are made when they are first opened.
        a.run("exec 3<>/dev/ttyS2; stty raw -echo <&3; true > /dev/ttyS1")
        with start("ssl1=tty:" + console.pty("ssl1", "a"), "ssl2=tty:" + console.pty("ssl2", "a"),
                   console=console, umid="b") as b:
            tap.equal(console.config("ssl1", "b"), "tty:" + console.pty("ssl1", "a"), "one guest has the other's terminal")
            a.run("hostname first; echo secret > /tmp/first")
            # Two that echo what they hear would never end.
            b.run("exec 4<>/dev/ttyS1; stty raw -echo <&4")
            b.send("microcom /dev/ttyS1")
            # It throws away what came before it had the line.
            eventually(lambda: re.search(r" S +\d+ .* microcom$", console.ask("ps", umid="b")[1], re.M), TIMEOUT, 0.3)
            gettys(a, "ttyS1")
            b.expect(r"^session on /dev/ttyS1$(?s:.*)^> ")
            b.send("echo over $(cat /tmp/first) on $(tty)")
            tap.ok(b.expect(r"^over secret on /dev/ttyS1$"), "from one guest into a session of the other")
            b.write("\x18")
            # It throws away what was typed before it ended.
            tap.ok(eventually(lambda: "microcom" not in console.ask("ps", umid="b")[1].split(), TIMEOUT, 0.3), "and out of it")
            b.run("true")
            b.run("exec 3<>/dev/ttyS2; stty raw -echo <&3")
            for ways in ((a, b), (b, a)), ((a, b),), ((b, a),):
                jobs = []
                for one, other in ways:
                    one.run("head -c %d /dev/urandom > /tmp/data" % size)
                    jobs.append(Job(other, "head -c %d </dev/ttyS2 >/tmp/got" % size))
                for one, other in ways:
                    jobs.append(Job(one, "cat /tmp/data >/dev/ttyS2"))
                tap.equal([job.wait() for job in jobs], ["0"] * len(jobs), "100 kB from one guest to the other, and the other way"
                          if len(ways) == 2 else "100 kB in one direction")
                for one, other in ways:
                    tap.equal(other.run("sha256sum < /tmp/got")[1], one.run("sha256sum < /tmp/data")[1], "as they were")
            clean(b)
            # The end of the one is the end of the line for the other.
            reader = Job(b, "cat /dev/ttyS1")
            tap.equal(a.poweroff(), 0, "one powers off")
            tap.ok(reader.wait(), "the other sees its lines end")
            b.run("exec 3<&- 4<&-")
            tap.ok(b.run("cat /dev/ttyS1")[0], "and cannot open them any more")
            tap.match(b.run("dmesg")[1], r"ssl1: /dev/pts/\d+: No such file", "which its log explains")
            tap.equal(b.poweroff(), 0, "power-off")


# ------------------------------------------------------------------ descriptors and others

def descriptors():
    ours, theirs = socket.socketpair()
    r1, w1 = os.pipe()
    r2, w2 = os.pipe()
    r3, w3 = os.pipe()
    host_tty = Pair()
    console = Console()
    fds = (theirs.fileno(), r1, w2, r3)
    with start("con1=fd:%d" % fds[0], "con2=fd:%d,fd:%d" % fds[1:3], "con4=none", "ssl=none", "ssl5=null",
               "ssl3=tty:%s,pts" % host_tty.name, "ssl4=fd:%d,pts" % fds[3],
               console=console, pass_fds=fds) as g:
        theirs.close()
        for fd in fds[1:]:
            os.close(fd)
        devices = g.run("cd /dev; echo $(ls | grep -E '^tty[0-9]+$' | sort -V)")[1].split()
        tap.equal(devices, ["tty%d" % i for i in range(16) if i != 4], "con4=none: there is no tty4")
        devices = g.run("cd /dev; echo $(ls | grep ttyS | sort -V)")[1].split()
        tap.equal(devices, ["ttyS3", "ttyS4", "ttyS5"], "ssl=none: only those there are that have an option of their own")
        st, out = g.run("echo gone > /dev/tty7 && echo gone > /dev/ttyS5 && echo written")
        tap.equal(out.strip(), "written", "null takes anything")
        tap.equal([console.config(n) for n in ("con2", "con3", "con4", "ssl3")],
                  ["fd:%d,fd:%d" % fds[1:3], "null", "none", "tty:%s,pts" % host_tty.name], "config has them as they were given")
        gettys(g, "tty1", "tty2")
        with Peer(ours.fileno()) as p:
            tap.equal(p.session(), "tty1", "a pair of sockets: a session")
            tap.ok(p.works("tty1"), "which works")
            through(p, 2 * MB, "a pair of sockets", g)
            ours.detach()
        with Peer(r2, w1) as p:
            tap.equal(p.session(), "tty2", "a pair of pipes: a session")
            tap.ok(p.works("tty2"), "which works")
            through(p, 2 * MB, "a pair of pipes", g)
        for name in ("ttyS3", "ttyS4"):
            job = Job(g, "exec <>/dev/%s >&0; stty raw -echo; head -c 6 | tr a-z A-Z" % name)
            with Attached(console.pty("ssl" + name[4:])) as out:
                if name == "ttyS3":
                    host_tty.send("hello\n")
                else:
                    os.write(w3, b"hello\n")
                tap.ok(out.expect(rb"HELLO\n"), "%s: in here, out there" % name)
                job.wait()
        tap.equal(host_tty.silent(0.2), b"", "and nothing the other way")
        os.close(w3)
        clean(g)
        tap.equal(g.poweroff(), 0, "power-off")
    host_tty.close()
    with start("ssl=null") as g:
        tap.equal(g.run("ls -d /dev/ttyS* | wc -l")[1].strip(), "64", "ssl=null: all 64 are there")
        tap.equal(g.run("for t in /dev/ttyS*; do echo x > $t || echo no; done")[1].strip(), "", "and take what is written")
        tap.equal(g.poweroff(), 0, "power-off")


# ------------------------------------------------------------------ the kernel's messages

def messages():
    console = Console()
    with Guest("umsh", "console=ttyS0", "ssl0=pts", *console.words(), initrd=sessions()) as g:
        with Attached(console.pty("ssl0")) as a:
            a.expect(rb"^\[ +\d+\.\d+\] .*console \[ttyS0\] enabled\r\n.*\] Run /init as init process\r\n.*@@SHELL@@\r\n")
            tap.ok(True, "console=ttyS0: the kernel's messages are there, and process 1's")
            st, out = a.run("echo told you so > /dev/kmsg; tty")
            tap.match(out, r"^/dev/(console|ttyS0)$", "and process 1 has it")
            tap.match(out, r"\] told you so$", "messages come between what programs write")
            tap.no_match(g.text, r"Run /init|told you", "and nowhere else")
            a.send("exec poweroff -f\n")
            # The rest has to be read, or the end would wait a while.
            tap.ok(a.ended(), "the terminal is gone at the end")
        tap.equal(g.wait(), 0, "power-off")
    with Guest("umsh", "console=ttyS0", "console=tty0", "ssl0=pts", *console.words(), initrd=sessions()) as g:
        g.shell()
        tap.ok(True, "a pseudo-terminal that nobody reads does not stop the boot")
        g.run("i=0; while [ $i -lt 3000 ]; do echo message $i %s > /dev/kmsg; i=$((i+1)); done" % ("x" * 100))
        tap.equal(g.run("echo alive")[1].strip().splitlines()[-1], "alive", "nor the kernel, which has more to say than there is room")
        with Attached(console.pty("ssl0")) as a:
            a.expect(rb"Linux version 6\.12")
            tap.ok(True, "the first are there")
            a.silent(0.5)
            g.run("echo who reads gets more > /dev/kmsg")
            a.expect(rb"\] who reads gets more\r\n")
            tap.ok(True, "and the latest, once somebody reads")
        tap.equal(g.poweroff(), 0, "power-off")
    with Guest("umsh", "console=tty1", "con1=pts", *console.words(), initrd=sessions()) as g:
        with Attached(console.pty("con1")) as a:
            a.expect(rb"\] Run /init as init process\r\n.*@@SHELL@@\r\n")
            st, out = a.run("echo told you so > /dev/kmsg; tty")
            tap.match(out, r"\] told you so$", "console=tty1: the same")
            a.send("exec poweroff -f\n")
            a.ended()
        tap.equal(g.wait(), 0, "power-off")


# ------------------------------------------------------------------ while it runs

def hotplug():
    console = Console()
    port = free_port()
    pairs = [socket.socketpair() for _ in "12"]
    with start("con1=pts", "ssl1=pts", "ssl=none", console=console, pass_fds=[p[1].fileno() for p in pairs]) as g:
        gettys(g, "tty1", "ttyS1")
        for line, name, (ours, theirs) in (("con1", "tty1", pairs[0]), ("ssl1", "ttyS1", pairs[1])):
            changes(g, console, line, name, port, ours, theirs.fileno())
        st, said = console.ask("remove", "con0")
        tap.match(said, r"\AERR con0: the kernel's messages go there\s*\Z", "the kernel's own console is not removed")
        tap.equal(st, 1, "with that status")
        tap.equal(console.config("con0"), "fd:0,fd:1", "nor changed")
        refused(g, console)
        coming_and_going(g, console, port)
        clean(g)
        tap.equal(g.poweroff(), 0, "power-off")
    for pair in pairs:
        for s in pair:
            s.close()


def changes(g, console, line, name, port, ours, fd):
    """A line over each channel, one after the other."""
    host_tty = Pair()
    peer = Attached(console.pty(line))
    peer.session()
    for value in ("pty", "port:%d" % port, "tty:" + host_tty.name, "fd:%d" % fd, "null",
                  "port:%s/port" % console.home, "none", "pts"):
        kind, what = value.split(":")[0], "%s=%s" % (line, value.replace(console.home, "."))
        old = peer and peer.run("echo $$")[1].strip()
        st, said = console.ask("config", "%s=%s" % (line, value))
        tap.equal((st, said.strip()), (0, "OK"), what)
        tap.match(console.config(line), "^" + value, "%s: config says so" % what)
        if peer:
            tap.ok(eventually(lambda: g.run("kill -0 %s 2>/dev/null" % old)[0]), "%s: the session before it has ended" % what)
            if isinstance(peer, (Attached, Caller)):
                tap.ok(peer.ended(), "%s: who was at the other end sees that" % what)
            if peer is not host_tty:
                peer.close()
        # One that cannot open its line waits for ten seconds.
        for pid in running(g, "getty", name):
            g.run("kill %d" % pid)
        if kind in ("pts", "pty"):
            peer = Attached(console.pty(line))
        elif kind == "port":
            peer = Caller(value[5:] if "/" in value else port)
        else:
            peer = {"tty": host_tty, "fd": Peer(os.dup(ours.fileno()))}.get(kind)
        if peer:
            tap.equal(peer.session(), name, "%s: a session" % what)
            tap.ok(peer.works(name), "%s: which works" % what)
        elif kind == "null":
            tap.equal(g.run("echo x > /dev/%s" % name)[0], 0, "%s: it takes what is written" % what)
        else:
            tap.ok(g.run("ls /dev/%s" % name)[0], "%s: it is not there any more" % what)
    peer.close()
    host_tty.close()
    tap.ok(not os.path.exists(console.home + "/port"), "%s: the socket is gone" % line)


BAD = [
    ("foo", r"unknown channel foo \(there are .*port:.*none\)"),
    ("", r"the channel is missing"),
    ("port:", r"channel port needs a number, as in port:9000, or a path"),
    ("port:0", r"a port's number is 1 to 65535"),
    ("port:99999", r"a port's number is 1 to 65535"),
    ("port:12x", r"a port's number is 1 to 65535"),
    ("port:badhost:1", r"that is no address: write port:N, .*"),
    ("port:/nonexistent/port", r"port /nonexistent/port: No such file or directory"),
    ("tty:", r"channel tty needs a path, as in tty:/dev/tty3"),
    ("tty:/nonexistent", r"/nonexistent: No such file or directory"),
    ("tty:/etc/passwd", r"/etc/passwd is not a terminal"),
    ("tty:/dev/null", r"/dev/null is not a terminal"),
    ("fd:", r"channel fd needs a descriptor's number, as in fd:0"),
    ("fd:99", r"descriptor 99 is not open"),
    ("fd:1x", r"channel fd: what follows the number is not understood"),
    ("fd:99999999999", r"descriptor \d+ is not open"),
    ("pts:3", r"channel pts takes no value"),
    ("null:3", r"channel null takes no value"),
    ("xterm", r"there is no display for an xterm \(DISPLAY is not set\)"),
    ("none,fd:1", r"channel none is for both directions or for neither"),
    ("fd:0,none", r"channel none is for both directions or for neither"),
    ("pts,null,fd:1", r"there are but two channels, for input and for output"),
    ("pts,", r"the channel is missing"),
    (",pts", r"the channel is missing"),
]
NO_DISPLAY = {k: v for k, v in os.environ.items() if k != "DISPLAY"}


def refused(g, console):
    with Attached(console.pty("con1")) as a:
        was = console.config("con1")
        for value, why in BAD:
            if value in ("xterm", "") and (not value or "DISPLAY" in os.environ):
                continue
            st, said = console.ask("config", "con1=" + value)
            tap.match(said, r"\AERR con1=%s: %s\s*\Z" % (re.escape(value), why), "refused: con1=" + value)
            if st == 0 or said.count("\n") != 1:
                tap.ok(False, "with a status, and in a line")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            busy = s.getsockname()[1]
            st, said = console.ask("config", "con1=port:%d" % busy)
            tap.match(said, r"\AERR con1=port:%d: port %d is in use by process %d\s*\Z" % (busy, busy, os.getpid()),
                      "refused: a port in use, with who has it")
        for name in ("con16", "ssl64", "con99999999999"):
            st, said = console.ask("config", name + "=pts")
            tap.match(said, r"\AERR .*%s.*\n\Z" % name[:3], "refused: %s=pts" % name)
        st, said = console.ask("remove", "ssl7")
        tap.match(said, r"\AERR ssl7: there is no such device\s*\Z", "refused: to remove what is not there")
        tap.equal(console.config("con1"), was, "the line is what it was")
        tap.ok(a.works("tty1"), "and its session has not noticed")


def coming_and_going(g, console, port):
    number = 1000 if SOAK else 20
    values = ("pts", "port:%d" % port, "null", "pty", "pts,null", "port:%d,null" % port)

    def cycle(i):
        for line, value in (("con2", values[i % len(values)]), ("ssl2", values[(i + 1) % len(values)])):
            console.set("%s=%s" % (line, value))
            # Opened, it has all that belongs to it.
            dev = "tty2" if line == "con2" else "ttyS2"
            # At a port it waits for somebody; what becomes of it either way is the end.
            job = Job(g, "exec 7<>/dev/%s; echo x >&7; cat <&7" % dev)
            if i % 2:
                g.run("true")
            rc, said = console.ask("remove", line)
            if rc:
                return "remove %s: %s" % (line, said)
            if not job.wait():
                return "%s is still open" % line
        return None

    for i in range(4):
        cycle(i)
    leaks = Leaks(g)
    bad = [said for said in (cycle(i) for i in range(number)) if said]
    tap.equal(bad, [], "%d lines of each kind came and went" % number)
    leaks.check("lines that came and went")
    held = [os.readlink("/proc/%d/fd/%s" % (g.pid, fd)) for fd in os.listdir("/proc/%d/fd" % g.pid)]
    tap.equal(len([f for f in held if f.startswith("/dev/pts/")]), 2, "of the pseudo-terminals only those in use are left")


# ------------------------------------------------------------------ the command line

def wrong():
    """One line each, and no guest."""
    rows = [("con1=" + value, r"con1=%s: %s" % (re.escape(value), why)) for value, why in BAD if value != "tty:/dev/null"]
    rows += [
        ("con16=pts", r"con16=pts: consoles are con0 to con15"),
        ("con16", r"con16: consoles are con0 to con15"),
        ("ssl64=pts", r"ssl64=pts: serial lines are ssl0 to ssl63"),
        ("ssl99999999999=pts", r"ssl99999999999=pts: serial lines are ssl0 to ssl63"),
        ("con1", r"con1: no channel: write con1=fd:0,fd:1, or the like"),
        ("con1x=pts", r"con1x=pts: .*"),
        ("con=foo", r"con=foo: unknown channel foo .*"),
        ("ssl=fd:99", r"ssl=fd:99: descriptor 99 is not open"),
        ("xterm=", r"xterm=: write xterm=EMULATOR,TITLE,EXEC, as in xterm=xterm,-T,-e"),
        ("xterm=a,b", r"xterm=a,b: write xterm=EMULATOR,TITLE,EXEC, .*"),
        ("telnetd=", r"telnetd=: write telnetd=PROGRAM,SWITCH, as in telnetd=in.telnetd,-L"),
        ("telnetd=cat,-1,-2,-3,-4,-5,-6", r"telnetd=cat,\S+: write telnetd=PROGRAM,SWITCH, .*"),
        ("telnetd=cat,", r"telnetd=cat,: write telnetd=PROGRAM,SWITCH, .*"),
        ("telnetd=no-such-daemon", r"telnetd=no-such-daemon: there is no program no-such-daemon"),
        ("telnetd=/dev/null,-L", r"telnetd=/dev/null,-L: there is no program /dev/null"),
    ]
    for word, want in rows:
        told(word, [word], want)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        busy = s.getsockname()[1]
        told("a port in use, with who has it", ["con1=port:%d" % busy],
             "con1=port:%d: port %d is in use by process %d" % (busy, busy, os.getpid()))
    words = ["ssl%d=port:%s/p%d" % (i, tmpdir(), i) for i in range(17)]
    told("17 ports", words, re.escape(words[16]) + r": port .*/p16: there are 16 ports at most")
    tap.ok(not any(os.path.exists(w.split(":")[1]) for w in words), "and none of their sockets stays")
    # What shows only when it is opened: the guest's program is told, and the log why.
    with start("con1=tty:/dev/null") as g:
        tap.ok(g.run("echo x > /dev/tty1")[0], "con1=tty:/dev/null: it cannot be opened")
        tap.match(g.run("dmesg")[1], r"con1: /dev/null is not a terminal$", "the log says why")
        tap.equal(g.poweroff(), 0, "power-off")


def told(name, words, want):
    r = subprocess.run([LINUX] + words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       text=True, timeout=TIMEOUT, env=NO_DISPLAY)
    said = r.stdout + r.stderr
    if not tap.ok(r.returncode > 0 and said.count("\n") == 1 and re.search(r"^linux: .*%s\n\Z" % want, said), "told: " + name):
        tap.diag("status %d, want /%s/\n%s" % (r.returncode, want, tail(said)))


# ------------------------------------------------------------------ windows

class Display:
    """An X server of our own."""

    def __init__(self):
        r, w = os.pipe()
        # Nobody else can come in: no network, and a socket for this user.
        self.proc = subprocess.Popen(["Xvfb", "-displayfd", str(w), "-screen", "0", "800x600x24", "-nolisten", "tcp"],
                                     pass_fds=(w,), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
        os.close(w)
        number = b""
        while not number.endswith(b"\n"):
            data = os.read(r, 20)
            if not data:
                break
            number += data
        os.close(r)
        self.name = ":" + number.decode().strip() if number else None
        self.env = dict(os.environ, DISPLAY=self.name or "")

    def run(self, *argv):
        return host(list(argv), env=self.env)

    def picture(self):
        """Of the whole screen, as a digest."""
        r = subprocess.run(["xwd", "-root", "-silent"], stdout=subprocess.PIPE, env=self.env, timeout=TIMEOUT)
        return hashlib.sha256(r.stdout).hexdigest() if r.returncode == 0 else None

    def windows(self, title):
        return self.run("xdotool", "search", "--name", title)[1].split()

    def close(self):
        self.proc.terminate()
        self.proc.wait(TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
        return False


def xterms():
    """Our xterms, by pid."""
    found = []
    for pid in descendants():
        try:
            with open("/proc/%d/comm" % pid) as f:
                if f.read().strip() == "xterm":
                    found.append(pid)
        except OSError:
            pass
    return found


def windows():
    missing = program("Xvfb", "xterm", "xdotool", "xwd")
    if missing:
        tap.skip("no " + missing, "consoles in windows")
        return
    helper = os.path.dirname(host_tool("port-helper"))
    path = helper + ":" + os.environ["PATH"]
    with Display() as display:
        env = dict(display.env, PATH=path)
        blank = display.picture()
        console = Console()
        with start("con1=xterm", console=console, env=env) as g:
            tap.equal(display.picture(), blank, "no window before the console is opened")
            gettys(g, "tty1")
            title = r"console 1 \(m\)"
            tap.ok(eventually(lambda: display.windows(title)), "then there is one, with the guest's name")
            tap.ok(eventually(lambda: display.picture() != blank), "which can be seen")
            first = display.windows(title)[-1]

            def typed(text):
                display.run("xdotool", "windowfocus", "--sync", display.windows(title)[-1])
                display.run("xdotool", "type", "--delay", "20", text)

            eventually(lambda: running(g, "sh", "-i"))
            before = display.picture()
            typed("tty > /tmp/where; stty size > /tmp/size; echo seen\n")
            tap.ok(eventually(lambda: g.run("cat /tmp/size 2>/dev/null")[1].strip()), "what is typed into it arrives")
            tap.equal(g.run("cat /tmp/where")[1].strip(), "/dev/tty1", "in a session on the console")
            tap.equal(g.run("cat /tmp/size")[1].strip(), "24 80", "which has the window's size")
            tap.ok(eventually(lambda: display.picture() != before), "and shows")
            display.run("xdotool", "windowsize", "--usehints", first, "100", "30")

            def resized():
                typed("stty size > /tmp/size\n")
                return g.run("cat /tmp/size")[1].strip() == "30 100"
            tap.ok(eventually(resized, TIMEOUT, 0.5), "a window of another size")
            typed("sleep 77777\n")
            eventually(lambda: running(g, "sleep", "77777"))
            old = xterms()
            tap.equal(len(old), 1, "one program has the window")
            os.kill(old[0], signal.SIGTERM)
            tap.ok(eventually(lambda: not running(g, "sleep", "77777")), "its window closed, a session hangs up")
            tap.ok(eventually(lambda: xterms() and xterms() != old and display.windows(title)), "the next has a new one")
            # What is typed before the session is there may be lost, as anywhere.
            tap.ok(eventually(lambda: typed("echo new > /tmp/new\n") or eventually(
                lambda: g.run("cat /tmp/new 2>/dev/null")[1].strip() == "new", 3)), "which works")
            rc, said = console.ask("remove", "con1")
            tap.equal(rc, 0, "removed")
            tap.ok(eventually(lambda: not xterms()), "its window closes")
            clean(g)
            console.set("con1=xterm")
            tap.ok(eventually(xterms), "and a new one opens for a console that has one again")
            tap.equal(g.poweroff(), 0, "power-off")
        tap.ok(eventually(lambda: not xterms()), "no window is left")
        with start("xterm=/nonexistent/emulator,-T,-e", "con1=xterm", env=env) as g:
            tap.ok(g.run("echo x > /dev/tty1")[0], "an emulator that is not there: it cannot be opened")
            tap.match(g.run("dmesg")[1], r"con1: /nonexistent/emulator cannot be started: No such file", "the log says why")
            tap.equal(g.poweroff(), 0, "power-off")
    with start("con1=xterm", env=dict(env, DISPLAY=":9999")) as g:
        job = Job(g, "cat /dev/tty1")
        tap.ok(job.wait(), "a display that is not there: it comes to an end")
        tap.match(g.run("dmesg")[1], r"con1: xterm ended before it had a window \(is the display right\?\)$", "the log says why")
        tap.equal(g.poweroff(), 0, "power-off")


PARTS = (ptys, drains, joined, descriptors, messages, hotplug, wrong, windows)
run_parts(PARTS)
no_leftovers()
tap.done()
