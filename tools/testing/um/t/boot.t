#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# From start to end: power-off, halt, reboot, exit codes, panics.
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
import re

initrd = initramfs()
SIGABRT = -6

rc, text = boot_to_end("quiet", initrd=initrd)
tap.equal(rc, 0, "power-off: exit status 0")
tap.no_match(text, r"Kernel panic|BUG:|WARNING:|Call Trace", "no complaint")
no_leftovers()
rc, text = boot_to_end(initrd=initrd)
tap.equal(rc, 0, "and with all messages")
tap.match(text, r"Linux version 6\.12", "the banner is on the console")
tap.no_match(text, r"WARNING:|BUG:|Call Trace|------------", "no warning in them")
rc, text = boot_to_end("quiet", "umend=halt", initrd=initrd)
tap.equal(rc, 0, "halt: exit status 0")

# Arguments and environment of init; the kernel's own command line.
rc, text = boot_to_end("quiet", "umrun=/show.sh", "one.two=3", "foo=bar", "--", "arg1", "arg2",
                       initrd=initramfs({"show.sh": b"#!/bin/sh\ncat /proc/cmdline\nenv\n"}))
tap.match(text, r"^init: argument arg1$", "words behind -- reach init")
tap.match(text, r"^init: argument arg2$", "all of them")
tap.match(text, r"umrun=/show.sh .*foo=bar", "/proc/cmdline shows the parameters")
tap.match(text, r"^foo=bar$", "an unknown name=value is in init's environment")
show = initramfs({"show.sh": b"#!/bin/sh\ncat /proc/sys/vm/compaction_proactiveness /proc/cmdline\n"})
for words, value in (((), 0), (("sysctl.vm.compaction_proactiveness=30",), 30)):
    rc, text = boot_to_end("quiet", "umrun=/show.sh", *words, "--", "x", initrd=show)
    tap.match(text, r"^%d$" % value, "memory is put together ahead: %d" % value)
    tap.match(text, r"^\S.*\bsysctl\.vm\.compaction_proactiveness=%d -- x$" % value, "which the command line says, once")

# /proc/exitcode
rc, text = boot_to_end("quiet", "umrun=/code.sh",
                       initrd=initramfs({"code.sh": b"#!/bin/sh\nexit 42\n"}))
tap.equal(rc, 42, "/proc/exitcode is the exit status")
with boot() as g:
    st, out = g.run("cat /proc/exitcode")
    tap.equal((st, out.strip()), (0, "0"), "it is 0 at first")
    st, out = g.run("echo 300 > /proc/exitcode; cat /proc/exitcode")
    tap.ok(st == 0, "a number that is too large does no harm (%s)" % out.strip())
    st, out = g.run("echo junk > /proc/exitcode")
    tap.ok(st != 0, "junk is refused")
    g.run("echo 7 > /proc/exitcode")
    tap.equal(g.poweroff(), 7, "what was written last counts")

# reboot runs the executable again with the same arguments
d = tmpdir()
disk = sparse(os.path.join(d, "counter"), 1 << 20)
script = b"""#!/bin/sh
n=$(dd if=/dev/ubda bs=1 count=1 2>/dev/null | tr -d '\\0')
n=$((${n:-0} + 1))
echo "boot number $n: $(cat /proc/cmdline)"
printf $n | dd of=/dev/ubda bs=1 conv=notrunc 2>/dev/null
sync
[ $n = 3 ] && poweroff -f
reboot -f
"""
files = {"again.sh": script}
rc, text = boot_to_end("quiet", "umrun=/again.sh", "ubd0=" + disk, "my=word",
                       initrd=initramfs(files))
tap.equal(rc, 0, "two reboots, then power-off: exit status 0")
boots = re.findall(r"boot number (\d): (.*)", text)
tap.equal([b[0] for b in boots], ["1", "2", "3"], "it booted three times")
tap.ok(len({b[1] for b in boots}) == 1, "with the same command line")
no_leftovers()
rc, text = boot_to_end("quiet", "noreboot", "umend=reboot", initrd=initrd, timeout=60)
tap.equal(rc, 0, "noreboot: reboot ends the process")

