#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# gdb on the executable: from its start, and attached to a running guest.
import os
import re
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from registers import gdb
from umtest import *

need_linux()
GDB = gdb()
if not GDB:
    tap.skip_all("no gdb")
if "init/main.c" not in host([GDB, "-nx", "-batch", "-ex", "info line start_kernel", LINUX], timeout=120)[1]:
    tap.skip_all("no debug information in %s" % LINUX)
initrd = initramfs()
base = [GDB, "-nx", "-batch", "-iex", "set pagination off", "-iex", "set debuginfod enabled off",
        "-x", os.path.join(TOP, "tools", "linux.gdb")]
script = ["-ex", "break start_kernel", "-ex", "run", "-ex", "bt", "-ex", "info source",
          "-ex", "break do_sys_openat2", "-ex", "continue", "-ex", "bt 4", "-ex", "info args",
          "-ex", "info threads", "-ex", "kill"]
rc, text = host(base + script + ["--args", LINUX, "mem=128M", "initrd=" + initrd, "con=null",
                                 "con0=fd:0,fd:1", "quiet"], timeout=300)
tap.match(text, r"Breakpoint 1, start_kernel \(\) at .*init/main\.c", "stops at start_kernel, with the line")
tap.match(text, r"Breakpoint 2, do_sys_openat2", "stops in a system call")
tap.match(text, r"filename = 0x|how = 0x|dfd = ", "shows arguments")
tap.match(text, r"(?m)^#[1-3] .*openat", "and the way there")
if "Breakpoint 2" not in text:
    tap.diag(tail(text, 40))
no_leftovers()

# In a driver, as Documentation/howto.md does it: a line, locals, a structure.
disk = os.path.join(WORK, "gdb.img")
with open(disk, "wb") as f:
    f.truncate(1 << 20)
script = ["-ex", "break ubd_queue_rq", "-ex", "run", "-ex", "bt 2", "-ex", "next", "-ex", "next",
          "-ex", "info locals", "-ex", "print *job", "-ex", "info threads", "-ex", "kill"]
rc, text = host(base + script + ["--args", LINUX, "mem=128M", "initrd=" + initrd, "ubd0=" + disk,
                                 "con=null", "con0=fd:0,fd:1", "quiet"], timeout=300)
good = [tap.match(text, r"Breakpoint 1, ubd_queue_rq \(hctx=0x\w+, .*\) at .*ubd_queue\.c:\d+",
                  "stops in a driver, with the line"),
        tap.match(text, r"(?m)^#1 .* at .*block/blk-mq\.c:\d+", "called by the block layer"),
        tap.match(text, r"(?m)^(dev|rq|job) = 0x", "local variables"),
        tap.match(text, r"\$1 = \{", "a structure")]
if not all(good):
    tap.diag(tail(text, 40))
no_leftovers()
with boot() as g:
    rc, text = host(base + ["-ex", "info threads", "-ex", "bt -full", "-ex", "list start_kernel", "-ex", "print init_task.comm",
                            "-ex", "print jiffies", "-ex", "detach", "-p", str(g.pid), LINUX], timeout=300)
    tap.match(text, r"swapper", "attached: kernel variables")
    tap.match(text, r"(?m)^\*? +1 +", "threads are listed")
    good = [tap.match(text, r"(?m)^#\d+ .*(do_idle|cpu_startup_entry) .* at .*\.c:\d+",
                      "a backtrace with source lines"),
            tap.match(text, r"(?m)^ +\w+ = (0x\w+|-?\d+|<optimized out>|\{)", "and local variables"),
            tap.match(text, r"(?m)^\d+\s.*start_kernel\(void\)", "the source itself")]
    if not all(good):
        tap.diag(tail(text, 60))
    tap.equal(g.run("echo alive")[1].strip(), "alive", "the guest goes on afterwards")
    # A tracer may keep signals to itself, gdb when told to and strace when it lets go:
    # an idle guest finds out what they would have said.
    debugger = subprocess.Popen([GDB, "-nx", "-batch", "-iex", "set debuginfod enabled off",
                                 "-ex", "handle SIGALRM SIGIO nostop noprint nopass", "-ex", "continue",
                                 "-p", str(g.pid)],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        traced = eventually(lambda: "TracerPid:\t%d" % debugger.pid in open("/proc/%d/status" % g.pid).read(), 60)
        tap.ok(traced, "a gdb that keeps the signals")
        tap.equal([g.run("sleep 0.3; echo slept")[1].strip() for i in range(5)], ["slept"] * 5,
                  "timers and input come without them")
    finally:
        debugger.send_signal(signal.SIGINT)
        debugger.wait(60)
    tap.equal(g.run("sleep 0.3; echo slept")[1].strip(), "slept", "and afterwards")
    tap.equal(g.poweroff(), 0, "power-off")
no_leftovers()
tap.done()
