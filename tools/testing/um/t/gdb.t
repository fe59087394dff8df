#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# gdb on the executable: from its start, and attached to a running guest.
import os
import re
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
if not which("gdb"):
    tap.skip_all("no gdb")
if "init/main.c" not in host(["gdb", "-nx", "-batch", "-ex", "info line start_kernel", LINUX], timeout=120)[1]:
    tap.skip_all("no debug information in %s" % LINUX)
initrd = initramfs()
base = ["gdb", "-nx", "-batch", "-iex", "set pagination off", "-iex", "set debuginfod enabled off"]
script = ["-ex", "break start_kernel", "-ex", "run", "-ex", "bt", "-ex", "info source",
          "-ex", "break do_sys_openat2", "-ex", "continue", "-ex", "bt 4", "-ex", "info args",
          "-ex", "info threads", "-ex", "kill"]
for row in ("SIGUSR1 SIGUSR2 SIGALRM SIGIO SIGWINCH SIGSEGV SIGCHLD SIGVTALRM",):
    base += ["-ex", "handle %s nostop noprint pass" % row]
rc, text = host(base + script + ["--args", LINUX, "mem=128M", "initrd=" + initrd, "con=null",
                                 "con0=fd:0,fd:1", "quiet"], timeout=300)
tap.match(text, r"Breakpoint 1, start_kernel \(\) at .*init/main\.c", "stops at start_kernel, with the line")
tap.match(text, r"Breakpoint 2, do_sys_openat2", "stops in a system call")
tap.match(text, r"filename = 0x|how = 0x|dfd = ", "shows arguments")
tap.match(text, r"(?m)^#[1-3] .*openat", "and the way there")
if "Breakpoint 2" not in text:
    tap.diag(tail(text, 40))
no_leftovers()
with boot() as g:
    rc, text = host(base + ["-ex", "info threads", "-ex", "bt 6", "-ex", "print init_task.comm",
                            "-ex", "print jiffies", "-ex", "detach", "-p", str(g.pid), LINUX], timeout=300)
    tap.match(text, r"swapper", "attached: kernel variables")
    tap.match(text, r"(?m)^\*? +1 +", "threads are listed")
    tap.match(text, r"(?m)^#0 ", "a backtrace")
    tap.equal(g.run("echo alive")[1].strip(), "alive", "the guest goes on afterwards")
    tap.equal(g.poweroff(), 0, "power-off")
no_leftovers()
tap.done()
