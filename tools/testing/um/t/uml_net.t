#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# uml_net: its protocol as a guest speaks it, what it sets up and takes back, and
# who may have what; in a network of its own.  Debian's guest with it, and it beside
# Debian's, where they are there.
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

import concurrent.futures
import ctypes
import netns
import random
import resource
import socket
import umlnet
from netns import Results
from peer import lacks_peer, patiently, peer
from umlnet import Ethertap, Helper, Line, do, addresses, guest_routes, links, published, setting

plain = host_tool("uml_net")
checked = host_tool("uml_net", sanitize=True)
# It is not to be looked into, which finding leaks takes.
os.environ["ASAN_OPTIONS"] = "detect_leaks=0"

USER, OTHER, GROUP = 1234, 1235, 4321
GATE, GUEST, NEXT = "10.9.0.1", "10.9.0.2", "10.9.0.3"
DEBIAN_HELPER = "/usr/bin/uml_net"


# ---------------------------------------------------------- the command line

def refused(name, argv, *words):
    """It fails, and one line says why."""
    rc, text = host([checked] + argv, stdin=None)
    lines = text.replace("\0", "").splitlines()
    tap.ok(rc == 1 and lines and all(w in lines[-1] for w in words + ("uml_net: ",)), "%s: refused (%s)" % (
        name, lines[-1] if lines else "nothing said"))


def command_line():
    rc, text = host([checked, "--help"])
    tap.equal(rc, 0, "--help")
    for word in ("4 tuntap up GATE", "4 add|del DEV ADDR MASK", "4 slip up GATE", "4 slip down DEV",
                 "4 ethertap DEV DATAFD [GATE]", "/etc/uml_net.conf"):
        tap.ok(word in text, "it tells of %s" % word)
    rc, text = host([checked, "--version"])
    tap.match(text, r"^uml_net \S+$", "--version")
    refused("nothing", [], "version")
    for version in ("0", "1", "2", "5", "999999999"):
        refused("version " + version, [version, "tuntap", "up", GATE], "version " + version)
    for version in ("", "x", "-4", "4x", " 4", "99999999999999999999"):
        refused("version %r" % version, [version, "tuntap", "up", GATE], "no version")
    refused("an unknown request", ["4", "frobnicate"], "frobnicate")
    refused("an unknown thing to do", ["4", "tuntap", "down", "tap0"], "tuntap down")
    refused("tuntap alone", ["4", "tuntap"], "tuntap", "missing")
    refused("version 3 has no add", ["3", "add", "tap0", GUEST, "255.255.255.0"], "add", "version 3")
    refused("GATE is missing", ["4", "tuntap", "up"], "GATE", "missing")
    refused("MASK is missing", ["4", "add", "tap0", GUEST], "MASK", "missing")
    refused("a word too many", ["4", "tuntap", "up", GATE, "x"], "x: one word too many")
    for gate in ("", "x", "10.9.0", "10.9.0.1.1", "10.9.0.256", "010.9.0.1", "0x0a.9.0.1", "1.2.3.4/8", "1" * 5000):
        refused("GATE %.12r" % gate, ["4", "tuntap", "up", gate], "GATE %s: no address" % gate[:64])
    for gate in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"):
        refused("GATE %s" % gate, ["4", "tuntap", "up", gate], "GATE " + gate, "one machine")
    for mask in ("255.0.255.0", "0.0.0.1", "x", ""):
        refused("MASK %r" % mask, ["4", "add", "tap0", GUEST, mask], "MASK " + mask)
    for dev in ("", ".", "..", "../x", "a/b", "x" * 16, "x" * 5000, "tap 0", "tap0;id", "$(id)", "tap%d", "tap0:1",
                "tap\x1b[2J"):
        refused("DEV %.16r" % dev, ["4", "add", dev, GUEST, "255.255.255.0"], "DEV")
    for fd in ("", "x", "-1", "0", "2", "3x", "4294967299", "99999999999999999999"):
        refused("DATAFD %r" % fd, ["4", "ethertap", "tap0", fd], "DATAFD " + fd)
    rc, text = host([checked, "4", "tuntap", "up", "\x1b[31mred\n"])
    tap.no_match(text.replace("\0", "").rstrip("\n"), r"[^ -~\n]", "nothing of a bad word gets to the terminal as it is")


# ------------------------------------------------------------ in a namespace

def lan():
    """A network of the host, with a station on the other end of d0."""
    do("ip link set lo up", "ip link add d0 type veth peer name d1", "ip link set d1 up",
       "ip address add 10.9.0.77/24 dev d0", "ip link set d0 up")


def nothing_left(r, name):
    def running():
        return [pid for program in (checked, plain, "/etc/uml_net") for pid in umlnet.helpers(program)]
    good = eventually(lambda: not guest_routes() and not published() and not running(), 5)
    r.ok(good, name, "%s %s %s" % (guest_routes(), published(), running()))


