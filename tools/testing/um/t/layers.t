#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# COW files as disks: made, stacked, shared, killed, full, and out of place.
import json
import os
import random
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
SEED = int(os.environ.get("UMTEST_SEED") or time.time())
rng = random.Random(SEED)
tap.diag("seed: UMTEST_SEED=%d" % SEED)
# Odd, so that the last page and the last sectors of larger size are partial.
SIZE = (6 << 20) + 2560
LOAD = "/tests/guest-tests --helper disk_load %d %d %s"
STAMP = "/tests/guest-tests --helper disk_stamp %s %d"


def tool(name, *args):
    return host([host_tool("uml_" + name)] + list(args), timeout=120)


def content(path):
    with open(path, "rb") as f:
        return f.read()


def noise(path, size=SIZE):
    with open(path, "wb") as f:
        f.write(rng.randbytes(size))
    return path


def merged(cow):
    """The disk that a COW file stands for, by the host's tool."""
    to = cow + ".merged"
    rc, text = tool("moo", cow, to)
    if rc:
        tap.diag("uml_moo: status %s: %s" % (rc, text))
        return None
    data = content(to)
    os.unlink(to)
    return data


def refused(name, words, *args):
    rc, text = host([os.environ.get("LINUX") or os.path.join(TOP, "linux")] + list(args), timeout=30)
    good = rc not in (0, None) and text.count("\n") == 1 and all(w in text for w in words)
    if not tap.ok(good, name):
        tap.diag("status %s, wanted %s:\n%s" % (rc, words, text))


# ------------------------------------------------------------- made on first use

def first_use():
    d = tmpdir()
    ro = os.path.join(d, "ro")
    os.mkdir(ro)
    backing = noise(os.path.join(ro, "backing"))
    before = content(backing)
    os.chmod(backing, 0o444)
    os.chmod(ro, 0o555)
    cow, plain = os.path.join(d, "new.cow"), os.path.join(d, "plain")
    with open(plain, "wb") as f:
        f.write(before)
    with boot("ubd0=%s,%s" % (cow, backing), "ubd1=" + plain, "uml_dir=" + d) as g:
        tap.match(g.run("dmesg")[1], r"ubda: .*new\.cow on .*/ro/backing, \d+ sectors", "a COW file is made")
        tap.equal(g.run("cmp /dev/ubda /dev/ubdb && echo same")[1].strip(), "same", "it shows its backing file")
        status, out = g.run(LOAD % (rng.getrandbits(32), 300, "/dev/ubda /dev/ubdb"), 120)
        if not tap.equal(status, 0, "the same writes go to it and to a plain file"):
            tap.diag(out)
        tap.equal(g.run("cmp /dev/ubda /dev/ubdb && echo same")[1].strip(), "same", "it shows them")
        g.run("echo 3 > /proc/sys/vm/drop_caches")
        tap.equal(g.run("cmp /dev/ubda /dev/ubdb && echo same")[1].strip(), "same", "from the files, too")
        # Not flushed by anybody but the end of the kernel.
        g.run("dd if=/dev/zero of=/tmp/z bs=4k count=1 2>/dev/null; "
              "for d in a b; do dd if=/tmp/z of=/dev/ubd$d bs=4k seek=99 oflag=direct 2>/dev/null; done")
        tap.equal(g.poweroff(), 0, "power-off")
    tap.ok(content(backing) == before, "the backing file is what it was")
    want = content(plain)
    tap.ok(merged(cow) == want, "uml_moo makes the same of it as the plain file")
    with boot("ubd0=" + cow, "ubd1=" + plain, "uml_dir=" + d) as g:
        tap.equal(g.run("cmp /dev/ubda /dev/ubdb && echo same")[1].strip(), "same", "it knows its backing file")
        tap.equal(g.poweroff(), 0, "power-off")
    os.chmod(ro, 0o755)
    # The same file by another name.
    moved = os.path.join(d, "moved")
    os.rename(backing, moved)
    refused("without its backing file", ["ubd0=", "/ro/backing", "No such file"], "ubd0=" + cow)
    with boot("ubd0=%s,%s" % (cow, moved), "ubd1=" + plain, "uml_dir=" + d) as g:
        tap.equal(g.run("cmp /dev/ubda /dev/ubdb && echo same")[1].strip(), "same", "its backing file was renamed")
        tap.equal(g.poweroff(), 0, "power-off")
    tap.match(tool("cowinfo", cow)[1], re.escape(moved), "the COW file has the new name")
    no_leftovers()


def made_at_once():
    """Of two that make one file at the same time, one has it, and it stays."""
    strace = which("strace")
    if not strace:
        tap.skip("no strace", "two make one COW file")
        return
    d = tmpdir()
    backing, cow = noise(os.path.join(d, "backing")), os.path.join(d, "cow")
    # The second is that of the directory, when the file has its name.
    slow = [strace, "-o", "/dev/null", "-e", "trace=fdatasync", "-e"]
    words = ["umsh", "quiet", "ubd0=%s,%s" % (cow, backing), "uml_dir=" + d]
    g = Guest(*words, initrd=initramfs(), wrap=slow + ["inject=fdatasync:delay_enter=5000000:when=2"], name="slow")
    if not eventually(lambda: os.path.exists(cow) or g.proc.poll() is not None):
        tap.ok(False, "a COW file is made")
    if g.proc.poll() is not None:
        tap.skip("strace: %s" % tail(g.text), "two make one COW file")
        return
    ino = os.stat(cow).st_ino
    refused("who comes while a COW file is being made", ["ubd0=", "in use by"], words[2])
    g.shell()
    tap.equal(g.run("dd if=/dev/zero of=/dev/ubda bs=4k count=1 conv=fsync")[0], 0, "who makes it has it")
    tap.equal(g.poweroff(), 0, "power-off")
    tap.ok(os.path.exists(cow) and os.stat(cow).st_ino == ino, "it is the same file")
    os.unlink(cow)
    before = set(os.listdir(d))
    rc, text = host(slow + ["inject=fdatasync:error=EIO:when=2", LINUX] + words, timeout=30)
    tap.ok(rc not in (0, None) and "its directory: Input/output error" in text, "a directory that is not stored: an error")
    tap.equal(set(os.listdir(d)), before, "and no COW file")
    no_leftovers()


