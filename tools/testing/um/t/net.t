#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Network devices over each of their transports, in networks of their own: ping, much TCP,
# fragments, MTUs, up and down, added and removed, and the other end going and coming.
# umtest: waits
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
import fcntl
import lines
import netns
import random
import select
import socket
import struct
import threading
from net import *
from switch import Switch
from umlnet import do

# Guests look for it beside themselves first.
HELPER = os.path.join(os.path.dirname(LINUX), "build/tools/uml_net")
if not os.path.exists(HELPER):
    HELPER = host_tool("uml_net")
HELPER_PATH = os.path.dirname(HELPER) + ":" + os.environ["PATH"]


def lo():
    do("ip link set lo up", "ip route add 224.0.0.0/4 dev lo")


# ------------------------------------------------------------ guest to guest

def two(r, name, spec, spec2=None, gone=None, **kw):
    with Node(spec, 1, **kw) as a, Node(spec2 or spec, 2, **kw) as b:
        b.serve()
        exercise(r, name, a, b.addr, b.addr6)
        plug(r, name, a, b.addr)
        if gone:
            gone(a, b)
        a.end(r, name)
        b.end(r, name + ", the other")
    return r


@part
def mcast(r):
    lo()
    return two(r, "mcast", "mcast")


@part
def mcast_options(r):
    """Another group does not hear; our own frames do not come back.  The host has an address
    elsewhere than where the route to the groups leads."""
    lo()
    do("ip link add v0 type veth peer name v1", "ip address add 10.1.1.1/24 dev v0", "ip link set v0 up", "ip link set v1 up")
    with Node("mcast,fe:fd:0:0:0:1,239.192.168.2,1103,0", 1) as a, Node("mcast,,239.192.168.2,1103,0", 2) as b, \
            Node("mcast,,,1103", 3) as c:
        r.equal(a.text("cat /sys/class/net/eth0/address"), "fe:fd:00:00:00:01", "mcast: the MAC address that was given")
        r.equal(b.text("cat /sys/class/net/eth0/address"), "fe:fd:0a:09:00:02", "mcast: that of the IPv4 address")
        r.ok(a.pings(b.addr), "mcast: a group of their own")
        r.ok(c.run("ping -c 1 -W 1 " + a.addr)[0], "mcast: which others do not hear")
        before = int(a.text("cat /sys/class/net/eth0/statistics/rx_packets"))
        a.run("for i in 1 2 3 4 5; do arping -c 1 -w 1 -I eth0 10.9.0.77; done")
        after = int(a.text("cat /sys/class/net/eth0/statistics/rx_packets"))
        r.ok(after - before < 5, "mcast: what a guest sends does not come back to it", after - before)
        for node in (a, b, c):
            node.end(r, "mcast " + node.umid)
    return r


@part
def ucast(r):
    do("ip link set lo up")
    return two(r, "ucast", "ucast,127.0.0.1,2001,2002", "ucast,,127.0.0.1,2002,2001")


@part
def switch(r):
    """Also one that comes later, and one that ends and is started again."""
    do("ip link set lo up")
    os.chdir(tmpdir())
    spec = "daemon,,unix," + os.path.abspath("ctl")
    with Node(spec, 1) as a:
        r.equal(a.carrier(), "0", "daemon: no carrier where no switch is")
        r.equal(a.text("dmesg | grep -c 'no switch is there'"), "1", "daemon: which is said once")
        with Switch() as s:
            r.ok(eventually(lambda: a.carrier() == "1"), "daemon: it has one when the switch comes")
            with Node(spec, 2) as b:
                b.serve()
                exercise(r, "daemon", a, b.addr, b.addr6)
                plug(r, "daemon", a, b.addr)
                s.kill(signal.SIGTERM)
                r.ok(eventually(lambda: (a.carrier(), b.carrier()) == ("0", "0")), "daemon: the switch ends, no carrier")
                time.sleep(2.5)
                r.equal(a.text("dmesg | grep -c 'the other end is gone'"), "1", "daemon: it is said once")
                with Switch():
                    r.ok(eventually(lambda: (a.carrier(), b.carrier()) == ("1", "1")), "daemon: it comes back")
                    r.ok(a.pings(b.addr), "daemon: ping")
                    b.end(r, "daemon, the other")
        a.end(r, "daemon")
    return r


