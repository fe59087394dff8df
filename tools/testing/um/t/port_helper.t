#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# port-helper: it hands its terminal to who pretends to be a kernel, beside Debian's helper;
# for Debian's kernel; and in an xterm.
# umtest: waits
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

import array
import socket
from mconsole import Terminal
from peer import lacks_peer, patiently, peer

DEBIANS = "/usr/lib/uml/port-helper"
STREAM, DGRAM = socket.SOCK_STREAM, socket.SOCK_DGRAM

d = tmpdir()
# Paths of sockets are short, and the build may be anywhere.
os.chdir(d)
plain = host_tool("port-helper")
helper = host_tool("port-helper", True)


def listener(path, kind=STREAM):
    s = socket.socket(socket.AF_UNIX, kind)
    s.settimeout(TIMEOUT)
    if os.path.exists(path):
        os.unlink(path)
    s.bind(path)
    if kind == STREAM:
        s.listen()
    return s


def accepted(s):
    c = s.accept()[0]
    c.settimeout(TIMEOUT)
    s.close()
    return c


def receive(c):
    """(data, descriptors, what else came) of one message."""
    data, anc, flags, _ = c.recvmsg(4096, 4096)
    fds, other = array.array("i"), [flags & ~socket.MSG_CMSG_CLOEXEC] if flags else []
    for level, kind, content in anc:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(content)
        else:
            other.append((level, kind))
    return data, list(fds), other


