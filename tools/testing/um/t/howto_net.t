#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Documentation/howto.md: what its chapter on the network tells users to type, typed, on
# machines and a host of its own.
# umtest: slow 2
# umtest: waits
import os
import re
import shlex
import socket
import subprocess
import sys
import time
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *
from howto import *
import netns
from umlnet import addresses, do, guest_routes, links, published, setting

SECTIONS = dict(re.findall(r"^### (.*)\n((?:(?!### ).*\n)*)", chapters["Network"], re.M))
LINE = r"^    (\w+[#$]) (.*)$"
DEBIAN = os.environ.get("ROOT_FS") or os.path.join(TOP, "root_fs")
env["PATH"] = "%s:%s" % (os.path.dirname(host_tool("uml_net")), env["PATH"])
typed = set()


class Section(netns.Results):
    """One of the document, in a network of its own.  What is typed is told to who started
    it; each machine is known by its prompt."""

    def __init__(self, name):
        super().__init__()
        self.name = name
        self.typed = set()
        self.machines = {}
        self.programs = []
        # Before there is anything else, as on any host.
        do("ip link set lo up", "ip link add eth0 type veth peer name cable", "ip address add 10.1.1.1/24 dev eth0",
           "ip link set eth0 up", "ip link set cable up")

    def good(self, line, status, out):
        self.typed.add(line)
        return self.ok(not status, "%s: %s" % (self.name, line), out[-400:])

    # ---- the host

    def host(self, line, as_typed=None):
        """A command of the host's, root's or a user's; root is who has this network."""
        status, out = shell((as_typed or line).replace("alice", "root").replace("tunctl 1000", "tunctl 0"))
        self.good(line, status, out)
        return out

    def program(self, line):
        """One that stays."""
        p = subprocess.Popen(["sh", "-c", "exec " + line], cwd=here, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, start_new_session=True)
        self.programs.append(p)
        self.typed.add(line)
        time.sleep(0.3)
        self.ok(p.poll() is None, "%s: %s: it runs" % (self.name, line))
        return p

    # ---- machines

    def boot(self, line, *more, debian=False, changes=()):
        """A line with ./linux: its machine, logged in."""
        self.typed.add(line)
        for old, new in changes:
            line = line.replace(old, new)
        words = shlex.split(line)[1:]
        image = [w[5:] for w in words if w.startswith("ubd0=")][0]
        prompt = {"root_fs": "guest"}.get(image, image)
        if prompt in self.machines:
            self.end(prompt)
        words = [w for w in words if not w.startswith("ubd0=")]
        # A layer for each, so that there is one image.
        layer = os.path.join(tmpdir(), image + ".cow")
        disk = "ubd0=%s,%s" % (layer, DEBIAN if debian else os.path.join(here, "root_fs"))
        if debian:
            g = Guest(disk, "rw", *words, *more, tty=True, cwd=here, env=env, linux="./linux", mem="512M")
            g.expect(r"login: ", 600)
            g.send("root")
            g.expect(r"assword: ", 120)
            g.send("root")
            g.expect(r"# ?$", 120)
            g.send("stty -echo; PS1=; PS2=; bind 'set enable-bracketed-paste off' 2>/dev/null; echo @@'IN'@@")
            g.expect("@@IN@@", 120)
        else:
            g = logged_in(Guest(disk, *words, *more, "quiet", tty=True, cwd=here, env=env, linux="./linux", mem="96M", con=False))
        self.machines[prompt] = g
        self.ok(True, "%s: %s: a login" % (self.name, line))
        return g

    def guest(self, line, where="guest", as_typed=None):
        status, out = self.machines[where].run(as_typed or line, 60)
        self.good(line, status, out)
        return out

    def pings(self, address, where="guest"):
        g = self.machines[where]
        # A busybox that had no answer waits for ever otherwise.
        good = eventually(lambda: not g.run("ping -c 1 -W 2 %s >/dev/null" % address, 60)[0], TIMEOUT)
        return self.ok(good, "%s: ping %s" % (self.name, address), good or g.run("ip address; ip route; dmesg | grep eth")[1][-1500:])

    def end(self, prompt):
        g = self.machines.pop(prompt)
        g.send("poweroff")
        self.equal(g.wait(120), 0, "%s: %s powers off" % (self.name, prompt))
        g.close()

    def close(self):
        for prompt in list(self.machines):
            self.end(prompt)
        for p in self.programs:
            p.stdin.close()
            p.terminate()
            p.wait()
            p.stdout.close()
        self.programs.clear()

    # ---- the document

    def lines(self):
        """(prompt, line) of the section, without comments."""
        return [(w, re.sub(r"\s+# .*", "", text)) for w, text in re.findall(LINE, SECTIONS[self.name], re.M)]

    def follow(self, **kw):
        """All of them, where they are to be typed."""
        for where, line in self.lines():
            if line.startswith("./linux"):
                self.boot(line, **kw)
            elif where in ("host$", "host#"):
                self.host(line)
            elif line.startswith("ping "):
                self.guest(line, where[:-1], line + " -c 2")
            else:
                self.guest(line, where[:-1])