def arp_is_answered(target):
    """A station of d0's network asks for the target."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x806)) as s:
        s.bind(("d1", 0x806))
        s.settimeout(0.2)
        mac = s.getsockname()[4]
        end = time.monotonic() + 5
        while time.monotonic() < end:
            s.send(umlnet.arp_request(mac, "10.9.0.200", target))
            try:
                frame = s.recv(2000)
            except socket.timeout:
                continue
            if frame[20:22] == b"\0\2" and frame[28:32] == socket.inet_aton(target):
                return True
    return False


def test_tuntap(r, helper):
    a = helper.tuntap(GATE)
    r.ok(a.rc == 0 and a.name == "tap0" and len(a.fds) == 1 and not a.rest and not a.stderr,
         "tuntap up: a tap and its name", a)
    r.equal(addresses("tap0"), [GATE + "/32"], "the host's end has GATE, with a mask of all ones")
    link = links()["tap0"]
    r.ok("UP" in link["flags"] and link["linkinfo"]["info_data"]["type"] == "tap" and
         not link["linkinfo"]["info_data"]["pi"], "it is up, and without packet information", link)
    r.equal(setting("ipv4/ip_forward"), "1", "the host forwards")
    r.ok(setting("ipv6/conf/tap0/disable_ipv6") in ("1", None), "a guest cannot be a router of IPv6 for the host")
    r.equal(setting("ipv4/conf/tap0/rp_filter"), "1", "nor send with addresses of others")
    os.set_blocking(a.fds[0], False)
    os.write(a.fds[0], umlnet.arp_request(b"\2\0\0\0\0\1", GUEST, GATE))
    c = helper.change("add", "tap0", GUEST)
    r.ok(c.rc == 0 and not c.rest and "uml_net:" not in c.log, "add", c)
    r.equal(guest_routes(), {GUEST: "tap0"}, "a route to the guest")
    r.equal(setting("ipv4/conf/tap0/proxy_arp"), "1", "the guest has ARP answered")
    r.equal(published(), {(GUEST, "d0")}, "the host's network has ARP answered for the guest")
    r.ok(arp_is_answered(GUEST), "and a station on it gets the answer")
    os.write(a.fds[0], umlnet.arp_request(b"\2\0\0\0\0\1", GUEST, GATE))

    def answered():
        try:
            frame = os.read(a.fds[0], 2000)
        except BlockingIOError:
            return False
        return frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\2"
    r.ok(eventually(answered, 5), "the descriptor is the tap: the host answers a frame from the guest")
    c = helper.change("add", "tap0", GUEST)
    r.ok(c.rc == 0 and guest_routes() == {GUEST: "tap0"}, "add again changes nothing", c)
    c = helper.call(4, "tuntap", "add", "tap0", NEXT, "255.255.255.0").length_and_log()
    r.ok(c.rc == 0 and guest_routes() == {GUEST: "tap0", NEXT: "tap0"}, "a second address, by tuntap add", c)
    c = helper.change("del", "tap0", GUEST)
    r.ok(c.rc == 0 and guest_routes() == {NEXT: "tap0"} and published() == {(NEXT, "d0")} and
         setting("ipv4/conf/tap0/proxy_arp") == "1", "del takes back what was for this address, no more", c)
    c = helper.change("del", "tap0", GUEST)
    r.ok(c.rc == 1 and GUEST in c.log, "del again is refused", c)
    c = helper.change("del", "tap0", NEXT)
    r.ok(c.rc == 0 and not guest_routes() and not published() and setting("ipv4/conf/tap0/proxy_arp") == "0",
         "del of the last one: nothing is left", c)
    nothing_left(r, "and no process")
    helper.change("add", "tap0", GUEST)
    r.equal(published(), {(GUEST, "d0")}, "add once more")
    os.close(a.fds[0])
    nothing_left(r, "the guest dies: the host forgets it, ARP included")
    r.ok("tap0" not in links(), "the interface is gone", links().keys())
    a = helper.tuntap(GATE)
    b = helper.tuntap(GATE)
    r.ok(a.name == "tap0" and b.name == "tap1" and addresses("tap1") == [GATE + "/32"],
         "two guests can share GATE", b)
    helper.change("add", "tap0", GUEST)
    c = helper.change("add", "tap1", GUEST)
    r.ok(c.rc == 1 and "another interface" in c.log and guest_routes() == {GUEST: "tap0"},
         "but an address of a guest has one of them only", c)
    os.close(a.fds[0])
    eventually(lambda: not published(), 5)
    c = helper.change("add", "tap1", GUEST)
    r.ok(c.rc == 0 and guest_routes() == {GUEST: "tap1"} and published() == {(GUEST, "d0")},
         "up to when that one is gone", c)
    os.close(b.fds[0])
    nothing_left(r, "both are gone")


def test_arp(r, helper):
    do("ip neigh add proxy %s dev d0" % NEXT)
    a = helper.tuntap(GATE)
    helper.change("add", "tap0", NEXT)
    helper.change("del", "tap0", NEXT)
    r.equal(published(marked=False), {(NEXT, "d0")}, "what the administrator published stays")
    do("ip neigh del proxy %s dev d0" % NEXT)
    helper.change("add", "tap0", GUEST)
    umlnet.stop(umlnet.helpers(helper.program))
    os.close(a.fds[0])
    eventually(lambda: "tap0" not in links(), 5)
    r.equal(published(), {(GUEST, "d0")}, "where the process that waits was killed, ARP is left")
    a = helper.tuntap(GATE)
    r.equal(published(), set(), "up to the next run")
    do("ip link set tap0 down")
    c = helper.change("add", "tap0", GUEST)
    r.ok(c.rc == 1 and "not up" in c.log and not published(), "add at an interface that is down is refused", c)
    do("ip link set tap0 up")
    helper.change("add", "tap0", GUEST)
    do("ip link set tap0 down")
    nothing_left(r, "an interface that was set down is none of a guest")
    os.close(a.fds[0])


def test_version3(r, helper):
    a = helper.tuntap("ignored", GATE, version=3)
    r.ok(a.rc == 0 and a.name == "tap0" and len(a.fds) == 1 and a.rest == b"\0" * 4, "version 3: tuntap up", a)
    c = helper.call(3, "tuntap", "add", "tap0", GUEST, "255.255.255.0").length_and_log()
    r.ok(c.rc == 0 and guest_routes() == {GUEST: "tap0"}, "version 3: tuntap add", c)
    c = helper.call(3, "tuntap", "del", "tap0", GUEST, "255.255.255.0").length_and_log()
    r.ok(c.rc == 0 and not guest_routes(), "version 3: tuntap del", c)
    os.close(a.fds[0])
    nothing_left(r, "version 3: nothing is left")


def test_ethertap(r, helper):
    e = Ethertap(helper, "tap4", GATE)
    r.ok(e.status == b"\1" and "uml_net:" not in e.log, "ethertap: it says that it works", e.log)
    r.equal(addresses("tap4"), [GATE + "/32"], "the interface that was named has GATE")
    log = e.change(0, GUEST)
    r.ok("uml_net:" not in log and guest_routes() == {GUEST: "tap4"} and published() == {(GUEST, "d0")},
         "an address comes by a message", log)
    e.data.send(b"\0\0" + umlnet.arp_request(b"\2\0\0\0\0\1", GUEST, GATE))
    end = time.monotonic() + 5
    frame = b""
    while time.monotonic() < end and frame[22:24] != b"\0\2":
        frame = e.data.recv(2000)
    r.ok(len(frame) == 2 + 42 and frame[14:16] == b"\x08\x06", "frames go both ways, behind two bytes", frame)
    for junk in (b"", b"\0", b"\0" * 15, b"\0" * 16, os.urandom(1000), b"\0" * 65000):
        e.data.send(junk)
    log = e.change(0, NEXT, pieces=True)
    r.ok(guest_routes() == {GUEST: "tap4", NEXT: "tap4"}, "a message may come in pieces", log)
    for op, addr, mask in ((2, GUEST, "255.0.0.0"), (-1, GUEST, "255.0.0.0"), (0, "127.0.0.1", "255.0.0.0"),
                           (0, "10.9.0.4", "255.0.255.0"), (0, "10.9.0.77", "255.255.255.0"),
                           (1, "10.9.0.4", "255.255.255.0")):
        log = e.change(op, addr, mask)
        r.ok(log.startswith("uml_net: ") and log.count("\n") == 1, "a message is refused: %s" % log.strip())
    log = e.change(1, GUEST)
    r.ok(guest_routes() == {NEXT: "tap4"} and published() == {(NEXT, "d0")}, "an address goes", log)
    busy = Ethertap(helper, "tap4", GATE)
    r.ok(busy.status == b"\0" and "tap4" in busy.log and "has it open" in busy.log and busy.wait() == 1,
         "another one for this interface is refused: %s" % busy.log.strip())
    busy.close()
    r.equal(e.end(), 0, "it ends with the guest, though it was given the guest's ends, too")
    nothing_left(r, "and takes everything with it")
    r.ok("tap4" not in links(), "the interface as well")
    for what in ("control", "data"):
        e = Ethertap(helper, "tap0", GATE, keep_all=False)
        e.change(0, GUEST)
        getattr(e, what).close()
        r.equal(e.wait(), 0, "it ends when %s is closed" % what)
        nothing_left(r, "and nothing is left")
        e.close()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        e = Ethertap(helper, "tap0", GATE)
        e.change(0, GUEST)
        e.proc.send_signal(number)
        r.equal(e.wait(), 0, "it ends by %s" % number.name)
        nothing_left(r, "and nothing is left")
        e.close()
    e = Ethertap(helper, "ethertap0")
    r.ok(e.status == b"\1" and not addresses("ethertap0") and "UP" in links()["ethertap0"]["flags"],
         "without GATE the interface is up, and that is all", e.log)
    do("ip link del ethertap0")
    r.equal(e.wait(), 0, "it ends when somebody removes the interface")
    e.close()
    do("ip tuntap add dev mytap mode tap user root")
    e = Ethertap(helper, "mytap", GATE)
    e.change(0, GUEST)
    r.ok(e.status == b"\1" and guest_routes() == {GUEST: "mytap"}, "an interface that stays serves, too", e.log)
    e.end()
    nothing_left(r, "and loses what it was given")
    r.ok(not addresses("mytap") and "UP" not in links()["mytap"]["flags"], "address included, but stays",
         addresses("mytap"))
    do("ip link del mytap")
    for name, fds in (("none", ["9"]), ("a file", [os.open("/dev/null", os.O_RDWR)])):
        a = helper.call(4, "ethertap", "tap0", *fds)
        r.ok(a.rc == 1 and a.raw[:1] == b"\0" and "DATAFD" in a.length_and_log(a.raw[1:]).log,
             "DATAFD that is %s: %s" % (name, a.log.strip()))


def slip_is_here():
    return any(row.split()[0] == "slip" for row in open("/proc/tty/ldiscs"))


def test_slip(r, helper):
    line = Line()
    a = helper.call(4, "slip", "up", GATE, stdin=line.slave).length_and_log()
    r.ok(a.rc == 0 and not a.rest, "slip up", a)
    names = re.findall(r"^\* interface (\S+)$", a.log, re.M)
    if slip_is_here() and not names:
        line.close()
        return
    r.equal(names, ["sl0"], "the log tells the interface")
    r.equal(addresses("sl0"), [GATE + "/32"], "it has GATE")
    c = helper.change("add", "sl0", GUEST)
    r.ok(c.rc == 0 and guest_routes() == {GUEST: "sl0"} and published() == {(GUEST, "d0")}, "add", c)
    carriers = [p for p in umlnet.helpers(helper.program)
                if b"\0slip\0up\0" in open("/proc/%d/cmdline" % p, "rb").read()]
    r.ok(len(carriers) == 1 and umlnet.status_of(carriers[0])["CapEff"].strip("0") == "",
         "what carries the packets has no rights")
    os.write(line.master, b"noise\xdb\x01\xc0" + b"\xc0" * 3 + b"x" * 70000 + b"\xc0")
    line.send(umlnet.echo_request(GUEST, GATE))
    want = line.encode(umlnet.echo_request(GATE, GUEST))[-22:]
    got = b""
    end = time.monotonic() + 5
    while time.monotonic() < end and not got.endswith(want):
        if select.select([line.master], [], [], 0.2)[0]:
            got += os.read(line.master, 65536)
    r.ok(got.endswith(want), "the host answers a packet on the line", got)
    c = helper.call(4, "slip", "down", "sl0", stdin=line.slave).length_and_log()
    r.ok(c.rc == 0 and "sl0" not in links(), "slip down", c)
    nothing_left(r, "and nothing is left")
    helper.call(4, "slip", "up", GATE, stdin=line.slave)
    helper.change("add", "sl0", GUEST)
    line.close()
    nothing_left(r, "the guest dies, and nothing is left")
    r.ok("sl0" not in links(), "the interface neither")
    a = helper.call(4, "slip", "up", GATE).length_and_log()
    r.ok(a.rc == 1 and "standard input" in a.log, "no tty: %s" % a.log.strip())
    do("ip tuntap add dev mytap mode tap user root")
    c = helper.call(4, "slip", "down", "mytap").length_and_log()
    r.ok(c.rc == 1 and "mytap" in links(), "slip down is for SLIP only: %s" % c.log.strip())
    do("ip link del mytap")


def test_hostile(r, helper):
    for dev in ("lo", "d0", "all", "default", "none"):
        c = helper.change("add", dev, GUEST)
        r.ok(c.rc == 1 and dev in c.log, "DEV %s is refused: %s" % (dev, c.log.strip()))
    a = helper.tuntap(GATE)
    for addr in ("10.9.0.77", "10.9.0.255", GATE):
        c = helper.change("add", "tap0", addr)
        r.ok(c.rc == 1 and addr in c.log and not guest_routes(), "ADDR %s is refused: %s" % (addr, c.log.strip()))
    b = helper.tuntap("10.9.0.255")
    r.ok(b.rc == 1 and not b.name and not b.fds and "GATE 10.9.0.255" in b.log, "GATE for all stations is refused", b)
    r.ok(b.log.count("\n") == 1 and b.stderr == b.log, "by one line, which is on standard error, too", b.stderr)
    r.ok("tap1" not in links(), "and no interface is left of it")
    helper.change("add", "tap0", GUEST)
    b = helper.tuntap(GUEST)
    r.ok(b.rc == 1 and "a guest has it" in b.log, "GATE that a guest has is refused", b)
    os.close(a.fds[0])
    # Without any standard descriptor, and without anybody who reads.
    code = "import os,sys; os.closerange(0, 3); os.execv(sys.argv[1], sys.argv[1:])"
    rc, _ = host([sys.executable, "-c", code, helper.program, "4", "tuntap", "up", GATE])
    r.equal(rc, 1, "without standard descriptors it opens none in their place")
    ours, theirs = socket.socketpair()
    ours.close()
    proc = helper.start([4, "add", "lo", GUEST, "255.0.0.0"], theirs)
    theirs.close()
    proc.communicate(timeout=20)
    r.equal(proc.returncode, 1, "where nobody reads the answer it ends, not by a signal")
    proc = helper.start([4, "add", "lo", GUEST, "255.0.0.0"], subprocess.PIPE)
    out, err = proc.communicate(timeout=20)
    r.ok(out[4:].rstrip(b"\0") == err and err.count(b"\n") == 1, "into a pipe: the answer, and the line", (out, err))
    nothing_left(r, "nothing is left of all that")


def as_root():
    netns.need_tun()
    r, helper = Results(), Helper(checked)
    lan()
    test_tuntap(r, helper)
    test_arp(r, helper)
    test_version3(r, helper)
    test_ethertap(r, helper)
    test_slip(r, helper)
    test_hostile(r, helper)
    return r


# ------------------------------------------------- users, who are not root

MS_REC, MS_PRIVATE, CLONE_NEWNS = 0x4000, 1 << 18, 0x20000


def has_users():
    """Not in a user namespace where root is all there is."""
    with open("/proc/self/uid_map") as f:
        ranges = [list(map(int, row.split())) for row in f]
    return any(first <= USER and OTHER < first + count for first, _, count in ranges)


def private_etc():
    """/etc of our own, and a program with the rights of root in it that is gone
    with this process, however it ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not has_users():
        raise netns.Unavailable("no other users here")
    if libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) or \
            libc.mount(b"none", b"/etc", b"tmpfs", 0, b"mode=755"):
        raise netns.Unavailable("no mounts: %s" % os.strerror(ctypes.get_errno()))
    for name, text in (("passwd", "root:x:0:0::/:/bin/sh\nalice:x:%d:%d::/:/bin/sh\n" % (USER, USER)),
                       ("group", "root:x:0:\nguests:x:%d:\n" % GROUP), ("nsswitch.conf", "passwd: files\ngroup: files\n")):
        with open("/etc/" + name, "w") as f:
            f.write(text)
    shutil.copy(plain, "/etc/uml_net")
    os.chmod("/etc/uml_net", 0o4755)
    return "/etc/uml_net"


