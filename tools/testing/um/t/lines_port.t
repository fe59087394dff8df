#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Consoles and serial lines at ports of the host: callers by telnet, nc and sockets, more of
# them than lines, those who go and those who do not read; a kernel that waits for one.
# umtest: waits
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
import hashlib
import shutil
import socket
import mconsole
from lines import *
from mconsole import Terminal

MB = 1 << 20
LOG = r"WARNING|BUG|Oops|stall|lockup"
IAC, DONT, DO, WONT, WILL, SB, BRK, SE = 255, 254, 253, 252, 251, 250, 243, 240
BINARY, ECHO, SGA, TTYPE, NAWS = 0, 1, 3, 24, 31


def clean(g):
    tap.no_match(g.run("dmesg")[1], LOG, "the log has no complaint")


def telnet(port, host="127.0.0.1"):
    return Terminal(["telnet", host, str(port)], env=dict(os.environ, HOME="/nonexistent"))


def leave(t):
    """As a user does who has the escape character."""
    t.type("\x1d")
    t.expect(r"telnet> ")
    t.type("quit\n")
    return t.wait()


def resize(t, rows, cols):
    fcntl.ioctl(t.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


# ------------------------------------------------------------------ programs

def programs():
    port, other = free_port(), free_port()
    with start("con1=port:%d" % port, "ssl1=port:%d" % other) as g:
        gettys(g, "tty1", "ttyS1")
        if which("telnet"):
            by_telnet(g, port, "tty1")
            by_telnet(g, other, "ttyS1")
        else:
            tap.skip("no telnet", "sessions by telnet")
        if which("nc"):
            by_nc(port)
        else:
            tap.skip("no nc", "a session by nc")
        with Caller(port) as c:
            tap.equal(c.session(), "tty1", "a plain socket: a session")
            tap.ok(c.works("tty1"), "which works")
        clean(g)
        tap.equal(g.poweroff(), 0, "power-off")
    with socket.socket() as s:
        tap.ok(s.connect_ex(("127.0.0.1", port)), "nobody listens any more")


def by_telnet(g, port, name):
    with telnet(port) as t:
        t.expect("Connected to 127")
        tap.ok(t.expect(r"session on /dev/%s$" % name), "telnet to %s: a session" % name)
        t.type("cat\n")
        eventually(lambda: running(g, "cat"))
        t.type("not a line")
        tap.ok(t.expect(r"not a line"), "characters are echoed as they are typed")
        t.type("\n")
        tap.ok(t.expect(r"^not a line$"), "the line comes back")
        tap.equal(t.text.count("not a line"), 2, "once each")
        t.type("\x03")
        t.expect(r"> ")
        tap.ok(True, "Ctrl-C is for the session")
        t.type("stty size; echo e''nd\n")
        tap.equal(t.expect(r"^(\d+ \d+)\nend$").group(1), "24 80", "it has the window's size")
        tap.equal(g.run("cat /sys/class/tty/%s/term" % name)[1].strip(), "vt100", "and knows its type")
        tap.match(g.run("cat /sys/class/tty/%s/channel" % name)[1], r"^port:%d$" % port, "and what the line is")
        resize(t, 40, 132)

        def resized():
            t.type("stty size; echo e''nd\n")
            return t.expect(r"^(\d+ \d+)\nend$").group(1) == "40 132"
        tap.ok(eventually(resized, TIMEOUT, 0.2), "and follows its changes")
        # The other end does nothing but change its size.
        t.type("sh -c 'trap \"stty size\" WINCH; echo wait''ing; while :; do sleep 0.2; done'\n")
        t.expect(r"^waiting$")
        resize(t, 25, 90)
        tap.ok(t.expect(r"^25 90$"), "of which programs hear by a signal")
        t.type("\x03")
        t.expect(r"> ")
        t.type("seq 1 20000 | tail -n 20000; echo e''nd\n")
        t.expect(r"^end$")
        rows = re.findall(r"^\d+$", t.text.replace("\r", ""), re.M)
        tap.ok(rows[-20000:] == [str(i) for i in range(1, 20001)], "much output arrives as it was")
        tap.equal(leave(t), 0, "it is left")


def by_nc(port):
    p = subprocess.Popen(["nc", "127.0.0.1", str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    c = Peer(p.stdout.fileno(), p.stdin.fileno())
    c.filter = lambda data: Caller.OFFERS.sub(b"", data)
    tap.equal(c.session(), "tty1", "nc: a session")
    tap.ok(c.works("tty1"), "which works")
    p.kill()
    p.wait()
    p.stdin.close()
    p.stdout.close()


# ------------------------------------------------------------------ more callers than lines

def many():
    port = free_port()
    lines = ["tty%d" % i for i in range(1, 5)]
    with start("ssl=none", *["con%s=port:%d" % (n[3:], port) for n in lines]) as g:
        gettys(g, *lines)
        if which("telnet"):
            callers = [telnet(port) for _ in range(12)]

            def served(t):
                return re.search(r"session on /dev/(\w+)$", t.text, re.M)
            goodbye = leave
        else:
            callers = [Caller(port) for _ in range(12)]

            def served(c):
                c._read(0.01)
                return re.search(rb"session on /dev/(\w+)\r", c.buf)

            def goodbye(c):
                c.close()
        eventually(lambda: len([c for c in callers if served(c)]) >= 4)
        have = [c for c in callers if served(c)]
        tap.equal(sorted(served(c).group(1) for c in have), lines if which("telnet") else [n.encode() for n in lines],
                  "twelve callers for four lines: four have sessions, on different ones")
        time.sleep(0.3)
        tap.equal(len([c for c in callers if served(c)]), 4, "the others wait")
        done = 0
        while have:
            c = have.pop(0)
            before = {id(c) for c in callers if served(c)}
            waiting = len(callers) - len(before)
            goodbye(c)
            done += 1
            if waiting:
                eventually(lambda: len([c for c in callers if served(c)]) > len(before))
                new = [c for c in callers if served(c) and id(c) not in before]
                if not tap.equal(len(new), 1, "one goes, one of those who wait comes"):
                    break
                have += new
        tap.equal(done, 12, "all twelve were served")
        for c in callers:
            if isinstance(c, Terminal):
                c.close()
        clean(g)
        tap.equal(g.poweroff(), 0, "power-off")


# ------------------------------------------------------------------ the end of sessions

def ends():
    port, other = free_port(), free_port()
    with start("con1=port:%d" % port, "con2=port:%d" % other) as g:
        # Nobody is there: what asks for the line waits.
        opener = Job(g, "exec 3<>/dev/tty2; echo over >&3")
        gettys(g, "tty1")
        with Caller(port) as c:
            c.session()
            tap.equal(opener.status(), None, "who opens a line at a port waits for a caller")
            c.send("sleep 11111\n")
            eventually(lambda: running(g, "sleep", "11111"))
        tap.ok(eventually(lambda: not running(g, "sleep", "11111")), "a caller goes: his program ends")
        with Caller(port) as c:
            tap.equal(c.session(), "tty1", "and there is a session for the next")
            c.send("sh -c \"trap '' HUP; exec sleep 22222\"\n")
            tap.ok(eventually(lambda: running(g, "sleep", "22222")), "one that ignores the hang-up") or tap.diag(g.run("ps -o pid,args")[1])
            c.reset()
            c = Caller(port)
            tap.equal(c.session(), "tty1", "and when his host drops the connection")
            tap.ok(running(g, "sleep", "22222"), "what ignores the hang-up goes on")
            g.run("kill %d" % running(g, "sleep", "22222")[0])
            c.send("mine=1; exit\n")
            tap.equal(c.session(), "tty1", "a session ends, and the next is on the same connection")
            tap.equal(c.run("echo ${mine:-new}")[1].strip(), "new", "which is a new one")
            for _ in range(3):
                c.send("exit\n")
                c.session()
            tap.ok(c.works("tty1"), "and so on")
            c.close()
        with Caller(other) as c:
            tap.ok(c.expect(rb"over\r\n"), "a caller: who waited has the line")
            tap.equal(opener.wait(), "0", "and leaves it")
            tap.ok(c.ended(), "nobody opens it again: the connection is closed after a while")
        with Caller(other) as c:
            tap.equal(c.silent(1).replace(b"\xff", b""), b"", "the next caller waits, for nobody has the line open")
            g.run("echo hello > /dev/tty2")
            c.expect(rb"hello\r\n")
            tap.ok(True, "until somebody has")
        clean(g)
        tap.equal(g.poweroff(), 0, "power-off")


# ------------------------------------------------------------------ addresses and sockets

def addresses():
    d = tmpdir()
    path, stale = os.path.join(d, "port"), os.path.join(d, "stale")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(stale)
    p4, p6 = free_port(), None
    try:
        p6 = free_port(socket.AF_INET6)
    except OSError:
        tap.skip("no IPv6", "a port of [::1]")
    with start("ssl1=port:127.0.0.1:%d" % p4, "ssl2=port:[::1]:%d" % p6 if p6 else None, "ssl3=port:" + path,
               "ssl4=port:" + stale) as g:
        gettys(g, "ttyS1", "ttyS2", "ttyS3", "ttyS4")
        where = [("127.0.0.1", (p4,), "ttyS1")] + ([("[::1]", (p6, "::1"), "ttyS2")] if p6 else []) + [
            ("a socket", (path,), "ttyS3"), ("a socket where there was an old one", (stale,), "ttyS4")]
        for what, args, name in where:
            with Caller(*args) as c:
                tap.equal(c.session(), name, "%s: a session" % what)
                tap.ok(c.works(name), "which works")
        tap.equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "only the user can connect to the socket")
        with socket.socket() as s:
            # Every address of the host but that one.
            tap.ok(s.connect_ex(("127.0.0.2", p4)), "nor is it any other address")
        with Caller(path) as c:
            c.session()
            every = bytes(range(256)) * 8
            tap.equal(echoed(c, every), every, "a socket: all bytes, both ways")
        with Caller(p4, plain=False) as c:
            c.session()
            every = bytes(b for b in range(256) if b != 255) * 8
            tap.equal(echoed(c, every), every, "one who does not speak telnet: all bytes but that which begins its commands")
            # nc, with a file in Latin-1.
            tap.equal(echoed(c, b"a\xff!b\xff\r\n"), b"a\xff!b\xff\r\n", "and that, where no command follows")
        with Caller(p4, plain=False) as c:
            c.session()
            c.send(bytes([IAC, WILL, BINARY, IAC, DO, BINARY]))
            every = bytes(range(256)) * 8
            got = echoed(c, every.replace(b"\xff", b"\xff\xff"))
            tap.equal(got, every.replace(b"\xff", b"\xff\xff"), "one who speaks it, in binary mode: all bytes, this one doubled")
        clean(g)
        tap.equal(g.poweroff(), 0, "power-off")
    tap.ok(not os.path.exists(path), "the socket is gone at the end")


def echoed(c, data):
    """What comes back of it, from a program in raw mode."""
    size = len(data.replace(b"\xff\xff", b"\xff"))
    c.send("stty raw -echo; echo go; head -c %d > /tmp/echo; cat /tmp/echo; echo end; stty sane\n" % size)
    c.expect(rb"go\n")
    # What telnet says meanwhile is no echo.
    c.send(data)
    got = c.expect(rb"\A(.*?)end\n").group(1)
    c.expect(rb"> ")
    return got


# ------------------------------------------------------------------ telnet's commands

def commands():
    port, other = free_port(), free_port()
    console = Console()
    g = Guest("umsh", "quiet", "console=ttyS0", "console=tty0", "ssl0=port:%d" % port, "ssl1=port:%d" % other,
              *console.words(), initrd=sessions())
    with g:
        g.expect(r"ssl0 waits for a connection to port %d$" % port)
        with Caller(port) as k:
            g.shell()
            gettys(g, "ttyS0", "ttyS1")
            k.session()
            k.send(bytes([IAC, BRK]) + b"h")
            tap.ok(eventually(lambda: "sysrq: HELP" in g.run("dmesg")[1]), "a break and h on a line with the kernel's messages: SysRq's help")
            k.expect(rb"sysrq: HELP")
            tap.ok(k.works("ttyS0"), "and nothing of it for the session")
            k.send(bytes([IAC, BRK]) + b"m")
            tap.ok(eventually(lambda: "Mem-Info:" in g.run("dmesg")[1]), "a break and m: about memory")
            with Caller(other) as c:
                c.session()
                c.send("stty brkint; sh -c \"trap 'echo caught; exit' INT; echo wait''ing; while :; do sleep 0.1; done\"\n")
                c.expect(rb"waiting\r\n")
                c.send(bytes([IAC, BRK]))
                tap.ok(c.expect(rb"caught\r\n.*> "), "a break on another line: SIGINT, where it is wanted")
                c.send("stty -brkint ignbrk; cat > /tmp/typed\n")
                eventually(lambda: running(g, "cat"))
                c.send(b"x" + bytes([IAC, BRK]) + b"y\n\x04")
                tap.equal(c.run("cat /tmp/typed")[1].split()[-1], "xy", "and nothing, where it is not")
                tap.no_match(g.run("dmesg -c")[1], "sysrq: .*(HELP.*){2}", "none is for SysRq")
                c.send(bytes([IAC, WILL, NAWS, IAC, SB, NAWS, 0, 111, 0, 55, IAC, SE]))
                tap.ok(eventually(lambda: c.run("stty size")[1].split()[-2:] == ["55", "111"]), "a size, said by hand")
        tap.equal(g.poweroff(), 0, "power-off")


# ------------------------------------------------------------------ the kernel waits

def waiting():
    port = free_port()
    with Guest("umsh", "con0=port:%d" % port, con=False, initrd=sessions()) as g:
        g.expect(r"^linux: con0 waits for a connection to port %d$" % port)
        time.sleep(0.5)
        tap.no_match(g.text, r"Run /init", "it waits for one who can see its messages")
        tap.ok(g.cpu_seconds() < 1, "without a hurry")
        with Caller(port) as c:
            c.expect(rb"\] Run /init as init process\r\n.*@@SHELL@@")
            tap.ok(True, "he sees them, and process 1")
            c.run("echo heard > /dev/kmsg")
            tap.no_match(g.text, r"Run /init|heard", "and nobody else does")
            c.send("exec poweroff -f\n")
            tap.ok(c.ended(), "the connection ends with the guest")
        tap.equal(g.wait(), 0, "power-off")
    # The caller who goes takes nothing with him.
    with Guest("umsh", "console=ttyS0", "console=tty0", "ssl0=port:%d" % port, initrd=sessions()) as g:
        g.expect(r"ssl0 waits for a connection")
        with Caller(port) as c:
            c.expect(rb"\] Run /init as init process\r\n")
        g.shell()
        g.run("echo lost > /dev/kmsg")
        with Caller(port) as c:
            eventually(lambda: g.run("echo tick > /dev/kmsg") and c.silent(0.2).find(b"tick\r\n") >= 0)
            g.run("echo last > /dev/kmsg")
            c.expect(rb"\] last\r\n")
            tap.ok(True, "the caller goes, and the next sees what is said then")
            tap.equal(g.poweroff(), 0, "power-off")
    for sig in (signal.SIGINT, signal.SIGTERM):
        with Guest("umsh", "con0=port:%d" % port, con=False, initrd=sessions()) as g:
            g.expect(r"waits for a connection")
            tries = 0
            while g.proc.poll() is None and tries < 3:
                g.kill(sig)
                tries += 1
                eventually(lambda: g.proc.poll() is not None, 3)
            tap.ok(g.proc.poll() is not None, "%s ends one that waits" % sig.name)
            tap.diag("%s: %d of them, status %s" % (sig.name, tries, g.proc.poll()))


# ------------------------------------------------------------------ back-pressure

def slow():
    port = free_port()
    size = (100 if SOAK else 20) * MB
    with start("con1=port:%d" % port) as g:
        gettys(g, "tty1")
        with Caller(port) as c:
            c.session()
            c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            through(c, size, "a port", g, text=True)
        # One who reads nothing at all, and goes.
        with Caller(port) as c:
            c.session()
            c.send("head -c 100000000 /dev/zero; sleep 44444\n")

            def quiet():
                before = g.cpu_seconds()
                time.sleep(1)
                return g.cpu_seconds() - before < 0.2
            tap.ok(eventually(quiet), "one who does not read costs nothing")
            tap.equal(g.run("echo alive")[1].strip(), "alive", "the guest does not wait for him")
        tap.ok(eventually(lambda: not running(g, "100000000") and not running(g, "44444")), "he goes: what wrote ends")
        with Caller(port) as c:
            tap.equal(c.session(), "tty1", "and the next has a session")
        clean(g)
        tap.equal(g.poweroff(), 0, "power-off")


# ------------------------------------------------------------------ again and again

def again():
    port = free_port()
    number = 10000 if SOAK else 200
    with start("ssl=none", "con1=port:%d" % port) as g:
        gettys(g, "tty1")
        for _ in range(5):
            with Caller(port) as c:
                c.session()
        time.sleep(1)
        leaks = Leaks(g)
        served = 0
        for i in range(number):
            c = Caller(port)
            if i % 10 == 9:
                c.session()
                served += 1
            if i % 3 == 2:
                c.reset()
            else:
                c.close()
        tap.ok(True, "%d callers came and went, %d of them had a session" % (number, served))
        with Caller(port) as c:
            c.session()
            tap.ok(c.works("tty1"), "and then there is another session")
        leaks.check("callers that came and went")
        tap.equal(g.run("echo alive")[1].strip(), "alive", "and the console answers")
        clean(g)
        tap.equal(g.poweroff(), 0, "power-off")


# ------------------------------------------------------------------ a telnet daemon

STAND_IN = os.path.join(os.path.dirname(os.path.abspath(mconsole.__file__)), "telnetd.py")


def daemons_of(pid):
    """What serves callers; it is nobody's child, but has the guest's standard error."""
    found = []
    for p in os.listdir("/proc"):
        try:
            args = open("/proc/%s/cmdline" % p, "rb").read().split(b"\0") if p.isdigit() else []
            if b"port-helper" in b" ".join(args[-3:]) and os.readlink("/proc/%s/fd/2" % p) == os.readlink("/proc/%d/fd/2" % pid):
                found.append(int(p))
        except OSError:
            pass
    return found


def daemon():
    port, path = free_port(), os.path.join(tmpdir(), "port")
    env = dict(os.environ, PATH=os.path.dirname(host_tool("port-helper")) + ":" + os.environ["PATH"])
    console = Console()
    # The last one counts, with none of the first one's switches.
    with start("telnetd=%s,-X,-Y" % STAND_IN, "telnetd=%s" % STAND_IN, "con1=port:%d" % port, "con2=port:%d" % port, "con3=port:" + path,
               console=console, env=env) as g:
        gettys(g, "tty1", "tty2", "tty3")
        with Caller(port, plain=False) as a, Caller(port, plain=False) as b:
            tap.equal(sorted((a.session(), b.session())), ["tty1", "tty2"], "a daemon serves two callers: a session for each")
            tap.no_match(a.buf.decode("latin-1"), "\xff", "the kernel says nothing in telnet")
            a.send("sleep 33333\n")
            eventually(lambda: running(g, "sleep", "33333"))
        tap.ok(eventually(lambda: not running(g, "sleep", "33333")), "a caller goes: his program ends")
        tap.ok(eventually(lambda: not daemons_of(g.pid)), "and so does his daemon")
        with Caller(port) as c:
            c.session()
            c.send("exit\n")
            name = c.session()
            tap.ok(c.works(name), "a session ends, and the next is on the same connection")
            through(c, MB, "a daemon", g, text=True)
            rc, said = console.ask("config", "con" + name[3:] + "=port:%d" % port)
            tap.equal(rc, 0, "the line is set anew")
            tap.ok(c.ended(), "which ends the connection")
        with Caller(path) as c:
            tap.equal(c.session(), "tty3", "a UNIX socket has no daemon")
            tap.equal(daemons_of(g.pid), [], "nor have others when nobody calls")
        for _ in range(3):
            with Caller(port) as c:
                c.session()
        time.sleep(1)
        leaks = Leaks(g)
        for i in range(500 if SOAK else 20):
            with Caller(port) as c:
                if i % 2:
                    c.session()
        leaks.check("callers of a daemon")
        with Caller(port) as c:
            tap.ok(c.works(c.session()), "and then there is another session")
        clean(g)
        tap.equal(g.poweroff(), 0, "power-off")
    with Guest("umsh", "con0=port:%d" % port, "telnetd=%s" % STAND_IN, con=False, initrd=sessions(), env=env) as g:
        g.expect(r"^linux: con0 waits for a connection to port %d$" % port)
        with Caller(port) as c:
            c.expect(rb"\] Run /init as init process\r\n.*@@SHELL@@")
            tap.ok(True, "a kernel waits for one, who sees all")
            c.send("exec poweroff -f\n")
            tap.ok(c.ended(), "the connection ends with the guest")
        tap.equal(g.wait(), 0, "power-off")
    with start("telnetd=%s,-X" % STAND_IN, "con1=port:%d" % port, env=env) as g:
        gettys(g, "tty1")
        with Caller(port) as c:
            tap.ok(c.ended(), "a daemon that fails: the caller is sent away")
        tap.match(g.run("dmesg")[1], r"con1: \S*/telnetd\.py ended before it had a terminal$", "the log says why")
        with Caller(port) as c:
            tap.ok(c.ended(), "and so is the next")
        tap.equal(g.poweroff(), 0, "power-off")
    with start("telnetd=%s" % STAND_IN, "con1=port:%d" % port, env=dict(env, PATH="/usr/bin:/bin"),
               linux=copied_linux()) as g:
        gettys(g, "tty1")
        with Caller(port) as c:
            tap.ok(c.ended(), "no port-helper: the caller is sent away")
        tap.match(g.run("dmesg")[1], r"con1: there is no program port-helper, which \S*/telnetd\.py needs$", "the log says why")
        tap.equal(g.poweroff(), 0, "power-off")


def copied_linux():
    """Beside which there are no tools."""
    path = os.path.join(tmpdir(), "linux")
    shutil.copy(LINUX, path)
    return path


def real_daemon():
    """One that speaks telnet: netkit's and its kin have -L, that of inetutils has -E."""
    port = free_port()
    for name, switches in (("in.telnetd", "-h,-z,nossl,-L"), ("telnetd", "-h,-E")):
        found = which(name)
        if not found or not which("telnet"):
            tap.skip("no %s" % name, "a session by it")
            continue
        with start("telnetd=%s,%s" % (found, switches), "con1=port:%d" % port) as g:
            gettys(g, "tty1")
            with telnet(port) as t:
                tap.ok(t.expect(r"session on /dev/tty1$"), "%s: a session" % name)
                t.type("echo in $(stty size) e''nd\n")
                tap.ok(t.expect(r"^in 24 80 end$"), "which has the window's size")
                resize(t, 40, 132)

                def resized():
                    t.type("stty size; echo e''nd\n")
                    return t.expect(r"^(\d+ \d+)\nend$").group(1) == "40 132"
                tap.ok(eventually(resized, TIMEOUT, 0.2), "and follows its changes")
                tap.equal(leave(t), 0, "it is left")
            with telnet(port) as t:
                tap.ok(t.expect(r"session on /dev/tty1$"), "and the next")
            clean(g)
            tap.equal(g.poweroff(), 0, "power-off")


PARTS = (programs, many, ends, addresses, commands, waiting, slow, daemon, real_daemon, again)
run_parts(PARTS)
no_leftovers()
tap.done()
