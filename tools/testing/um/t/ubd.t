#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Block devices: content, read-only, several units, flushes, ext4.
import os
import shutil
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
import hashlib


def digest(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        for block in iter(lambda: f.read(1 << 20), b""):
            h.update(block)
    return h.hexdigest()


d = tmpdir()
one = os.path.join(d, "one.img")
with open(one, "wb") as f:
    f.write(os.urandom(8 << 20))
two = sparse(os.path.join(d, "two.img"), 64 << 20)
three = sparse(os.path.join(d, "three.img"), 4 << 20)
odd = sparse(os.path.join(d, "odd.img"), (1 << 20) + 512)
late = sparse(os.path.join(d, "late.img"), 1 << 20)
want = digest(one)

with boot("ubd0=" + one, "ubd1=" + two, "ubd2r=" + three, "ubdd=" + odd,
          "ubd15=" + late + ",,serial-15") as g:
    st, out = g.run("cat /proc/partitions")
    for name, kib in (("ubda", 8192), ("ubdb", 65536), ("ubdc", 4096), ("ubdd", 1024), ("ubdp", 1024)):
        tap.match(out, r"\s%d %s$" % (kib, name), "%s has its size" % name)
    st, out = g.run("ls -l /dev/ubda /dev/ubdb")
    tap.match(out, r"98,\s+0 .*ubda", "major 98, minor 0")
    tap.match(out, r"98,\s+16 .*ubdb", "the second unit is minor 16")
    st, out = g.run("sha256sum /dev/ubda", 300)
    tap.equal(out.split()[0] if out else "", want, "what is read is what the host has")
    st, out = g.run("for i in 1 2 3 4; do sha256sum /dev/ubda & done; wait", 300)
    tap.equal(out.count(want), 4, "by four readers at once")
    st, out = g.run("echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/ubda bs=64k iflag=direct 2>/dev/null | sha256sum", 300)
    tap.equal(out.split()[0] if out else "", want, "and past the page cache")
    st, out = g.run("echo x > /dev/ubdc")
    tap.ok(st != 0, "a read-only unit refuses to be opened for writing")
    st, out = g.run("cat /sys/block/ubdc/ro")
    tap.equal(out.strip(), "1", "and says so in sysfs")
    st, out = g.run("cat /sys/block/ubdp/serial /sys/block/ubdp/device/serial 2>/dev/null | head -1")
    tap.equal(out.strip(), "serial-15", "a serial number in sysfs")
    st, out = g.run("dd if=/dev/ubda of=/dev/ubdb bs=1M count=8 2>/dev/null && sync && "
                    "dd if=/dev/ubdb bs=1M count=8 2>/dev/null | sha256sum")
    tap.equal(out.split()[0] if out else "", want, "a copy from unit to unit")
    st, out = g.run("dd if=/dev/urandom of=/tmp/r bs=512 count=7 2>/dev/null; "
                    "dd if=/tmp/r of=/dev/ubdb bs=512 seek=100001 conv=notrunc,fsync 2>/dev/null; "
                    "sha256sum < /tmp/r")
    tail_sum = out.split()[0] if out else ""
    with open(two, "rb") as f:
        f.seek(100001 * 512)
        tap.equal(hashlib.sha256(f.read(7 * 512)).hexdigest(), tail_sum,
                  "after fsync single sectors are in the host's file")
    st, out = g.run("dd if=/dev/ubdd of=/dev/null bs=512 skip=2048 2>&1 | head -1")
    tap.match(out, r"1\+0 records in", "a size that is no multiple of 4 KiB: the last sector")
    st, out = g.run("dd if=/dev/zero of=/dev/ubdd bs=512 seek=2049 count=1 2>&1")
    tap.ok(st != 0, "no writing beyond the end")
    tap.equal(g.poweroff(), 0, "power-off")
with open(two, "rb") as f:
    tap.equal(hashlib.sha256(f.read(8 << 20)).hexdigest(), want, "the copy is in the host's file")
tap.equal(os.path.getsize(odd), (1 << 20) + 512, "no file grew")
tap.equal(digest(one), want, "what was only read is unchanged")

mkfs = which("mkfs.ext4")
if mkfs:
    host([mkfs, "-q", "-F", two])
    with boot("ubd1=" + two) as g:
        st, out = g.run("mount -t ext4 /dev/ubdb /mnt && for i in $(seq 200); do "
                        "mkdir -p /mnt/d$((i % 7)); seq $i > /mnt/d$((i % 7))/f$i; done && "
                        "dd if=/dev/urandom of=/mnt/big bs=64k count=200 2>/dev/null && "
                        "sha256sum /mnt/big && sync", 300)
        tap.equal(st, 0, "ext4 mounts and is written")
        big = out.split()[0] if out.split() else ""
        st, out = g.run("umount /mnt && mount -t ext4 /dev/ubdb /mnt && sha256sum /mnt/big; ls /mnt/d*/f* | wc -l")
        tap.equal(out.split()[0] if out.split() else "", big, "and read again")
        tap.equal(out.split()[-1] if out.split() else "", "200", "all files")
        st, out = g.run("fstrim /mnt")
        tap.diag("fstrim: status %d %s" % (st, out.strip()))
        g.run("umount /mnt")
        tap.equal(g.poweroff(), 0, "power-off")
    rc, text = host([which("e2fsck"), "-fn", two])
    tap.equal(rc, 0, "fsck finds it clean")
    # Pulled out in the middle: the journal must do.
    with boot("ubd1=" + two) as g:
        g.run("mount -t ext4 /dev/ubdb /mnt")
        g.send("while :; do cp /mnt/big /mnt/big2; sync; rm /mnt/big2; done")
        time.sleep(2)
        g.kill()
        g.wait(10)
    rc, text = host([which("e2fsck"), "-fp", two])
    tap.ok(rc in (0, 1), "killed while writing: the journal repairs it (%d)" % rc)
else:
    tap.skip("no mkfs.ext4", "ext4")
# Past the host's page cache, which has nothing of it then.
def in_memory(path):
    """Bytes of a file that the host has in its page cache."""
    return int(host([which("fincore"), "--bytes", "--noheadings", "--output", "RES", path])[1])


past = os.path.join(d, "past.img")
plain = os.path.join(d, "plain.img")
cow = os.path.join(d, "past.cow")
with open(past, "wb") as f:
    f.write(os.urandom(8 << 20))
shutil.copyfile(past, plain)
os.sync()
with open(past, "rb") as f:
    os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
LOAD = "/tests/guest-tests --helper disk_load 4711 300 "
with boot("ubd0o=" + past, "ubd1=" + plain, "ubd2o=%s,%s" % (cow, one)) as g:
    st, out = g.run("dd if=/dev/ubda of=/dev/null bs=64k iflag=direct && dd if=/dev/zero of=/dev/ubda bs=64k "
                    "seek=32 count=64 oflag=direct && dd if=/dev/zero of=/dev/ubdb bs=64k seek=32 count=64")
    if not tap.equal(st, 0, "flag o: read and written"):
        tap.diag(out)
    if which("fincore"):
        # The alignment was tried with a read.
        tap.ok(in_memory(past) <= 64 << 10, "flag o: the host keeps nothing of it (%d)" % in_memory(past))
    else:
        tap.skip("no fincore (Debian: util-linux)", "flag o: the host keeps nothing of it")
    st, out = g.run(LOAD + "/dev/ubda /dev/ubdb", 120)
    tap.equal(st, 0, "flag o: writes of all lengths")
    # Of what is not aligned, too.
    g.run("dd if=/dev/urandom of=/tmp/r bs=512 count=7; for disk in a b; do dd if=/tmp/r of=/dev/ubd$disk bs=512 seek=1001 "
          "oflag=direct; done")
    tap.equal(g.run("echo 3 > /proc/sys/vm/drop_caches; cmp /dev/ubda /dev/ubdb")[0], 0, "flag o: the same is there")
    st, out = g.run("dd if=/dev/ubdb of=/dev/ubdc bs=1M conv=fsync && " + LOAD + "/dev/ubdb /dev/ubdc", 120)
    tap.equal(st, 0, "flag o: a COW file is written")
    tap.equal(g.run("echo 3 > /proc/sys/vm/drop_caches; cmp /dev/ubdb /dev/ubdc")[0], 0, "flag o: and read")
    tap.equal(g.poweroff(), 0, "power-off")
tap.equal(digest(one), want, "what is below is what it was")
# Zeros that keep their room, and those that give it back.
room = os.path.join(d, "room.img")
with open(room, "wb") as f:
    f.write(os.urandom(4 << 20))
    os.fsync(f.fileno())
before = os.stat(room).st_blocks
with boot("ubd0=" + room) as g:
    tap.equal(g.run("/tests/guest-tests --helper disk_zeros /dev/ubda %d %d" % (1 << 20, 1 << 20))[0], 0,
              "zeros that keep their room")
    tap.ok(os.stat(room).st_blocks >= before, "the host's file keeps it (%d, %d before)" % (os.stat(room).st_blocks, before))
    tap.equal(g.run("head -c 2097152 /dev/ubda | tail -c 1048576 | tr -d '\\0' | wc -c")[1].strip(), "0", "they are zeros")
    tap.equal(g.run("/tests/guest-tests --helper disk_zeros /dev/ubda 512 512")[0], 0, "a sector of them")
    tap.equal(g.poweroff(), 0, "power-off")
with open(room, "rb") as f:
    f.seek(1 << 20)
    tap.ok(f.read(1 << 20) == bytes(1 << 20), "the host has them")
# Reads that the host has to fetch, and a write behind them that it takes at once: who
# waits for all three gets them, whoever was asleep before.
rare = os.path.join(d, "rare.img")
with open(rare, "wb") as f:
    f.write(os.urandom(16 << 20))
    os.fsync(f.fileno())
for flag in ("", "d"):
    with boot("ubd0%s=%s" % (flag, rare)) as g:
        g.send("/tests/guest-tests --helper disk_batch /dev/ubda")
        done = []
        for _ in range(20):
            with open(rare, "rb") as f:
                os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            g.send("")
            done.append(int(g.expect(r"@@BATCH (-?\d+)@@").group(1)))
        tap.equal(done, [3] * 20, "ubd0%s: batches of reads and a write are done" % flag)
        g.write("\x04")
        tap.equal(g.poweroff(), 0, "power-off")
# A second guest on the same image is refused, unless shared.
with boot("ubd0=" + one) as g:
    rc, text = boot_to_end("umsh", "quiet", "ubd0=" + one, initrd=initramfs(), timeout=15)
    tap.ok(rc not in (0, None), "an image in use is refused (%s)" % rc)
    tap.ok("one.img" in text, "with its name")
    rc, text = boot_to_end("quiet", "ubd0r=" + one, initrd=initramfs(), timeout=60)
    tap.diag("read-only second user: status %s" % rc)
    rc, text = boot_to_end("quiet", "ubd0c=" + one, initrd=initramfs(), timeout=60)
    tap.diag("shared second user: status %s" % rc)
    g.poweroff()
with boot("ubd0rc=" + one) as g:
    rc, text = boot_to_end("quiet", "ubd0rc=" + one, initrd=initramfs(), timeout=60)
    tap.equal(rc, 0, "two guests share an image read-only (rc)")
    g.poweroff()
no_leftovers()
tap.done()