def config(text, mode=0o644, uid=0):
    with open("/etc/uml_net.conf", "w") as f:
        f.write(text)
    os.chown("/etc/uml_net.conf", uid, 0)
    os.chmod("/etc/uml_net.conf", mode)


def test_defaults(r, alice, bob):
    a = alice.tuntap(NEXT)
    r.ok(a.rc == 1 and "10.9.0.3" in a.log and "/etc/uml_net.conf" in a.log,
         "without a file: no address of a network of the host", a)
    a = alice.tuntap("8.8.8.8")
    r.ok(a.rc == 1 and "private" in a.log, "nor one that is not private", a)
    a = alice.tuntap("192.168.5.1")
    r.ok(a.rc == 0 and a.fds, "but a private one that the host knows no way to", a)
    a2 = alice.tuntap("10.9.0.77")
    r.ok(a2.rc == 0 and a2.name == "tap1", "or, for GATE, one that the host has", a2)
    r.equal(links()["tap0"]["linkinfo"]["info_data"].get("user"), "alice", "the interface is the user's")
    for addr in (NEXT, "8.8.8.8", "10.9.0.77", "192.168.5.1"):
        c = alice.change("add", "tap0", addr)
        r.ok(c.rc == 1 and addr in c.log and not guest_routes(), "the same for ADDR: %s" % c.log.strip())
    c = alice.change("add", "tap0", "192.168.5.2")
    r.ok(c.rc == 0 and guest_routes() == {"192.168.5.2": "tap0"}, "the same for ADDR that is allowed", c)
    do("ip route add 192.168.6.0/24 via 10.9.0.200", "ip route add default via 10.9.0.200")
    c = alice.change("add", "tap0", "192.168.6.2")
    r.ok(c.rc == 1 and "route" in c.log, "a network that is routed is none of theirs", c)
    c = alice.change("add", "tap0", "192.168.7.2")
    r.ok(c.rc == 0, "the default route does not count", c)
    do("ip route del default", "ip route del 192.168.6.0/24")
    for op in ("add", "del"):
        c = bob.change(op, "tap0", "192.168.5.2" if op == "del" else "192.168.5.3")
        r.ok(c.rc == 1 and "belong" in c.log and "192.168.5.2" in guest_routes(),
             "%s at another user's interface: %s" % (op, c.log.strip()))
    c = bob.call(4, "slip", "down", "tap0").length_and_log()
    r.ok(c.rc == 1 and "tap0" in links(), "nor can he take it away", c)
    b = bob.tuntap("192.168.5.2")
    r.ok(b.rc == 1 and "guest" in b.log, "nor have the address of its guest", b)
    for fd in a.fds + a2.fds:
        os.close(fd)
    nothing_left(r, "alice's guests are gone")