# ------------------------------------------------------------ sockets

@part
def stream(r):
    do("ip link set lo up")
    os.chdir(tmpdir())
    path = os.path.abspath("stream")

    def gone(a, b):
        rc, text = b.ask("remove", "eth0")
        r.ok(eventually(lambda: a.carrier() == "0"), "stream: the other end goes, no carrier")
        rc, text = b.ask("config", "eth0=" + b.spec)
        b.configure()
        r.ok(eventually(lambda: a.carrier() == "1"), "stream: it comes back")
        r.ok(a.pings(b.addr), "stream: ping")
    return two(r, "stream", "stream,%s,server" % path, "stream,," + path, gone=gone)


@part
def dgram(r):
    do("ip link set lo up")
    os.chdir(tmpdir())
    a, b = os.path.abspath("a"), os.path.abspath("b")
    return two(r, "dgram", "dgram,%s,%s" % (a, b), "dgram,,%s,%s" % (b, a))


@part
def descriptor(r):
    do("ip link set lo up")
    for kind, name in ((socket.SOCK_DGRAM, "datagrams"), (socket.SOCK_SEQPACKET, "messages"), (socket.SOCK_STREAM, "a stream")):
        x, y = socket.socketpair(socket.AF_UNIX, kind)
        name = "fd: " + name
        with Node("fd,%d" % x.fileno(), 1, pass_fds=[x.fileno()]) as a, \
                Node("fd,%d" % y.fileno(), 2, pass_fds=[y.fileno()]) as b:
            x.close()
            y.close()
            b.serve()
            exercise(r, name, a, b.addr, b.addr6, mib=20)
            a.end(r, name)
            b.end(r, name + ", the other")
    return r


# ------------------------------------------------------------ the host

def host_end(dev, peer=False):
    do("ip address add 10.9.0.1/24 dev " + dev, "ip -6 address add fd09::1/64 dev %s nodad" % dev, "ip link set %s up" % dev)


@part
def tuntap(r):
    """One that is there, without any privilege at the guest's start."""
    netns.need_tun()
    do("ip link set lo up", "ip tuntap add dev tap0 mode tap")
    host_end("tap0")
    server = Server()
    with Node("tuntap,tap0", 2) as a:
        r.equal(a.text("cat /sys/class/net/eth0/address"), "fe:fd:0a:09:00:02", "tuntap: the MAC address of the IPv4 address")
        exercise(r, "tuntap", a, "10.9.0.1", "fd09::1")
        r.ok(a.run("cat /sys/class/net/eth0/um/stats")[0], "tuntap: no process serves it")
        plug(r, "tuntap", a, "10.9.0.1")
        do("ip link set tap0 down")
        time.sleep(0.3)
        do("ip link set tap0 up", "ip -6 address add fd09::1/64 dev tap0 nodad")
        r.ok(a.pings("10.9.0.1"), "tuntap: the host's end was down and is up again")
        do("ip link del tap0")
        r.ok(eventually(lambda: a.carrier() == "0"), "tuntap: the interface is removed, no carrier")
        do("ip tuntap add dev tap0 mode tap")
        host_end("tap0")
        r.ok(eventually(lambda: a.carrier() == "1"), "tuntap: it is there again")
        r.ok(a.pings("10.9.0.1"), "tuntap: ping")
        a.end(r, "tuntap")
    server.close()
    return r