# ---------------------------------------------------------- kinds, and one on another

def lengthen(cow):
    """A new file of version 3 becomes one of the kind that some 64-bit hosts made."""
    data = content(cow)
    with open(cow, "wb") as f:
        f.write(data[:12] + bytes(4) + data[12:4128] + data[4132:])
        f.truncate(len(data))


def kinds():
    d = tmpdir()
    odd = noise(os.path.join(d, "odd"))
    even = noise(os.path.join(d, "even"), 6 << 20)
    for version, sector in (("1", "512"), ("2", "512"), ("3", "512"), ("3-long", "512"), ("3", "4096"), ("3", "32768")):
        name = "version %s, sectors of %s" % (version, sector)
        cow, plain = os.path.join(d, "cow"), os.path.join(d, "plain")
        backing = even if version in "12" else odd
        rc, text = tool("mkcow", "-V", version[0], "-s", sector, cow, backing)
        if version == "3-long":
            lengthen(cow)
        if not tap.equal(rc, 0, "%s: uml_mkcow" % name):
            tap.diag(text)
            continue
        shutil.copyfile(backing, plain)
        with boot("ubd0=" + cow, "ubd1=" + plain, "uml_dir=" + d) as g:
            status, out = g.run(LOAD % (rng.getrandbits(32), 150, "/dev/ubda /dev/ubdb"), 120)
            if not tap.equal(status, 0, "%s: the same writes as to a plain file" % name):
                tap.diag(out)
            g.run("echo 3 > /proc/sys/vm/drop_caches")
            tap.equal(g.run("cmp /dev/ubda /dev/ubdb && echo same")[1].strip(), "same", "%s: it shows them" % name)
            tap.equal(g.poweroff(), 0, "%s: power-off" % name)
        tap.ok(merged(cow) == content(plain), "%s: uml_moo makes the same of it" % name)
        os.unlink(cow)
    # Old versions may have no bit for a disk's last sectors: the data begins there.
    size = (8 * 488 + 5) * 512
    short = noise(os.path.join(d, "short"), size)
    # Which the tools do not make, but others did.
    with open(cow, "wb") as f:
        f.write(struct.pack(">II4096sIQI", 0x4f4f4f4d, 2, short.encode(), int(os.stat(short).st_mtime), size, 512))
        f.truncate(4120 + 488 + size)
    before = content(short)
    with boot("ubd0=" + cow, "uml_dir=" + d) as g:
        last = size // 512 - 1
        status, out = g.run("dd if=/dev/zero of=/dev/ubda bs=512 seek=%d count=1 conv=fsync" % last)
        tap.ok(status and "I/O error" in out, "a sector without a bit is not written")
        status, out = g.run("dd if=/dev/ubda bs=512 skip=%d count=1 iflag=direct of=/dev/null" % last)
        tap.equal(status, 0, "but read")
        tap.equal(g.poweroff(), 0, "power-off")
    tap.ok(merged(cow) == before, "and nothing else is")
    no_leftovers()


def stack():
    d = tmpdir()
    backing = noise(os.path.join(d, "0"))
    plain = os.path.join(d, "plain")
    shutil.copyfile(backing, plain)
    for level in range(1, 4):
        top = os.path.join(d, str(level))
        with boot("ubd0=%s,%s" % (top, os.path.join(d, str(level - 1))), "ubd1=" + plain, "uml_dir=" + d) as g:
            status, out = g.run(LOAD % (rng.getrandbits(32), 100, "/dev/ubda /dev/ubdb"), 120)
            tap.equal(status, 0, "%d files: the same writes as to a plain file" % (level + 1))
            g.run("echo 3 > /proc/sys/vm/drop_caches")
            tap.equal(g.run("cmp /dev/ubda /dev/ubdb && echo same")[1].strip(), "same", "%d files: it shows them" % (level + 1))
            tap.equal(g.poweroff(), 0, "%d files: power-off" % (level + 1))
    tap.ok(merged(os.path.join(d, "3")) == content(plain), "uml_moo makes the same of the stack")
    for level in range(4, 9):
        tap.equal(tool("mkcow", os.path.join(d, str(level)), os.path.join(d, str(level - 1)))[0], 0, "file %d" % (level + 1))
    refused("more than eight files", ["ubd0r=", "more than 8 files"], "ubd0r=" + os.path.join(d, "8"))
    no_leftovers()


def shared():
    """Two guests, each with a COW file of its own, on one backing file."""
    d = tmpdir()
    backing = noise(os.path.join(d, "backing"))
    before = content(backing)
    one, two = os.path.join(d, "one"), os.path.join(d, "two")
    plain = [os.path.join(d, "plain" + n) for n in "12"]
    for path in plain:
        shutil.copyfile(backing, path)
    with boot("ubd0=%s,%s" % (one, backing), "ubd1=" + plain[0], "uml_dir=" + d) as g, \
            boot("ubd0=%s,%s" % (two, backing), "ubd1=" + plain[1], "uml_dir=" + d) as h:
        seeds = [rng.getrandbits(32) for _ in range(2)]
        g.send(LOAD % (seeds[0], 200, "/dev/ubda /dev/ubdb") + "; echo @@LOADED $?@@")
        status, out = h.run(LOAD % (seeds[1], 200, "/dev/ubda /dev/ubdb"), 120)
        tap.equal(status, 0, "one of two guests on one backing file writes")
        tap.equal(g.expect(r"@@LOADED (\d+)@@", 120).group(1), "0", "and the other")
        refused("a backing file in use is not written", ["ubd0=", "in use by process"], "ubd0=" + backing)
        refused("nor its COW file", ["ubd0=", "in use by process %d" % g.pid], "ubd0=" + one)
        rc, text = tool("moo", "-d", one)
        tap.ok(rc and "in use by process %d" % g.pid in text, "nor merged while it is in use")
        before_new = set(os.listdir(d))
        locked_out = os.path.join(d, "on-plain")
        refused("no COW file is made on a file that is being written",
                ["ubd0=", "plain1", "in use by process %d" % g.pid], "ubd0=%s,%s" % (locked_out, plain[0]))
        tap.equal(set(os.listdir(d)), before_new, "and nothing is left of it")
        tap.equal((g.poweroff(), h.poweroff()), (0, 0), "both power off")
    tap.ok(content(backing) == before, "the backing file is what it was")
    for cow, path in ((one, plain[0]), (two, plain[1])):
        tap.ok(merged(cow) == content(path), "%s has its own" % os.path.basename(cow))
    no_leftovers()