def test_ownership(r, alice, bob, group):
    do("ip tuntap add dev hers mode tap user %d" % USER, "ip tuntap add dev theirs mode tap group %d" % GROUP,
       "ip tuntap add dev nobodys mode tap", "ip link set hers up", "ip link set theirs up", "ip link set nobodys up")
    for who, name, dev, good in ((alice, "its user", "hers", True), (bob, "another user", "hers", False),
                                 (group, "a member", "theirs", True), (alice, "no member", "theirs", False),
                                 (alice, "anybody, where it is nobody's,", "nobodys", False),
                                 (alice, "a user, of what is no tap,", "d0", False)):
        c = who.change("add", dev, "192.168.5.9")
        r.ok((c.rc == 0) == good and ("192.168.5.9" in guest_routes()) == good,
             "%s %s use %s" % (name, "may" if good else "may not", dev), c)
        if good:
            who.change("del", dev, "192.168.5.9")
    e = Ethertap(bob, "hers", "192.168.5.1")
    r.ok(e.status == b"\0" and "belong" in e.log, "ethertap at another user's interface: %s" % e.log.strip())
    e.end()
    for dev in ("eth7", "all", "wlan0", "tap", "tapx"):
        e = Ethertap(alice, dev, "192.168.5.1")
        r.ok(e.status == b"\0" and dev in e.log and dev not in links(), "a new interface %s: %s" % (dev, e.log.strip()))
        e.end()
    e = Ethertap(alice, "tap9", "192.168.5.1")
    status = umlnet.status_of(e.proc.pid)
    r.ok(e.status == b"\1" and set(status["Uid"].split()) == {str(USER)} and set(status["Gid"].split()) == {str(USER)} and
         int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 1 << 12 and status["NoNewPrivs"] == "1",
         "ethertap goes on as the user, with CAP_NET_ADMIN alone", status)
    files = os.listdir("/proc/%d/fd" % e.proc.pid)
    r.ok(len(files) <= 8, "and with the descriptors that it needs", files)
    r.equal(e.end(), 0, "up to the end")
    line = Line()
    os.fchown(line.slave, OTHER, -1)
    c = alice.call(4, "slip", "up", "192.168.5.1", stdin=line.slave).length_and_log()
    r.ok(c.rc == 1 and "not your tty" in c.log, "slip on another user's tty: %s" % c.log.strip())
    os.fchown(line.slave, USER, -1)
    c = alice.call(4, "slip", "up", "192.168.5.1", stdin=line.slave).length_and_log()
    r.ok(c.rc == 0, "slip on one's own", c)
    if "* interface sl0" in c.log:
        c = bob.call(4, "slip", "down", "sl0", stdin=line.slave).length_and_log()
        r.ok(c.rc == 1 and "sl0" in links(), "slip down by another user: %s" % c.log.strip())
        c = alice.call(4, "slip", "down", "sl0", stdin=line.slave).length_and_log()
        r.ok(c.rc == 0 and "sl0" not in links(), "slip down by the user", c)
    line.close()
    do("ip link del hers", "ip link del theirs", "ip link del nobodys")
    nothing_left(r, "nothing is left of users' interfaces")
    fds = []
    while len(fds) < 70:
        a = alice.tuntap("192.168.5.1")
        if a.rc:
            break
        fds += a.fds
    r.ok(len(fds) == 64 and "64 interfaces" in a.log, "a user has 64 interfaces at most", a)
    for fd in fds:
        os.close(fd)


