# SPDX-License-Identifier: GPL-2.0
"""Consoles and serial lines: sessions behind gettys in the guest, and who comes to them:
over a socket, a terminal, or two pipes."""
import base64
import collections
import fcntl
import functools
import hashlib
import os
import re
import select
import shlex
import socket
import struct
import sys
import termios
import time
import traceback
import tty

import mconsole
from umtest import TIMEOUT, Timeout, boot, eventually, initramfs, tail, tap, tmpdir

MB = 1 << 20
SESSION = b"""#!/bin/sh
stty sane
echo "session on $(tty)"
PS1='> ' exec sh -i
"""


@functools.cache
def sessions():
    """An archive with what gettys() needs."""
    return initramfs({"etc/session": SESSION})


class Console:
    """Guests of this have a management console; ask() and config() ask it."""

    def __init__(self):
        self.home = tmpdir()
        os.mkdir(os.path.join(self.home, ".uml"))
        self.env = dict(os.environ, HOME=self.home)

    def words(self, umid="m"):
        return ["umid=" + umid, "uml_dir=" + os.path.join(self.home, ".uml")]

    def ask(self, *args, umid="m"):
        """(status, all that was said)"""
        rc, out, err = mconsole.run(umid, *args, env=self.env)
        return rc, out + err

    def config(self, line, umid="m"):
        """What a line is connected to, or None."""
        m = re.match(r"OK (\S+)$", self.ask("config", line, umid=umid)[1].strip())
        return m.group(1) if m else None

    def set(self, text, umid="m"):
        rc, said = self.ask("config", text, umid=umid)
        if rc:
            raise RuntimeError("config %s: %s" % (text, said))

    def pty(self, line, umid="m"):
        """The name of a line's pseudo-terminal; one that it does not have yet comes."""
        def name():
            m = re.search(r"\bpt[sy]:(/dev/[^,]+)", self.config(line, umid) or "")
            return m and m.group(1)
        found = eventually(name, TIMEOUT)
        if not found:
            raise Timeout("%s has no pseudo-terminal: %s" % (line, self.config(line, umid)))
        return found


def start(*words, console=None, umid="m", **kw):
    kw.setdefault("initrd", sessions())
    return boot(*(console.words(umid) if console else []), *words, **kw)


def gettys(g, *names):
    """A login on each of these lines again and again, without asking for a name."""
    for name in names:
        g.run("(while :; do getty -n -l /etc/session 0 %s vt100 2>>/tmp/getty.log || sleep 0.2; done)"
              " >/dev/null 2>&1 &" % name)


def free_port(family=socket.AF_INET):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        return s.getsockname()[1]


class Peer:
    """Somebody at the other end of a line, whose descriptors are given."""

    def __init__(self, rfd, wfd=None):
        self.rfd = rfd
        self.wfd = rfd if wfd is None else wfd
        self.buf = b""
        self.eof = False

    def _read(self, timeout):
        """False: nothing came, or it is over."""
        if self.eof or not select.select([self.rfd], [], [], max(0, timeout))[0]:
            return False
        try:
            data = os.read(self.rfd, 65536)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        self.eof = not data
        self.buf += self.filter(data)
        return not self.eof

    def filter(self, data):
        return data

    def expect(self, regex, timeout=None):
        """Waits for it, and takes all up to its end."""
        rx = re.compile(regex, re.M | re.S)
        end = time.monotonic() + (timeout or TIMEOUT)
        while True:
            m = rx.search(self.buf)
            if m:
                self.buf = self.buf[m.end():]
                return m
            if not self._read(end - time.monotonic()) and (self.eof or time.monotonic() > end):
                raise Timeout("%s while waiting for %r, there is %r" % (
                    "it is over" if self.eof else "time ran out", regex, self.buf[-2000:]))

    def silent(self, seconds):
        """What comes in that time."""
        end = time.monotonic() + seconds
        while self._read(end - time.monotonic()):
            pass
        data, self.buf = self.buf, b""
        return data

    def ended(self, timeout=None):
        end = time.monotonic() + (timeout or TIMEOUT)
        while not self.eof and time.monotonic() < end:
            self._read(end - time.monotonic())
        return self.eof

    def take(self, size, timeout=None):
        """So many bytes."""
        end = time.monotonic() + (timeout or TIMEOUT)
        while len(self.buf) < size and not self.eof and time.monotonic() < end:
            self._read(end - time.monotonic())
        data, self.buf = self.buf[:size], self.buf[size:]
        return data

    def send(self, data, timeout=None):
        """All of it, however long the guest takes; what comes meanwhile is kept."""
        data = memoryview(data.encode() if isinstance(data, str) else data)
        end = time.monotonic() + (timeout or TIMEOUT)
        os.set_blocking(self.wfd, False)
        while data:
            _, w, _ = select.select([], [self.wfd], [], max(0, min(0.2, end - time.monotonic())))
            if w:
                try:
                    data = data[os.write(self.wfd, data[:65536]):]
                    end = time.monotonic() + (timeout or TIMEOUT)
                except BlockingIOError:
                    pass
            self._read(0)
            if data and time.monotonic() > end:
                raise Timeout("%d bytes were not taken" % len(data))

    def session(self, timeout=None):
        """Waits for one that is ready; the name of its device."""
        return self.expect(rb"session on /dev/(\w+)\r?\n.*?^> ", timeout).group(1).decode()

    def run(self, command, timeout=None):
        """A command line in the session; (status, output)."""
        # Quoted, as the session repeats it.
        self.send("echo @'['; %s; echo @']'$?@\n" % command)
        m = self.expect(rb"@\[\r?\n(.*?)@\](\d+)@\r?\n", timeout)
        return int(m.group(2)), m.group(1).decode("utf-8", "replace").replace("\r\n", "\n")

    def works(self, name):
        """The session there does something, and is where it shall be."""
        st, out = self.run("echo $((6 * 7)) $(tty)")
        return (st, out.split()[-2:]) == (0, ["42", "/dev/" + name])

    def close(self):
        for fd in {self.rfd, self.wfd}:
            os.close(fd)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
        return False


