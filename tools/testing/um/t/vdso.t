#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# The vDSO where it cannot do its best: without the host's clock, and not there.
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
initrd = initramfs()
LINE = r"^.*vdso: (.*)$"

rc, text = boot_to_end(initrd=initrd)
lines = re.findall(LINE, text, re.M)
tap.equal(len(lines), 1, "one line of the boot log is about the vDSO")
tap.ok(lines and re.match("reads the host's clock|asks the kernel for the time: .+: .+",
                          lines[0].strip()), "it says where the time is from")
tap.diag("\n".join(lines))

rc, text = boot_to_end("vdso=0", initrd=initrd)
tap.match(text, r"vdso: none \(vdso=0\)", "vdso=0: said so")
run_areas(["clocks", "vdso"], "vdso=0")

# Who does not see its own mappings cannot hand the host's vDSO on.
space = ["unshare", "-rm" if os.geteuid() else "-m", "--propagation", "private"]
rc, text = host(space + ["mount", "-t", "tmpfs", "t", "/proc"])
if rc:
    tap.skip("no mount namespaces: " + text, "no /proc: the time by system calls")
else:
    wrap = space + ["sh", "-c", 'mount -t tmpfs t /proc; exec "$@"', "sh"]
    rc, text = boot_to_end(initrd=initrd, wrap=wrap)
    tap.match(text, r"vdso: asks the kernel for the time: /proc/self/maps: No such file",
              "no /proc: the boot log says why the time is by system calls")
    run_areas(["clocks", "vdso"], wrap=wrap)
no_leftovers()
tap.done()