@part
def tuntap_kinds(r):
    """One of several queues; one without offloads; one that the guest makes."""
    netns.need_tun()
    do("ip link set lo up", "ip tuntap add dev tap0 mode tap multi_queue", "ip tuntap add dev tap1 mode tap")
    host_end("tap0")
    with Node("tuntap,tap0,fe:fd:0:0:0:9", 2) as a:
        r.ok(a.pings("10.9.0.1"), "tuntap: one with several queues")
        a.end(r, "several queues")
    with Node("tuntap", 2, configure=False) as a:
        names = [n for n in umlnet.links() if n not in ("lo", "tap0", "tap1", "sit0")]
        r.equal(names, ["tap2"], "tuntap: the user may make one, it is the next free one")
        rc, text = a.ask("remove", "eth0")
        r.ok("tap2" not in umlnet.links(), "tuntap: it goes with the device")
        a.end(r, "its own")
    return r


@part
def helper(r):
    """uml_net makes the tap, and what the host needs."""
    netns.need_tun()
    do("ip link set lo up")
    server = Server()
    with Node("tuntap,,,10.9.0.1", 2, env={"PATH": HELPER_PATH}) as a:
        r.ok(eventually(lambda: "10.9.0.2" in " ".join(umlnet.guest_routes())), "uml_net: the host has a route to the guest")
        exercise(r, "uml_net", a, "10.9.0.1")
        plug(r, "uml_net", a, "10.9.0.1")
        a.run("ip address del 10.9.0.2/24 dev eth0")
        r.ok(eventually(lambda: not umlnet.guest_routes()), "uml_net: which goes with the address")
        a.end(r, "uml_net")
    server.close()
    return r


@part
def ethertap(r):
    netns.need_tun()
    do("ip link set lo up")
    server = Server()
    with Node("ethertap,tap7,fe:fd:0:0:0:1,10.9.0.1", 2, env={"PATH": HELPER_PATH}) as a:
        r.ok(eventually(lambda: "10.9.0.2" in " ".join(umlnet.guest_routes())), "ethertap: the host has a route to the guest")
        exercise(r, "ethertap", a, "10.9.0.1")
        plug(r, "ethertap", a, "10.9.0.1")
        pids = umlnet.helpers(HELPER)
        r.equal(len(pids), 1, "ethertap: one helper serves it")
        os.kill(pids[0], signal.SIGTERM)
        r.ok(eventually(lambda: a.text("dmesg | grep -c 'the other end is gone'") == "1"), "ethertap: its end is seen")
        r.ok(eventually(lambda: a.carrier() == "1"), "ethertap: another one is started")
        a.end(r, "ethertap")
    server.close()
    return r


@part
def slip(r):
    netns.need_tun()
    do("ip link set lo up")
    server = Server()
    with Node("slip,10.9.0.1", 2, dev="umn", prefix=32, env={"PATH": HELPER_PATH}, configure=False) as a:
        r.equal(a.text("ls /sys/class/net | grep umn"), "umn", "slip: it is called umn")
        a.run("ip address add 10.9.0.2/32 dev umn; ip link set umn up; ip route add 10.9.0.1 dev umn")
        exercise(r, "slip", a, "10.9.0.1", mib=10, routes="ip route add 10.9.0.1 dev umn")
        pids = umlnet.helpers(HELPER)
        r.equal(len(pids), 1, "slip: one helper carries it")
        os.kill(pids[0], signal.SIGKILL)
        r.ok(eventually(lambda: a.text("dmesg | grep -c 'the other end is gone'") == "1"), "slip: its end is seen")
        r.ok(a.pings("10.9.0.1"), "slip: another one is started")
        a.end(r, "slip")
    server.close()
    return r


def hello(port):
    """Is the guest there?  Before it listens the connection comes to nothing."""
    try:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as s:
            s.settimeout(TIMEOUT)
            return s.recv(100) == b"hello from the guest\n"
    except OSError:
        return False