sections = []


def section(name, tun=False):
    """A function that types what a section of the document has."""
    def decorate(function):
        def run():
            def inside():
                if tun:
                    netns.need_tun()
                s = Section(name)
                function(s)
                s.close()
                return s
            try:
                s = netns.run(inside)
                s.tell()
                typed.update(s.typed)
            except netns.Unavailable as e:
                tap.skip(str(e), name)
                typed.update(line for _, line in re.findall(LINE, SECTIONS[name], re.M))
        run.__name__ = name
        sections.append(run)
        return run
    return decorate


@section("General setup")
def general(s):
    first, second = [line for where, line in s.lines() if line.startswith("./linux")]
    s.boot(first)
    s.ok("eth0" in s.machines["guest"].run("ls /sys/class/net")[1].split(), "it has the device")
    do("ip route add 224.0.0.0/4 dev lo")
    g = s.boot(second, "umid=debian")
    s.ok(g.run("dmesg | grep eth")[1].strip(), "the log says what became of each")
    for line in [line for where, line in s.lines() if line.startswith("uml_mconsole")]:
        out = s.host(line)
        s.ok(out.startswith("OK"), "%s: OK" % line, out)


@section("Programs on the host")
def programs(s):
    out = tmpdir()
    status, text = host(["make", "-s", "-C", os.path.join(TOP, "tools"), "O=" + os.path.join(WORK, "tools"), "install",
                         "DESTDIR=" + out], timeout=600)
    s.good("make install", status, text)
    have = {name for _, _, names in os.walk(out) for name in names}
    s.ok({"uml_net", "uml_switch", "tunctl"} <= have, "make install installs them", have)


@section("Ethernet addresses")
def ethernet(s):
    do("ip route add 224.0.0.0/4 dev lo")
    g = s.boot("./linux ubd0=root_fs eth0=mcast")
    lines = [line for where, line in s.lines() if where == "guest#"]
    s.ok(g.run("cat /sys/class/net/eth0/address")[1].startswith("fe:fd:"), "it has one")
    for line in lines:
        s.guest(line)
    s.equal(g.run("cat /sys/class/net/eth0/address")[1].strip(), "fe:fd:c0:a8:00:fa", "an address of IPv4 makes another")
    g = s.boot("./linux ubd0=root_fs eth0=mcast")
    s.guest("ifconfig eth0 192.168.0.250 up")
    s.equal(g.run("cat /sys/class/net/eth0/address")[1].strip(), "fe:fd:c0:a8:00:fa", "as ifconfig does")
    for where, line in s.lines():
        if line.startswith("./linux"):
            g = s.boot(line)
            s.equal(g.run("cat /sys/class/net/eth0/address")[1].strip(), "fe:fd:00:00:00:01", "one that is given")


def columns(text):
    """Of the tables of a text: a list of two lists of commands each."""
    found = []
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.strip().split("\n")[2:]]
        found.append([[m.group(1) for row in rows for m in [re.match(r"`(.*)`$", row[i])] if m] for i in (0, 1)])
    return found


@section("The guest's side", tun=True)
def guests_side(s):
    do("ip tuntap add dev tap0 mode tap", "ip address add 192.168.0.4/32 dev tap0", "ip link set tap0 up",
       "ip route add 192.168.0.250 dev tap0")
    set_up, mend = columns(SECTIONS[s.name])
    s.ok(len(set_up[0]) == 4 and len(set_up[1]) == 3 and len(mend[0]) == len(mend[1]) == 2, "the tables have their commands",
         (set_up, mend))
    for commands, repair in zip(set_up, mend):
        g = s.boot("./linux ubd0=root_fs eth0=tuntap,tap0")
        for line in commands:
            s.guest(line)
        s.pings("192.168.0.4")
        s.ok("default via 192.168.0.4" in g.run("ip route")[1], "there is a default route")
        # As ifconfig leaves it, where no netmask was said.
        g.run("ip route flush dev eth0; ip address flush dev eth0; ip address add 192.168.0.250/24 dev eth0")
        for line in repair:
            s.guest(line)
        s.ok("192.168.0.0/24" not in g.run("ip route")[1], "the route to the network is gone")
        s.pings("192.168.0.4")


