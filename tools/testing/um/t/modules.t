#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Modules that were built with the kernel load and unload.
import os
import re
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
out = os.environ.get("OUT") or os.path.join(BUILD, "out")
found = []
for top, dirs, files in os.walk(out):
    dirs[:] = [d for d in dirs if d not in ("source", ".tmp_modules")]
    found += [os.path.join(top, f) for f in sorted(files) if f.endswith(".ko")]
if not found or not which("modinfo"):
    tap.skip_all("no modules under %s, or no modinfo" % out)
alone = [p for p in found if not host([which("modinfo"), "-F", "depends", p])[1].strip()]
# Small ones first, and one that leans on another.
alone = sorted(alone, key=os.path.getsize)[:12 if not SOAK else 1000]
files = {"modules/" + os.path.basename(p): p for p in alone}
with boot(initrd=initramfs(files)) as g:
    loaded = 0
    for p in alone:
        name = os.path.basename(p)[:-3].replace("-", "_")
        status, text = g.run("insmod /modules/" + os.path.basename(p))
        if status:
            # Some find no hardware, which is their right.
            status, log = g.run("dmesg | tail -5")
            tap.ok(not re.search(r"Unknown symbol|relocation|Invalid module format|version magic", log + text),
                   "%s: does not want to load, but could" % name)
            tap.diag(text.strip())
            continue
        loaded += 1
        status, text = g.run("grep '^%s ' /proc/modules" % name)
        tap.match(text, r"^%s .*Live 0x[0-9a-f]+" % name, "%s: loads" % name)
        status, text = g.run("rmmod %s" % name)
        tap.ok(status == 0 or "esource" in text or "busy" in text, "%s: unloads (%s)" % (name, text.strip()))
    tap.ok(loaded > 0, "%d modules loaded" % loaded)
    # The same one again and again: vmalloc space and symbols come back.
    p = alone[0]
    status, text = g.run("for i in $(seq 30); do insmod /modules/%s && rmmod %s || break; done" %
                         (os.path.basename(p), os.path.basename(p)[:-3]) if loaded else "true")
    status, text = g.run("dmesg | grep -E 'WARNING:|BUG:|Call Trace'")
    tap.equal(text.strip(), "", "the kernel's log has no complaint")
    tap.equal(g.poweroff(), 0, "power-off")
no_leftovers()
tap.done()