@part
def slirp(r):
    """The host's network without any privilege: it is what a program of the host has."""
    do("ip link set lo up")
    server = Server()
    forward = lines.free_port()
    with Node("slirp,hostfwd=tcp:127.0.0.1:%d-:22" % forward, 15, configure=False) as a:
        a.addr6 = "fec0::15"
        r.equal(a.lease(), "10.0.2.2", "slirp: DHCP")
        exercise(r, "slirp", a, "10.0.2.2")
        a.guest.send("echo hello from the guest | nc -l -p 22; echo @@'DONE'@@")
        r.ok(eventually(lambda: hello(forward)), "slirp: hostfwd lets the host in")
        a.guest.expect("@@DONE@@")
        r.ok("TCP" in a.text("cat /sys/class/net/eth0/um/stats"), "slirp: its statistics", a.text("cat /sys/class/net/eth0/um/*"))
        r.equal(a.text("cat /sys/class/net/eth0/um/spec"), a.spec, "slirp: what it is")
        r.ok(a.text("cat /sys/class/net/eth0/um/link").startswith("slirp"), "slirp: and what it is connected to")
        rc, text = a.ask("remove", "eth0")
        r.equal(rc, 0, "slirp: removed")
        rc, text = a.ask("config", "eth0=slirp,net=10.7.0.0/24")
        r.equal(rc, 0, "slirp: another network")
        a.run("ip address add 10.7.0.15/24 dev eth0; ip link set eth0 up")
        r.ok(a.pings("10.7.0.2"), "slirp: ping there")
        a.end(r, "slirp")
    server.close()
    return r


@part
def pcap(r):
    do("ip link set lo up", "ip link add d0 type veth peer name d1", "ip link set d0 up", "ip link set d1 up")
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("d1", 0))
        with Node("pcap,d0,udp port 7,promisc", 1, configure=False) as a:
            a.run("ip link set eth0 up")

            def received():
                return int(a.text("cat /sys/class/net/eth0/statistics/rx_packets"))
            before = received()
            for port in (7, 8):
                for i in range(10):
                    s.send(udp_frame(port))
            r.ok(eventually(lambda: received() >= before + 10, 10), "pcap: what the filter lets through comes")
            time.sleep(0.3)
            r.equal(received() - before, 10, "pcap: and nothing else")
            a.run("ip address add 10.9.0.1/24 dev eth0; ping -c 1 -W 1 10.9.0.2")
            r.ok(a.drops()["tx_drop"] > 0, "pcap: nothing is sent")
            text = a.text("cat /sys/class/net/eth0/um/stats")
            m = re.match(r"received (\d+) dropped 0 ifdropped 0 unsent 0$", text)
            r.ok(m and int(m.group(1)) >= 10, "pcap: the host's counters", text)
            pid = inner()[0]
            os.kill(pid, signal.SIGSTOP)
            r.ok(a.run("cat /sys/class/net/eth0/um/stats")[0], "pcap: a process that is stopped does not answer")
            os.kill(pid, signal.SIGCONT)
            r.ok(eventually(lambda: "received" in a.text("cat /sys/class/net/eth0/um/stats")), "pcap: and then it does")
            a.end(r, "pcap")
    return r


def udp_frame(port):
    udp = struct.pack("!HHHH", 1000, port, 8, 0)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0, bytes([10, 9, 0, 8]), bytes([10, 9, 0, 9]))
    sum_ = umlnet.checksum(head)
    head = head[:10] + struct.pack("!H", sum_) + head[12:]
    return b"\xff" * 6 + b"\x02\0\0\0\0\x01" + b"\x08\0" + head + udp + bytes(18)


# ------------------------------------------------------------ what is wrong