class Helper:
    """A helper on a terminal, what it sent, and the kernel's end of the socket."""

    def __init__(self, program=None, inherited=False, kind=STREAM, words=(), room=None, run=()):
        argv = [program or helper]
        if inherited:
            self.sock, other = socket.socketpair(socket.AF_UNIX, kind)
            self.sock.settimeout(TIMEOUT)
            if room:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
            # As Debian's kernel does it: with both ends.
            code = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.execv(sys.argv[2], sys.argv[2:])"
            fds = [other.fileno(), self.sock.fileno()]
            self.tty = Terminal([sys.executable, "-c", code, str(fds[0])] + argv + list(words),
                                pass_fds=fds)
            other.close()
        else:
            s = listener("s", kind)
            self.tty = Terminal(list(run) + argv + ["-uml-socket", "s"])
            self.sock = accepted(s) if kind == STREAM else s
        self.data, self.fds, self.other = receive(self.sock)
        self.fd = self.fds[0] if self.fds else -1
        self.pid = self.tty.proc.pid

    def read(self, n):
        data = b""
        while len(data) < n and select.select([self.fd], [], [], TIMEOUT)[0]:
            data += os.read(self.fd, n - len(data))
        return data.decode()

    def resize(self, rows, cols):
        fcntl.ioctl(self.tty.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def size(self):
        return struct.unpack("HHHH", fcntl.ioctl(self.fd, termios.TIOCGWINSZ, bytes(8)))[:2]

    def alive(self):
        time.sleep(0.2)
        return self.tty.proc.poll() is None

    def close(self):
        # The reader of the terminal ends when nobody has it open.
        for fd in self.fds:
            os.close(fd)
        self.sock.close()
        self.tty.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
        return False


def is_raw(fd):
    iflag, oflag, _, lflag, _, _, cc = termios.tcgetattr(fd)
    return not (lflag & (termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN) or
                oflag & termios.OPOST or cc[termios.VMIN] != 1 or
                iflag & (termios.ICRNL | termios.INLCR | termios.IXON | termios.ISTRIP))


# ------------------------------------------------------------- the command line

rc, text = host([helper, "--help"])
tap.ok(rc == 0 and all(w in text for w in ("-uml-socket PATH", "descriptor 3", "--version")), "--help")
rc, text = host([helper, "--version"])
tap.match(text, r"^port-helper \S+$", "--version")


def refused(name, argv, *words, terminal=True, fd3=None):
    """It fails, one line says why, and the terminal is as it was."""
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    # Something is at 3 in any case, so that it can be closed.
    code = "import os, sys; fd = int(sys.argv[1]); os.dup2(max(fd, 0), 3); fd < 0 and os.close(3)\n" \
        "os.execv(sys.argv[2], sys.argv[2:])"
    null = os.open("/dev/null", os.O_RDWR)
    fd = null if fd3 == "null" else -1
    rc, text = host([sys.executable, "-c", code, str(fd), helper] + argv, pass_fds=[null],
                    stdin=slave if terminal else null)
    lines = text.strip().splitlines()
    good = rc == 1 and len(lines) == 1 and lines[0].startswith("port-helper: ") and \
        all(w in text for w in words)
    if not tap.ok(good and termios.tcgetattr(slave) == before,
                  "%s: refused (%s)" % (name, lines[-1] if lines else "nothing said")):
        tap.diag("status %s\n%s" % (rc, text))
    for fd in (master, slave, null):
        os.close(fd)


refused("an unknown option", ["-x"], "-x", "no such option")
refused("a word", ["word"], "word")
refused("a word behind the path", ["-uml-socket", "s", "word"], "word")
refused("-uml-socket without a path", ["-uml-socket"], "-uml-socket", "missing")
refused("two paths", ["-uml-socket", "a", "-uml-socket", "b"], "twice")
refused("an empty path", ["-uml-socket", ""], "-uml-socket", "1 to 107")
refused("a path that is too long", ["-uml-socket", "x" * 108], "1 to 107")
refused("a socket that is not there", ["-uml-socket", "none"], "-uml-socket none", "No such file")
listener("dead").close()
refused("a socket that nobody listens on", ["-uml-socket", "dead"], "-uml-socket dead", "no kernel")
refused("a file", ["-uml-socket", "/dev/null"], "-uml-socket /dev/null", "no kernel")
refused("no descriptor 3", [], "descriptor 3", "-uml-socket")
refused("one that is no socket", [], "descriptor 3", "-uml-socket", fd3="null")
refused("standard input that is no terminal", ["-uml-socket", "none"], "terminal", terminal=False)

with Terminal([helper, "-uml-socket", "none"]) as t:
    started = time.monotonic()
    t.expect("port-helper: -uml-socket none: No such file or directory\n")
    tap.equal(t.wait(), 1, "a window of its own shows the line")
    tap.ok(time.monotonic() - started > 2, "for some seconds")


# ------------------------------------------------------------- with a kernel

def talks(name, **kw):
    """All that goes on between helper and kernel."""
    stream = kw.get("kind", STREAM) == STREAM
    with Helper(**kw) as h:
        tap.equal((h.data, len(h.fds), h.other), (struct.pack("=i", h.pid), 1, []),
                  "%s: a message of its pid and one descriptor" % name)
        tap.equal(os.fstat(h.fd).st_rdev, os.fstat(h.tty.slave).st_rdev, "which is of its terminal")
        tap.ok(is_raw(h.tty.slave), "the terminal is raw")
        os.write(h.fd, b"a\nb\r\n")
        tap.ok(h.tty.expect("a\nb\n"), "what the kernel writes appears")
        h.tty.type("typed\r\x03\x1c\x1a")
        tap.equal(h.read(9), "typed\r\x03\x1c\x1a", "it reads what is typed, at once, ^C too")
        fds = os.listdir("/proc/%d/fd" % h.pid)
        tap.equal(sorted(fds), ["0", "1", "2", "3", "4"], "nothing else is open in the helper")
        h.resize(30, 100)
        if stream:
            tap.equal((h.sock.recv(100), h.size()), (b"w", (30, 100)), "a new size is told")
        if stream:
            h.sock.send(b"anything")
            with open("/dev/null") as f:
                socket.send_fds(h.sock, [b"x"], [f.fileno()])
        for sig in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
            os.kill(h.pid, sig)
        tap.ok(h.alive() and stat_of(h.pid)[0] == "S", "data and signals of the guest do not matter to it")
        tap.equal(len(os.listdir("/proc/%d/fd" % h.pid)), 5, "and no descriptor is left of them")
        tap.equal(select.select([h.sock], [], [], 0)[0], [], "the kernel is told nothing else")
        fcntl.fcntl(h.fd, fcntl.F_SETFL, os.O_RDWR | os.O_NONBLOCK)
        if kw.get("inherited"):
            h.sock.shutdown(socket.SHUT_RDWR)
        h.sock.close()
        if not stream:
            tap.ok(h.alive(), "it does not end with the socket")
            h.tty.proc.terminate()
        tap.equal(h.tty.wait(), 0, "it ends with the connection" if stream else "SIGTERM ends it")
        tap.ok(h.tty.restored(), "the terminal is as it was")
        tap.equal(fcntl.fcntl(h.fd, fcntl.F_GETFL) & os.O_NONBLOCK, 0, "and so is its open file")


talks("-uml-socket")
talks("descriptor 3", inherited=True)
talks("an old kernel's -uml-socket", kind=DGRAM)
talks("an old kernel's descriptor 3", inherited=True, kind=DGRAM)
talks("with the words of in.telnetd", inherited=True, words=["-h", "localhost", "-p"])

for sig in (signal.SIGHUP, signal.SIGTERM):
    with Helper(run=["/bin/sh", "-c", "trap '' HUP; exec \"$0\" \"$@\""]) as h:
        os.kill(h.pid, sig)
        tap.equal((h.tty.wait(), h.sock.recv(10), h.tty.restored()), (0, b"", True),
                  "%s ends it, and the kernel sees that" % sig.name)

# The kernel is gone with bytes that it did not read, which is an error to the helper.
with Helper() as h:
    h.resize(31, 100)
    select.select([h.sock], [], [], TIMEOUT)
    h.sock.close()
    tap.equal((h.tty.wait(), h.tty.restored()), (0, True), "a kernel that is killed")

with Helper(inherited=True, room=1) as h:
    for n in range(200):
        h.resize(10 + n, 80)
        time.sleep(0.002)
    h.tty.proc.terminate()
    tap.equal((h.tty.wait(), h.tty.restored()), (0, True), "a kernel that never reads is not waited for")
    told = h.sock.recv(1000)
    tap.ok(1 <= len(told) < 150 and not told.strip(b"w"), "(%d bytes of 200 were sent)" % len(told))

# The master is closed, as by a terminal emulator that is killed.
s = listener("s")
master, slave = pty.openpty()
p = subprocess.Popen([helper, "-uml-socket", "s"], stdin=slave, start_new_session=True)
os.close(slave)
c = accepted(s)
data, fds, _ = receive(c)
os.close(master)
tap.equal((p.wait(TIMEOUT), c.recv(10)), (0, b""), "it ends with its terminal")
c.close()
for fd in fds:
    os.close(fd)


# ----------------------------------------------------------- Debian's, beside it

if os.access(DEBIANS, os.X_OK):
    for name, kw in (("-uml-socket", {"kind": DGRAM}), ("descriptor 3", {"inherited": True}),
                     ("descriptor 3, datagrams", {"inherited": True, "kind": DGRAM})):
        seen = []
        for program in (DEBIANS, helper):
            with Helper(program, **kw) as h:
                seen.append((h.data == struct.pack("=i", h.pid), len(h.data), len(h.fds), h.other,
                             os.fstat(h.fd).st_rdev == os.fstat(h.tty.slave).st_rdev,
                             fcntl.fcntl(h.fd, fcntl.F_GETFL)))
        tap.equal(seen[1], seen[0], "Debian's helper sends the same: " + name)
        tap.equal(seen[0][:5], (True, 4, 1, [], True), "which is what is documented")
else:
    tap.skip("no %s (Debian: uml-utilities)" % DEBIANS, "Debian's helper")

# A terminal emulator that only has the helper run, and keeps what it shows.
EMULATOR = """#!%s
import os, pty, sys
argv = sys.argv[sys.argv.index("-e") + 1:] if "-e" in sys.argv else [sys.argv[2], "-h", "localhost", "-p"]
argv[0] = os.environ["UML_PORT_HELPER"]
pid, master = pty.fork()
if not pid:
    os.execv(argv[0], argv)
with open(os.path.basename(sys.argv[0]) + ".out", "wb", 0) as out:
    try:
        while True:
            out.write(os.read(master, 4096))
    except OSError:
        pass
os.waitpid(pid, 0)
"""


def debian_once():
    """Does the emulator show its line, and in.telnetd its, and how does the kernel end?"""
    for name in ("emulator", "in.telnetd"):
        with open(name, "w") as f:
            f.write(EMULATOR % sys.executable)
        os.chmod(name, 0o755)
        if os.path.exists(name + ".out"):
            os.unlink(name + ".out")
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]

    def shown(name):
        def look():
            return os.path.exists(name + ".out") and open(name + ".out", "rb").read()
        return eventually(lambda: b"a line\r\n" in (look() or b""), 30)
    env = {"UML_PORT_HELPER": plain, "DISPLAY": ":none", "PATH": d + ":" + os.environ["PATH"]}
    with Guest("umsh", "quiet", "con1=xterm", "xterm=%s/emulator,-T,-e" % d, "con2=port:%d" % port,
               linux=peer(), initrd=initramfs(), mem="64M", name="debian", env=env).shell() as g:
        g.run("(echo a line; sleep 2) >/dev/tty1 &")
        emulator = shown("emulator")
        # It has no use for a connection before the console is open, which waits for one.
        g.run("(echo a line; sleep 2) >/dev/tty2 & sleep 2")
        with socket.create_connection(("127.0.0.1", port), TIMEOUT):
            telnetd = shown("in.telnetd")
        # Where it has died meanwhile nothing is to be read from what it showed.
        g.run("wait")
        return emulator, telnetd, g.poweroff()


