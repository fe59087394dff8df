# SPDX-License-Identifier: GPL-2.0
"""Guests with network devices, and what is tried on each of their transports."""
import re
import subprocess
from umtest import *

import mconsole
import netns
import umlnet
from netns import Results

NET = "10.9.0."
NET6 = "fd09::"
PORT = 5001
MIB = 100
LOG = r"WARNING|BUG|Oops|stall|lockup|Call Trace"


def part(function):
    """A part of a script: function(Results), in a network namespace of its own."""
    def run():
        try:
            netns.run(lambda: function(Results())).tell()
        except netns.Unavailable as e:
            tap.skip(str(e), function.__name__)
    run.__name__ = function.__name__
    return run


PUMP = host_binary("pump", static=True)
INITRD = initramfs({"bin/pump": PUMP})


class Server:
    """On this side: what takes and gives much data."""

    def __init__(self):
        self.proc = subprocess.Popen([PUMP, "serve", str(PORT)], start_new_session=True)

    def close(self):
        self.proc.kill()
        self.proc.wait()


class Node:
    """A guest with one device; its network is set up as a user does it."""

    number = 0

    def __init__(self, spec, n, *words, dev="eth0", unit="eth0", prefix=24, configure=True, **kw):
        Node.number += 1
        self.umid = "n%d" % Node.number
        self.dir = os.path.join(tmpdir(), "uml")
        self.spec, self.n, self.dev, self.unit, self.prefix = spec, n, dev, unit, prefix
        self.addr, self.addr6 = NET + str(n), NET6 + str(n)
        self.guest = Guest("umsh", "quiet", "%s=%s" % (unit, spec), "umid=" + self.umid, "uml_dir=" + self.dir, *words,
                           initrd=INITRD, mem="256M", name=self.umid, **kw)
        self.guest.shell()
        if configure:
            self.configure()

    def run(self, command, timeout=None):
        return self.guest.run(command, timeout)

    def text(self, command, timeout=None):
        return self.run(command, timeout)[1].strip()

    def configure(self):
        # Without a wait for who else might have the address.
        self.run("echo 0 > /proc/sys/net/ipv6/conf/%s/accept_dad" % self.dev)
        self.run("ip address add %s/%d dev %s; ip -6 address add %s/64 dev %s; ip link set %s up" % (
            self.addr, self.prefix, self.dev, self.addr6, self.dev, self.dev))

    def ping(self, address, *options, count=2):
        """Do all come back?"""
        six = " -6" if ":" in address else ""
        for _ in range(3):
            rc, text = self.run("ping%s -c %d -W 3 %s %s" % (six, count, " ".join(options), address), 60)
            if not rc and "%d packets received" % count in text:
                return True
        tap_note(text)
        return False

    def pings(self, address, *options):
        return eventually(lambda: self.ping(address, *options), 30)

    def serve(self):
        self.run("pump serve %d >/dev/null 2>&1 & until netstat -tln | grep -q ':%d '; do usleep 20000; done" % (PORT, PORT))

    def pump(self, what, address, mib):
        """Much data by TCP: is it all there, as it was sent?"""
        rc, text = self.run("pump %s %s %d %d" % (what, address, PORT, mib), 300)
        if not rc and os.environ.get("UMTEST_RATES"):
            tap.diag("%s %s: %s" % (self.spec, what, text.strip()))
        return not rc or tap_note(text)

    def ask(self, *words):
        rc, text, err = mconsole.run("-d", self.dir, self.umid, *words, sanitize=False)
        return rc, (text + err).strip()

    def carrier(self):
        return self.text("cat /sys/class/net/%s/carrier 2>/dev/null" % self.dev)

    def drops(self):
        """The counters of errors and drops."""
        row = self.text("grep '%s:' /proc/net/dev" % self.dev).split(":")[1].split()
        return dict(zip(("rx_errs", "rx_drop", "tx_errs", "tx_drop"), (int(row[i]) for i in (2, 3, 10, 11))))

    def lease(self):
        """An address by DHCP, with what comes with it: that of the router, or None."""
        self.run("ip link set %s up" % self.dev)
        self.run("cat > /tmp/bound <<'END'\n#!/bin/sh\n[ $1 = bound ] || exit 0\n"
                 "ip address add $ip/${mask:-24} dev $interface; ip route add default via $router; echo $router > /tmp/router\nEND\n"
                 "chmod +x /tmp/bound; rm -f /tmp/router")
        for _ in range(5):
            rc, text = self.run("udhcpc -i %s -n -q -t 3 -T 2 -s /tmp/bound 2>&1; cat /tmp/router" % self.dev, 60)
            if not rc:
                return text.split()[-1]
        tap_note(text)
        return None

    def end(self, r, name):
        log = self.text("dmesg")
        r.ok(not re.search(LOG, log), name + ": the log has no complaint", re.findall(".*(?:%s).*" % LOG, log)[:3])
        r.equal(self.guest.poweroff(), 0, name + ": it ends")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.guest.close()


def tap_note(text):
    tap.diag(str(text)[-600:])
    return False


def exercise(r, name, a, address, address6=None, mib=MIB, routes=None):
    """What a user does on a device of guest @a, whose other end has the addresses."""
    r.ok(a.pings(address), name + ": ping")
    if address6:
        r.ok(a.pings(address6), name + ": ping by IPv6")
    r.ok(a.ping(address, "-s 4000"), name + ": a packet in fragments")
    r.ok(a.pump("send", address, mib), name + ": %d MiB by TCP" % mib)
    r.ok(a.pump("fetch", address, mib), name + ": %d MiB the other way" % mib)
    old = a.text("cat /sys/class/net/%s/mtu" % a.dev)
    a.run("ip link set %s mtu 1280" % a.dev)
    r.ok(a.ping(address, "-s 3000"), name + ": fragments of another MTU")
    r.ok(a.pump("send", address, 1) and a.pump("fetch", address, 1), name + ": TCP at that MTU")
    a.run("ip link set %s mtu %s" % (a.dev, old))
    a.run("ip link set %s down" % a.dev)
    r.ok(not a.run("ip link show %s | grep -q LOWER_UP || echo down" % a.dev)[0], name + ": down")
    a.run("ip link set %s up; ip -6 address add %s/64 dev %s" % (a.dev, a.addr6, a.dev))
    if routes:
        a.run(routes)
    r.ok(a.pings(address), name + ": and up again")


def plug(r, name, a, address, routes=None):
    """Removed and added by the management console."""
    rc, text = a.ask("config", a.unit)
    r.equal((rc, text), (0, "OK " + a.spec), name + ": config tells what it is")
    rc, text = a.ask("remove", a.unit)
    r.equal(rc, 0, name + ": removed")
    r.equal(a.text("ls /sys/class/net | grep -c '^%s$'" % a.dev), "0", name + ": it is gone")
    rc, text = a.ask("config", "%s=%s" % (a.unit, a.spec))
    r.ok(rc == 0, name + ": added", text)
    a.configure()
    if routes:
        a.run(routes)
    r.ok(a.pings(address), name + ": it works again")
