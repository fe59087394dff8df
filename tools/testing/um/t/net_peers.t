#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Network devices with what others have made: Debian's guest, uml_switch and uml_net,
# vde_switch, QEMU's back ends, and passt; each is left out where it is not there.
# umtest: waits
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
import lines
import netns
from net import *
from peer import lacks_peer, patiently, peer
from switch import Switch
from umlnet import do

DEBIAN_SWITCH = "/usr/bin/uml_switch"
DEBIAN_HELPER = "/usr/bin/uml_net"


def need(*programs):
    for program in programs:
        if not which(program):
            raise netns.Unavailable("no " + program)


class Program:
    """A program of the host that serves guests until the end of a part."""

    def __init__(self, *argv, **kw):
        self.out = open(os.path.join(tmpdir(), "program.log"), "a+")
        self.proc = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=self.out, stderr=self.out, start_new_session=True, **kw)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        below = descendants(self.proc.pid)
        self.proc.kill()
        self.proc.wait()
        kill_pids(below)
        self.out.seek(0)
        text = self.out.read().strip()
        if exc[0] and text:
            tap.diag(text[-1000:])
        self.out.close()


def qemu(*netdevs):
    """No machine, but a hub of QEMU's network back ends: the user's network and another."""
    argv = ["qemu-system-x86_64", "-M", "none", "-nodefaults", "-display", "none", "-monitor", "none",
            "-netdev", "user,id=u", "-netdev", "hubport,hubid=0,id=hu,netdev=u"]
    for i, netdev in enumerate(netdevs):
        argv += ["-netdev", "%s,id=n%d" % (netdev, i), "-netdev", "hubport,hubid=0,id=h%d,netdev=n%d" % (i, i)]
    return Program(*argv)


def debian(spec, n):
    """Debian's guest on the same network."""
    return patiently(lambda: Node(spec, n, linux=peer()))


def appears(path):
    return eventually(lambda: os.path.exists(path))


def start():
    do("ip link set lo up", "ip route add 224.0.0.0/4 dev lo")
    os.chdir(tmpdir())


# ------------------------------------------------------------ switches

@part
def vde(r):
    """By its own name, and by that of its control socket."""
    need("vde_switch")
    start()
    path = os.path.abspath("vde")
    with Program("vde_switch", "-s", path):
        r.ok(appears(path + "/ctl"), "vde_switch: it is there")
        with Node("vde," + path, 1) as a, Node("vde,%s,fe:fd:0:0:0:7,,,,a guest" % path, 2) as b:
            r.equal(b.text("cat /sys/class/net/eth0/address"), "fe:fd:00:00:00:07", "vde: the MAC address that was given")
            b.serve()
            exercise(r, "vde", a, b.addr, b.addr6)
            plug(r, "vde", a, b.addr)
            a.end(r, "vde")
            b.end(r, "vde, the other")
        r.equal([f for f in os.listdir(path) if f != "ctl"], [], "vde: no socket is left")
    return r


@part
def debian_switch(r):
    need(DEBIAN_SWITCH)
    start()
    spec = "daemon,,unix," + os.path.abspath("ctl")
    with Program(DEBIAN_SWITCH, "-unix", "ctl"):
        r.ok(appears("ctl"), "Debian's uml_switch: it is there")
        with Node(spec, 1) as a, Node(spec, 2) as b:
            b.serve()
            exercise(r, "Debian's uml_switch", a, b.addr, b.addr6)
            a.end(r, "Debian's uml_switch")
            b.end(r, "Debian's uml_switch, the other")
    return r


@part
def debian_guest(r):
    """On our switch, and in a group, with one of ours."""
    if lacks_peer():
        raise netns.Unavailable(lacks_peer())
    start()
    spec = "daemon,,unix," + os.path.abspath("ctl")
    with Switch(), Node(spec, 1) as a, debian(spec, 2) as b:
        r.ok(a.pings(b.addr), "Debian's guest on our switch: ping")
        b.serve()
        r.ok(a.pump("send", b.addr, 5), "Debian's guest on our switch: TCP")
        r.ok(a.pump("fetch", b.addr, 5), "Debian's guest on our switch: TCP, the other way")
        a.end(r, "Debian's guest")
    with Node("mcast", 1) as a, debian("mcast", 2) as b:
        r.ok(a.pings(b.addr), "mcast with Debian's guest: ping")
        r.ok(b.pings(a.addr), "mcast with Debian's guest: ping from there")
        a.end(r, "mcast with Debian's guest")
    return r


