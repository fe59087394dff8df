#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# The tools for COW files, on the host alone: what they make, merge and show, their
# errors, and that nothing is lost whenever they are killed.
import json
import os
import random
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

TIME = 1500000000
BINARIES = os.path.join(WORK, "cow")
SANITIZED = os.path.join(BINARIES, "sanitized")
SANITIZERS = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
STRACE = which("strace")
# The sanitizer cannot look for leaks in a program that is traced.
os.environ["ASAN_OPTIONS"] = "detect_leaks=0"
os.environ.pop("POSIXLY_CORRECT", None)
random.seed(int(os.environ.get("UMTEST_SEED") or 1))


def build():
    with locked("cow"):
        for out, flags in ((BINARIES, []), (SANITIZED, ["CFLAGS=" + SANITIZERS])):
            rc, text = host(["make", "-s", "-C", os.path.join(TOP, "tools/cow"), "O=" + out] + flags,
                            timeout=300)
            if rc:
                tap.diag(text)
                tap.ok(False, "the tools build")
                tap.done()


def run(tool, *args, fast=False, **kw):
    """A tool with the sanitizers, or without, which is faster; (status, output)."""
    return host([os.path.join(BINARIES if fast else SANITIZED, "uml_" + tool)] + list(args), **kw)


def good(name, tool, *args, **kw):
    rc, text = run(tool, *args, **kw)
    return tap.equal((rc, text), (0, ""), name)


def bad(name, regex, tool, *args, status=1, **kw):
    """One line that says what is wrong."""
    rc, text = run(tool, *args, **kw)
    right = rc == status and text.count("\n") == 1 and text.startswith("uml_%s: " % tool)
    right = right and re.search(regex, text)
    if not tap.ok(right, name):
        tap.diag("status %s, wanted %d and /%s/:\n%s" % (rc, status, regex, text))


def info(path, want=0, fast=True):
    rc, text = run("cowinfo", "--json", path, fast=fast)
    if rc != want:
        tap.ok(False, "uml_cowinfo %s: status %d, want %d" % (path, rc, want))
        tap.diag(text)
    return json.loads(text)[0]


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data, mtime=TIME):
    with open(path, "wb") as f:
        f.write(data)
    os.utime(path, (mtime, mtime))
    return path


def patch(path, off, data):
    """Change bytes, but not the time."""
    st = os.stat(path)
    with open(path, "r+b") as f:
        f.seek(off)
        f.write(data)
    os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))


def noise(n):
    return random.randbytes(n)


# ------------------------------------------- COW files without help of the tools