class Caller(Peer):
    """Somebody at a port.  He finds telnet's offers between what the session says, and
    forgets them."""

    OFFERS = re.compile(rb"\xff[\xfb-\xfe].", re.S)

    def __init__(self, port, host="127.0.0.1", plain=True, timeout=None):
        if isinstance(port, str):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(port)
        else:
            self.sock = socket.create_connection((host, port), timeout or TIMEOUT)
        self.sock.setblocking(False)
        self.plain = plain and not isinstance(port, str)
        super().__init__(self.sock.fileno())

    def filter(self, data):
        return self.OFFERS.sub(b"", data) if self.plain else data

    def close(self):
        self.sock.close()

    def reset(self):
        """As a host that is switched off does when somebody talks to it."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Attached(Peer):
    """A terminal program, reduced to what it does with the terminal."""

    def __init__(self, path):
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        super().__init__(fd)

    def size(self):
        return struct.unpack("HHHH", fcntl.ioctl(self.rfd, termios.TIOCGWINSZ, bytes(8)))[:2]

    def resize(self, rows, cols):
        fcntl.ioctl(self.rfd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


class Pair(Peer):
    """A pseudo-terminal of the test's; its slave is for the guest."""

    def __init__(self):
        master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.name = os.ttyname(self.slave)
        super().__init__(master)

    def close(self):
        super().close()
        if self.slave is not None:
            os.close(self.slave)


class Leaks:
    """What a guest holds on the host, and in its own memory."""

    # kB that may come and go: of free pages, and of slabs.
    ROOM_FREE, ROOM_SLAB = 2048, 256

    def __init__(self, g):
        self.g = g
        self.first = self.look()

    def look(self):
        fds = []
        for fd in os.listdir("/proc/%d/fd" % self.g.pid):
            try:
                fds.append(re.sub(r"\d+", "N", os.readlink("/proc/%d/fd/%s" % (self.g.pid, fd))))
            except OSError:
                pass
        # These belong to the guest's processes.
        fds = [f for f in fds if f not in ("anon_inode:[pidfd]", "anon_inode:seccomp notify")]
        self.g.run("sync; echo 3 > /proc/sys/vm/drop_caches")
        memory = dict(re.findall(r"^(\w+): +(\d+)", self.g.run("cat /proc/meminfo")[1], re.M))
        irqs = re.findall(r"^ *\d+:.*\s(\S+)$", self.g.run("cat /proc/interrupts")[1], re.M)
        # A CPU keeps free pages of its own, some MiB of them.
        own = re.findall(r"^ +count: +(\d+)", self.g.run("cat /proc/zoneinfo")[1], re.M)
        free = int(memory["MemFree"]) + 4 * sum(map(int, own))
        return (sorted(fds), sorted(irqs), free, int(memory["SUnreclaim"]))

    def lost(self):
        """kB that are no longer free, and that slabs have more."""
        last = self.look()
        return self.first[2] - last[2], last[3] - self.first[3]

    def memory_is_back(self):
        """Within the room, soon: what is free is out of sight while the host is told of it."""
        def back():
            free, slab = self.lost()
            return free < self.ROOM_FREE and slab < self.ROOM_SLAB
        return eventually(back, 20, 1)

    def check(self, name):
        # A line that was left lets its caller go a little later.
        good = eventually(lambda: self.look()[:2] == self.first[:2], 20, 1)
        last = self.look()
        if not tap.ok(good, "%s: descriptors and interrupts are as before" % name):
            for was, now in zip(self.first[:2], last[:2]):
                was, now = collections.Counter(was), collections.Counter(now)
                tap.diag("gone: %s\nnew: %s" % (dict(was - now), dict(now - was)))
        if not tap.ok(self.memory_is_back(), "%s: no memory of the guest's is gone" % name):
            tap.diag("free: %d kB less, slabs: %d kB more" % self.lost())
            tap.diag(self.g.run("cat /proc/meminfo /proc/buddyinfo /proc/pagetypeinfo; ps")[1])