def test_config(r, alice, bob, group):
    config("# who may have what\nallow user alice address 10.9.0.0/28, 10.8.0.1-10.8.0.3\n".replace(", ", ",") +
           "allow group guests device tap*,my* address 10.7.0.1\n\nallow everyone device tap7 address 10.6.0.1\n")
    for who, name, addr, good in ((alice, "alice", "10.9.0.3", True), (alice, "alice", "10.9.0.16", False),
                                  (alice, "alice", "10.8.0.3", True), (alice, "alice", "10.8.0.4", False),
                                  (bob, "bob", "10.9.0.3", False), (group, "a member", "10.7.0.1", True),
                                  (bob, "bob", "10.7.0.1", False), (alice, "alice", "192.168.5.1", False),
                                  (bob, "everyone, at another tap,", "10.6.0.1", False)):
        a = who.tuntap(addr)
        r.ok((a.rc == 0) == good and bool(a.fds) == good, "by the file %s %s have %s" % (
            name, "may" if good else "may not", addr), a)
        for fd in a.fds:
            os.close(fd)
        eventually(lambda: "tap0" not in links(), 5)
    e = Ethertap(bob, "tap7", "10.6.0.1")
    r.ok(e.status == b"\1", "everyone, at this tap, may", e.log)
    e.end()
    e = Ethertap(group, "mynet", "10.7.0.1")
    r.ok(e.status == b"\1" and "mynet" in links(), "a rule can allow other names", e.log)
    e.end()
    e = Ethertap(bob, "mynet", "10.6.0.1")
    r.ok(e.status == b"\0" and "mynet" not in links(), "to whom it is about: %s" % e.log.strip())
    e.end()
    a = alice.tuntap("10.9.0.3")
    c = alice.change("add", "tap0", "10.9.0.4")
    r.ok(c.rc == 0 and published() == {("10.9.0.4", "d0")}, "an address of a network of the host, where it is allowed", c)
    pids = umlnet.helpers(alice.program)
    r.ok(len(pids) == 1 and umlnet.status_of(pids[0])["Uid"].split() == [str(USER)] * 4,
         "what waits for the end is the user's", pids)
    os.close(a.fds[0])
    nothing_left(r, "and ends with it")
    for name, text, mode, uid, word in (
            ("others may write to it", "allow everyone address 0.0.0.0/0\n", 0o666, 0, "write"),
            ("its group may", "allow everyone address 0.0.0.0/0\n", 0o664, 0, "write"),
            ("it is not root's", "allow everyone address 0.0.0.0/0\n", 0o644, USER, "root"),
            ("it has a mistake", "allow everyone address 0.0.0.0/0\nallow all address 10.0.0.0/8\n", 0o644, 0, ":2: all"),
            ("it has no rules", "", 0o644, 0, "does not allow")):
        config(text, mode, uid)
        a = alice.tuntap("192.168.5.1")
        r.ok(a.rc == 1 and "/etc/uml_net.conf" in a.log and word in a.log and a.log.count("uml_net: ") == 1,
             "nobody may do anything where %s: %s" % (name, a.log.strip().splitlines()[-1]), a)
    config("allow everyone address 192.168.5.1\n", 0o600)
    a = alice.tuntap("192.168.5.1")
    r.ok(a.rc == 0, "root alone may read it", a)
    os.close(a.fds[0])
    os.rename("/etc/uml_net.conf", "/etc/real")
    os.symlink("/etc/real", "/etc/uml_net.conf")
    a = alice.tuntap("192.168.5.1")
    r.ok(a.rc == 1 and "/etc/uml_net.conf" in a.log, "a link is no such file", a)
    os.unlink("/etc/uml_net.conf")