# ---------------------------------------------------------------------- commit

COMMIT = "echo 1 > /sys/block/ubda/commit"


def cowinfo(cow):
    return json.loads(tool("cowinfo", "--json", cow)[1])[0]


def commit():
    """A COW file goes into the file below it while the guest writes."""
    d = tmpdir()
    for name, how in (("version 3", ()), ("sectors of 8 KiB", ("-s", "8192")), ("version 2", ("-V", "2")),
                      ("version 1", ("-V", "1"))):
        backing, plain, cow = (os.path.join(d, n) for n in ("backing", "plain", "cow"))
        # Old versions lack bits for the last sectors of others.
        noise(backing, 6 << 20 if "-V" in how else SIZE)
        shutil.copyfile(backing, plain)
        tool("mkcow", "-f", *how, cow, backing)
        with boot("ubd0=" + cow, "ubd1=" + plain, "uml_dir=" + d) as g:
            g.send("(%s; echo @@LOADED $?@@) &" % (LOAD % (rng.getrandbits(32), 600, "/dev/ubda /dev/ubdb")))
            rounds, loaded = 0, None
            while not loaded and rounds < 1000 and g.run(COMMIT)[0] == 0:
                loaded = re.search(r"@@LOADED (\d+)@@", g.text)
                rounds += 1
            tap.equal(loaded and loaded.group(1), "0", "%s: %d commits under load" % (name, rounds))
            tap.equal(g.run("cmp /dev/ubda /dev/ubdb")[0], 0, "%s: the disk has what was written" % name)
            tap.equal(g.run(COMMIT)[0], 0, "%s: a commit at rest" % name)
            tap.ok(content(backing) == content(plain), "%s: the backing file has all of it" % name)
            tap.equal(g.run("echo 3 > /proc/sys/vm/drop_caches; cmp /dev/ubda /dev/ubdb")[0], 0, "%s: so has the disk" % name)
            refused("%s: the backing file is not written by others" % name,
                    ["in use by process %d" % g.pid], "ubd0=" + backing)
            tap.no_match(g.run("dmesg")[1], "WARNING|BUG|not merged|error", "%s: the log has no complaint" % name)
            tap.equal(g.poweroff(), 0, "%s: power-off" % name)
        tap.equal(cowinfo(cow)["merging"], False, "%s: there is no mark of a merge" % name)
        tap.ok(merged(cow) == content(plain), "%s: after all, the files make that disk" % name)
        os.unlink(cow)
    commit_refused(d)
    commit_nothing(d)
    no_leftovers()


def commit_others():
    """While a COW file is merged everything else goes on, and the end comes first."""
    if not which("strace"):
        tap.skip("no strace", "a commit that takes long")
        return
    d = tmpdir()
    backing, cow, more = sparse(os.path.join(d, "backing"), 64 << 20), os.path.join(d, "cow"), noise(os.path.join(d, "more"))

    def ask(*command):
        return host([host_tool("uml_mconsole"), "-d", d, "merge", *command], timeout=60)

    with boot("ubd0=%s,%s" % (cow, backing), "umid=merge", "uml_dir=" + d) as g:
        g.run("dd if=/dev/zero of=/dev/ubda bs=1M count=64 conv=fsync", 120)
        # 64 pieces are to be written.
        tracer = attach_strace(g, "-o", "/dev/null", "-e", "trace=pwritev", "-e", "inject=pwritev:delay_enter=500000")
        if not tracer:
            g.poweroff()
            return
        g.send("(%s; echo @@MERGED $?@@) &" % COMMIT)
        tap.ok(eventually(lambda: cowinfo(cow)["merging"]), "a commit goes on")
        answers = [ask("version"), ask("config", "ubd1=" + more), ask("remove", "ubd1"), ask("remove", "ubd0")]
        status, out = g.run(COMMIT)
        tap.ok(not re.search("@@MERGED", g.text), "it still does")
        tap.equal([a[0] for a in answers[:3]], [0, 0, 0], "disks come and go meanwhile")
        tap.ok(answers[3][0] and "it is being merged" in answers[3][1], "but for that one")
        tap.ok(status and "busy" in out, "which is not committed twice")
        g.send("exec poweroff -f")
        tap.equal(g.wait(90), 0, "power-off")
        tracer.communicate(timeout=30)
    info = cowinfo(cow)
    tap.ok(not info["merging"] and info["allocated_sectors"] > 0, "the commit was given up: there is no mark of a merge")
    with boot("ubd0=" + cow, "uml_dir=" + d) as g:
        tap.equal(g.run("tr -d '\\0' < /dev/ubda | wc -c")[1].strip(), "0", "the disk is what it was")
        tap.equal(g.poweroff(), 0, "power-off")
    no_leftovers()


