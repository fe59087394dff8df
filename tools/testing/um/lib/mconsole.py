# SPDX-License-Identifier: GPL-2.0
"""The management console's client under test, a guest that only pretends to be one,
and a terminal to type on."""
import fcntl
import os
import pty
import re
import socket
import struct
import subprocess
import termios
import threading
import time

from umtest import TIMEOUT, host_tool, tail

MAGIC = 0xcafebabe


def reply(text, err=0, more=0, length=None):
    """One datagram of an answer; the NUL is counted, as others do it."""
    text = text if isinstance(text, bytes) else text.encode()
    text += b"\0"
    return struct.pack("<iiI", err, more, len(text) if length is None else length) + text


def notification(kind, text, magic=MAGIC, version=2, length=None):
    return struct.pack("<IIiI", magic, version, kind, len(text) if length is None else length) + text


def run(*args, sanitize=True, **kw):
    """uml_mconsole; (status, standard output, standard error)."""
    kw.setdefault("stdin", subprocess.DEVNULL)
    if "input" in kw:
        del kw["stdin"]
    r = subprocess.run([host_tool("uml_mconsole", sanitize)] + list(args), stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=TIMEOUT, **kw)
    return r.returncode, r.stdout.decode("utf-8", "surrogateescape"), r.stderr.decode("utf-8", "replace")


class FakeGuest:
    """The socket of a console, and a thread that answers as said: answers has a function
    for each command's first word, which is called with this guest, the command and
    the client's address, and may return datagrams.  Others are repeated."""

    def __init__(self, directory, answers=None, pid=None, serve=True):
        self.directory = directory
        self.answers = answers or {}
        self.requests = []      # as they came
        self.commands = []
        self.errors = []
        os.makedirs(directory, mode=0o700)
        self.pid_path = os.path.join(directory, "pid")
        with open(self.pid_path, "w") as f:
            f.write("%d\n" % (pid or os.getpid()))
        self.path = os.path.join(directory, "mconsole")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._bind()
        self.thread = None
        if serve:
            self.thread = threading.Thread(target=self._serve, daemon=True)
            self.thread.start()

    def _bind(self):
        """By a short path, as that of a test may be long."""
        fd = os.open(self.directory, os.O_PATH | os.O_DIRECTORY)
        self.sock.bind("/proc/self/fd/%d/mconsole" % fd)
        os.close(fd)

    def _serve(self):
        while True:
            datagram, address = self.sock.recvfrom(1 << 16)
            if datagram == b"stop":
                break
            length = struct.unpack_from("<I", datagram, 8)[0]
            command = datagram[12:12 + length].decode("utf-8", "surrogateescape")
            self.requests.append(datagram)
            self.commands.append(command)
            answer = self.answers.get(command.split()[0], lambda *a: [reply("you said " + command)])
            try:
                for part in answer(self, command, address) or ():
                    self.sock.sendto(part, address)
            except (OSError, TypeError) as e:
                self.errors.append(e)
            if self.sock.fileno() < 0:
                break

    def send_from_elsewhere(self, address, datagram):
        """Another process sends to a client; the error that it gets, or None."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            try:
                other.sendto(datagram, address)
            except OSError as e:
                return e
        return None

    def close(self):
        """The process is gone: its files stay."""
        if self.thread and self.sock.fileno() >= 0 and threading.current_thread() != self.thread:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                fd = os.open(self.path, os.O_PATH)
                s.sendto(b"stop", "/proc/self/fd/%d" % fd)
                os.close(fd)
            self.thread.join(TIMEOUT)
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
        return False


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, argv, **kw):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.text = ""
        self.pos = 0
        self.cond = threading.Condition()
        kw["env"] = dict(kw.get("env") or os.environ, TERM="vt100", LC_ALL="C.UTF-8")
        self.proc = subprocess.Popen(argv, stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                     start_new_session=True, preexec_fn=lambda: fcntl.ioctl(
                                         0, termios.TIOCSCTTY, 0), **kw)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            with self.cond:
                self.text += data.decode("utf-8", "replace").replace("\r\n", "\n")
                self.cond.notify_all()

    def type(self, keys):
        os.write(self.master, keys.encode())

    def expect(self, regex):
        """Wait for it in what came since the last match; None: it did not come."""
        end = time.monotonic() + TIMEOUT
        with self.cond:
            while True:
                m = re.compile(regex, re.M).search(self.text, self.pos)
                if m:
                    self.pos = m.end()
                    return m
                if time.monotonic() > end:
                    raise TimeoutError("no /%s/ in\n%s" % (regex, tail(self.text)))
                self.cond.wait(0.2)

    def wait(self):
        return self.proc.wait(TIMEOUT)

    def restored(self):
        """The terminal is as it was."""
        return termios.tcgetattr(self.slave) == self.before

    def close(self):
        if self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait()
        os.close(self.slave)
        self.thread.join(5)
        os.close(self.master)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
        return False
