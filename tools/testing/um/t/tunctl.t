#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# tunctl: its command line, and the interfaces that it makes in a network of their own.
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

import pwd
import grp
import netns

tunctl = host_tool("tunctl")


def refused(name, argv, *words):
    """It fails, and one line says why."""
    rc, text = host([tunctl] + argv)
    lines = text.strip().splitlines()
    tap.ok(rc == 1 and len(lines) == 1 and all(w in text for w in words), "%s: refused (%s)" % (
        name, lines[-1] if lines else "nothing said"))


rc, text = host([tunctl, "--help"])
tap.equal(rc, 0, "--help")
for word in ("-b", "-u OWNER", "-g GROUP", "-t DEV", "-d DEV", "-f CLONE", "/dev/net/tun"):
    tap.ok(word in text, "it tells of %s" % word)
rc, text = host([tunctl, "--version"])
tap.match(text, r"^tunctl \S+$", "--version")
refused("an unknown option", ["-x"], "-x")
refused("an unknown long option", ["--frobnicate"], "--frobnicate")
refused("-t without a name", ["-t"], "-t", "missing")
refused("an unknown user", ["-u", "no-such-user"], "-u no-such-user")
refused("an unknown owner", ["no-such-user"], "no-such-user")
refused("an unknown group", ["-g", "no-such-group"], "-g no-such-group")
refused("a number that is none", ["-u", "12x"], "-u 12x")
refused("a negative number", ["-u", "-5"], "-u -5")
refused("a number that no user can have", ["-u", "4294967295"], "4294967295")
refused("two owners", ["-u", "1000", "1001"], "1001")
refused("two words", ["1000", "tap0"], "tap0")
refused("a name that is too long", ["-t", "x" * 16], "x" * 16, "15")
refused("an empty name", ["-t", ""], "-t", "empty")
refused("a name with a slash", ["-t", "a/b"], "-t a/b")
refused("two names", ["-t", "tap1", "-d", "tap2"], "tap1", "tap2")
refused("an owner where one is removed", ["-d", "tap1", "-u", "1000"], "-d tap1")
refused("a clone device that is not there", ["-f", "/dev/none"], "/dev/none", "No such file")
refused("a clone device that is none", ["-f", "/dev/null"], "/dev/null")
refused("removing what is not there", ["-d", "umtest-none"], "-d umtest-none")


def interfaces():
    """{name: what ip(8) tells of it}, of TUN/TAP ones."""
    rows = host([which("ip"), "-d", "-o", "link"])[1].splitlines()
    return {r.split(": ")[1]: r for r in rows if " tun type " in r}


def in_network():
    netns.need_tun()
    results = []

    def makes(name, argv, output, *words):
        before = interfaces()
        rc, text = host([tunctl] + argv)
        new = [v for k, v in interfaces().items() if k not in before]
        good = rc == 0 and text == output and len(new) == 1 and all(w in new[0] + " " for w in words)
        results.append((good, name if good else "%s: %s %r %s" % (name, rc, text, new)))

    def fails(name, argv, *words):
        rc, text = host([tunctl] + argv)
        good = rc == 1 and text.count("\n") == 1 and all(w in text for w in words)
        results.append((good, "%s: refused (%s)" % (name, text.strip())))

    me, user = os.geteuid(), pwd.getpwuid(os.geteuid())
    group = grp.getgrgid(os.getegid())
    makes("without options: the next tap, for the caller", [],
          "Set 'tap0' persistent and owned by uid %d\n" % me, "tun type tap", "persist on", "user")
    makes("tunctl UID", ["%d" % me], "Set 'tap1' persistent and owned by uid %d\n" % me, "tun type tap")
    makes("-t: a name", ["-t", "mine"], "Set 'mine' persistent and owned by uid %d\n" % me, "mine:")
    makes("-u: a user by name", ["-u", user.pw_name, "-t", "byname"],
          "Set 'byname' persistent and owned by uid %d\n" % me, "user %s " % user.pw_name)
    makes("-g: a group by name", ["-g", group.gr_name, "-t", "bygroup"],
          "Set 'bygroup' persistent and owned by gid %d\n" % group.gr_gid, "group %s " % group.gr_name)
    makes("-u and -g by number", ["-u", "%d" % me, "-g", "%d" % group.gr_gid, "-t", "both"],
          "Set 'both' persistent and owned by uid %d gid %d\n" % (me, group.gr_gid), "user", "group")
    makes("-b: nothing but the name", ["-b"], "tap2\n", "persist on")
    makes("-n: IP packets", ["-n", "-b"], "tun0\n", "tun type tun ")
    makes("-p: frames", ["-p", "-b", "-t", "frames"], "frames\n", "tun type tap ")
    makes("-q: several queues", ["-q", "-b", "-t", "queues"], "queues\n", "multi_queue")
    makes("-V: virtio-net headers", ["-V", "-b", "-t", "vnet"], "vnet\n", "vnet_hdr on")
    fails("a name that another kind of interface has", ["-t", "lo"], "lo")
    fails("removing another kind of interface", ["-d", "lo"], "-d lo")
    fails("a user that this namespace does not have" if me else "a tap as a tun",
          ["-u", "123456", "-t", "other"] if me else ["-n", "-t", "mine"], "")
    rc, text = host([tunctl, "-t", "mine"])
    results.append(((rc, text) == (0, "Set 'mine' persistent and owned by uid %d\n" % me),
                    "one that is there may be set again"))
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, 0x400454ca, struct.pack("16sH22x", b"mine", 0x1002))
    fails("removing one that is in use", ["-d", "mine"], "mine", "has it open")
    os.close(fd)
    left = sorted(interfaces())
    for name in left:
        rc, text = host([tunctl, "-d", name])
        results.append(((rc, text) == (0, "Set '%s' nonpersistent\n" % name), "-d %s" % name))
    results.append((not interfaces() and len(left) >= 11, "all are gone"))
    return results


try:
    if not which("ip"):
        raise netns.Unavailable("no ip (Debian: iproute2)")
    for good, name in netns.run(in_network):
        tap.ok(good, name)
except netns.Unavailable as e:
    tap.skip(e, "interfaces")

if os.geteuid() and os.access("/dev/net/tun", os.R_OK | os.W_OK):
    refused("an interface without the right to make one", [], "root")
no_leftovers()
tap.done()
