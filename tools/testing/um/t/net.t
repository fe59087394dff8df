#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Network devices over each of their transports, in networks of their own: ping, much TCP,
# fragments, MTUs, up and down, added and removed, and the other end going and coming.
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
import lines
import netns
import socket
import struct
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


def part(function):
    """In a namespace of its own."""
    def run():
        try:
            netns.run(lambda: function(Results())).tell()
        except netns.Unavailable as e:
            tap.skip(str(e), function.__name__)
    run.__name__ = function.__name__
    return run


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
    """Another group does not hear; our own frames do not come back."""
    lo()
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
        rc, text = a.run("ip address add 10.0.2.15/24 dev eth0; ip link set eth0 up; ip route add default via 10.0.2.2; "
                         "udhcpc -i eth0 -n -q -s /bin/true 2>&1")
        r.ok("lease of 10.0.2.15 obtained" in text, "slirp: DHCP", text)
        exercise(r, "slirp", a, "10.0.2.2")
        a.guest.send("echo hello from the guest | nc -l -p 22; echo @@'DONE'@@")
        r.ok(eventually(lambda: hello(forward)), "slirp: hostfwd lets the host in")
        a.guest.expect("@@DONE@@")
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
            a.end(r, "pcap")
    return r


def udp_frame(port):
    udp = struct.pack("!HHHH", 1000, port, 8, 0)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0, bytes([10, 9, 0, 8]), bytes([10, 9, 0, 9]))
    sum_ = umlnet.checksum(head)
    head = head[:10] + struct.pack("!H", sum_) + head[12:]
    return b"\xff" * 6 + b"\x02\0\0\0\0\x01" + b"\x08\0" + head + udp + bytes(18)


PARTS = (mcast, mcast_options, ucast, switch, stream, dgram, descriptor, tuntap, tuntap_kinds, helper, ethertap, slip, slirp, pcap)
lines.run_parts(PARTS)
no_leftovers()
tap.done()