@part
def wrong(r):
    """One line for each mistake, and no device; the others are there."""
    netns.need_tun()
    do("ip link set lo up", "ip link add d0 type veth peer name d1", "ip tuntap add dev tap0 mode tap",
       "ip tuntap add dev tap1 mode tap", "ip tuntap add dev tun0 mode tun")
    taken = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(taken, 0x400454ca, struct.pack("16sH14x", b"tap1", 0x1002))
    busy = lines.free_port()
    listener = socket.create_server(("127.0.0.1", busy))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("0.0.0.0", 0))
    words = (
        ("frobnicate", "unknown transport"),
        ("", "unknown transport"),
        (",".join(["slirp"] + ["a=b"] * 40), "too many arguments"),
        ("tuntap,tap0,01:00:00:00:00:01", "first byte must be even"),
        ("tuntap,tap0,fe:fd:0:0:0", "not six bytes"),
        ("tuntap,tap0,,,", "more than a tap"),
        ("tuntap,tap1", "tap1: another program has it"),
        ("tuntap,d0", "d0 of the host is no tap"),
        ("tuntap,tun0", "tun0 of the host is no tap"),
        ("tuntap,averyverylongname", "at most 15"),
        ("tuntap,tap0,,10.0.0.1", "has its IP already"),
        ("tuntap,,,10.0.0", "not like 192.168.0.254"),
        ("ethertap", "the interface's name is none"),
        ("mcast,,10.0.0.1", "the group is not like"),
        ("mcast,,,0", "the port is none"),
        ("mcast,,,,256", "the TTL is none"),
        ("ucast,nowhere", "the other's IP"),
        ("ucast,127.0.0.1,%d" % udp.getsockname()[1], "port %d: Address already in use" % udp.getsockname()[1]),
        ("daemon,,tcp", "the type of the sockets is unix"),
        ("daemon,,unix," + "x" * 200, "at most 107 bytes"),
        ("vde,/tmp/x,,x", "the port is no number"),
        ("slip,1.2.3", "not like 192.168.0.254"),
        ("fd,x", "the descriptor is no number"),
        ("fd,77", "was not started with descriptor 77"),
        ("fd,0", "neither a tap nor a socket"),
        ("stream", "the name of a socket is missing"),
        ("stream,,/nonexistent/socket,client", "server, and nothing else"),
        ("stream,,/nonexistent/socket,server", "/nonexistent/socket: No such file"),
        ("dgram,/tmp/a", "the names of two sockets"),
        ("pcap", "the interface is missing"),
        ("pcap,nosuch", "nosuch"),
        ("pcap,d0,tcp prot 80", "tcp prot 80"),
        ("pcap,d0,,frob", "promisc or nopromisc"),
        ("slirp,frob=1", "frob"),
        ("slirp,net=10.0.0.0/33", "net=10.0.0.0/33"),
        ("slirp,hostfwd=tcp::x-:22", "hostfwd=tcp::x-:22"),
        ("slirp,hostfwd=tcp:127.0.0.1:%d-:22" % busy, "hostfwd=tcp:127.0.0.1:%d-:22: Address already in use" % busy),
        ("slirp,,/nonexistent/slirp", "/nonexistent/slirp: No such file"),
    )
    given = ["eth%d=%s" % (i + 1, spec) for i, (spec, why) in enumerate(words)]
    with Node("fd,%d" % udp.fileno(), 1, *(given + ["eth300=slirp", "eth0=slirp"]), pass_fds=[udp.fileno()]) as a:
        shown = a.guest.text
        for i, (spec, why) in enumerate(words):
            rows = [row for row in shown.splitlines() if "eth%d=%s" % (i + 1, spec[:400]) in row and "Kernel command" not in row]
            r.ok(len(rows) == 1 and why in rows[0], "%s: %s" % (spec[:40], why), rows)
        r.ok("eth300=slirp: it is eth<n>=<transport>,..., n from 0 to 255" in shown, "a number that is too large")
        r.ok("eth0=slirp: there is such a device" in shown, "the same number again")
        r.equal(a.text("ls /sys/class/net").split(), ["eth0", "lo", "sit0"], "there is but the good one")
        rc, text = a.ask("config", "eth1=frobnicate")
        r.ok(rc == 1 and "unknown transport" in text, "the management console says the same", text)
        rc, text = a.ask("config", "eth0=slirp")
        r.ok(rc == 1 and "there is such a device" in text, "and that there is one", text)
        rc, text = a.ask("remove", "eth7")
        r.ok(rc == 1 and "eth7: there is no such device" in text, "or none", text)
        before = len(os.listdir("/proc/%d/fd" % a.guest.pid))
        for spec, why in words:
            a.ask("config", "eth1=" + spec[:400])
        r.equal(len(os.listdir("/proc/%d/fd" % a.guest.pid)), before, "no descriptor is left of all that failed")
        r.equal(inner(), [], "and no process")
        a.end(r, "wrong input")
    os.close(taken)
    listener.close()
    return r