def commit_nothing(d):
    """Of a commit that changes nothing others see nothing."""
    backing, cow, other, header = (os.path.join(d, n) for n in ("still", "still.cow", "other.cow", "header"))
    noise(backing)
    mtime = int(time.time()) - 1000
    os.utime(backing, (mtime, mtime))
    tool("mkcow", other, backing)
    with open(header, "wb") as f:
        f.write(content(other)[:4096])
    with boot("ubd0=%s,%s" % (cow, backing), "ubd1d=" + header, "uml_dir=" + d) as g:
        tap.equal(g.run(COMMIT)[0], 0, "a commit of nothing")
        tap.match(g.run("dmesg")[1], "ubda: there is nothing to be merged into .*/still", "the log says so")
        tap.equal(g.run("dd if=/dev/ubdb of=/dev/ubda bs=4k count=1 conv=fsync")[0], 0,
                  "a COW header is written to a disk on a COW file")
        status, out = g.run(COMMIT)
        tap.ok(status and "not permitted" in out, "it does not go into the backing file")
        tap.match(g.run("dmesg")[1], "ubda: not merged into .*/still: the disk begins with a COW header",
                  "the log says so")
        tap.equal(int(os.stat(backing).st_mtime), mtime, "the backing file has its time")
        tap.equal(g.poweroff(), 0, "power-off")
    tap.equal(cowinfo(cow)["merging"], False, "there is no mark of a merge")
    with boot("ubd0=" + other, "uml_dir=" + d) as g:
        tap.equal(g.poweroff(), 0, "another COW file on it still fits")


def commit_refused(d):
    backing, cow, middle, top, small = (os.path.join(d, n) for n in ("backing", "cow", "middle", "top", "small"))
    noise(backing)
    tool("mkcow", middle, backing)
    write = "dd if=/dev/urandom of=/dev/ubda bs=4k count=20 conv=fsync 2>/dev/null"
    with boot("ubd0=%s,%s" % (cow, backing), "ubd1=%s,%s" % (top, middle), "uml_dir=" + d) as g:
        g.run(write)
        before = content(backing)
        # The stack is on the same file.
        status, out = g.run(COMMIT)
        tap.ok(status and "busy" in out, "a backing file that is in use elsewhere is not merged into")
        tap.match(g.run("dmesg")[1], "ubda: .*/backing: in use by", "the log says so")
        status, out = g.run("echo 1 > /sys/block/ubdb/commit")
        tap.ok(status and "not supported" in out, "nor is a stack's COW file merged into another")
        tap.ok(content(backing) == before, "nothing was written")
        tap.equal(g.run(write)[0], 0, "the disk is still written")
        tap.equal(g.poweroff(), 0, "power-off")
    rc, text = host(["unshare", "-rm", "true"])
    if rc:
        tap.skip("no user and mount name spaces here", "a full file system of the host")
        return
    os.mkdir(small)
    script = os.path.join(d, "init")
    with open(script, "w") as f:
        f.write("#!/bin/sh\nmount -t tmpfs -o size=2m tmpfs %s && truncate -s 8M %s/backing && exec \"$@\"\n" %
                (small, small))
    os.chmod(script, 0o755)
    os.unlink(cow)
    with boot("ubd0=%s,%s/backing" % (cow, small), "uml_dir=" + d, wrap=["unshare", "-rm", script]) as g:
        g.run("dd if=/dev/urandom of=/tmp/x bs=64k count=64; dd if=/tmp/x of=/dev/ubda bs=64k conv=fsync")
        status, out = g.run(COMMIT)
        tap.ok(status and "No space left" in out, "no room for a commit: no space left")
        tap.match(g.run("dmesg")[1], "ubda: not merged into .*/small/backing: No space left", "the log says where")
        tap.equal(g.run("echo 3 > /proc/sys/vm/drop_caches; head -c 4194304 /dev/ubda | cmp - /tmp/x")[0], 0,
                  "the disk is what it was")
        tap.equal(g.run("dd if=/tmp/x of=/dev/ubda bs=64k seek=64 count=10 conv=fsync")[0], 0, "and is written")
        tap.equal(g.poweroff(), 0, "power-off")
    tap.equal(cowinfo(cow)["merging"], False, "there is no mark of a merge")


# -------------------------------------------------------------------- mistakes

