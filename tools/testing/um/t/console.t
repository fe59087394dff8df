#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Consoles: terminals, line editing, window size, signals, con=null.
# umtest: waits
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
import termios


def state(g):
    attr = termios.tcgetattr(g.slave)
    attr[3] &= ~getattr(termios, "PENDIN", 0)
    return attr


initrd = initramfs()
with boot(tty=True) as g:
    st, out = g.run("tty")
    tap.match(out, r"^/dev/tty0|^/dev/console", "the shell has the console")
    st, out = g.run("stty size")
    tap.equal(out.strip(), "24 80", "the guest knows the window's size")
    fcntl.ioctl(g.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 51, 133, 0, 0))
    try:
        os.killpg(g.pid, signal.SIGWINCH)
    except OSError:
        pass
    size = eventually(lambda: g.run("stty size")[1].strip() == "51 133", 10, 0.3)
    tap.ok(size, "and follows its changes")
    g.send("cat > /tmp/typed")
    time.sleep(0.5)
    g.write("hellx\x7fo\n")
    g.write("gone\x15kept\n\x04")
    st, out = g.run("cat /tmp/typed")
    tap.equal(out.split(), ["hello", "kept"], "line editing: erase, kill, end of file")
    g.send("stty isig; trap 'echo CAUGHT-INT' INT; sleep 60; echo AFTER=$?")
    time.sleep(1)
    g.write("\x03")
    try:
        m = g.expect(r"AFTER=(\d+)", 30)
        tap.ok(m.group(1) != "0", "Ctrl-C interrupts the guest's program")
    except Timeout as e:
        tap.ok(False, "Ctrl-C interrupts the guest's program")
        tap.diag(e)
    g.send("trap - INT")
    tap.ok(g.proc.poll() is None, "and not the guest")
    big = "x" * 3000
    st, out = g.run("i=0; while [ $i -lt 300 ]; do echo line$i-%s; i=$((i+1)); done" % ("y" * 100))
    tap.equal(out.count("line"), 300, "30 kB of output arrive")
    tap.ok("line299-" + "y" * 100 in out, "to the last byte")
    before = g.attr
    during = state(g)
    tap.ok(during[3] & termios.ICANON == 0, "the host's terminal is raw meanwhile")
    tap.equal(g.poweroff(), 0, "power-off")
    tap.equal(state(g), before, "the terminal is as it was")

for how, end in (("panic", lambda g: g.send("echo c > /proc/sysrq-trigger")),
                 ("SIGTERM", lambda g: g.kill(signal.SIGTERM)),
                 ("SIGABRT", lambda g: g.kill(signal.SIGABRT)),
                 ("SIGSEGV", lambda g: g.kill(signal.SIGSEGV)),
                 ("SIGKILL", lambda g: g.kill(signal.SIGKILL))):
    if how == "panic" and not config("MAGIC_SYSRQ"):
        tap.skip("no CONFIG_MAGIC_SYSRQ", how)
        continue
    with boot(tty=True) as g:
        before = g.attr
        end(g)
        rc = g.wait(60)
        tap.ok(rc is not None, "%s: it ends (%s)" % (how, rc))
        good = eventually(lambda: state(g) == before, 10)
        tap.ok(good, "%s: the terminal is as it was" % how)
        if not good:
            tap.diag("%r\n%r" % (before, state(g)))
no_leftovers()

# Pipes: no terminal at all.
with boot() as g:
    st, out = g.run("echo plain pipes work")
    tap.equal(out.strip(), "plain pipes work", "a console on pipes")
    st, out = g.run("head -c 200000 /dev/zero | tr '\\0' z")
    tap.equal(out.count("z"), 200000, "200,000 bytes of output")
    tap.equal(g.poweroff(), 0, "power-off")
# No input at all, as in a batch job: it runs to its end.
rc, text = boot_to_end("umrun=/batch.sh", "quiet", stdin=subprocess.DEVNULL, timeout=60,
                       initrd=initramfs({"batch.sh": b"#!/bin/sh\nsleep 2\necho STILL\n"}))
tap.equal(rc, 0, "input from /dev/null: the guest goes on")
tap.match(text, r"^STILL", "to the end")
# Input that ends later must not make it spin.
with boot() as g:
    g.send("trap '' HUP; sleep 4; poweroff -f")
    g.proc.stdin.close()
    g.proc.stdin = None
    time.sleep(1)
    before = g.cpu_seconds()
    time.sleep(2)
    tap.ok(g.cpu_seconds() - before < 0.5, "input that ends costs no CPU time")
    rc = g.wait(60)
    tap.ok(rc is not None, "and it ends (%s)" % rc)
with Guest("umsh", "quiet", "con=null", "con0=null", initrd=initrd, con=False) as g:
    time.sleep(3)
    tap.ok(g.proc.poll() is None, "con0=null: it runs")
    g.kill(signal.SIGTERM)
    rc = g.wait(30)
    tap.ok(rc is not None, "SIGTERM ends it (%s)" % rc)
no_leftovers()
tap.done()
