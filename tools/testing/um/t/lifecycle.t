#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Life on the host: umid, signals, idle time, stubs, leftovers.
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
d = tmpdir()
initrd = initramfs()
udir = os.path.join(d, "uml")


def started_at(pid):
    """When a host process was made, to compare."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return int(f.read().rsplit(")", 1)[1].split()[19]), pid
    except OSError:
        return 0, 0


def maps_of(pid):
    try:
        with open("/proc/%d/maps" % pid) as f:
            return f.read()
    except OSError:
        return ""


with Guest("umsh", "quiet", "umid=first", "uml_dir=" + udir, initrd=initrd) as g:
    g.shell()
    tap.ok(os.path.isdir(os.path.join(udir, "first")), "the umid directory is there")
    try:
        with open(os.path.join(udir, "first", "pid")) as f:
            tap.equal(int(f.read()), g.pid, "with our pid")
    except (OSError, ValueError) as e:
        tap.ok(False, "with our pid (%s)" % e)
    rc, text = boot_to_end("umid=first", "uml_dir=" + udir, initrd=initrd, timeout=20)
    tap.ok(rc not in (0, None), "the same umid again is an error (%s)" % rc)
    tap.ok("first" in text and str(g.pid) in text, "that names the holder's pid")
    if not tap.equal(len(text.strip().splitlines()), 1, "in one line"):
        tap.diag(tail(text))
    tap.equal(g.run("echo alive")[1].strip(), "alive", "the first one does not mind")
    tap.equal(g.poweroff(), 0, "power-off")
tap.ok(not os.path.exists(os.path.join(udir, "first")), "the directory is gone afterwards")

g = Guest("umsh", "quiet", "umid=stale", "uml_dir=" + udir, initrd=initrd)
g.shell()
g.kill()
g.wait(10)
g.close()
no_leftovers("SIGKILL leaves no stub behind")
tap.ok(os.path.isdir(os.path.join(udir, "stale")), "SIGKILL leaves the umid directory")
rc, text = boot_to_end("quiet", "umid=stale", "uml_dir=" + udir, initrd=initrd)
tap.equal(rc, 0, "the stale one is taken over")
rc, text = boot_to_end("quiet", "umend=exit", "umid=panicked", "uml_dir=" + udir, initrd=initrd)
tap.ok(not os.path.exists(os.path.join(udir, "panicked")), "a panic leaves no directory")

# SIGTERM and SIGINT: init is asked to shut down (here: killed by
# default action of ctrl-alt-del, or the kernel powers off by itself).
for sig in (signal.SIGTERM, signal.SIGINT):
    with boot() as g:
        g.run("sync")
        g.kill(sig)
        rc = g.wait(60)
        tap.equal(rc, 0, "%s shuts down with status 0" % sig.name)
        if rc is None:
            tap.diag(tail(g.text))
no_leftovers()

# An idle guest.
with boot() as g:
    time.sleep(1)
    before = g.cpu_seconds()
    start = time.monotonic()
    time.sleep(20 if SOAK else 5)
    used = g.cpu_seconds() - before
    share = 100 * used / (time.monotonic() - start)
    tap.diag("an idle guest uses %.2f %% of a CPU" % share)
    tap.ok(share < 5, "an idle guest is idle")
    n = len(g.children())
    g.run("for i in 1 2 3 4 5 6 7 8 9 10; do (:); /bin/true; done")
    tap.ok(eventually(lambda: len(g.children()) <= n + 8, 10),
           "stubs go with their processes (%d before, %d after)" % (n, len(g.children())))

    # A stub that is killed from outside takes its guest process along.
    g.run("sleep 10000 & echo $!")
    base = set(g.children())
    time.sleep(0.3)
    g.send("/bin/busybox sh -c 'while :; do :; done' & ")
    time.sleep(1)
    busy = None
    for pid in g.children():
        a = stat_of(pid)
        time.sleep(0.3)
        b = stat_of(pid)
        if a and b and b[2] - a[2] > 5:
            busy = pid
    if busy and busy != g.pid:
        # The shell has to wait for it: busybox's takes a child's death at its
        # prompt for an end of file, on any kernel.
        g.send("wait $!; echo died=$?")
        time.sleep(0.5)
        os.kill(busy, signal.SIGKILL)
        tap.ok(g.expect(r"died=1\d\d", 30), "killing a stub kills its guest process")
        tap.match(g.run("echo alive")[1], r"^alive$", "and only that")
        st, out = g.run("dmesg | tail -5")
        tap.match(out, r"(?i)stub|host process|killed", "the kernel's log tells why")
    else:
        tap.ok(False, "killing a stub kills its guest process (none found)")
    # One of two processes that share their memory dies before its stub has let
    # go of a page that is freed: the other must not go on using it.
    g.send("/tests/guest-tests --helper shared_space")
    g.expect(r"READY")
    # Under ptrace each has a host process, and one made later may serve the first.
    newest = max([p for p in g.children() if "\n2abc12340000-" in "\n" + maps_of(p)], key=started_at)
    os.kill(newest, signal.SIGKILL)
    tap.ok(eventually(lambda: not stat_of(newest) or stat_of(newest)[0] == "Z", 10),
           "the stub of one is dead")
    g.send("go on")
    # Where both are one process of the host, or it was the other one's, that died.
    tap.ok(g.expect(r"RESULT (-?\d+)").group(1) in ("0", "-9"),
           "the other has nothing that is freed")
    tap.equal(g.poweroff(), 0, "power-off")
no_leftovers()

# Many guests at once.
gs = [Guest("umsh", "quiet", initrd=initrd, mem="96M") for _ in range(4)]
try:
    for g in gs:
        g.shell()
    tap.ok(True, "four guests at a time")
    for i, g in enumerate(gs):
        g.send("echo I am %d" % i)
    for i, g in enumerate(gs):
        g.expect("I am %d" % i)
        tap.equal(g.poweroff(), 0, "guest %d powers off" % i)
finally:
    for g in gs:
        g.close()
no_leftovers()
# The end meets processes that end, and init that reaps them.
ends = []
for i in range(6):
    with boot() as g:
        g.send("sh -c '(while :; do (sleep 0.01 &); usleep 2000; done) >/dev/null 2>&1 &'")
        time.sleep(0.3)
        ends.append(g.poweroff())
tap.equal(ends, [0] * 6, "power-off while processes end")
no_leftovers()
tap.done()