def mistakes():
    d = tmpdir()
    backing = noise(os.path.join(d, "backing"))
    cow = os.path.join(d, "cow")
    tap.equal(tool("mkcow", cow, backing)[0], 0, "uml_mkcow")
    mtime = int(os.stat(backing).st_mtime)
    os.utime(backing, (mtime + 5, mtime + 5))
    refused("a changed backing file: the reason and what to do",
            ["ubd0=", "was changed", str(mtime + 5), "touch -d @%d" % mtime], "ubd0=" + cow)
    os.truncate(backing, SIZE + 512)
    refused("one of another size", ["ubd0=", str(SIZE + 512), "instead of %d" % SIZE], "ubd0=" + cow)
    os.truncate(backing, SIZE)
    os.utime(backing, (mtime, mtime))
    refused("no COW file where one is meant", ["ubd0=", "no COW file"], "ubd0=%s,%s" % (backing, backing))
    refused("a backing file that is not there", ["ubd0=", "nowhere", "No such file"], "ubd0=%s/new,%s/nowhere" % (d, d))
    tap.ok(not os.path.exists(os.path.join(d, "new")), "then none is made")
    refused("a directory that is not there", ["ubd0=", "No such file"], "ubd0=%s/no/new,%s" % (d, backing))
    refused("a file on itself", ["ubd0=", "is in use above itself"], "ubd0=%s,%s" % (cow, cow))
    refused("read-only, and not there", ["ubd0r=", "No such file"], "ubd0r=%s/new,%s" % (d, backing))
    refused("plain data with a backing file", ["ubd0d=", "flag 'd'"], "ubd0d=%s,%s" % (cow, backing))
    refused("too many parts", ["ubd0=", "more than"], "ubd0=%s,%s,serial,more" % (cow, backing))
    data = bytearray(content(cow))
    data[20:24] = b"\0\0\1\1"
    bad = os.path.join(d, "bad")
    with open(bad, "wb") as f:
        f.write(data)
    refused("a header that makes no sense", ["ubd0=", "sector size 257"], "ubd0=" + bad)
    with open(bad, "wb") as f:
        f.write(data[:1000])
    refused("half a header", ["ubd0=", "ends within its COW header"], "ubd0=" + bad)
    with open(bad, "wb") as f:
        f.write(content(cow)[:5000])
    refused("cut off within the bitmap", ["ubd0=", "cut off", "at 5000"], "ubd0=" + bad)
    os.truncate(bad, 1000)
    with boot("ubd0d=" + bad + ",,", "uml_dir=" + d) as g:
        tap.equal(g.run("cat /sys/block/ubda/size")[1].strip(), "1", "the flag 'd' takes it as data")
        tap.equal(g.poweroff(), 0, "power-off")
    # What is only as long as its bitmap is as long as it has to be then.
    with open(bad, "wb") as f:
        f.write(content(cow)[:10000])
    with boot("ubd0=" + bad, "uml_dir=" + d) as g:
        tap.equal(g.run("dd if=/dev/ubda of=/dev/null bs=64k iflag=direct")[0], 0, "without data: all is below")
        tap.equal(g.poweroff(), 0, "power-off")
    tap.ok(os.path.getsize(bad) == os.path.getsize(cow), "it has its length")
    # A guest does not choose what its disk is on.
    plain = sparse(os.path.join(d, "plain"), 1 << 20)
    header = os.path.join(d, "header")
    with open(header, "wb") as f:
        f.write(content(cow)[:4096])
    with boot("ubd0=" + plain, "ubd1d=" + header, "uml_dir=" + d) as g:
        status, out = g.run("dd if=/dev/ubdb of=/dev/ubda bs=4k count=1 conv=fsync")
        tap.ok(status and "I/O error" in out, "a COW header is not written to a plain disk")
        tap.match(g.run("dmesg")[1], "ubda: a COW header is not written", "the log says so")
        status, out = g.run("dd if=/dev/ubdb of=/dev/ubda bs=4k count=1 seek=1 conv=fsync")
        tap.equal(status, 0, "elsewhere it is")
        status, out = g.run("/tests/guest-tests --helper disk_disguise /dev/ubda 2000", 120)
        if not tap.equal(status, 0, "nor by memory that changes while it is written"):
            tap.diag(out)
        g.run("dd if=/dev/zero of=/dev/ubda bs=4k count=1 conv=fsync")
        g.run("echo 1 > /sys/block/ubda/rescan")
        os.truncate(plain, 2 << 20)
        tap.equal(g.run("echo 1 > /sys/block/ubda/rescan; cat /sys/block/ubda/size")[1].strip(), "4096",
                  "a file that has grown: so does the disk")
        tap.equal(g.poweroff(), 0, "power-off")
    no_leftovers()


def incomplete():
    """Data that the bitmap tells of is not there."""
    d = tmpdir()
    backing, cow, top = (os.path.join(d, n) for n in ("backing", "cow", "top"))
    noise(backing)
    tap.equal(tool("mkcow", cow, backing)[0], 0, "uml_mkcow")
    tap.equal(tool("mkcow", top, cow)[0], 0, "and one on it")
    times = os.stat(cow)
    data = bytearray(content(cow))
    # Sector 800 and the last one, of which the disk has a part.
    data_off = len(data) - (SIZE + 511) // 512 * 512
    data[8192 + 100] |= 1
    at = 800 * 512
    for size, good in ((data_off + at + 512, True), (data_off + at + 511, False), (data_off + at, False), (data_off, False)):
        with open(cow, "wb") as f:
            f.write(data[:size])
        os.utime(cow, ns=(times.st_atime_ns, times.st_mtime_ns))
        for disk in ("ubd0=" + cow, "ubd0r=" + cow, "ubd0=" + top):
            name = "%s, %d bytes of its data are there" % (disk.replace(d, ""), size - data_off)
            if good:
                with boot(disk, "uml_dir=" + d) as g:
                    tap.equal(g.run("dd if=/dev/ubda of=/dev/null bs=64k iflag=direct")[0], 0, name)
                    tap.equal(g.poweroff(), 0, "power-off")
                with open(cow, "wb") as f:
                    f.write(data[:size])
                os.utime(cow, ns=(times.st_atime_ns, times.st_mtime_ns))
                continue
            refused(name, ["ubd0", "cut off: byte %d of the disk is to be at %d, the file ends at %d" %
                           (at, data_off + at, size)], disk)
            tap.equal(os.path.getsize(cow), size, "it is not made longer")
    no_leftovers()


def disguised():
    """A backing file that begins like a COW file."""
    d = tmpdir()
    backing, cow, new = (os.path.join(d, n) for n in ("backing", "cow", "new"))
    noise(backing)
    with open(backing, "r+b") as f:
        f.write(struct.pack(">II", 0x4f4f4f4d, 99))
    tap.equal(tool("mkcow", cow, backing)[0], 0, "uml_mkcow on what begins like a COW file")
    with boot("ubd0=" + cow, "uml_dir=" + d) as g:
        tap.equal(g.run("dd if=/dev/ubda bs=4 count=1 2>/dev/null")[1].strip(), "OOOM", "it is plain data")
        tap.equal(g.poweroff(), 0, "power-off")
    for what in (("ubd0=%s,%s" % (new, backing),), ("ubd0=" + cow,)):
        if what[0].endswith(cow):
            os.truncate(backing, SIZE - 512)
        rc, text = host([LINUX, *what], timeout=30)
        tap.ok(rc not in (0, None) and "99 is not valid" in text and "flag 'd'" not in text,
               "nothing is said of a flag that is not for it")
    no_leftovers()