# They are nobody's children, and so this script's, not those of a part of it.
SCRIPT = os.getpid()


def inner():
    """Processes that serve a device, of this script's guests."""
    found = []
    for pid in descendants(SCRIPT):
        try:
            with open("/proc/%d/cmdline" % pid, "rb") as f:
                if b"--inner" in f.read().split(b"\0"):
                    found.append(pid)
        except OSError:
            pass
    return found


@part
def noise(r):
    """Anything at all comes from the other end."""
    netns.need_tun()
    do("ip link set lo up", "ip tuntap add dev tap0 mode tap")
    host_end("tap0")
    rng = random.Random(os.environ.get("UMTEST_SEED") or 1)
    rounds = 20000 if SOAK else 2000

    def junk(limit):
        n = rng.choice((rng.randrange(limit), rng.randrange(100), rng.randrange(14, 1600) % limit))
        return rng.randbytes(n)

    def alive(node, name):
        r.ok(node.text("echo alive") == "alive" and node.carrier() == "1", name + ": the guest and its device go on")

    for kind, name in ((socket.SOCK_DGRAM, "datagrams"), (socket.SOCK_SEQPACKET, "messages")):
        x, y = socket.socketpair(socket.AF_UNIX, kind)
        with Node("fd,%d" % x.fileno(), 1, pass_fds=[x.fileno()]) as a:
            for i in range(rounds):
                y.send(junk(70000) or b"x")
                if select.select([y], [], [], 0)[0]:
                    y.recv(70000)
            eventually(lambda: sum(a.drops().values()) > 0)
            r.ok(a.drops()["rx_errs"] > 0, name + ": what is no frame is counted", a.drops())
            alive(a, name)
            a.end(r, name)
    x, y = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with Node("fd,%d" % x.fileno(), 1, pass_fds=[x.fileno()]) as a:
        for i in range(rounds):
            data = junk(65538)
            y.sendall(struct.pack("!I", len(data)) + data)
            while select.select([y], [], [], 0)[0]:
                y.recv(70000)
        alive(a, "a stream")
        y.sendall(b"\xff" * 100)
        r.ok(eventually(lambda: "the other end is gone" in a.text("dmesg")), "a stream: a length that cannot be ends the link")
        a.end(r, "a stream")
    with Node("slip", 1, dev="umn", configure=False) as a:
        a.run("ip address add 10.9.0.2/32 dev umn; ip link set umn up")
        path = re.search(r"the terminal (/dev/pts/\d+)", a.text("dmesg")).group(1)
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        for i in range(rounds):
            data = junk(3000) + b"\xc0" * rng.randrange(3)
            while data:
                try:
                    data = data[os.write(fd, data):]
                except BlockingIOError:
                    select.select([], [fd], [], 1)
        os.close(fd)
        alive(a, "slip")
        a.end(r, "slip")
    with Node("tuntap,tap0", 2) as a, socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("tap0", 0))
        for i in range(rounds):
            data = junk(1514)
            if len(data) >= 14:
                s.send(data)
        r.ok(a.pings("10.9.0.1"), "a tap: ping behind all that")
        a.end(r, "a tap")
    return r