@section("Multicast")
def multicast(s):
    s.host("ip route add 224.0.0.0/4 dev lo")
    lines = [(w, line) for w, line in s.lines() if not line.startswith("ip route")]
    for where, line in lines[:5]:
        if where == "host$":
            s.boot(line)
        elif line.startswith("ping"):
            s.guest(line, where[:-1], line + " -c 2")
        else:
            s.guest(line, where[:-1])
    for prompt, line in (("one", "ifconfig eth0 192.168.0.254"), ("two", "ifconfig eth0 192.168.0.253")):
        s.guest(line, prompt)
    s.pings("192.168.0.254", "two")
    g = s.boot(lines[5][1])
    s.equal(g.run("cat /sys/class/net/eth0/address")[1].strip(), "fe:fd:00:00:00:01", "all its arguments")
    s.end("one")
    s.end("two")
    for where, line in lines[6:]:
        s.boot(line)
    for prompt, address in (("one", "192.168.0.254"), ("two", "192.168.0.253")):
        s.machines[prompt].run("ip address add %s/24 dev eth0; ip link set eth0 up" % address)
    s.pings("192.168.0.254", "two")


@section("TUN/TAP with uml_net", tun=True)
def by_helper(s):
    s.follow()
    s.pings("192.168.0.254")
    s.pings("10.1.1.1")
    s.ok(eventually(lambda: list(guest_routes()) == ["192.168.0.253"]), "the host has a route", guest_routes())
    s.ok(s.machines["guest"].run("dmesg | grep '^.*eth0:'")[1].strip(), "the log says what was done")


@section("TUN/TAP with a tap that is there", tun=True)
def tap_there(s):
    s.follow()
    s.machines["guest"].run("ip address add 192.168.0.253/32 dev eth0; ip link set eth0 up; "
                            "ip route add 192.168.0.254 dev eth0; ip route add default via 192.168.0.254")
    s.pings("192.168.0.254")
    s.pings("10.1.1.1")
    s.equal((setting("ipv4/ip_forward"), setting("ipv4/conf/tap0/proxy_arp")), ("1", "1"), "the host forwards")
    s.ok(("192.168.0.253", "eth0") in published(False), "and answers for the guest", published(False))
    s.end("guest")
    before = set(links())
    s.host("tunctl 1000")
    s.equal(len(set(links()) - before), 1, "a user's number: the next free name")


@section("Ethertap", tun=True)
def ethertap(s):
    s.follow()
    s.machines["guest"].run("ip address add 192.168.0.253/32 dev eth0; ip link set eth0 up; ip route add 192.168.0.254 dev eth0")
    s.pings("192.168.0.254")
    s.ok("tap0" in links(), "it has the interface's name")


@section("The switch daemon", tun=True)
def switch(s):
    def joined():
        for prompt, address in (("one", "192.168.0.254"), ("two", "192.168.0.253")):
            s.machines[prompt].run("ip address add %s/24 dev eth0; ip link set eth0 up" % address)
        s.pings("192.168.0.254", "two")
    for where, line in s.lines()[:3]:
        if line == "uml_switch":
            if os.path.exists("/tmp/uml.ctl"):
                # Somebody else's: another test's, or the machine's user's.
                s.ok(True, "uml_switch: /tmp/uml.ctl is in use")
                return rest(s)
            s.program(line)
        else:
            s.boot(line)
    joined()
    s.end("one")
    s.end("two")
    rest(s)


def rest(s):
    hub, one = [(w, line) for w, line in s.lines() if "$PWD" in line]
    s.typed.update(line for w, line in s.lines()[:3])
    s.program(hub[1])
    for image in ("one", "two"):
        s.boot(one[1], changes=[("$PWD", here), ("ubd0=one", "ubd0=" + image)])
    for prompt, address in (("one", "192.168.0.254"), ("two", "192.168.0.253")):
        s.machines[prompt].run("ip address add %s/24 dev eth0; ip link set eth0 up" % address)
    s.pings("192.168.0.254", "two")
    s.end("two")
    s.host(s.lines()[-2][1])
    do("ip address add 192.168.0.4/24 dev tap0", "ip link set tap0 up")
    # Beside the first one, which may have its sockets.
    s.program(s.lines()[-1][1] + " -unix %s/tap.ctl" % here)
    s.typed.add(s.lines()[-1][1])
    s.boot("./linux ubd0=one eth0=daemon,,unix,%s/tap.ctl" % here)
    s.machines["one"].run("ip address add 192.168.0.254/24 dev eth0; ip link set eth0 up")
    s.pings("192.168.0.4", "one")


@section("SLIP", tun=True)
def slip(s):
    s.follow()
    s.pings("192.168.0.254")
    s.ok(eventually(lambda: list(guest_routes()) == ["192.168.0.253"]), "the host has a route", guest_routes())