def test_capability(r, alice):
    os.chmod(alice.program, 0o755)
    do("ip tuntap add dev hers mode tap user %d" % USER, "ip link set hers up")
    c = alice.change("add", "hers", "192.168.5.2")
    r.ok(c.rc == 1 and "CAP_NET_ADMIN" in c.log, "without any rights: %s" % c.log.strip())
    # Permitted and effective, as setcap(8) has it.
    os.setxattr(alice.program, "security.capability", struct.pack("<5I", 0x02000001, 1 << 12, 0, 0, 0))
    c = alice.change("add", "hers", "192.168.5.2")
    r.ok(c.rc == 0 and guest_routes() == {"192.168.5.2": "hers"}, "with CAP_NET_ADMIN of the file", c)
    c = alice.change("del", "hers", "192.168.5.2")
    r.ok(c.rc == 0 and not guest_routes(), "and del", c)
    do("ip link del hers")


# ---------------------------------------------------------------- attacks

WORDS = ["3", "4", "5", "", "-1", "99999999999999999999", "tuntap", "up", "down", "add", "del", "slip", "ethertap", "vnet", "tap0",
         "tap9", "d0", "lo", "all", "192.168.5.1", "192.168.5.2", "10.9.0.1", "255.255.255.0", "0", "1", "2", "3", "../../etc/passwd",
         "tap0;id", "$(id)", "%s%n%s%n", " ", "\n", "\x7f", "\udcff\udcfe", "a" * 300, "-unix", "--", "--help\n"]


def attack(helper, args, before=None, env=None, executable=None, close=()):
    """It is started as by its user, with that done before; (status, what it says)."""
    def there():
        for fd in close:
            os.close(fd)
        if before:
            before()
    proc = subprocess.Popen(args, executable=executable or helper.program, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, user=helper.uid, group=helper.gid, extra_groups=[], preexec_fn=there, env=env)
    out, err = proc.communicate(timeout=20)
    return proc.returncode, err.decode("utf-8", "replace")


def attack_argv(r, alice, rng):
    libc = ctypes.CDLL(None)
    program = alice.program.encode()

    def nothing():
        libc.execve(program, (ctypes.c_char_p * 1)(), (ctypes.c_char_p * 1)())
    odd = [("no arguments at all", ["x"], nothing), ("an empty name", [""], None), ("many words", ["x", "4"] + ["add"] * 5000, None),
           ("a long word", ["x", "4", "tuntap", "up", "1" * 100000], None)]
    for name, args, before in odd:
        rc, err = attack(alice, args, before)
        r.ok(rc == 1 and err.count("\n") == 1 and len(err) < 300, "%s: one line" % name, (rc, err[:300]))
    bad = []
    for _ in range(3000 if SOAK else 150):
        args = ["x"] + [rng.choice(WORDS) for _ in range(rng.randrange(7))]
        rc, err = attack(alice, args)
        # There may be what is right among them; then nobody takes its descriptor.
        if rc not in (0, 1) or err.count("\n") > 1 or (rc and not err) or re.search(r"[\0-\x09\x0b-\x1f\x7f]", err):
            bad.append((args, rc, err))
    r.equal(bad[:3], [], "words at random: an answer, or one line")
    nothing_left(r, "nothing is left of odd words")


