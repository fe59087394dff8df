# SPDX-License-Identifier: GPL-2.0
"""Network devices: a guest and the host by a tap, two guests by a switch, and a guest
with the host's network; the host's own figure is that of a veth between two namespaces.
Each has the switch of its own project, and both drivers of the peer are tried."""
import os
import re
import subprocess

import net
import netns
from columns import HOST, PEER, say
from net import Node, Server
from section import Section
from umtest import LINUX, eventually, host_tool, tmpdir, which
from umlnet import do

BULK = ("net_tap_send", "net_tap_fetch", "net_vec_send", "net_vec_fetch", "net_switch_send", "net_slirp_send",
        "net_slirp_fetch")
SMALL = ("net_tap_rtt", "net_tap_packet", "net_switch_rtt", "net_switch_packet")
CASES = BULK + SMALL
LABELS = {
    "net_tap_send": "to the host, by a tap",
    "net_tap_fetch": "from the host, by a tap",
    "net_vec_send": "to the host (the peer: vec0)",
    "net_vec_fetch": "from the host (the peer: vec0)",
    "net_switch_send": "guest to guest, by a switch",
    "net_slirp_send": "to the host, by slirp",
    "net_slirp_fetch": "from the host, by slirp",
    "net_tap_rtt": "64 bytes to the host and back",
    "net_tap_packet": "64 bytes to the host, each of many",
    "net_switch_rtt": "64 bytes to a guest and back",
    "net_switch_packet": "64 bytes to a guest, each of many",
}
# A tap has at least 0.3 of the host's speed; others are compared with the peer.
GOALS = {"net_tap_send": (1 / 0.3, HOST), "net_tap_fetch": (1 / 0.3, HOST),
         "net_switch_send": (1 / 3, PEER), "net_tap_rtt": (1 / 3, PEER), "net_switch_rtt": (1 / 3, PEER)}
PEER_SWITCH = "/usr/bin/uml_switch"


class Figures(dict):
    def rate(self, case, text):
        """Seconds for a GiB."""
        m = re.search(r"([\d.]+) MiB/s", text)
        if m:
            self[case] = min(self.get(case, 1e9), 1024 / float(m.group(1)))

    def each(self, case, text):
        m = re.search(r"ok ([\d.]+) us", text)
        if m:
            self[case] = min(self.get(case, 1e9), float(m.group(1)))


def tries(figures, run, address, name, mib, rounds):
    """What is measured of one way from a client to a server."""
    for _ in range(rounds):
        for what in ("send", "fetch"):
            figures.rate("net_%s_%s" % (name, what), run("pump %s %s %d %d" % (what, address, net.PORT, mib)))
        figures.each("net_%s_rtt" % name, run("pump rtt %s %d 2000" % (address, net.PORT)))
        figures.each("net_%s_packet" % name, run("pump blast %s %d 1000" % (address, net.PORT)))


def by_veth(mib, rounds):
    figures = Figures()
    other = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo; exec %s serve %d" % (net.PUMP, net.PORT)],
                             stdout=subprocess.PIPE)
    try:
        other.stdout.readline()
        do("ip link add d0 type veth peer name d1", "ip link set d1 netns %d" % other.pid,
           "ip address add 10.9.0.2/24 dev d0", "ip link set d0 up",
           "nsenter -t %d -n ip address add 10.9.0.1/24 dev d1" % other.pid,
           "nsenter -t %d -n ip link set d1 up" % other.pid)

        def run(command):
            return subprocess.run([net.PUMP] + command.split()[1:], capture_output=True, text=True, timeout=120).stdout
        eventually(lambda: "ok" in run("pump rtt 10.9.0.1 %d 10" % net.PORT))
        tries(figures, run, "10.9.0.1", "tap", mib, rounds)
        for what in ("send", "fetch"):
            figures["net_vec_" + what] = figures["net_tap_" + what]
    finally:
        other.kill()
        other.wait()
    return figures


def guest(kernel, spec, n, **kw):
    return Node(spec, n, *kernel.words, linux=kernel.linux, wrap=kernel.wrap, **kw)


def by_tap(kernel, mib, rounds):
    figures = Figures()
    netns.need_tun()
    do("ip link set lo up", "ip tuntap add dev tap0 mode tap", "ip address add 10.9.0.1/24 dev tap0", "ip link set tap0 up")
    server = Server()
    ways = [("tap", {})]
    if kernel.name == PEER:
        # Its newer driver, which has another syntax.
        ways.append(("vec", {"unit": "vec0:transport", "dev": "vec0"}))
    for name, kw in ways:
        spec = "tuntap,tap0" if name == "tap" else "tap,ifname=tap0,depth=128,gro=1"
        with guest(kernel, spec, 2, **kw) as a:
            if a.pings("10.9.0.1"):
                tries(figures, lambda c: a.text(c, 300), "10.9.0.1", name, mib, rounds)
            a.guest.poweroff()
    if kernel.name != PEER:
        for what in ("send", "fetch"):
            figures["net_vec_" + what] = figures.get("net_tap_" + what)
    server.close()
    return figures


def by_switch(kernel, mib, rounds):
    figures = Figures()
    do("ip link set lo up")
    os.chdir(tmpdir())
    program = PEER_SWITCH if kernel.name == PEER else host_tool("uml_switch")
    if not os.access(program, os.X_OK):
        return figures
    switch = subprocess.Popen([program, "-unix", "ctl"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: os.path.exists("ctl"))
        spec = "daemon,,unix," + os.path.abspath("ctl")
        with guest(kernel, spec, 1) as a, guest(kernel, spec, 2) as b:
            b.serve()
            if a.pings(b.addr):
                tries(figures, lambda c: a.text(c, 300), b.addr, "switch", mib, rounds)
            a.guest.poweroff()
            b.guest.poweroff()
    finally:
        switch.kill()
        switch.wait()
    return figures


def by_slirp(kernel, mib, rounds):
    figures = Figures()
    do("ip link set lo up")
    server = Server()
    spec = "slirp"
    if kernel.name == PEER:
        # It has none of its own; the program sees the host at 10.0.2.2, too.
        if not which("slirp-fullbolt"):
            return figures
        spec = "slirp,," + which("slirp-fullbolt")
    with guest(kernel, spec, 15, configure=False) as a:
        a.run("ip address add 10.0.2.15/24 dev eth0; ip link set eth0 up; ip route add default dev eth0")
        if a.pings("10.0.2.2"):
            for _ in range(rounds):
                for what in ("send", "fetch"):
                    figures.rate("net_slirp_" + what, a.text("pump %s 10.0.2.2 %d %d" % (what, net.PORT, mib), 300))
        a.guest.poweroff()
    server.close()
    return figures


def measure(kernels, cases, quick):
    rounds, mib = (1, 100) if quick else (3, 400)
    bulk = Section("Network: a GiB of TCP, the best of %d" % rounds, "s", labels=LABELS, goals=GOALS,
                   note="host: a veth between two namespaces; measured with %d MiB" % mib)
    small = Section("Network: small packets, the best of %d" % rounds, "us", labels=LABELS, goals=GOALS)

    def put(column, figures):
        for case, value in figures.items():
            if case in cases:
                (bulk if case in BULK else small).put(case, column, value)

    say("host: network ...")
    put(HOST, netns.run(by_veth, mib, rounds))
    for kernel in kernels:
        for way in (by_tap, by_switch, by_slirp):
            say("%s: network, %s ..." % (kernel.name, way.__name__))
            size = mib // 4 if kernel.name == PEER else mib
            put(kernel.name, netns.run(way, kernel, size, rounds))
    return [bulk, small]