@section("Slirp")
def slirp(s):
    lines = s.lines()
    g = s.boot(lines[0][1])
    s.ok(eventually(lambda: "10.0.2.15" in g.run("ip address")[1]), "it has its address by itself")
    for address in ("10.0.2.2", "10.0.2.3"):
        s.ok(eventually(lambda: not g.run("ping -c 1 -W 2 %s >/dev/null" % address, 60)[0]), "ping " + address)
    s.end("guest")
    forward, ssh_there, ssh = [line for where, line in lines[1:4]]
    if os.path.exists(DEBIAN) and which("ssh"):
        s.boot(forward, debian=True)
        s.guest(ssh_there)
        s.ok(eventually(lambda: "10.0.2.15" in s.machines["guest"].run("ip -4 address")[1], 60, 1), "an address by DHCP")
        ask = os.path.join(tmpdir(), "ask")
        with open(ask, "w") as f:
            f.write("#!/bin/sh\necho user\n")
        os.chmod(ask, 0o755)
        # What a user would answer.
        out = s.host(ssh, "SSH_ASKPASS=%s SSH_ASKPASS_REQUIRE=force DISPLAY=x %s hostname -I </dev/null" % (ask, ssh.replace(
            "ssh ", "ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=30 ")))
        s.ok("10.0.2.15" in out, "ssh: it is the guest", out)
        s.end("guest")
    else:
        s.ok(True, "no Debian image, or no ssh: not logged in to")
        s.typed.update((forward, ssh_there, ssh))
    if not os.access("/usr/bin/slirp-fullbolt", os.X_OK):
        s.ok(True, "no slirp-fullbolt")
        s.typed.update(line for where, line in lines)
        return
    by_program = [line for where, line in lines[4:]]
    s.boot(by_program[0])
    for line in by_program[1:]:
        s.guest(line)
    s.pings("10.0.2.2")
    s.boot(by_program[0])
    s.guest("ifconfig eth0 10.0.2.15 mtu 1500 up")
    s.guest("route add default dev eth0")
    s.pings("10.0.2.2")


@section("pcap")
def pcap(s):
    lines = s.lines()
    if not os.path.exists(DEBIAN):
        s.ok(True, "no Debian image")
        s.typed.update(line for where, line in lines)
        return
    g = s.boot(lines[0][1], debian=True)
    s.guest(lines[1][1])
    # It would go on for ever; and hears first what the guest itself says.
    g.run("(timeout 60 %s -l > /tmp/heard 2>&1 &)" % lines[2][1])
    s.typed.add(lines[2][1])

    def heard():
        for _ in range(5):
            with socket.socket() as c:
                c.setblocking(False)
                c.connect_ex(("10.1.1.7", 80))
        do("ip neigh replace 10.1.1.7 lladdr 02:00:00:00:00:07 dev eth0")
        return "10.1.1.7.80" in g.run("cat /tmp/heard")[1]
    s.ok(eventually(heard, 30, 1), "the guest hears what the host's interface does", g.run("cat /tmp/heard; dmesg | grep eth")[1])


@section("Setting up the host yourself", tun=True)
def by_hand(s):
    tap0 = re.search(r"`(ifconfig tap0 [^`]*)`", SECTIONS[s.name]).group(1)
    s.host("tunctl -u alice -t tap0")
    s.host(tap0)
    s.equal(addresses("tap0"), ["192.168.0.251/32"], "the host's end")
    for where, line in s.lines():
        s.host(line)
    g = s.boot("./linux ubd0=root_fs eth0=tuntap,tap0")
    g.run("ip address add 192.168.0.250/32 dev eth0; ip link set eth0 up; ip route add 192.168.0.251 dev eth0")
    s.pings("192.168.0.251")
    s.guest("ip link set eth0 mtu 1484")
    s.host("ifconfig tap0 192.168.0.251 mtu 1484 up")
    s.pings("192.168.0.251")
    do("ip route del 192.168.0.250 dev tap0")
    status, out = shell("route add -host 192.168.0.250 gw 192.168.0.251")
    s.ok(not status, "the route by the host's own end", out)


for missing in [n for n in ("ip", "ifconfig", "route", "arp") if not which(n)]:
    tap.skip_all("no %s (Debian: iproute2, net-tools)" % missing)
for run in sections:
    if not sys.argv[1:] or any(word in run.__name__ for word in sys.argv[1:]):
        run()
no_leftovers()
if not sys.argv[1:]:
    for where, line in re.findall(LINE, chapters["Network"], re.M):
        line = re.sub(r"\s+# .*", "", line)
        tap.ok(line in typed, "typed: " + line)
tap.done()