class Cow:
    """A COW file of this script's own making; kind: 1, 2, 3 or "long"."""

    def __init__(self, path, backing, size=None, kind=3, sector=512, align=4096, mtime=None):
        self.path, self.kind, self.sector = path, kind, sector
        st = os.stat(backing)
        self.size = st.st_size if size is None else size
        mtime = int(st.st_mtime) if mtime is None else mtime
        name = os.path.abspath(backing).encode()
        magic = 0x4f4f4f4d
        if kind == 1:
            head = struct.pack("<II256sIQI", magic, 1, name, mtime, self.size, sector)
        elif kind == 2:
            head = struct.pack(">II4096sIQI", magic, 2, name, mtime, self.size, sector)
        elif kind == 3:
            head = struct.pack(">IIIQIII4096s", magic, 3, mtime, self.size, sector, align, 0, name)
        else:
            head = struct.pack(">IIIIQIII4096s4x", magic, 3, mtime, 0, self.size, sector, align, 0,
                               name)

        def up(n, to):
            return (n + to - 1) // to * to
        if kind in (1, 2):
            self.bitmap = len(head)
            self.data = up(self.bitmap + self.size // sector // 8, sector)
        else:
            self.bitmap = up(len(head), align)
            self.data = up(self.bitmap + (up(self.size, sector) // sector + 7) // 8, align)
        with open(path, "wb") as f:
            f.write(head)
            f.truncate(self.data + self.size)

    def put(self, sector, data):
        """Bytes into sectors that are set."""
        with open(self.path, "r+b") as f:
            f.seek(self.data + sector * self.sector)
            f.write(data)
            for n in range(sector, sector + (len(data) + self.sector - 1) // self.sector):
                f.seek(self.bitmap + n // 8)
                byte = f.read(1)[0] | 1 << n % 8
                f.seek(self.bitmap + n // 8)
                f.write(bytes([byte]))
        return self


    def disk(self, below):
        """What the disk is, read without the tools."""
        out, file = bytearray(below), read(self.path)
        for n in range((self.size + self.sector - 1) // self.sector):
            if file[self.bitmap + n // 8] >> n % 8 & 1:
                begin, end = n * self.sector, min((n + 1) * self.sector, self.size)
                out[begin:end] = file[self.data + begin:self.data + end]
        return bytes(out)


def changed(below, changes, sector=512):
    """What a disk is whose sectors were changed."""
    disk = bytearray(below)
    for first, data in changes:
        end = min(first * sector + len(data), len(disk))
        disk[first * sector:end] = data[:end - first * sector]
    return bytes(disk)


def scattered(size, sector=512, most=12, count=8):
    """Some changes of a disk, each of whole sectors."""
    sectors = size // sector
    return [(n, noise(sector * min(random.randint(1, most), sectors - n)))
            for n in (random.randrange(sectors) for _ in range(count))]


cows = {}


def make_cow(path, backing, changes, **kw):
    cow = Cow(path, backing, **kw)
    for first, data in changes:
        cow.put(first, data)
    os.utime(path, (TIME, TIME))
    cows[path] = cow
    return cow


def state(*paths):
    return [(read(p), os.stat(p).st_mtime_ns) for p in paths]


build()
top = tmpdir()
os.chmod(top, 0o755)
os.chdir(top)

# ------------------------------------------------------------------ making them

base = write("base", noise(300000))
good("a COW file is made", "mkcow", "one", "base")
st = os.stat("one")
tap.equal(st.st_size, 12288 + 300000, "as long as bitmap and data need")
tap.ok(st.st_blocks * 512 <= 16384, "and sparse")
d = info("one", fast=False)
tap.equal([d[k] for k in ("version", "size", "sector_size", "alignment", "backing_mtime",
                          "allocated_sectors", "bitmap_offset", "data_offset", "problem")],
          [3, 300000, 512, 4096, TIME, 0, 8192, 12288, None], "uml_cowinfo shows its fields")
tap.equal((d["backing_file"], d["chain"][0]["file"], d["chain"][0]["result"]),
          (os.path.join(top, "base"), os.path.join(top, "base"), "fits"), "and its backing file")
os.mkdir("sub")
os.symlink("sub", "to-sub")
os.symlink("../base", "sub/link")
good("a backing file by links", "mkcow", "linked", "to-sub/link")
tap.equal(info("linked")["backing_file"], os.path.join(top, "sub/link"),
          "is kept by an absolute path, its directory without links")
for version, sector in (("1", "512"), ("2", "4096"), ("3", "65536")):
    good("version %s, sectors of %s" % (version, sector), "mkcow", "-s", sector, "v", "base", "-V" + version)
    d = info("v")
    tap.equal((d["version"], d["sector_size"]), (int(version), int(sector)), "are what was asked for")
    want = Cow("w", "base", kind=int(version), sector=int(sector))
    tap.equal(read("v"), read("w"), "byte for byte")
    os.unlink("v")
patch("one", 8192, b"\1")
bad("none is replaced", r"one: exists \(-f", "mkcow", "one", "base")
tap.equal(info("one")["allocated_sectors"], 1, "it is the old one")
good("but with -f behind the names", "mkcow", "one", "base", "-f")
tap.equal(info("one")["allocated_sectors"], 0, "it is a new one")
bad("a COW file in the place of its backing file", "sub/link: is the backing file itself",
    "mkcow", "-f", "sub/link", "base")
write("other", b"precious")
bad("nor is one of other content", "other: is no COW file", "mkcow", "-f", "other", "base")
tap.equal(read("other"), b"precious", "it keeps that")
write("empty", b"")
good("an empty one is, with -f", "mkcow", "-f", "empty", "base")
bad("no backing file", "nowhere: No such file", "mkcow", "new", "nowhere")
bad("a directory", r"sub: is a directory", "mkcow", "new", "sub")
os.mkfifo("pipe")
bad("a pipe", "pipe: neither a file nor a block device", "mkcow", "new", "pipe")
write("zero", b"")
bad("an empty backing file", r"zero: has 0 bytes", "mkcow", "new", "zero")
bad("no directory", r"no/new: its directory: No such", "mkcow", "no/new", "base")
deep = "/".join(["x" * 100] * 3)
os.makedirs(deep)
write(deep + "/b", noise(512))
bad("a path that version 1 cannot have", "the path .* version 1 can have 255", "mkcow", "-V", "1", "new",
    deep + "/b")
good("version 2 can", "mkcow", "-V", "2", "new", deep + "/b")
os.unlink("new")
write("odd", b"\0" * 1860 * 512)
bad("a size for which version 1 lacks bits", "version 1 cannot have the last 4 sectors", "mkcow", "-V", "1",
    "new", "odd")
for args, regex in ((["one"], "two files"), (["-s", "1000", "a", "b"], "sector size '1000' must be"),
                    (["-s", "x", "a", "b"], "sector size 'x'"), (["-V", "4", "a", "b"], "version '4' must")):
    bad("mkcow " + " ".join(args), regex, "mkcow", *args, status=2)
tap.ok(not os.path.exists("new"), "no error leaves a file")
for tool in ("mkcow", "moo", "cowinfo"):
    rc, text = run(tool, "--help")
    tap.ok(rc == 0 and text.startswith("Usage: uml_" + tool), "uml_%s --help" % tool)
    rc, text = run(tool, "--version")
    tap.ok(rc == 0 and re.match(r"uml_%s \d" % tool, text), "uml_%s --version" % tool)
    rc, text = run(tool, "--nonsense")
    tap.ok(rc == 2 and "nonsense" in text, "uml_%s with an unknown option" % tool)
    with open("/dev/full", "w") as full:
        r = subprocess.run([os.path.join(SANITIZED, "uml_" + tool), "--help"], stdout=full,
                           stderr=subprocess.PIPE, text=True)
    tap.ok(r.returncode == 1 and "No space" in r.stderr, "uml_%s tells that nobody got its words" % tool)

# ---------------------------------------------------------- merging, all layouts

for kind in (1, 2, 3, "long"):
    for size, sector in ((204 * 512, 512), (300000, 512), (300000, 4096)):
        if kind in (1, 2) and size % sector:
            size = size // sector * sector
        below = noise(size)
        changes = scattered(size, sector)
        write("b", below)
        make_cow("c", "b", changes, kind=kind, sector=sector)
        want = changed(below, changes, sector)
        name = "version %s, %d bytes in sectors of %d" % (kind, size, sector)
        good(name + ": merged into a new file", "moo", "c", "new", fast=kind == 2)
        tap.ok(read("new") == want and read("b") == below, "is the disk, and the backing file is as before")
        allocated = info("c")["allocated_sectors"]
        good("and into the backing file", "moo", "-d", "c")
        tap.ok(read("b") == want, "which is the disk then")
        d = info("c")
        tap.ok(d["allocated_sectors"] == allocated and not d["merging"],
               "the COW file fits still, and has what it had")
        os.unlink("new")
# A partial last sector, of which the disk has the first bytes only.
write("b", noise(102500))
make_cow("c", "b", [(200, b"E" * 512)])
want = read("b")[:102400] + b"E" * 100
good("a partial last sector", "moo", "c", "new")
tap.equal(read("new"), want, "ends with the disk")
good("in place", "moo", "-d", "c")
tap.equal(read("b"), want, "too")
os.unlink("new")
# Bits that a bitmap of version 1 cannot have.
write("b", noise(1860 * 512))
make_cow("c", "b", [(1850, noise(6 * 512))], kind=1)
patch("c", 512, b"\xff" * 8)
good("version 1 that lacks bits", "moo", "c", "new")
tap.equal(read("new")[1856 * 512:], read("b")[1856 * 512:], "has its last sectors from the backing file")
tap.equal(info("c")["sectors_with_bits"], 1856, "uml_cowinfo tells")
make_cow("above", "c", [(1859, noise(512))], size=1860 * 512)
bad("and gets none merged into it", "cannot have byte 951808 .* lacks bits", "moo", "-d", "above")
os.unlink("new")

# --------------------------------------------------- options, names, what exists

below, changes = noise(300000), scattered(299520)
write("b", below)
make_cow("c", "b", changes)
want = changed(below, changes)
shutil.copy2("b", "moved")
os.rename("b", "hidden")
bad("no backing file", r"c: backing file .*/b: No such", "moo", "c", "new")
tap.match(info("c", want=1)["problem"], "No such file", "uml_cowinfo: a problem")
for n, args in enumerate((["-b", "moved", "c", "n0"], ["c", "-b", "moved", "n1"],
                          ["c", "n2", "-b", "moved"], ["--backing=moved", "c", "n3"])):
    good("moved: " + " ".join(args), "moo", *args)
    tap.ok(read("n%d" % n) == want, "is the disk")
for args in (["-b", "moved", "-d", "c"], ["-d", "-b", "moved", "c"], ["c", "-d", "-b", "moved"],
             ["-dbmoved", "c"]):
    shutil.copy2("hidden", "moved")
    make_cow("c", "hidden", changes)
    good("in place: " + " ".join(args), "moo", *args)
    tap.ok(read("moved") == want, "is the disk")
os.rename("hidden", "b")
make_cow("c", "b", changes)

os.utime("b", (TIME + 1, TIME + 1))
before = state("b", "c")
for args in (["c", "new"], ["-d", "c"]):
    bad("another time: " + " ".join(args), r"b was changed: its time is 1500000001 instead of 1500000000: .*\(-i\).*touch",
        "moo", *args)
tap.equal(info("c", want=1)["chain"][0]["result"], "other time", "uml_cowinfo: it does not fit")
good("unless told otherwise", "moo", "-i", "c", "new")
tap.ok(read("new") == want and state("b", "c") == before, "is the disk")
os.unlink("new")
for size in (200000, 400000):
    write("b", (below + bytes(200000))[:size])
    bad("another size", r"b has %d bytes instead of 300000: .*\(-b\).*\(-i\)" % size, "moo", "c", "new")
    tap.equal(info("c", want=1)["chain"][0]["result"], "other size", "uml_cowinfo: it does not fit")
    good("unless told otherwise", "moo", "c", "new", "--ignore-mismatch")
    cut = (below[:size] + bytes(300000))[:300000]
    tap.ok(read("new") == changed(cut, changes), "the disk keeps its size")
    good("in place too", "moo", "-id", "c")
    tap.ok(read("b")[:300000] == changed(cut, changes) and len(read("b")) == max(size, 300000),
           "and the backing file is large enough")
    os.unlink("new")
    make_cow("c", write("x", below), changes)
    os.rename("x", "b")
    make_cow("c", "b", changes)

write("b", below)
write("there", b"something")
write("made-by-mktemp", b"")
bad("the new file exists", r"there: exists \(-f", "moo", "c", "there")
tap.equal(read("there"), b"something", "and keeps what it has")
good("-f replaces it", "moo", "-f", "c", "there")
good("an empty one needs no -f", "moo", "c", "made-by-mktemp")
tap.ok(read("there") == want == read("made-by-mktemp"), "both are the disk")
for name in ("b", "c"):
    bad("-f does not replace what is merged", name + ": is what is merged: -d", "moo", "-f", "c", name)
bad("a directory", "sub: exists and is no file", "moo", "-f", "c", "sub")
for args, regex in (([], "no COW file is named"), (["c"], "where to merge it is not named"),
                    (["-d", "c", "new"], "with -d nothing"), (["c", "new", "x"], "too many")):
    bad("moo " + " ".join(args), regex, "moo", *args, status=2)
rc, text = run("cowinfo")
tap.ok(rc == 2 and "no file is named" in text, "cowinfo without a file")
rc, text = run("cowinfo", "nowhere", "c")
tap.ok(rc == 2 and "nowhere: No such" in text and "disk          300000 bytes" in text,
       "cowinfo shows the others when one is not there")
tap.equal(info("b", want=1)["problem"], "b: not a COW file", "cowinfo of another file")
write("strange\n\x1b[31m", below)
make_cow("c2", "strange\n\x1b[31m", [])
rc, text = run("cowinfo", "c2")
tap.ok(rc == 0 and "\x1b" not in text, "cowinfo: a terminal does not obey names")
tap.match(info("c2")["backing_file"], "strange\n\x1b", "JSON has them as they are")
os.chmod("b", 0o640)
good("a new file", "moo", "c", "new")
tap.equal(stat.S_IMODE(os.stat("new").st_mode) & 0o007, 0, "is for those only who may read the backing file")
os.unlink("new")

# -------------------------------------------------------------- spoilt headers

for kind, off, data, regex in (
        (3, 4, b"\0\0\0\7", "version 7 is not valid: must be 1, 2 or 3"),
        (3, 12, bytes(8), "size of the backing file 0 is not valid"),
        (3, 12, b"\xff" * 8, "size of the backing file 18446744073709551615 is not valid"),
        (3, 20, b"\0\0\0\0", "sector size 0 is not valid: must be a power of two"),
        (3, 24, b"\0\0\0\0", "alignment 0 is not valid"),
        (3, 28, b"\0\0\0\1", "format 1 is not valid: must be 0"),
        (2, 8, b"a" * 4096, "path of the backing file 4096 is not valid: must be not empty"),
        (1, 8, bytes(256), "path of the backing file 0 is not valid"),
        (1, 276, b"\xff\xff\xff\xff", "sector size 4294967295 is not valid")):
    make_cow("s", "b", [], kind=kind)
    patch("s", off, data)
    bad("a header that says: " + regex, "s: " + regex, "moo", "s", "new")
    tap.match(info("s", want=1, fast=False)["problem"], regex, "uml_cowinfo says so too")
make_cow("s", "b", [])
for length, regex in ((4000, "header has 4128 bytes, the file 4000"), (8200, "bitmap ends at byte 8266, the file at 8200"),
                      (3, "not a COW file")):
    os.truncate("s", length)
    bad("cut off at %d" % length, regex, "moo", "s", "new")
    make_cow("s", "b", [])
make_cow("s", "b", [(500, noise(512))])
os.truncate("s", 12288 + 1000)
bad("cut off in its data", "cut off: byte 256000 of the disk is to be at 268288, the file ends at 13288", "moo",
    "s", "new")
before = state("b", "s")
bad("the same in place", "cut off: byte 256000", "moo", "-d", "s")
tap.ok(state("b") == before[:1] and not info("s")["merging"], "the backing file is as before")
tap.ok(not os.path.exists("new"), "no error leaves a file")

# ---------------------------------------------------------------------- chains

size = 300000
below = noise(size)
write("b", below)
layers = [(1, 512), (3, 8192), ("long", 1024)]
want, names = below, ["b"]
wants = [below]
for n, (kind, sector) in enumerate(layers):
    changes = scattered(size, sector, most=4)
    if kind == 1:
        changes = [c for c in changes if c[0] < 584]
    make_cow("l%d" % n, names[-1], changes, kind=kind, sector=sector, size=size)
    names.append("l%d" % n)
    want = changed(want, changes, sector)
    wants.append(want)
tap.equal([(c["cow"], c["result"]) for c in info("l2", fast=False)["chain"]], [(True, "fits")] * 2 + [(False, "fits")],
          "uml_cowinfo shows a chain of three")
good("it is merged into a new file", "moo", "l2", "new")
tap.ok(read("new") == want, "of plain data")
before = state("b", "l0")
good("the upper one into the one below", "moo", "-d", "l2")
tap.ok(state("b", "l0") == before, "nothing else changes")
for name in ("l1", "l2"):
    good("as COW file " + name, "moo", "-f", name, "new")
    tap.ok(read("new") == want, "both are the disk")
good("that one into the next", "moo", "-d", "l1")
good("and that into the last", "moo", "-d", "l0")
tap.ok(read("b") == want, "which is the disk")
for name in ("l0", "l1", "l2"):
    rc, text = run("moo", "-f", name, "new")
    tap.ok(rc == 0 and read("new") == want, "%s is the disk still (%s)" % (name, text.strip()))
# Another COW file on a backing file that was merged into.
make_cow("c", "b", scattered(size))
make_cow("d", "b", scattered(size))
good("one of two COW files on a file is merged into it", "moo", "-d", "c")
bad("and the other one is refused", "b was changed", "moo", "-f", "d", "new")
# One in another: what other tools record is the length of the file.
write("b", below)
make_cow("c", "b", scattered(size))
make_cow("raw", "c", [(0, b"R" * 512)])
good("a COW file that was taken for data", "moo", "-f", "raw", "new")
tap.ok(read("new") == b"R" * 512 + read("c")[512:], "is data")
good("a COW file on a COW file", "mkcow", "-f", "raw", "c")
tap.equal(info("raw")["size"], size, "has a disk of the same size")
good("a COW file on it as data", "mkcow", "-f", "-d", "raw", "c")
tap.equal(info("raw")["size"], os.path.getsize("c"), "has the file as its disk")
# A disk that would be taken for a COW file as plain data.
header = read("raw")[:512]
write("b", below)
for first, data, what in ((0, header, "version 3"), (0, struct.pack("<II", 0x4f4f4f4d, 1) + noise(504), "version 1"),
                          (0, b"OOOM" + noise(508), "no version")):
    make_cow("c", "b", [(first, data), (7, noise(512))])
    make_cow("d", "c", [(9, noise(512))], size=size)
    before = state("b", "c", "d")
    names = set(os.listdir("."))
    for args in (["c", "gone"], ["d", "gone"], ["-d", "c"]):
        bad("a disk that begins with a header of %s: moo %s" % (what, " ".join(args)),
            "%s: the disk begins with a COW header, so .* would be taken for a COW file \\(-f" % args[-1 if args[0] == "-d" else 0], "moo", *args)
    tap.ok(state("b", "c", "d") == before and set(os.listdir(".")) == names, "all is as before")
    good("into a COW file it is merged", "moo", "-d", "d")
    want = cows["c"].disk(below)
    good("and with -f into a new file", "moo", "-f", "c", "gone")
    tap.ok(read("gone") == want, "which is the disk")
    os.unlink("gone")
    good("and into the backing file", "moo", "-f", "-d", "c")
    tap.ok(read("b") == want, "which is the disk then")
    # What is there already is nobody's but who has put it there.
    os.utime("b", (TIME, TIME))
    make_cow("c", "b", [(7, noise(512))], size=size)
    good("one that began so before", "moo", "-d", "c")
    write("b", below)
make_cow("c", "b", [(0, header[:3] + b"m" + header[4:]), (1, header)])
good("a header elsewhere, or something like one", "moo", "c", "gone")
good("is merged", "moo", "-d", "c")
os.unlink("gone")
write("b", below)
make_cow("self", "b", [], size=size)
patch("self", 32, os.path.join(top, "self").encode() + b"\0")
for args in (["-f", "self", "new"], ["-d", "self"]):
    bad("a COW file on itself: moo " + args[0], "self: backing file .*/self: is above itself in the chain", "moo", *args)
tap.match(info("self", want=1)["problem"], "above itself in the chain", "uml_cowinfo sees it")

# ----------------------------------------------------------------------- locks

OFD_SETLK = 37


def take_lock(path, kind, ofd):
    f = open(path, "r+b")
    if ofd:
        fcntl.fcntl(f, OFD_SETLK, struct.pack("hhqqi4x", kind, 0, 0, 0, 0))
    else:
        fcntl.lockf(f, fcntl.LOCK_EX if kind == fcntl.F_WRLCK else fcntl.LOCK_SH)
    return f


make_cow("c", "b", scattered(size))
shutil.copy2("c", "d")
for ofd in (True, False):
    what = "a lock of the open file" if ofd else "a lock of the process"
    for path in ("b", "c"):
        f = take_lock(path, fcntl.F_WRLCK, ofd)
        for args in (["-f", "c", "new"], ["-d", "c"]):
            bad("%s on %s: moo %s" % (what, path, args[0]), path + ": in use by process %d$" % os.getpid(), "moo", *args)
        f.close()
    f = take_lock("b", fcntl.F_RDLCK, ofd)
    good("shared: a new file is made", "moo", "-f", "c", "new")
    bad("but it is not written to", "b: in use by process %d$" % os.getpid(), "moo", "-d", "c")
    f.close()
    f = take_lock("c", fcntl.F_WRLCK, ofd)
    bad("a COW file in use is not replaced", "c: in use by process %d$" % os.getpid(), "mkcow", "-f", "c", "b")
    bad("nor by a merge", "c: in use by process %d$" % os.getpid(), "moo", "-f", "d", "c")
    d = info("c")
    tap.equal((d["in_use"], d.get("pid")), (True, os.getpid()), "uml_cowinfo tells who uses it")
    f.close()
    before = state("new")
    for kind in (fcntl.F_WRLCK, fcntl.F_RDLCK):
        f = take_lock("new", kind, ofd)
        bad("a file in use is not replaced", "new: in use by process %d$" % os.getpid(), "moo", "-f", "c", "new")
        f.close()
        f = take_lock(write("none", b""), kind, ofd)
        bad("nor an empty one", "none: in use by process %d$" % os.getpid(), "moo", "c", "none")
        f.close()
    tap.ok(state("new") == before and os.path.getsize("none") == 0, "they are as before")

# ------------------------------------------------------------------ permissions

shutil.rmtree("sub")
os.unlink("to-sub")
os.mkdir("closed")
write("closed/b", below)
open_dir = os.path.join(top, "open")
os.mkdir(open_dir)
make_cow("open/c", "closed/b", changes)
shutil.copy2("open/c", "closed/c")
os.chmod("closed/b", 0o444)
os.chmod("closed/c", 0o444)
os.chmod("closed", 0o555)
user = {}
reach = True
if os.getuid() == 0:
    for path in (open_dir, "open/c"):
        os.chown(path, 65534, 65534)
    user = {"user": 65534, "group": 65534, "extra_groups": []}
    reach = host([os.path.join(BINARIES, "uml_mkcow"), "--version"], **user)[0] == 0 and \
        host(["test", "-r", os.path.join(top, "closed/b")], **user)[0] == 0
if reach:
    good("a backing file in a read-only directory", "moo", "open/c", "open/new", fast=True, **user)
    tap.ok(read("open/new") == changed(below, changes), "is the disk")
    good("gets a COW file elsewhere", "mkcow", "open/c2", "closed/b", fast=True, **user)
    bad("but none beside it", "closed/c2: Permission denied", "mkcow", "closed/c2", "closed/b", fast=True, **user)
    bad("nothing is merged into it", "c: backing file .*/closed/b: Permission denied", "moo", "-d", "open/c",
        fast=True, **user)
    bad("nor from a COW file that cannot be marked", "closed/c: Permission denied", "moo", "-d", "closed/c",
        fast=True, **user)
    tap.ok(read("closed/b") == below, "it is as before")
else:
    tap.skip("an ordinary user cannot reach the files", "a read-only directory")
os.chmod("closed", 0o755)

# New files are for those only who may read what is in them.
write("g", below)


def access(path):
    st = os.stat(path)
    return st.st_gid, oct(st.st_mode & 0o7777)


def new_files(**kw):
    for name in ("gc", "gn"):
        if os.path.exists("open/" + name):
            os.unlink("open/" + name)
    rc = run("mkcow", "open/gc", "g", fast=True, **kw)[0], run("moo", "open/gc", "open/gn", fast=True, **kw)[0]
    return rc + (access("open/gc"), access("open/gn")) if rc == (0, 0) else rc


groups = [1, 2] if os.getuid() == 0 else [g for g in os.getgroups() if g != os.getgid()][:2]
for gid in groups[:1]:
    os.chown("g", -1, gid)
    for mode, mask, want in ((0o640, 0o022, 0o640), (0o644, 0o022, 0o644), (0o664, 0o002, 0o664),
                             (0o444, 0o022, 0o644), (0o604, 0o022, 0o604), (0o640, 0o077, 0o600)):
        os.chmod("g", mode)
        old = os.umask(mask)
        tap.equal(new_files(), (0, 0) + ((gid, oct(want)),) * 2,
                  "mode %03o, umask %03o: new files get the group and the mode" % (mode, mask))
        os.umask(old)
if not groups:
    tap.skip("this user is in one group only", "the group of new files")
if user and reach:
    os.chown("g", 65534, 1)
    for mode, want in ((0o640, 0o600), (0o644, 0o644), (0o604, 0o600), (0o664, 0o644), (0o600, 0o600)):
        os.chmod("g", mode)
        tap.equal(new_files(umask=0o022, **user), (0, 0) + ((65534, oct(want)),) * 2,
                  "mode %03o in a group that cannot be given: nobody else can read them" % mode)
else:
    tap.skip("no other user, or it cannot reach the files", "a group that cannot be given")

# ----------------------------------------------------------------------- 2 TiB

huge = 2 << 40
try:
    sparse("huge", huge + 1000)
except OSError:
    huge = 0
if huge:
    for off in (5, 1 << 31, 1 << 40, huge - 3):
        patch("huge", off, b"below")
    os.utime("huge", (TIME, TIME))
    begin = time.monotonic()
    good("a COW file for 2 TiB", "mkcow", "h", "huge")
    cow = Cow("h2", "huge")
    tap.equal(os.path.getsize("h"), os.path.getsize("h2"), "is as long as it has to be")
    cow.put(1 << 31, b"above" + bytes(507)).put((1 << 32) + 1, b"E" * 512)
    d = info("h2", fast=False)
    tap.equal((d["allocated_sectors"], d["bitmap_bytes"]), (2, (1 << 29) + 1), "2^32 sectors have bits")
    good("is merged into a new file", "moo", "h2", "out")

    def spot(path, off, n):
        with open(path, "rb") as f:
            f.seek(off)
            return f.read(n)
    tap.equal([spot("out", off, 5) for off in (5, 1 << 31, 1 << 40, huge - 3)],
              [b"below", b"below", b"above", b"below"], "data is where it was")
    tap.equal((spot("out", huge + 500, 1000), os.path.getsize("out")), (bytes(12) + b"E" * 488, huge + 1000),
              "up to the last byte")
    tap.ok(os.stat("out").st_blocks * 512 < 1 << 20, "and the file is sparse")
    good("in place", "moo", "-d", "h2")
    tap.equal([spot("huge", off, 5) for off in (1 << 31, 1 << 40)], [b"below", b"above"], "too")
    tap.ok(os.stat("huge").st_blocks * 512 < 1 << 20, "and stays sparse")
    tap.diag("2 TiB: %.1f s" % (time.monotonic() - begin))
    for name in ("huge", "h", "h2", "out"):
        os.unlink(name)
else:
    tap.skip("the file system has no such files", "2 TiB")

# ------------------------------------------------ killed, stopped, out of space

CALLS = ("pwrite64", "copy_file_range", "fsync", "ftruncate", "fallocate", "utimensat", "linkat",
         "renameat2", "rename", "fchmod")


def traced(injects, tool, *args, **kw):
    """A tool of which system calls are tampered with.  Each kind of call is counted
    by itself."""
    injects = [injects] if isinstance(injects, str) else injects
    argv = [STRACE, "-qq", "-o", "/dev/null", "-e", "trace=" + ",".join(i.split(":")[0] for i in injects)]
    for i in injects:
        argv += ["-e", "inject=" + i]
    return host(argv + [os.path.join(BINARIES, "uml_" + tool)] + list(args), **kw)


def stopped(call, tool, *args):
    """A tool that was stopped at a system call, and what lets it go on."""
    log = os.path.join(top, "stopped")
    write(log, b"")
    p = subprocess.Popen([STRACE, "-o", log, "-e", "trace=" + call, "-e", "inject=%s:signal=STOP:when=1" % call,
                          os.path.join(BINARIES, "uml_" + tool)] + list(args), stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    eventually(lambda: b"--- stopped by SIGSTOP" in read(log) or p.poll() is not None)
    return p, lambda: [os.kill(pid, signal.SIGCONT) for pid in descendants(p.pid)]


def still(cow, want, merging=None):
    """A COW file fits, and its disk is what it was: cow is "c", on "b", or "d", on "c"."""
    disk = cows["c"].disk(read("b"))
    if cow == "d":
        disk = cows["d"].disk(disk)
    d = info(cow)
    return disk == want and not d["problem"] and merging in (None, d["merging"])


def restore(saved):
    for path, (data, ns) in saved.items():
        with open(path, "wb") as f:
            f.write(data)
        os.utime(path, ns=(ns, ns))


def kill_everywhere(name, make, args, check):
    """Kill uml_moo at each call that changes something."""
    saved = make()
    killed, wrong = 0, []
    for call in CALLS:
        n, rc = 0, -signal.SIGKILL
        while rc == -signal.SIGKILL and len(wrong) < 4:
            n += 1
            restore(saved)
            files = set(os.listdir("."))
            rc, text = traced("%s:signal=KILL:when=%d" % (call, n), "moo", *args)
            killed += rc == -signal.SIGKILL
            problem = check(rc, set(os.listdir(".")) - files)
            if problem or rc not in (0, -signal.SIGKILL):
                wrong.append("%s %d: status %s: %s %s" % (call, n, rc, problem, text))
    if not tap.ok(not wrong and killed > 4, "%s: killed at each of %d calls" % (name, killed)):
        tap.diag("\n".join(wrong))


work = os.path.join(top, "kill")
os.mkdir(work)
os.chdir(work)
size = 200 * 1024
below = noise(size)
first = [(3, noise(3 * 512)), (40, noise(9 * 512)), (100, noise(512))]
second = [(1, noise(512)), (42, noise(512)), (390, noise(10 * 512))]
above = changed(below, first)
disk = changed(above, second)


def two_files():
    write("b", below)
    make_cow("c", "b", first)
    return {p: (read(p), os.stat(p).st_mtime_ns) for p in ("b", "c")}


def three_files():
    """The sectors of the file below are larger than those of the one that is merged."""
    write("b", below)
    whole = [(n // 8, above[n // 8 * 4096:n // 8 * 4096 + 8192]) for n, _ in first]
    make_cow("c", "b", whole, sector=4096)
    make_cow("d", "c", second, size=size)
    return {p: (read(p), os.stat(p).st_mtime_ns) for p in ("b", "c", "d")}


def check_new(saved):
    def check(rc, left):
        if rc == 0 and (left != {"new"} or read("new") != above):
            return "the new file is wrong"
        if rc and left - {"new"}:
            return "left behind: %s" % left
        if "new" in left:
            if read("new") != above:
                return "a part of the new file"
            os.unlink("new")
        if {p: (read(p), os.stat(p).st_mtime_ns) for p in saved} != saved:
            return "the files have changed"
        return None
    return check


def check_place(cow, into, want):
    """Whatever happened: the disk is the same, and the merge can be done again."""
    def check(rc, left):
        if left:
            return "left behind: %s" % left
        if not still(cow, want):
            return "the disk has changed"
        if rc:
            again, text = run("moo", "-d", cow, fast=True)
            if again:
                return "again: " + text
        if not still(cow, want, merging=False):
            return "the disk has changed by the second merge, or is marked"
        if into == "b":
            return None if read("b") == want else "the backing file is not the disk"
        return None if still(into, want) else "the COW file below is not the disk"
    return check


if not STRACE or traced("fsync:signal=KILL:when=1", "mkcow", "x", os.path.join(top, "b"))[0] != -signal.SIGKILL:
    tap.skip("strace cannot tamper with programs here", "killed at every call")
else:
    saved = two_files()
    kill_everywhere("into a new file", two_files, ["c", "new"], check_new(saved))
    kill_everywhere("into plain data", two_files, ["-d", "c"], check_place("c", "b", above))
    kill_everywhere("into a COW file", three_files, ["-d", "d"], check_place("d", "c", disk))

    # A COW file on the one that is merged goes by its time.
    saved = two_files()
    killed, wrong = 0, []
    for call in ("fsync", "pwrite64", "copy_file_range", "ftruncate"):
        n, rc = 0, -signal.SIGKILL
        while rc == -signal.SIGKILL:
            n += 1
            restore(saved)
            rc, text = traced("%s:signal=KILL:when=%d" % (call, n), "moo", "-d", "c")
            killed += rc == -signal.SIGKILL
            again, text = run("moo", "-d", "c", fast=True)
            if again or os.stat("c").st_mtime_ns != saved["c"][1]:
                wrong.append("%s %d: %s" % (call, n, text))
    tap.ok(not wrong and killed > 4, "killed at each of %d calls and done again: it has its time still %s" % (killed, wrong))

    # Errors of the host, and signals that ask for an end.
    saved = two_files()
    for calls, error, regex in ((("copy_file_range", "pwrite64"), "ENOSPC", "No space left"),
                                (("fsync",), "EIO", "Input/output"), (("ftruncate",), "EFBIG", "File too large")):
        rc, text = traced(["%s:error=%s" % (c, error) for c in calls], "moo", "c", "new")
        tap.ok(rc == 1 and re.search("^uml_moo: .*new.*" + regex, text) and check_new(saved)(rc, set()) is None and
               not os.path.exists("new"), "%s: %s, and all is as before" % (error, text.strip()))
    memory = "copy_file_range:error=EXDEV"
    for call in ("pwrite64", "fsync", "ftruncate", "utimensat"):
        n, rc = 0, 1
        # The first time that is set is put back, which may fail.
        while rc == 1 or call == "utimensat" and n == 1:
            n += 1
            restore(saved)
            rc, text = traced([memory, "%s:error=EIO:when=%d" % (call, n)], "moo", "-d", "c")
            problem = check_place("c", "b", above)(rc, set())
            tap.ok(not problem and (rc == 0 or rc == 1 and "Input/output error" in text),
                   "%s %d fails (%s): the disk is the same, and the merge can be done again" %
                   (call, n, problem or text.strip()))
    for n, fits in ((2, True), (3, False)):
        restore(saved)
        make_cow("other", "b", [])
        rc, text = traced([memory, "pwrite64:error=ENOSPC:when=%d" % n], "moo", "-d", "c")
        tap.ok(rc == 1 and "No space" in text and not info("c")["merging"], "an error: no mark is left")
        tap.equal(info("other", want=0 if fits else 1)["problem"] is None, fits,
                  "other COW files on a backing file that was %swritten to" % ("not " if fits else ""))
    os.unlink("other")
    for args, what in ((["-d", "c"], "in place"), (["c", "new"], "into a new file")):
        restore(saved)
        rc, text = traced("copy_file_range:signal=TERM:when=1", "moo", *args)
        tap.ok(rc == -signal.SIGTERM and "stopped by signal 15" in text and not os.path.exists("new") and
               still("c", above, merging=False),
               "SIGTERM %s: it ends by that, with files that fit" % what)
    # Where files cannot be copied by the host, or be made without a name.
    restore(saved)
    rc, text = traced("copy_file_range:error=EXDEV", "moo", "c", "new")
    tap.ok(rc == 0 and read("new") == above, "copied through memory")
    os.unlink("new")
    rc, text = traced("fallocate:error=EOPNOTSUPP", "moo", "-d", "c")
    tap.ok(rc == 0 and read("b") == above, "a file system without holes")
    restore(saved)
    log = os.path.join(top, "trace")
    host([STRACE, "-o", log, "-e", "trace=openat", os.path.join(BINARIES, "uml_moo"), "c", "new"])
    os.unlink("new")
    rows = [r for r in read(log).decode().splitlines() if r.startswith("openat(")]
    nameless = next((n for n, r in enumerate(rows, 1) if "O_TMPFILE" in r), 0)
    tap.match(rows[nameless - 1], "O_TMPFILE, 0600", "a new file begins as one for its owner alone")
    before = set(os.listdir("."))
    named = "openat:error=EOPNOTSUPP:when=%d" % nameless
    for injects, names in (([memory, "pwrite64:error=ENOSPC"], set()), ([], {"new"})):
        rc, text = traced([named] + injects, "moo", "c", "new")
        tap.equal((rc, set(os.listdir(".")) - before), (0 if names else 1, names),
                  "without nameless files: %s" % ("a new file" if names else "an error leaves nothing"))
    tap.ok(read("new") == above, "is the disk")
    os.unlink("new")
    # A file that is replaced is locked until it has gone.
    for tool, args, old in (("moo", ["-f", "c", "old"], b"something"), ("moo", ["c", "old"], b""),
                            ("mkcow", ["-f", "old", "b"], read("c"))):
        name = "uml_%s %s: " % (tool, " ".join(args))
        write("old", old)
        p, wake = stopped("fsync", tool, *args)
        try:
            take_lock("old", fcntl.F_RDLCK, True).close()
            tap.ok(False, name + "nobody can begin to use what is to go")
        except BlockingIOError:
            tap.ok(True, name + "nobody can begin to use what is to go")
        wake()
        tap.equal(p.wait(TIMEOUT), 0, name + "then it goes")
        tap.ok(read("old") == above if tool == "moo" else info("old")["allocated_sectors"] == 0,
               "and the new one is there")
        write("old", old)
        p, wake = stopped("fsync", tool, *args)
        os.rename(write("other", old), "old")
        wake()
        tap.ok(p.wait(TIMEOUT) == 1 and re.search("old: another file has got that name", p.stdout.read()),
               name + "what has taken its place stays")
        tap.ok(read("old") == old, "as it is")
        os.unlink("old")
    # What a terminal shows.
    master, slave = pty.openpty()
    argv = [STRACE, "-qq", "-o", "/dev/null", "-e", "inject=copy_file_range:delay_exit=250000",
            os.path.join(BINARIES, "uml_moo"), "c", "new"]
    r = subprocess.run(argv, stdin=slave, stdout=slave, stderr=slave, timeout=TIMEOUT)
    os.close(slave)
    shown = os.read(master, 4096).decode()
    os.close(master)
    tap.ok(r.returncode == 0 and re.search(r"\rc: +\d+\.\d%", shown) and shown.endswith("\r\x1b[K"),
           "a terminal shows how far it is, and nothing at the end (%r)" % shown[:40])
    os.unlink("new")

# At any time that is not a call's: larger files, and the clock.
size = 8 << 20
below = noise(size)
changes = [(n, noise(512 * 64)) for n in range(0, size // 512 - 64, 160)]
write("b", below)
make_cow("c", "b", changes)
want = changed(below, changes)
saved = {p: (read(p), os.stat(p).st_mtime_ns) for p in ("b", "c")}


def kill_after(seconds, *args):
    p = subprocess.Popen([os.path.join(BINARIES, "uml_moo")] + list(args), stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    p.kill()
    return p.wait()


begin = time.monotonic()
rc, text = run("moo", "c", "new", fast=True)
took = time.monotonic() - begin
os.unlink("new")
wrong, killed = [], 0
for n in range(8):
    if kill_after(random.uniform(0, took), "c", "new"):
        killed += 1
    if os.path.exists("new"):
        if read("new") != want:
            wrong.append("new file, round %d" % n)
        os.unlink("new")
if state("b", "c") != [saved["b"], saved["c"]]:
    wrong.append("the files have changed")
begin = time.monotonic()
for n in range(10):
    if kill_after(random.uniform(0, took), "-d", "c"):
        killed += 1
    if not still("c", want):
        wrong.append("in place, round %d" % n)
    if n == 4:
        restore(saved)
rc, text = run("moo", "-d", "c", fast=True)
if not tap.ok(not wrong and rc == 0 and read("b") == want, "killed at %d times of 18" % killed):
    tap.diag("\n".join(wrong) + text)
left = sorted(set(os.listdir(".")) - {"b", "c", "d", "x"})
tap.equal(left, [], "nothing is left behind")
os.chdir(top)

# ------------------------------------------------------------------ other tools

old_moo, old_mkcow = which("uml_moo"), which("uml_mkcow")
if old_moo and old_mkcow and old_moo.startswith("/usr/bin/"):
    size = 400 * 512
    below, changes = noise(size), scattered(size)
    write("b", below)
    for name in ("ours", "theirs"):
        if os.path.exists(name):
            os.unlink(name)
    good("ours", "mkcow", "ours", "b")
    host([old_mkcow, "theirs", "b"])
    tap.ok(read("ours") == read("theirs"), "uml_mkcow of Debian makes the same file")
    for kind in (1, 2, 3, "long"):
        make_cow("c", "b", changes, kind=kind)
        rc, text = host([old_moo, "c", "theirs.new"])
        run("moo", "-f", "c", "new", fast=True)
        tap.ok(rc == 0 and read("theirs.new") == read("new") == changed(below, changes),
               "uml_moo of Debian merges version %s alike" % kind)
    make_cow("c", "b", changes)
    good("merged in place", "moo", "-d", "c")
    rc, text = host([old_moo, "c", "theirs.new"])
    tap.ok(rc == 0 and read("theirs.new") == changed(below, changes), "it takes our COW file after that")
    make_cow("c", "b", changes)
    os.utime("b", (TIME, TIME))
    make_cow("c", "b", changes)
    host([old_moo, "-d", "c"])
    tap.ok(read("b") == changed(below, changes), "it merges in place")
else:
    tap.skip("no uml-utilities", "the tools of Debian")

# --------------------------------------------------------------- installed, docs

rc, text = host(["make", "-s", "-C", os.path.join(TOP, "tools/cow"), "O=" + BINARIES, "PREFIX=/usr",
                 "DESTDIR=" + os.path.join(top, "inst"), "install"])
tap.equal(rc, 0, "they are installed")
names = ["uml_cowinfo", "uml_mkcow", "uml_moo"]
tap.equal((sorted(os.listdir("inst/usr/bin")), sorted(os.listdir("inst/usr/share/man/man1"))),
          (names, [n + ".1" for n in names]), "with their pages")
for name in names:
    page = read("inst/usr/share/man/man1/%s.1" % name).decode()
    _, text = run(name[4:], "--help")
    options = set(re.findall(r"--[a-z-]+", text))
    lost = [o for o in options if o.replace("-", "\\-") not in page]
    tap.equal(lost, [], "%s.1 has all options" % name)
    if which("man"):
        r = subprocess.run(["man", "--warnings", "-l", os.path.join(TOP, "Documentation", name + ".1")],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                           env=dict(os.environ, LC_ALL="C.UTF-8", MANWIDTH="80"))
        tap.equal(r.stderr, "", "and is formatted without a warning")
no_leftovers()
tap.done()
