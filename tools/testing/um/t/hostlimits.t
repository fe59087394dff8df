#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Hosts that forbid or lack something: one clear line, or it works all the same.
import os
import re
import resource
import subprocess
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


denied = host_binary("denied")
no_ptrace, no_seccomp = [denied, "ptrace"], [denied, "seccomp"]

rc, text = boot_to_end("engine=auto", initrd=initrd, wrap=no_ptrace, timeout=30)
tap.equal(rc, 0, "ptrace forbidden: boots")
tap.match(text, r"engine: seccomp \(the fastest", "ptrace forbidden: seccomp is taken")
rc, text = boot_to_end("engine=auto", initrd=initrd, wrap=no_seccomp, timeout=30)
tap.equal(rc, 0, "seccomp forbidden: boots")
tap.match(text, r"engine: ptrace \(the host does not allow seccomp: .*: Operation not permitted\)",
          "seccomp forbidden: ptrace is taken, and why")
rc, text = boot_to_end("engine=ptrace", initrd=initrd, wrap=no_ptrace, timeout=30)
one_line(rc, text, [r"engine=ptrace: .*PTRACE_SEIZE: Operation not permitted"],
         "ptrace forbidden, and asked for")
rc, text = boot_to_end("engine=seccomp", initrd=initrd, wrap=no_seccomp, timeout=30)
one_line(rc, text, [r"engine=seccomp: .*seccomp.*: Operation not permitted"],
         "seccomp forbidden, and asked for")
rc, text = boot_to_end("engine=auto", initrd=initrd, wrap=no_ptrace + no_seccomp, timeout=30)
one_line(rc, text, [r"engine=auto: .*: Operation not permitted"], "both forbidden")

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

    # No memfds: guest memory is a file.
    nomemfd = [host_binary("denied"), "memfd_create"]
    small = "mount -t tmpfs -o size=120M,mode=1777 t /tmp; mount -t ramfs r /dev/shm; chmod 1777 /dev/shm"
    with boot(mem="512M", initrd=initrd, wrap=inside(small, "x") + nomemfd, env=dict(env, TMPDIR="/tmp")) as g:
        tap.equal(g.run("/tests/guest-tests --helper use 40")[0], 0, "no memfd, 120 MiB of tmpfs: works")
        g.send("/tests/guest-tests --helper use 300")
        rc = g.wait()
        tap.equal(rc, -signal.SIGABRT, "until these are used up: ends by SIGABRT")
        tap.match(g.text, r"panic.*no memory on the host for the guest's page at 0x[0-9a-f]+: "
                  r"it gave \d+ MiB of mem=512M", "and says why")
    with boot(mem="64M", initrd=initrd, wrap=inside(small, "x") + nomemfd, env=dict(env, TMPDIR="/dev/shm")) as g:
        tap.match(g.run("dmesg")[1], "free memory is not given back to the host: .*no holes",
                  "a file system without holes: said in the log")
        tap.equal(g.poweroff(), 0, "and it works all the same")

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


# ---- hosts that refuse a running guest something, or only say that they did it


def scattered(g, mib):
    """Starts a program of the guest's that is about to touch single pages; the id of
    its host process."""
    g.send("/tests/guest-tests --helper scattered %d" % mib)
    g.expect("READY")
    for pid in g.children():
        try:
            with open("/proc/%d/maps" % pid) as f:
                if re.search("^123400000000-", f.read(), re.M):
                    return pid
        except OSError:
            pass
    return None


# What is above is the stub's own; an instruction and the last faults want less.
STUB_START = 0x7fffc0000000
PAGES = 18

for engine in ("seccomp", "ptrace"):
    with boot("engine=" + engine, initrd=initrd) as g:
        stub = scattered(g, 4)
        if not tap.ok(stub, "%s: the program's host process" % engine):
            continue
        with open("/proc/%d/maps" % stub) as f:
            ranges = [[int(x, 16) for x in r.split()[0].split("-")] for r in f]
        own = sum(end - start for start, end in ranges if start >= STUB_START and end < 1 << 63)
        resource.prlimit(stub, resource.RLIMIT_AS, (own + PAGES * 4096, resource.RLIM_INFINITY))
        g.send("")
        m = g.expect(r"SCATTERED .*\n")
        tap.match(m.group(), " 0 bad", "%s: a process that the host lets map %d pages gets through" % (engine, PAGES))
        tap.equal(g.poweroff(), 0, "%s: and the guest goes on" % engine)

strace = which("strace")
if not strace:
    tap.skip("no strace", "mappings that the host does not make")
else:
    with boot("engine=seccomp", initrd=initrd) as g:
        stub = scattered(g, 4)
        with open(os.path.join(tmpdir(), "strace"), "w+") as told:
            # The worker alone: it makes the mappings.
            tracer = subprocess.Popen([strace, "-e", "trace=mmap", "-e", "inject=mmap:retval=0",
                                       "-o", "/dev/null", "-p", str(stub)], stderr=told)
            eventually(lambda: "attached" in open(told.name).read() or tracer.poll() is not None)
            if tracer.poll() is not None:
                tap.skip("strace cannot attach here", "mappings that the host does not make")
            else:
                g.send("")
                tap.ok(g.expect(r"guest-tests\[\d+\]: the same fault again and again: at 1234\S+ ip .*\n"),
                       "mappings that the host only says it made: said in the log")
                tap.ok(g.expect(r"guest-tests\[\d+\]: killed, the same fault again and again: .*\n"),
                       "the process is ended in the end")
                tap.equal(g.run("echo on")[1].strip().splitlines()[-1:], ["on"], "and the guest goes on")
            tracer.terminate()
            tracer.wait()
        tap.equal(g.poweroff(), 0, "and ends as ever")
no_leftovers()
tap.done()
