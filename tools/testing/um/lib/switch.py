# SPDX-License-Identifier: GPL-2.0
"""uml_switch under test, and clients that speak its protocol: Client does what a
guest's device does, and can do it badly."""
import itertools
import json
import os
import socket
import struct
import subprocess

from umtest import TIMEOUT, eventually, host_tool

MAGIC = 0xfeedface
BROADCAST = b"\xff" * 6
FRAME_MAX = 65536 + 14 + 4
_names = itertools.count()


def mac(n):
    return struct.pack(">HI", 0x0200, n)


def frame(dst, src, payload=b"", tag=None, size=60):
    """An Ethernet frame of at least size bytes."""
    head = dst + src + (struct.pack(">HH", 0x8100, tag) if tag is not None else b"")
    return (head + b"\x08\x00" + payload).ljust(size, b"\0")


def address(path):
    """struct sockaddr_un, whole."""
    return struct.pack("<H108s", socket.AF_UNIX, os.fsencode(path))


def request(path, version=3, kind=0):
    if version == 0:
        return struct.pack("<I6s", kind, mac(0)) + address(path)
    if version == 1:
        return struct.pack("<II6s", MAGIC, kind, mac(0)) + address(path)
    return struct.pack("<III", MAGIC, version, kind) + address(path) + b"\0\0"


def abstract_name():
    return (b"\0umtest-%d-%d" % (os.getpid(), next(_names))).ljust(108, b"\0")


def read_all(sock):
    data = b""
    while True:
        part = sock.recv(1 << 16)
        if not part:
            return data
        data += part


class Refused(Exception):
    """The switch closed the connection instead of answering."""


class Client:
    """A port: a datagram socket of ours, and a connection that asked for it."""

    def __init__(self, control="ctl", version=3, path=None, data=None, connect=False):
        self.path = path or abstract_name()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(self.path)
        self.sock.settimeout(TIMEOUT)
        self.control = socket.socket(socket.AF_UNIX)
        self.control.settimeout(TIMEOUT)
        try:
            self.control.connect(control)
            self.control.sendall(request(self.path, version))
            self.data = data or self.answer()
        except (OSError, Refused):
            self.close()
            raise
        if connect:
            self.sock.connect(self.data)

    def answer(self):
        reply = b""
        while len(reply) < 110:
            try:
                part = self.control.recv(110 - len(reply))
            except ConnectionResetError:
                part = b""
            if not part:
                raise Refused(reply)
            reply += part
        path = reply[2:]
        return path if not path[0] else path.rstrip(b"\0").decode()

    def send(self, data):
        self.sock.sendto(data, self.data)

    def recv(self):
        """The next frame; socket.timeout when none comes."""
        return self.sock.recv(1 << 17)

    def drain(self):
        """All frames that are there."""
        frames = []
        self.sock.setblocking(False)
        try:
            while True:
                frames.append(self.recv())
        except BlockingIOError:
            pass
        self.sock.settimeout(TIMEOUT)
        return frames

    def close(self):
        self.control.close()
        self.sock.close()
        if isinstance(self.path, str) and os.path.exists(self.path):
            os.unlink(self.path)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
        return False


class Switch:
    """A uml_switch, by default with the control socket ctl of the current
    directory; what it prints is in .text()."""

    number = 0

    def __init__(self, *args, control="ctl", sanitize=False, **kw):
        Switch.number += 1
        self.log = "switch-%d-%d.log" % (os.getpid(), Switch.number)
        argv = [host_tool("uml_switch", sanitize)]
        if control and "-unix" not in args:
            argv += ["-unix", control]
        argv += args
        if "--mgmt" not in args:
            argv += ["--mgmt", "mgmt"]
        kw.setdefault("stdin", subprocess.DEVNULL)
        with open(self.log, "wb") as log:
            self.proc = subprocess.Popen(argv, stdout=log, stderr=log, **kw)
        self.pid = self.proc.pid
        eventually(lambda: "attached to unix socket" in self.text() or self.proc.poll() is not None)

    def text(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def mgmt(self, command):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(TIMEOUT)
            s.connect("mgmt")
            s.sendall(command.encode() + b"\n")
            return read_all(s).decode()

    def rows(self, command):
        return json.loads(self.mgmt(command + " json"))

    def stats(self):
        return self.rows("stats")[0]

    def kill(self, sig):
        os.kill(self.pid, sig)
        return self.wait()

    def wait(self):
        try:
            return self.proc.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            return None

    def close(self):
        if self.proc.poll() is None:
            self.proc.terminate()
            if self.wait() is None:
                self.proc.kill()
                self.proc.wait()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
        return False


def receivers(clients, sender, data):
    """Which of the clients, all in the sender's VLAN, get a frame: a broadcast
    sent after it ends the wait, so that none is for what does not come."""
    marker = frame(BROADCAST, data[6:12], b"marker %d" % next(_names))
    sender.send(data)
    sender.send(marker)
    got = []
    for client in clients:
        while True:
            one = client.recv()
            if one == marker:
                break
            if one == data:
                got.append(client)
    return got