def running(g, *words):
    """Pids of the guest's processes with these words in their command."""
    rows = g.run("ps -o pid,args")[1].splitlines()
    return [int(row.split()[0]) for row in rows[1:] if all(w in row.split() for w in words)]


def through(a, size, what, g, text=False):
    """size bytes to a reader who pauses, and a twentieth of it from him; text has none that
    mean something to telnet."""
    g.run("cat /dev/urandom %s| head -c %d > /tmp/data" % ("| base64 -w 0 " if text else "", size))
    digest = g.run("sha256sum < /tmp/data")[1].split()[0]
    a.run("stty raw -echo")
    a.send("stty raw -echo; echo go; cat /tmp/data; sleep 1000000\n")
    a.expect(rb"go\n")
    seen, count, pause = hashlib.sha256(), 0, 0
    while count < size:
        data = a.take(min(65536, size - count))
        if not data:
            break
        seen.update(data)
        count += len(data)
        if count > pause:
            time.sleep(0.1)
            pause += size // 20
    tap.equal((count, seen.hexdigest()), (size, digest), "%s: %d MB to a slow reader, no byte lost" % (what, size // MB))
    # That ends, so that the session goes on; it may be but about to begin.
    for pid in eventually(lambda: running(g, "sleep", "1000000")) or []:
        g.run("kill %d" % pid)
    a.run("true")
    size //= 20
    data = os.urandom(size)
    if text:
        data = base64.b64encode(data)[:size]
    a.send("stty raw -echo; echo go; head -c %d > /tmp/typed; echo done\n" % size)
    a.expect(rb"go\n")
    a.send(data)
    a.expect(rb"done\n")
    tap.equal(g.run("sha256sum < /tmp/typed")[1].split()[0], hashlib.sha256(data).hexdigest(),
              "%s: %d MB to a guest that takes its time, no byte lost" % (what, size // MB))
    a.run("stty sane")


class Job:
    """A command in the guest's background.  No child of its shell: busybox's takes the end
    of one for the end of its input."""

    number = 0

    def __init__(self, g, command):
        Job.number += 1
        self.g = g
        self.path = "/tmp/job%d" % Job.number
        self.result = None
        inner = "(%s); echo $? > %s.new; mv %s.new %s" % (command, self.path, self.path, self.path)
        g.run("sh -c %s >/dev/null 2>&1" % shlex.quote("(%s) &" % inner))

    def status(self):
        """None: it still runs."""
        if self.result is None:
            self.result = self.g.run("cat %s 2>/dev/null" % self.path)[1].strip() or None
            # Files are memory of the guest's, which is looked at.
            if self.result is not None:
                self.g.run("rm " + self.path)
        return self.result

    def wait(self, timeout=None):
        return eventually(self.status, timeout or TIMEOUT, 0.1)


def run_parts(parts):
    """All of a script's functions, or those that its arguments name."""
    for part in parts:
        if sys.argv[1:] and part.__name__ not in sys.argv[1:]:
            continue
        begin = time.monotonic()
        try:
            part()
        except (Timeout, TimeoutError) as e:
            tap.ok(False, "%s: it goes on to the end" % part.__name__)
            tap.diag(e)
            tap.diag(tail(traceback.format_exc(), 60)[:3000])
        tap.diag("%s: %.1f s" % (part.__name__, time.monotonic() - begin))