def debian():
    emulator, telnetd, ended = patiently(debian_once)
    tap.ok(emulator, "Debian's kernel has a console in an emulator")
    tap.ok(telnetd, "and one of in.telnetd")
    # Now and then that kernel gives up on its way down: SIGABRT.
    tap.ok(ended is not None, "and ends")
    # A helper is killed when its console is closed, for which there may have been no time.
    kill_pids(descendants())


if lacks_peer():
    tap.skip(lacks_peer(), "Debian's kernel")
else:
    debian()


# -------------------------------------------------------------------- an xterm

def xterm():
    r, w = os.pipe()
    log = open("xvfb.log", "wb")
    server = subprocess.Popen([which("Xvfb"), "-displayfd", str(w), "-screen", "0", "1280x1024x24",
                               "-nolisten", "tcp"], pass_fds=[w], stdout=log, stderr=log)
    os.close(w)
    # It comes in parts.
    with open(r) as f:
        display = f.readline().strip()
    if not display:
        tap.skip("Xvfb does not start: " + tail(open("xvfb.log", errors="replace").read(), 1), "an xterm")
        return
    env = dict(os.environ, DISPLAY=":" + display)

    def start():
        s = listener("s")
        p = subprocess.Popen([which("xterm"), "-xrm", "*allowWindowOps: true", "-T", "title",
                              "-e", plain, "-uml-socket", "s"], env=env, stdout=log, stderr=log)
        if not eventually(lambda: select.select([s], [], [], 0.1)[0] or p.poll() is not None) or p.poll():
            raise RuntimeError("xterm: " + tail(open("xvfb.log", errors="replace").read()))
        c = accepted(s)
        return p, c, receive(c)[1][0]

    def answer(fd, end):
        text = b""
        while not text.endswith(end) and select.select([fd], [], [], TIMEOUT)[0]:
            text += os.read(fd, 100)
        return text

    p, c, fd = start()
    # The xterm has read and understood all before that when it says where the cursor is.
    os.write(fd, b"hello\r\n12345\x1b[6n")
    tap.equal(answer(fd, b"R"), b"\x1b[2;6R", "an xterm shows what the kernel writes")
    os.write(fd, b"\x1b[21t")
    tap.equal(answer(fd, b"\x1b\\"), b"\x1b]ltitle\x1b\\", "with its title")
    os.write(fd, b"\x1b[8;30;90t")
    tap.equal((c.recv(1), eventually(lambda: struct.unpack("HH", fcntl.ioctl(
        fd, termios.TIOCGWINSZ, bytes(8))[:4]) == (30, 90))), (b"w", True), "tells of a new size")
    c.close()
    tap.equal(p.wait(TIMEOUT), 0, "closes with the console")
    os.close(fd)
    p, c, fd = start()
    p.kill()
    p.wait()
    while c.recv(100):
        pass
    tap.ok(True, "and when it is closed the kernel sees that")
    c.close()
    os.close(fd)
    server.terminate()
    server.wait(TIMEOUT)
    log.close()


if which("xterm") and which("Xvfb"):
    xterm()
else:
    tap.skip("no xterm or no Xvfb (Debian: xterm, xvfb)", "an xterm")

no_leftovers()
tap.done()