def attack_environment(r, alice):
    d = "/etc/evil"
    os.mkdir(d)
    os.chmod(d, 0o777)
    marker = os.path.join(d, "marker")
    with open(os.path.join(d, "evil.c"), "w") as f:
        f.write("#include <fcntl.h>\n__attribute__((constructor)) static void f(void) { open(\"%s\", O_CREAT | O_WRONLY, 0666); }\n" % marker)
    lib = os.path.join(d, "evil.so")
    r.equal(host(["gcc", "-shared", "-fPIC", "-o", lib, os.path.join(d, "evil.c")])[0], 0, "a library that leaves a mark")
    for name in ("ip", "ifconfig", "route", "arp", "modprobe", "sh", "logger"):
        with open(os.path.join(d, name), "w") as f:
            f.write("#!/bin/sh\n: > %s\n" % marker)
        os.chmod(os.path.join(d, name), 0o755)
    shutil.copy(lib, os.path.join(d, "libc.so.6"))
    env = {"LD_PRELOAD": lib, "LD_AUDIT": lib, "LD_LIBRARY_PATH": d, "PATH": d, "GCONV_PATH": d, "IFS": "/", "BASH_ENV": d + "/sh",
           "ENV": d + "/sh", "TMPDIR": d, "HOME": d, "LOCPATH": d, "NLSPATH": d + "/%N", "MALLOC_CHECK_": "7", "GLIBC_TUNABLES": "x" * 9000}
    for args in (["4", "tuntap", "up", "192.168.5.1"], ["4", "add", "d0", GUEST, "255.0.0.0"], ["--version"]):
        attack(alice, ["x"] + args, env=env)
    r.ok(not os.path.exists(marker), "the environment makes it run nothing else")
    rc, _ = attack(alice, ["true"], executable="/bin/true", env={"LD_PRELOAD": lib})
    r.ok(rc == 0 and os.path.exists(marker), "as it does with other programs", (rc, os.listdir(d)))
    shutil.rmtree(d)
    nothing_left(r, "nothing is left of that")


def attack_limits(r, alice):
    def files(n):
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))

    def limit(what, n):
        return lambda: resource.setrlimit(what, (n, n))
    seen = []
    for close in ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)):
        for n in (0, 3, 4, 5, 6, 7, 8, 64):
            rc, err = attack(alice, ["x", "4", "tuntap", "up", "192.168.5.1"], files(n), close=close)
            # It does not begin without a descriptor for its library, nor, as libc sees
            # to by a fault, if it had none to fill in for those of the standard.
            if rc not in (0, 1, 127) and (n or not close or rc != -signal.SIGSEGV):
                seen.append((close, n, rc, err))
    r.equal(seen, [], "closed descriptors, and few of them")
    for what, values in ((resource.RLIMIT_FSIZE, (0, 1)), (resource.RLIMIT_NPROC, (0, 1)), (resource.RLIMIT_STACK, (65536, 1 << 18)),
                         (resource.RLIMIT_DATA, (0, 1 << 16, 1 << 20)), (resource.RLIMIT_MEMLOCK, (0,)), (resource.RLIMIT_AS, (1 << 22, 1 << 23))):
        for n in values:
            try:
                attack(alice, ["x", "4", "tuntap", "up", "192.168.5.1"], limit(what, n))
            except (OSError, subprocess.SubprocessError):
                pass
    nothing_left(r, "nothing is left with any limits")


def attack_moments(r, alice, bob, rng):
    """Killed and stopped at any time."""
    for _ in range(600 if SOAK else 40):
        a = alice.tuntap("192.168.5.1")
        proc = alice.start([4, rng.choice(("add", "del")), a.name, "192.168.5.2", "255.0.0.0"], subprocess.DEVNULL)
        time.sleep(rng.uniform(0, 0.006))
        proc.kill()
        proc.communicate()
        for fd in a.fds:
            os.close(fd)
        proc = alice.start([4, "tuntap", "up", "192.168.5.1"], subprocess.DEVNULL)
        time.sleep(rng.uniform(0, 0.006))
        proc.kill()
        proc.communicate()
    b = bob.tuntap("192.168.5.1")
    r.ok(b.rc == 0, "killed at any time: another user goes on", b)
    for fd in b.fds:
        os.close(fd)
    nothing_left(r, "and nothing is left")
    for _ in range(20):
        proc = alice.start([4, "tuntap", "up", "192.168.5.1"], subprocess.DEVNULL)
        time.sleep(rng.uniform(0, 0.006))
        proc.send_signal(signal.SIGSTOP)
        b = bob.tuntap("192.168.7.1")
        good = b.rc == 0
        for fd in b.fds:
            os.close(fd)
        proc.kill()
        proc.communicate()
        if not good:
            break
    r.ok(good, "one that is stopped stops nobody else", b)
    nothing_left(r, "and nothing is left of it")


def attack_races(r, alice, bob):
    """All want the same address at once."""
    both = []
    for _ in range(100 if SOAK else 10):
        taps = [(who, who.tuntap("192.168.5.1" if who is alice else "192.168.7.1")) for who in (alice, alice, bob, bob)]
        with concurrent.futures.ThreadPoolExecutor(len(taps)) as pool:
            answers = list(pool.map(lambda t: t[0].change("add", t[1].name, "192.168.8.8"), taps))
        routes = [k for k in guest_routes() if k == "192.168.8.8"]
        if sum(a.rc == 0 for a in answers) != 1 or len(routes) != 1:
            both.append(([str(a) for a in answers], routes))
        for _, tap_ in taps:
            for fd in tap_.fds:
                os.close(fd)
        eventually(lambda: not guest_routes(), 10)
    r.equal(both[:2], [], "of those who want an address at once, one gets it")
    nothing_left(r, "and nothing is left of them")


PRY = """
import ctypes, os, sys
libc, pid = ctypes.CDLL(None, use_errno=True), int(sys.argv[1])
def call(*args):
    ctypes.set_errno(0)
    return "refused" if libc.syscall(*args) < 0 and ctypes.get_errno() in (1, 13) else "open"
def look(f, *args):
    try:
        f(*args)
        return "open"
    except OSError as e:
        return "refused"
print("attach", call(101, 16, pid, 0, 0), "seize", call(101, 0x4206, pid, 0, 0))
print("mem", look(open, "/proc/%d/mem" % pid, "rb+", 0), "fds", look(os.listdir, "/proc/%d/fd" % pid),
      "maps", look(lambda: open("/proc/%d/maps" % pid).read()), "environ", look(lambda: open("/proc/%d/environ" % pid).read()))
fd = libc.syscall(434, pid, 0)
print("getfd", call(438, fd, 3, 0))
"""


