#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Hosts that forbid or lack something: one clear line, or it works all the same.
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
initrd = initramfs()


def one_line(rc, text, words, name):
    tap.ok(rc not in (0, None), "%s: exit status is not 0 (%s)" % (name, rc))
    lines = [r for r in text.splitlines() if r.strip()]
    if not tap.equal(len(lines), 1, "%s: one line" % name):
        tap.diag(tail(text))
    for w in words:
        tap.match(text, w, "%s: it says /%s/" % (name, w))
    tap.diag(lines[0] if lines else "no output")


rc, text = boot_to_end(initrd=initrd, wrap=[host_binary("denied"), "ptrace"], timeout=30)
one_line(rc, text, ["(?i)ptrace", "(?i)permitted|denied|forbid|not allowed|EPERM"],
         "ptrace forbidden")

space = ["unshare", "-rm", "--propagation", "private"] if os.geteuid() else \
    ["unshare", "-m", "--propagation", "private"]
rc, text = host(space + ["true"])
if any(os.path.realpath(p).startswith(("/tmp/", "/dev/shm/")) for p in (LINUX, initrd)):
    tap.skip("LINUX or BUILD is itself in /tmp", "/dev/shm and /tmp noexec or full")
elif rc:
    tap.skip("no mount namespaces: " + text, "/dev/shm and /tmp noexec or full")
else:
    def inside(setup, name):
        return space + ["sh", "-c", setup + '; exec "$@"', "sh"]
    noexec = "mount -t tmpfs -o noexec,mode=1777 t /tmp; mount -t tmpfs -o noexec,mode=1777 t /dev/shm"
    env = {"TMPDIR": "", "HOME": "/nonexistent"}
    rc, text = boot_to_end("quiet", initrd=initrd, wrap=inside(noexec, "x"), env=env)
    tap.equal(rc, 0, "/tmp and /dev/shm mounted noexec: boots")
    tiny = "mount -t tmpfs -o size=64k,mode=1777 t /tmp; mount -t tmpfs -o size=64k,mode=1777 t /dev/shm; " \
        "dd if=/dev/zero of=/tmp/f 2>/dev/null; dd if=/dev/zero of=/dev/shm/f 2>/dev/null"
    rc, text = boot_to_end("quiet", initrd=initrd, wrap=inside(tiny, "x"), env=env)
    if rc == 0:
        tap.ok(True, "/tmp and /dev/shm full: boots")
    else:
        one_line(rc, text, ["(?i)space|full"], "/tmp and /dev/shm full")
    ro = "mount -t tmpfs -o ro t /tmp; mount -t tmpfs -o ro t /dev/shm"
    rc, text = boot_to_end("quiet", initrd=initrd, wrap=inside(ro, "x"), env=env)
    if rc == 0:
        tap.ok(True, "/tmp and /dev/shm read-only: boots")
    else:
        one_line(rc, text, ["(?i)read-only"], "/tmp and /dev/shm read-only")

# As an ordinary user, without a home.
if os.geteuid() == 0 and which("setpriv"):
    copy = os.path.join(tmpdir(), "initrd")
    shutil.copy(initrd, copy)
    for part in (WORK, os.path.dirname(copy)):
        pass
    os.chmod(os.path.dirname(copy), 0o755)
    os.chmod(copy, 0o644)
    reach = host(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cat", copy])[0]
    if reach == 0:
        rc, text = boot_to_end("quiet", initrd=copy, env={"HOME": "/nonexistent"},
                               wrap=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
        tap.equal(rc, 0, "as an ordinary user whose home does not exist")
        if rc:
            tap.diag(tail(text))
    else:
        tap.skip("%s is not readable for others" % copy, "as an ordinary user")
for what, name in ((["prlimit", "--nofile=64"], "64 descriptors"),
                   (["prlimit", "--core=0"], "no core files"),
                   (["prlimit", "--stack=unlimited"], "an unlimited stack"),
                   (["setarch", "-R"], "without address randomisation")):
    if which(what[0]):
        rc, text = boot_to_end("quiet", initrd=initrd, wrap=what)
        tap.equal(rc, 0, "boots with %s" % name)
rc, text = boot_to_end(initrd=initrd, wrap=["prlimit", "--as=%d" % (100 << 20)], timeout=30)
one_line(rc, text, ["(?i)memory"], "address space limited to 100 MiB")
no_leftovers()
tap.done()