# ------------------------------------------------------------ QEMU and passt

def by_qemu(r, name, spec, wait=None, *netdevs):
    need("qemu-system-x86_64")
    start()
    with qemu(*netdevs):
        if wait:
            r.ok(appears(wait), name + ": it is there")
        with Node(spec, 15, configure=False) as a:
            r.equal(a.lease(), "10.0.2.2", name + ": an address from QEMU's network")
            r.ok(a.pings("10.0.2.2"), name + ": ping")
            r.ok(a.ping("10.0.2.2", "-s 1400"), name + ": ping, a large one")
            a.end(r, name)
    return r


@part
def qemu_stream(r):
    path = os.path.join(tmpdir(), "q")
    return by_qemu(r, "QEMU's stream", "stream," + path, path, "stream,server=on,addr.type=unix,addr.path=" + path)


@part
def qemu_stream_client(r):
    """It connects to the guest."""
    need("qemu-system-x86_64")
    start()
    path = os.path.abspath("q")
    with Node("stream,%s,server" % path, 15, configure=False) as a:
        r.equal(a.carrier(), "", "QEMU connects: not up, no carrier to be seen")
        with qemu("stream,server=off,addr.type=unix,addr.path=" + path):
            r.equal(a.lease(), "10.0.2.2", "QEMU connects: an address from its network")
            r.ok(a.pings("10.0.2.2"), "QEMU connects: ping")
        r.ok(eventually(lambda: a.carrier() == "0"), "QEMU ends: no carrier")
        with qemu("stream,server=off,addr.type=unix,addr.path=" + path):
            r.ok(eventually(lambda: a.carrier() == "1"), "QEMU comes again: a carrier")
            r.ok(a.pings("10.0.2.2"), "QEMU comes again: ping")
        a.end(r, "QEMU connects")
    return r


@part
def qemu_dgram(r):
    d = tmpdir()
    return by_qemu(r, "QEMU's dgram", "dgram,%s/us,%s/q" % (d, d), d + "/q",
                   "dgram,local.type=unix,local.path=%s/q,remote.type=unix,remote.path=%s/us" % (d, d))


@part
def qemu_mcast(r):
    return by_qemu(r, "QEMU's multicast", "mcast", None, "socket,mcast=239.192.168.1:1102")


@part
def passt(r):
    need("passt")
    start()
    do("ip link add d0 type veth peer name d1", "ip link set d1 up", "ip link set d0 up",
       "ip address add 10.9.0.1/24 dev d0", "ip route add default via 10.9.0.254 dev d0")
    path = os.path.abspath("passt")
    server = Server()
    with Program("passt", "--foreground", "--socket", path, "--runas", "0:0" if not os.geteuid() else str(os.geteuid())):
        if not appears(path):
            raise netns.Unavailable("passt does not start here")
        with Node("stream," + path, 1, configure=False) as a:
            r.equal(a.lease(), "10.9.0.254", "passt: the host's address and router, by DHCP")
            r.ok(a.pump("send", "10.9.0.254", 20), "passt: TCP")
            r.ok(a.pump("fetch", "10.9.0.254", 20), "passt: TCP, the other way")
            a.end(r, "passt")
    server.close()
    return r


# ------------------------------------------------------------ Debian's uml_net

@part
def debian_helper(r):
    """Our guest finds it, where none of ours is beside it."""
    need(DEBIAN_HELPER, "ifconfig", "route", "arp")
    netns.need_tun()
    start()
    alone = os.path.abspath("linux")
    shutil.copy(LINUX, alone)
    env = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    server = Server()
    with Node("tuntap,,,10.9.0.1", 2, linux=alone, env=env) as a:
        r.ok(a.pings("10.9.0.1"), "Debian's uml_net: ping")
        r.ok(a.pump("send", "10.9.0.1", 10), "Debian's uml_net: TCP")
        r.ok("10.9.0.2" in host(["ip", "route"])[1], "Debian's uml_net: the host has a route to the guest")
        a.end(r, "Debian's uml_net")
    server.close()
    return r


PARTS = (vde, debian_switch, debian_guest, qemu_stream, qemu_stream_client, qemu_dgram, qemu_mcast, passt, debian_helper)
lines.run_parts(PARTS)
no_leftovers()
tap.done()