def rights():
    """Nobody may read a new COW file who may not read what it is on."""
    strace = which("strace")
    if os.getuid():
        tap.skip("not root", "groups of new COW files")
        return
    d = tmpdir()
    backing, cow = noise(os.path.join(d, "backing")), os.path.join(d, "cow")
    os.chown(backing, -1, 54321)
    mask = os.umask(0o022)
    denied = [strace, "-o", "/dev/null", "-e", "trace=fchown", "-e", "inject=fchown:error=EPERM"]
    for mode, wrap, group, want in ((0o640, (), 54321, 0o640), (0o664, (), 54321, 0o644), (0o640, denied, 0, 0o600),
                                    (0o604, denied, 0, 0o600), (0o664, denied, 0, 0o604)):
        if wrap and not strace:
            tap.skip("no strace", "a group that may not be given")
            continue
        os.chmod(backing, mode)
        with Guest("umsh", "quiet", "ubd0=%s,%s" % (cow, backing), "uml_dir=" + d, initrd=initramfs(), wrap=wrap) as g:
            g.shell()
            tap.equal(g.poweroff(), 0, "power-off")
        st = os.stat(cow)
        tap.equal((st.st_gid, "%o" % (st.st_mode & 0o777)), (group, "%o" % want),
                  "%o%s: group and mode of the COW file" % (mode, ", not ours to give" if wrap else ""))
        os.unlink(cow)
    os.umask(mask)
    if strace:
        # A time that may not be set.
        tap.equal(tool("mkcow", cow, backing)[0], 0, "uml_mkcow")
        moved = os.path.join(d, "moved")
        os.rename(backing, moved)
        denied = [strace, "-o", "/dev/null", "-e", "trace=utimensat", "-e", "inject=utimensat:error=EPERM"]
        with Guest("umsh", "quiet", "ubd0=%s,%s" % (cow, moved), "uml_dir=" + d, initrd=initramfs(), wrap=denied) as g:
            g.shell()
            tap.match(g.run("dmesg")[1], "ubda: the COW file's time could not be kept", "a COW file of somebody else")
            tap.equal(g.poweroff(), 0, "power-off")
    no_leftovers()


def loop_device(path, *how):
    rc, text = host([which("losetup") or "false", "-f", "--show", *how, path])
    return None if rc else text.strip()


def devices():
    """Block devices of the host."""
    d = tmpdir()
    backing, cow, short = (os.path.join(d, n) for n in ("backing", "cow", "short"))
    noise(backing, 4 << 20)
    tool("mkcow", cow, backing)
    with open(short, "wb") as f:
        f.write(content(cow)[:1 << 20])
    whole, part = loop_device(backing, "--sector-size", "4096"), loop_device(short)
    try:
        if not whole or not part:
            tap.skip("no loop devices here", "block devices of the host")
            return
        refused("a COW file that is larger than its device", ["ubd0=", "the device ends at byte %d" % (1 << 20)], "ubd0=" + part)
        fd = os.open(whole, os.O_RDWR | os.O_EXCL)
        refused("a device that the host uses", ["ubd0=", "in use by the host"], "ubd0=" + whole)
        with boot("ubd0r=" + whole, "uml_dir=" + d) as g:
            tap.equal(g.run("cat /sys/block/ubda/ro")[1].strip(), "1", "it is read, though")
            os.close(fd)
            tap.equal(g.poweroff(), 0, "power-off")
        with boot("ubd0=" + whole, "uml_dir=" + d) as g:
            refused("one that another guest uses", ["ubd0=", "in use by process %d" % g.pid], "ubd0=" + whole)
            status, out = g.run("/tests/guest-tests --helper disk_zeros /dev/ubda 512 1024 && "
                                "/tests/guest-tests --helper disk_zeros /dev/ubda 1049088 1048576")
            if not tap.equal(status, 0, "zeros that are not made of its sectors"):
                tap.diag(out)
            tap.equal(g.poweroff(), 0, "power-off")
    finally:
        for device in (whole, part):
            if device:
                host([which("losetup"), "-d", device])
    data = content(backing)
    tap.ok(not any(data[512:1536]) and any(data[:512]) and not any(data[1049088:2097664]), "the file has the zeros")
    no_leftovers()


# --------------------------------------------------- faults of the host's files

def faults():
    d = tmpdir()
    backing = noise(os.path.join(d, "backing"))
    before = content(backing)
    cow, large = os.path.join(d, "cow"), os.path.join(d, "large")
    tap.equal(tool("mkcow", "-s", "4096", large, backing)[0], 0, "uml_mkcow")
    with boot("ubd0=%s,%s" % (cow, backing), "ubd1=" + large, "uml_dir=" + d) as g:
        os.truncate(backing, 1 << 20)
        status, out = g.run("dd if=/dev/zero of=/dev/ubdb bs=512 seek=4097 count=1 conv=fsync")
        tap.ok(status and "I/O error" in out, "part of a larger sector of what was cut: an error")
        tap.match(g.run("dmesg")[1], "ubdb: .* at sector 409.: .*/backing: Input/output error", "the log says of which file")
        status, out = g.run("dd if=/dev/ubda of=/dev/null bs=64k skip=32 count=1 iflag=direct")
        tap.ok(status and "I/O error" in out, "a backing file cut short: an error")
        tap.match(g.run("dmesg")[1], "ubda: read at sector 4096: .*/backing: Input/output error", "the log says of which file")
        with open(backing, "r+b") as f:
            f.seek(1 << 20)
            f.write(before[1 << 20:])
        status, out = g.run("dd if=/dev/ubda of=/dev/null bs=64k iflag=direct")
        tap.equal(status, 0, "once it is whole again, it is read")
        g.run("echo 3 > /proc/sys/vm/drop_caches")
        tap.equal(g.run("cmp /dev/ubda /dev/ubdb && echo same")[1].strip(), "same", "and nothing else was written")
        os.unlink(backing)
        g.run("echo 3 > /proc/sys/vm/drop_caches")
        status, out = g.run("sha256sum /dev/ubda")
        import hashlib
        tap.equal(out.split()[0] if out else "", hashlib.sha256(before).hexdigest(), "its name is removed: it is still there")
        tap.equal(g.poweroff(), 0, "power-off")
    no_leftovers()