# Panics end by SIGABRT, and say why.
rc, text = boot_to_end("umend=exit", initrd=initrd)
tap.equal(rc, SIGABRT, "init that exits is a panic: SIGABRT")
tap.match(text, r"Kernel panic - not syncing: Attempted to kill init", "it says so")
no_leftovers("no host process is left after a panic")
empty = Cpio()
empty.dir("dev")
empty.node("dev/console", "c", 5, 1)
path = empty.finish(os.path.join(d, "empty.cpio"))
rc, text = boot_to_end(initrd=path, cwd=d)
tap.ok(rc not in (0, None), "an archive without init: not status 0 (%s)" % rc)
tap.match(text, r"(?i)no (working )?init found|unable to mount root|root_fs|No filesystem",
          "it says what is missing")
junk = os.path.join(d, "junk.img")
with open(junk, "wb") as f:
    f.write(b"no file system" * 100000)
rc, text = boot_to_end("ubd0=" + junk)
tap.equal(rc, SIGABRT, "an image that is no file system: SIGABRT")
tap.match(text, r"Kernel panic.*Unable to mount root fs", "the panic says so")
tap.match(text, r"ubda", "and lists the disk")
img = ext4_image(os.path.join(d, "noinit.img"), mib=64)
if img and which("debugfs"):
    for f in ("/init", "/sbin/init", "/bin/sh"):
        host([which("debugfs"), "-w", "-R", "rm " + f, img])
    rc, text = boot_to_end("ubd0=" + img)
    tap.equal(rc, SIGABRT, "a file system without init: SIGABRT")
    tap.match(text, r"No working init found", "the panic says so")
    rc, text = boot_to_end("ubd0=" + img, "init=/bin/nonesuch")
    tap.match(text, r"Requested init /bin/nonesuch failed", "init= that is missing: said so")
else:
    tap.skip("no mke2fs and debugfs", "a file system without init")
if config("MAGIC_SYSRQ"):
    rc, text = boot_to_end("umrun=/oops.sh", initrd=initramfs(
        {"oops.sh": b"#!/bin/sh\necho 1 > /proc/sys/kernel/sysrq\necho c > /proc/sysrq-trigger\n"}))
    tap.equal(rc, SIGABRT, "sysrq c: SIGABRT")
    tap.match(text, r"Kernel panic - not syncing: sysrq triggered crash", "a panic")
    tap.match(text, r"Call Trace", "with a backtrace")
    tap.match(text, r"sysrq_handle_crash\+0x|sysrq_handle_crash", "with names")
    tap.match(text, r"write_sysrq_trigger", "several of them")
    rc, text = boot_to_end("umrun=/oops.sh", initrd=initramfs(
        {"oops.sh": b"#!/bin/sh\necho t > /proc/sysrq-trigger\n"}))
    tap.equal(rc, 0, "sysrq t does no harm")
    rc, text = boot_to_end("umrun=/t.sh", "loglevel=8", initrd=initramfs(
        {"t.sh": b"#!/bin/sh\necho 8 > /proc/sys/kernel/printk\necho t > /proc/sysrq-trigger\n"
                 b"echo m > /proc/sysrq-trigger\necho l > /proc/sysrq-trigger\n"}))
    tap.match(text, r"task:kthreadd\s+state:S", "sysrq t lists tasks")
    tap.match(text, r"kthreadd.*\n(.*\n){1,6}.*(schedule|kthreadd)\+0x", "with backtraces")
    tap.match(text, r"Mem-Info", "sysrq m shows memory")
else:
    tap.skip("no CONFIG_MAGIC_SYSRQ", "sysrq")
rc, text = boot_to_end("quiet", "panic=1", "umend=exit", "noreboot", initrd=initrd, timeout=60)
tap.ok(rc is not None, "panic=1 ends too (%s)" % rc)

# From a disk.
img = ext4_image(os.path.join(d, "root.img"))
if img:
    for how in ("", "root=/dev/ubda", "root=/dev/ubd0", "root=/dev/ubd/0", "root=98:0"):
        copy = scratch_copy(img)
        name = "root on ubd0, %s" % (how or "no root=")
        with Guest("ubd0=" + copy, "rw", how, "umsh", "quiet") as g:
            try:
                g.shell()
                st, out = g.run("grep ' / ' /proc/mounts | tail -1")
                tap.match(out, r"/ ext4 rw", name)
                tap.equal(g.poweroff(), 0, "%s: power-off" % name)
            except Timeout as e:
                tap.ok(False, name)
                tap.diag(e)
        rc, text = host([which("e2fsck"), "-fn", copy])
        tap.equal(rc, 0, "%s: clean afterwards" % name)
        os.unlink(copy)
else:
    tap.skip("no mke2fs", "root on ubd0")
tap.done()