def attack_process(r, alice):
    """One that stays has the user's identity and a capability that the user has not."""
    e = Ethertap(alice, "tap9", "192.168.5.1")
    r.equal(e.status, b"\1", "one that stays")
    proc = subprocess.run(["/usr/bin/python3", "-c", PRY, str(e.proc.pid)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          user=alice.uid, group=alice.gid, extra_groups=[])
    r.ok(proc.stdout.count("refused") == 7 and "open" not in proc.stdout, "its user can neither trace it nor look into it", proc.stdout)
    e.end()
    link = "/etc/sh"
    os.symlink(alice.program, link)
    rc, err = attack(alice, ["-sh", "-c", "id"], executable=link)
    r.ok(rc == 1 and err.count("\n") == 1, "by another name it is the same", (rc, err))
    os.unlink(link)
    nothing_left(r, "nothing is left of it")


def test_attacks(r, alice, bob):
    seed = int(os.environ.get("UMTEST_SEED") or time.time())
    rng = random.Random(seed)
    r.ok(True, "attacks by a user; UMTEST_SEED=%d" % seed)
    with open("/etc/passwd") as f:
        passwd = f.read()
    files = sorted(os.listdir("/etc"))
    for kind, users in ((attack_argv, (alice, rng)), (attack_environment, (alice,)), (attack_limits, (alice,)),
                        (attack_moments, (alice, bob, rng)), (attack_races, (alice, bob)), (attack_process, (alice,))):
        began = time.monotonic()
        kind(r, *users)
        tap.diag("%s: %.1f s" % (kind.__name__, time.monotonic() - began))
    with open("/etc/passwd") as f:
        r.equal((f.read(), sorted(os.listdir("/etc"))), (passwd, files), "and /etc is what it was")


def as_users():
    netns.need_tun()
    r, program = Results(), private_etc()
    lan()
    alice, bob = Helper(program, USER, USER), Helper(program, OTHER, OTHER)
    group = Helper(program, OTHER, OTHER, [GROUP])
    test_defaults(r, alice, bob)
    test_ownership(r, alice, bob, group)
    test_config(r, alice, bob, group)
    test_attacks(r, alice, bob)
    test_capability(r, alice)
    return r


# -------------------------------------------------------- beside the others

def facts():
    """What a guest and its network have of it."""
    return {
        "gate": addresses("tap0"), "up": "UP" in links()["tap0"]["flags"],
        "routes": {(x["dst"], x["dev"]) for x in umlnet.ip("route") if x["dst"] != "10.9.0.0/24"},
        "published": published(marked=False), "forward": setting("ipv4/ip_forward"),
        "proxy": setting("ipv4/conf/tap0/proxy_arp"),
    }


def sequence(program):
    helper = Helper(program)
    seen = []
    a = helper.tuntap(GATE)
    seen.append((a.rc, a.name, len(a.fds), facts()))
    for op in ("add", "del"):
        c = helper.change(op, "tap0", GUEST)
        seen.append((op, c.rc, facts()))
    os.close(a.fds[0])
    eventually(lambda: "tap0" not in links(), 5)
    return seen


def beside_debian():
    netns.need_tun()
    r = Results()
    lan()
    theirs = sequence(DEBIAN_HELPER)
    do("ip link del d0")
    lan()
    ours = sequence(plain)
    for one, other in zip(ours, theirs):
        r.ok(one == other, "the same as Debian's does after %s" % (one[0] or "tuntap up"), (one, other))
    return r


def debian_guest(initrd):
    netns.need_tun()
    r = Results()
    lan()
    env = {"PATH": os.path.dirname(plain) + ":" + os.environ["PATH"]}
    g = patiently(lambda: boot("eth0=tuntap,,,%s" % GATE, "eth1=ethertap,tap7,,%s" % GATE, linux=peer(), initrd=initrd,
                               mem="128M", env=env))
    with g:
        for dev, addr, there in (("eth0", GUEST, "tap0"), ("eth1", NEXT, "tap7")):
            status, text = g.run("ip addr add %s/24 dev %s && ip link set %s up && ping -c 2 -W 2 %s" % (
                addr, dev, dev, GATE))
            r.ok(status == 0, "Debian's guest: %s reaches the host" % dev, tail(text, 5))
            r.ok(guest_routes() == {addr: there} and published() == {(addr, "d0")}, "and the host knows it", guest_routes())
            status, text = g.run("ip link set %s down" % dev)
            r.ok(not guest_routes() and not published(), "it is down, and the host forgets", guest_routes())
        g.run("ip link set eth0 up; ip link set eth1 up")
        r.equal(len(guest_routes()), 2, "both are up again")
    nothing_left(r, "the guest is killed, and the host forgets")
    return r


def relay(function, *args, what):
    try:
        if not which("ip"):
            raise netns.Unavailable("no ip (Debian: iproute2)")
        for good, name in netns.run(function, *args):
            tap.ok(good, name)
    except netns.Unavailable as e:
        tap.skip(e, what)


def installed():
    """With the rights of root by root, in a package as well."""
    where = tmpdir()
    rc, text = host(["make", "-s", "-C", os.path.join(TOP, "tools/net"), "O=" + os.path.dirname(plain),
                     "install", "PREFIX=/usr", "DESTDIR=" + where])
    if not tap.equal(rc, 0, "make install DESTDIR="):
        tap.diag(text)
        return
    mode = stat.S_IMODE(os.stat(where + "/usr/bin/uml_net").st_mode)
    tap.equal(oct(mode), oct(0o755 if os.geteuid() else 0o4755), "its mode")
    tap.ok(os.path.exists(where + "/usr/share/man/man8/uml_net.8"), "its man page")


command_line()
installed()
relay(as_root, what="what root does")
if os.geteuid():
    tap.skip("it takes root to be several users", "what users may do")
    tap.skip("it takes root", "the same as Debian's")
else:
    relay(as_users, what="what users may do")
    if os.access(DEBIAN_HELPER, os.X_OK) and all(map(which, ("ifconfig", "route", "arp"))):
        relay(beside_debian, what="the same as Debian's")
    else:
        tap.skip("no uml-utilities, or no net-tools", "the same as Debian's")
if lacks_peer():
    tap.skip(lacks_peer(), "Debian's guest")
else:
    relay(debian_guest, initramfs(), what="Debian's guest")
no_leftovers()
tap.done()