def attach_strace(g, *words):
    """strace on all threads of a guest's kernel; None if that is not allowed here."""
    tracer = subprocess.Popen([which("strace"), "-f", *words, "-p", str(g.pid)], stderr=subprocess.PIPE, text=True)
    said = tracer.stderr.readline()
    if "attached" in said:
        return tracer
    tap.skip("strace: %s" % said.strip(), "with strace")
    tracer.kill()
    tracer.wait()
    return None


def detach_strace(tracer):
    # One that ends by itself drops the signal that a thread is about to get, such
    # as a timer's; of one that is killed the host delivers it.
    tracer.kill()
    tracer.communicate(timeout=30)


def broken():
    """The host's disk is broken for a while."""
    if not which("strace"):
        tap.skip("no strace", "a broken disk of the host")
        return
    d = tmpdir()
    backing, plain, cow = (os.path.join(d, n) for n in ("backing", "plain", "cow"))
    noise(backing)
    noise(plain)
    write = "dd if=/dev/urandom of=%s bs=4k count=1 seek=%d oflag=direct"
    read = "dd if=%s of=/dev/null bs=4k count=1 skip=%d iflag=direct"
    with boot("ubd0=" + plain, "ubd1=%s,%s" % (cow, backing), "uml_dir=" + d) as g:
        for disk, path in (("ubda", plain), ("ubdb", cow)):
            # The threads that will be traced are there from now on.
            tap.equal(g.run("%s && sync" % write % ("/dev/" + disk, 0))[0], 0, "%s: a write" % disk)
            # What is read was never written: it is in the file below.
            for calls, command, what, at in (("pwritev", write, "write", 100), ("preadv,preadv2", read, "read", 200)):
                tracer = attach_strace(g, "-o", "/dev/null", "-e", "trace=" + calls, "-e", "inject=%s:error=EIO" % calls)
                if not tracer:
                    g.poweroff()
                    return
                g.run("echo 3 > /proc/sys/vm/drop_caches")
                status, out = g.run(command % ("/dev/" + disk, at))
                detach_strace(tracer)
                tap.ok(status and "I/O error" in out, "%s: EIO of the host at a %s: an I/O error" % (disk, what))
                named = backing if disk == "ubdb" and what == "read" else path
                tap.match(g.run("dmesg -c")[1], "%s: %s at sector %d: %s: Input/output error" % (disk, what, at * 8, named),
                          "%s: the log says of which file" % disk)
                tap.equal(g.run(command % ("/dev/" + disk, at))[0], 0, "%s: then the %s is done" % (disk, what))
        tracer = attach_strace(g, "-o", "/dev/null", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO")
        status, out = g.run(write % ("/dev/ubda", 0) + " conv=fsync")
        detach_strace(tracer)
        tap.ok(status and "I/O error" in out, "ubda: EIO at a flush: fsync fails")
        tap.match(g.run("dmesg -c")[1], "ubda: flush: %s: Input/output error" % plain, "the log says of which file")
        tap.equal(g.run(write % ("/dev/ubda", 0) + " conv=fsync")[0], 0, "then it does not")
        tap.equal(g.poweroff(), 0, "power-off")
    no_leftovers()


def full():
    """The host's file system has no room."""
    rc, text = host(["unshare", "-rm", "true"])
    if rc:
        tap.skip("no user and mount name spaces here", "a full file system of the host")
        return
    d = tmpdir()
    os.mkdir(os.path.join(d, "small"))
    backing = noise(os.path.join(d, "backing"), 4 << 20)
    script = os.path.join(d, "init")
    with open(script, "w") as f:
        f.write("#!/bin/sh\nmount -t tmpfs -o size=2m tmpfs %s/small && exec \"$@\"\n" % d)
    os.chmod(script, 0o755)
    with boot("ubd0=%s/small/cow,%s" % (d, backing), "uml_dir=" + d, wrap=["unshare", "-rm", script]) as g:
        status, out = g.run("dd if=/dev/zero of=/dev/ubda bs=64k count=64 oflag=direct")
        tap.ok(status and "No space left" in out, "a full file system of the host: no space left")
        tap.match(g.run("dmesg")[1], "ubda: write at sector .*/cow: No space left", "the log says of which file")
        status, out = g.run("dd if=/dev/ubda of=/dev/null bs=64k count=64 iflag=direct")
        tap.equal(status, 0, "the disk is still read")
        status, out = g.run("dd if=/dev/zero of=/dev/ubda bs=64k count=4 oflag=direct conv=fsync")
        tap.equal(status, 0, "what has its room is still written")
        tap.equal(g.poweroff(), 0, "power-off")
    no_leftovers()


# ---------------------------------------------------------------------- crashes

def stamps(data, round_, upto):
    """Stamps that are missing among the first upto."""
    blocks = len(data) // 4096
    return [n for n in range(upto + 1)
            if data[n * 7919 % blocks * 4096:][:16] != struct.pack("<QQ", round_, n)]


def crashes():
    """SIGKILL at random moments: a plain file by turns, and COW files that are committed, too."""
    number = 250 if SOAK else 8
    d = tmpdir()
    plain = noise(os.path.join(d, "plain"), 16 << 20)
    backing = noise(os.path.join(d, "backing"), 16 << 20)
    cow = os.path.join(d, "cow")
    lost, torn, confirmed, before = 0, 0, 0, {}
    for i in range(number):
        disk = cow if i % 4 else plain
        if i % 4 == 0:
            if os.path.exists(cow):
                os.unlink(cow)
            tool("mkcow", "-s", ("512", "8192")[i // 4 % 2], cow, backing)
            before = {plain: content(plain), cow: content(backing)}
        with boot("ubd0=" + disk, "uml_dir=" + d, mem="64M") as g:
            # At any moment of a commit, too.
            if i % 4 > 1:
                g.send("(while :; do %s; done) &" % COMMIT)
            g.send(STAMP % ("/dev/ubda", i))
            g.expect("@@SYNCED", 60)
            time.sleep(rng.uniform(0, 0.3))
            g.kill()
            g.wait(10)
            done = [int(n) for n in re.findall(r"@@SYNCED (\d+)@@", g.text)]
        data = merged(cow) if disk == cow else content(plain)
        upto = done[-1] if done else -1
        confirmed += upto + 1
        missing = stamps(data, i, upto)
        lost += len(missing)
        # A sector has what it had, or what was written.
        blocks = len(data) // 4096
        for n in range(blocks):
            at = n * 7919 % blocks * 4096
            new = struct.pack("<QQ", i, n) * 32
            for s in range(at, at + 4096, 512):
                if data[s:s + 512] not in (before[disk][s:s + 512], new):
                    torn += 1
        before[disk] = data
    tap.equal((lost, torn), (0, 0), "killed %d times: %d blocks that fsync confirmed are there, no sector is torn" %
              (number, confirmed))
    no_leftovers()


# ------------------------------------------------------------- when power goes

def unquote(text):
    return bytes(int(x, 16) for x in text.split("\\x")[1:])


def recorded(folder):
    """What strace saw of a thread in each file: (start, end, offset, bytes) or, of a
    flush, (start, end, None, None)."""
    events = []
    for name in os.listdir(folder):
        with open(os.path.join(folder, name)) as f:
            for row in f:
                m = re.match(r"([\d.]+) (\w+)\((.*)\)\s+= (-?\d+)(?: .*)? <([\d.]+)>$", row)
                if not m or int(m.group(4)) < 0:
                    continue
                start, end = float(m.group(1)), float(m.group(1)) + float(m.group(5))
                if m.group(2) == "fdatasync":
                    events.append((start, end, None, None))
                elif m.group(2) in ("pwritev", "pwrite64"):
                    data = b"".join(unquote(x) for x in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', m.group(3)))
                    off = int(re.search(r", (\d+)$", m.group(3)).group(1))
                    events.append((start, end, off, data[:int(m.group(4))]))
    return sorted(events, key=lambda e: e[1])


def disk_of(cow, backing):
    """The disk that a COW file of version 3, made here, stands for."""
    sectors = len(backing) // 512
    data = (8192 + (sectors + 7) // 8 + 4095) // 4096 * 4096
    disk = bytearray(backing)
    for n in range(sectors):
        if cow[8192 + n // 8] >> n % 8 & 1:
            disk[n * 512:n * 512 + 512] = cow[data + n * 512:data + n * 512 + 512]
    return disk


def power():
    """Each prefix of what is written to a COW file, and of what was not yet flushed any
    part of it: a sector is what it was, or what was written; what fsync confirmed is there."""
    strace = which("strace")
    if not strace:
        tap.skip("no strace", "when power goes")
        return
    d = tmpdir()
    backing = noise(os.path.join(d, "backing"), 1 << 20)
    cow, log = os.path.join(d, "cow"), os.path.join(d, "log")
    os.mkdir(log)
    with boot("ubd0=%s,%s" % (cow, backing), "uml_dir=" + d, mem="64M") as g:
        # Its threads are there then.
        g.run("dd if=/dev/ubda bs=4k count=1 of=/tmp/first 2>/dev/null; dd if=/tmp/first of=/dev/ubda bs=4k conv=fsync 2>/dev/null")
        before = content(cow)
        argv = [strace, "-ff", "-ttt", "-T", "-xx", "-s", "70000", "-e", "trace=pwritev,pwrite64,fdatasync",
                "-o", os.path.join(log, "t"), "-p", str(g.pid)]
        # That is all threads of the process.
        tracer = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
        attached = tracer.stderr.readline()
        if "attached" not in attached:
            tap.skip("strace: %s" % attached.strip(), "when power goes")
            tracer.kill()
            g.poweroff()
            return
        g.run(STAMP % ("/dev/ubda", 7), 60)
        # It ends with what it traces.
        tap.equal(g.poweroff(), 0, "power-off")
        tracer.communicate(timeout=30)
    events = recorded(log)
    old, blocks = disk_of(before, content(backing)), (1 << 20) // 4096
    new = {n: struct.pack("<QQ", 7, n) * 256 for n in range(blocks)}
    place = {n * 7919 % blocks: n for n in range(blocks)}
    data_off = len(before) - (1 << 20)
    bad = images = 0
    for i in range(len(events) + 1):
        past = events[:i]
        flushes = [e for e in past if e[2] is None]
        sure = [e for e in past if e[2] is not None and any(e[1] <= f[0] for f in flushes)]
        rest = [e for e in past if e[2] is not None and e not in sure]
        # A bitmap that is on the disk says that a flush got to its second half.
        confirmed = {place[(e[2] - data_off) // 4096] for e in sure if e[2] >= data_off and
                     any(b[2] < data_off and b[0] >= e[1] for b in sure)}
        subsets = [[], rest] + [[e for e in rest if rng.random() < 0.5] for _ in range(2)]
        for kept in subsets if rest else [[]]:
            image = bytearray(before)
            for _, _, off, data in sure + kept:
                image[off:off + len(data)] = data
            disk = disk_of(image, content(backing))
            images += 1
            for b in range(blocks):
                got, n = disk[b * 4096:b * 4096 + 4096], place[b]
                if got == new[n] or n not in confirmed and got == old[b * 4096:b * 4096 + 4096]:
                    continue
                halves = {bytes(got[s:s + 512]) in (new[n][:512], bytes(old[b * 4096 + s:b * 4096 + s + 512]))
                          for s in range(0, 4096, 512)}
                bad += n in confirmed or halves != {True}
    tap.ok(len(events) > 256, "%d writes and flushes were recorded" % len(events))
    tap.equal(bad, 0, "%d moments at which power goes, %d images: no block is lost or wrong" % (len(events) + 1, images))
    no_leftovers()


for function in (first_use, made_at_once, kinds, stack, shared, commit, commit_others, mistakes, incomplete, disguised, rights, devices, faults, broken, full, crashes, power):
    function()
tap.done()
