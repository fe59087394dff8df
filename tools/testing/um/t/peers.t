#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# COW files with Debian's user-mode kernel and its tools, both ways.
# umtest: slow 1
import os
import random
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from peer import lacks_peer, patiently, peer
from umtest import *

need_linux()
if lacks_peer():
    tap.skip_all(lacks_peer())
SEED = int(os.environ.get("UMTEST_SEED") or time.time())
rng = random.Random(SEED)
tap.diag("seed: UMTEST_SEED=%d" % SEED)
THEIRS = {name: which(name) for name in ("uml_moo", "uml_mkcow")}
SIZE = 4 << 20


def content(path):
    with open(path, "rb") as f:
        return f.read()


def ours(*words):
    return boot(*words)


def theirs(*words):
    """It is quickest on one CPU.  It misreads what is longer than a page and in both
    files in turns, whoever wrote it; without reading ahead nothing is."""
    pin = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
    g = patiently(lambda: Guest("umsh", "quiet", *words, linux=peer(), wrap=pin, initrd=initramfs(), name="peer").shell(60))
    g.run("for d in a b; do echo 0 > /sys/block/ubd$d/queue/read_ahead_kb; done")
    return g


def work(kernel, name, cow, plain, d, backing=""):
    """The same writes to the COW file and to a plain one, in a guest."""
    with kernel("ubd0=" + cow + backing, "ubd1=" + plain, "uml_dir=" + d) as g:
        tap.equal(g.run("cmp /dev/ubda /dev/ubdb && echo same", 60)[1].strip(), "same", "%s: it is what it was" % name)
        status, out = g.run("/tests/guest-tests --helper disk_load %d 120 /dev/ubda /dev/ubdb" % rng.getrandbits(32), 120)
        if not tap.equal(status, 0, "%s: it is written" % name):
            tap.diag(out)
        g.run("echo 3 > /proc/sys/vm/drop_caches")
        tap.equal(g.run("cmp /dev/ubda /dev/ubdb && echo same", 60)[1].strip(), "same", "%s: and read" % name)
        g.run("sync")
        g.poweroff()


def merged(name, tool, cow, plain):
    to = cow + ".merged"
    rc, text = host([tool, cow, to], timeout=120)
    if not tap.ok(rc == 0 and content(to) == content(plain), "%s makes the plain file of it" % name):
        tap.diag("status %s: %s" % (rc, text))
    if os.path.exists(to):
        os.unlink(to)


def pair(d, name):
    backing, plain = os.path.join(d, name + ".backing"), os.path.join(d, name + ".plain")
    with open(backing, "wb") as f:
        f.write(rng.randbytes(SIZE))
    shutil.copyfile(backing, plain)
    return backing, plain, os.path.join(d, name)


def there_and_back(first, second, names):
    """A COW file made by one kernel, used by the other and by the first again."""
    d = tmpdir()
    backing, plain, cow = pair(d, "disk")
    before = content(backing)
    work(first, "made by %s" % names[0], cow, plain, d, "," + backing)
    work(second, "used by %s" % names[1], cow, plain, d)
    work(first, "and by %s again" % names[0], cow, plain, d)
    merged("our uml_moo", host_tool("uml_moo"), cow, plain)
    if THEIRS["uml_moo"]:
        merged("Debian's uml_moo", THEIRS["uml_moo"], cow, plain)
    tap.ok(content(backing) == before, "the backing file is what it was")


def tools():
    for name in ("uml_mkcow", "uml_moo"):
        if not THEIRS[name]:
            tap.skip("no %s (Debian: uml-utilities)" % name, "Debian's tools")
            return
    d = tmpdir()
    backing, plain, cow = pair(d, "theirs")
    tap.equal(host([THEIRS["uml_mkcow"], cow, backing])[0], 0, "Debian's uml_mkcow")
    work(ours, "its file with our kernel", cow, plain, d)
    merged("Debian's uml_moo", THEIRS["uml_moo"], cow, plain)
    backing, plain, cow = pair(d, "ours")
    tap.equal(host([host_tool("uml_mkcow"), cow, backing])[0], 0, "our uml_mkcow")
    work(theirs, "its file with Debian's kernel", cow, plain, d)
    work(ours, "and with ours", cow, plain, d)
    tap.equal(host([THEIRS["uml_moo"], "-d", cow])[0], 0, "Debian's uml_moo -d")
    tap.ok(content(backing) == content(plain), "makes the plain file of the backing file")


there_and_back(ours, theirs, ("our kernel", "Debian's"))
there_and_back(theirs, ours, ("Debian's kernel", "ours"))
tools()
no_leftovers()
tap.done()