@part
def full(r):
    """The other end reads nothing: what is sent waits, and goes when there is room."""
    do("ip link set lo up")
    for kind, name in ((socket.SOCK_DGRAM, "datagrams"), (socket.SOCK_STREAM, "a stream")):
        x, y = socket.socketpair(socket.AF_UNIX, kind)
        with Node("fd,%d" % x.fileno(), 1, pass_fds=[x.fileno()]) as a:
            a.run("arp -s 10.9.0.2 02:00:00:00:00:02")
            a.run("yes | head -c 60000000 | nc -u -w 1 10.9.0.2 9 >/dev/null 2>&1 & sleep 3; kill $!", 60)
            r.equal(a.text("echo alive"), "alive", name + ": nobody reads, the guest goes on")
            drain = threading.Thread(target=read_all, args=(y,), daemon=True)
            drain.start()
            before = int(a.text("cat /sys/class/net/eth0/statistics/tx_packets"))
            a.run("ping -c 2 -W 1 10.9.0.2")
            r.ok(eventually(lambda: int(a.text("cat /sys/class/net/eth0/statistics/tx_packets")) > before),
                 name + ": somebody reads, and it sends again")
            a.end(r, name)
    return r


@part
def gone(r):
    """The other end is gone for good: that costs next to nothing, and is said seldom."""
    do("ip link set lo up")
    x, y = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with Node("fd,%d" % x.fileno(), 1, "eth1=slip", "eth2=slip", "eth3=slirp,,/bin/true", pass_fds=[x.fileno()]) as a:
        r.ok("eth2=slip: there is a device of this name" in a.guest.text, "a second line of SLIP: one line")
        x.close()
        y.close()
        time.sleep(5)
        r.ok(int(a.text("dmesg | grep -c 'eth0: the other end is gone'")) in range(1, 5), "a stream: tried again now and then",
             a.text("dmesg | tail -5"))
        before = a.guest.cpu_seconds()
        time.sleep(2)
        r.ok(a.guest.cpu_seconds() - before < 1, "which leaves the CPU to others")
        r.equal(a.text("ls /sys/class/net").split(), ["eth0", "eth3", "lo", "sit0", "umn"], "the devices stay")
        for name in ("eth0", "eth1", "eth3"):
            rc, text = a.ask("remove", name)
            r.equal(rc, 0, "%s: removed" % name)
        a.end(r, "the other end gone")
    return r


@part
def cycles(r):
    """Devices of many kinds come and go, and leave nothing behind."""
    do("ip link set lo up", "ip route add 224.0.0.0/4 dev lo")
    os.chdir(tmpdir())
    here, number = os.getcwd(), 1000 if SOAK else 24
    specs = ("slirp", "mcast,,239.192.168.9", "ucast,127.0.0.1,2001,2002", "stream,%s/s,server" % here,
             "dgram,%s/a,%s/b" % (here, here), "daemon,,unix,%s/none" % here)
    with Node("mcast", 1) as a:
        def cycle(i):
            said = [a.ask("config", "eth1=" + specs[i % len(specs)])]
            a.run("ip link set eth1 up; ip address add 10.8.0.1/24 dev eth1")
            said.append(a.ask("remove", "eth1"))
            return [text for rc, text in said if rc]
        for i in range(2 * len(specs)):
            cycle(i)
        leaks = lines.Leaks(a.guest)
        r.equal([bad for bad in (cycle(i) for i in range(number)) if bad][:3], [], "%d devices came and went" % number)
        r.ok(eventually(lambda: leaks.look()[:2] == leaks.first[:2], 20, 1), "no descriptor and no interrupt is left of them",
             (leaks.first[:2], leaks.look()[:2]))
        r.ok(eventually(lambda: not inner()), "and no process", inner())
        r.ok(leaks.memory_is_back(), "and no memory of the guest's", leaks.lost())
        r.equal(sorted(os.listdir(".")), [], "nor a socket on the host")
        a.end(r, "devices that come and go")
    return r


def read_all(s):
    try:
        while s.recv(1 << 18):
            pass
    except OSError:
        pass


PARTS = (mcast, mcast_options, ucast, switch, stream, dgram, descriptor, tuntap, tuntap_kinds, helper, ethertap, slip, slirp, pcap,
         wrong, noise, full, gone, cycles)
lines.run_parts(PARTS)
no_leftovers()
tap.done()
