# SPDX-License-Identifier: GPL-2.0
"""What a guest says to uml_net, and what there is on the host then."""
import array
import json
import os
import signal
import socket
import struct
import subprocess
import termios
import time
import tty

PROTOCOL = "117"        # what uml_net marks as its own


def ip(*args):
    """What ip(8) answers, as JSON."""
    r = subprocess.run(["ip", "-j", "-d"] + list(args), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(r.stdout or "[]")


def do(*commands):
    """Commands, as strings, that have to work."""
    for c in commands:
        subprocess.run(c.split(), check=True, stdout=subprocess.DEVNULL)


def setting(name):
    try:
        with open("/proc/sys/net/" + name) as f:
            return f.read().strip()
    except OSError:
        return None


def links():
    return {r["ifname"]: r for r in ip("link")}


def addresses(dev):
    return ["%s/%d" % (a["local"], a["prefixlen"]) for r in ip("-4", "address", "show") if r.get("ifname") == dev
            for a in r["addr_info"]]


def guest_routes():
    """{address: interface} of what uml_net made."""
    return {r["dst"]: r["dev"] for r in ip("route") if r.get("protocol") == PROTOCOL}


def published(marked=True):
    """{(address, interface)} that the host answers ARP for."""
    return {(r["dst"], r["dev"]) for r in ip("neigh", "show", "proxy")
            if not marked or str(r.get("protocol")) == PROTOCOL}


class Answer:
    """What came back: status, log, interface, descriptors; raw is all of it."""

    def __init__(self, rc=None, raw=b"", fds=(), stderr=""):
        self.rc, self.raw, self.fds, self.stderr = rc, raw, list(fds), stderr
        self.name, self.log, self.rest = "", "", b""

    def tuntap(self):
        self.name = self.raw[:16].rstrip(b"\0").decode()
        self.log, _, self.rest = (p.decode() if i == 0 else p for i, p in
                                  enumerate(self.raw[16:].partition(b"\0")))
        return self

    def length_and_log(self, raw=None):
        raw = self.raw if raw is None else raw
        size = struct.unpack("=i", raw[:4])[0] if len(raw) >= 4 else -1
        self.log, self.rest = raw[4:3 + size].decode(), raw[4 + size:]
        if size < 1 or len(raw) < 4 + size or raw[3 + size] or b"\0" in raw[4:3 + size]:
            raise ValueError("length and log: %r" % raw)
        return self

    def __str__(self):
        return "status %s: %s" % (self.rc, (self.stderr or self.log or repr(self.raw)).strip())


class Helper:
    """uml_net, run by a guest of the user uid: call(...) for one that ends."""

    def __init__(self, program, uid=None, gid=None, groups=None):
        self.program, self.uid, self.gid, self.groups = program, uid, gid, groups

    def start(self, args, out, stdin=None, keep=(), stderr=subprocess.PIPE, program=None):
        kw = {}
        if self.uid is not None:
            kw = dict(user=self.uid, group=self.gid, extra_groups=self.groups or [])
        return subprocess.Popen([program or self.program] + [str(a) for a in args], stdin=stdin or subprocess.DEVNULL,
                                stdout=out, stderr=stderr, pass_fds=keep, **kw)

    def call(self, *args, kind=socket.SOCK_STREAM, stdin=None):
        """All that it answers up to its end.  Both ends of the sockets stay open
        in it, as guests have it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
        proc = self.start(args, theirs, stdin, keep=(ours.fileno(), theirs.fileno()))
        raw, fds = b"", []
        theirs.close()
        stderr = proc.communicate(timeout=20)[1].decode()
        ours.setblocking(False)
        try:
            while True:
                data, control, _, _ = ours.recvmsg(65536, socket.CMSG_SPACE(64))
                for level, what, value in control:
                    if (level, what) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                        fds += array.array("i", value)
                raw += data
                if not data:
                    break
        except (BlockingIOError, ConnectionResetError):
            pass
        ours.close()
        return Answer(proc.returncode, raw, fds, stderr)

    def tuntap(self, *args, version=4):
        return self.call(version, "tuntap", "up", *args, kind=socket.SOCK_DGRAM).tuntap()

    def change(self, op, dev, addr, mask="255.255.255.0"):
        return self.call(4, op, dev, addr, mask).length_and_log()


class Ethertap:
    """One that stays: control and data are the guest's ends."""

    def __init__(self, helper, dev, gate=None, keep_all=True):
        self.control, control = socket.socketpair()
        self.data, data = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ends = [data.fileno()]
        if keep_all:
            ends += [self.control.fileno(), self.data.fileno(), control.fileno()]
        self.proc = helper.start([4, "ethertap", dev, data.fileno()] + ([gate] if gate else []), control, keep=ends)
        control.close()
        data.close()
        self.control.settimeout(10)
        self.data.settimeout(10)
        self.status = self.control.recv(1)
        self.log = self.read_log()

    def read(self, size):
        data = b""
        while len(data) < size:
            more = self.control.recv(size - len(data))
            if not more:
                raise EOFError("%d of %d bytes" % (len(data), size))
            data += more
        return data

    def read_log(self):
        size = struct.unpack("=i", self.read(4))[0]
        return self.read(size).rstrip(b"\0").decode()

    def change(self, op, addr, mask="255.255.255.0", pieces=False):
        message = struct.pack("=i", op) + socket.inet_aton(addr) + socket.inet_aton(mask)
        if pieces:
            for i in range(len(message)):
                self.control.send(message[i:i + 1])
                time.sleep(0.005)
        else:
            self.control.send(message)
        return self.read_log()

    def close(self):
        self.control.close()
        self.data.close()

    def wait(self):
        """Its status, once it ends."""
        try:
            self.proc.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
            return None
        return self.proc.returncode

    def end(self):
        self.close()
        return self.wait()


class Line:
    """A pseudo terminal in raw mode; the guest's end is master."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave, termios.TCSANOW)

    @staticmethod
    def encode(packet):
        return b"\xc0" + packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"

    def send(self, packet):
        os.write(self.master, self.encode(packet))

    def close(self):
        os.close(self.master)
        os.close(self.slave)


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def echo_request(source, target, payload=b"\xc0\xdb\xdc\xdd" * 4):
    """An IPv4 packet that asks for an answer; with bytes that SLIP escapes."""
    icmp = struct.pack("!BBHHH", 8, 0, 0, 7, 9) + payload
    icmp = icmp[:2] + struct.pack("!H", checksum(icmp)) + icmp[4:]
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0,
                       socket.inet_aton(source), socket.inet_aton(target))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + icmp


def arp_request(mac, source, target):
    return (b"\xff" * 6 + mac + struct.pack("!HHHBBH", 0x806, 1, 0x800, 6, 4, 1) + mac +
            socket.inet_aton(source) + b"\0" * 6 + socket.inet_aton(target))


def helpers(program):
    """Processes that run the program now."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid) as f:
                stat = f.read()
            with open("/proc/%s/cmdline" % pid, "rb") as f:
                words = f.read().split(b"\0")
        except OSError:
            continue
        if words[0].decode("utf-8", "replace") == program and stat.rsplit(")", 1)[1].split()[0] not in "ZX":
            found.append(int(pid))
    return found


def status_of(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(r.rstrip("\n").split(":\t", 1) for r in f if ":\t" in r)


def stop(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
