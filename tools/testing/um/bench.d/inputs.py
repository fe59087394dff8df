# SPDX-License-Identifier: GPL-2.0
"""What the real work is done on: a copy of the Debian image with a folder
/bench.  It is made once and kept until something it is made of changes."""
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile

import program
from columns import say
from umtest import BUILD, host, which

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = "vim-runtime"
# The largest files are tables that describe hardware; the drivers are half of the
# tree, and nothing in it that the rest lacks.
LARGEST = 64 << 10
LEFT_OUT = ("drivers", "Documentation")
QUICK = ("block", "crypto", "fs", "include", "init", "io_uring", "ipc", "kernel", "lib", "mm", "net")
SPACE = 6 << 30


def modules(quick):
    """The number of files of the program to compile."""
    return 12 if quick else 40


class Missing(Exception):
    """Something is not there; the text says what."""


def kernel_source():
    """An archive of Linux, or a folder with it."""
    for path in sorted(glob.glob("/usr/src/linux-source-*.tar.*")):
        return path
    path = os.environ.get("KSRCTREE") or os.path.join(BUILD, "src")
    if os.path.isdir(os.path.join(path, "kernel")):
        return path
    raise Missing("no Linux source to unpack: /usr/src/linux-source-*.tar.* or KSRCTREE=DIR")


def members(source):
    """(path within the tree, tar member, reader) of a kernel source."""
    if os.path.isdir(source):
        tar = tarfile.open(os.devnull, "w")
        for top, dirs, names in os.walk(source):
            dirs.sort()
            for name in sorted(names):
                path = os.path.join(top, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as f:
                        yield os.path.relpath(path, source), tar.gettarinfo(path), f
        return
    unpack = {".xz": "xz", ".gz": "gzip", ".bz2": "bzip2", ".zst": "zstd"}.get(
        os.path.splitext(source)[1])
    if not unpack or not which(unpack):
        raise Missing("nothing to unpack %s with" % source)
    with subprocess.Popen([unpack, "-dc", source], stdout=subprocess.PIPE) as child:
        with tarfile.open(fileobj=child.stdout, mode="r|") as tar:
            for member in tar:
                if member.isfile():
                    yield member.name.split("/", 1)[-1], member, tar.extractfile(member)


def tree_archive(path, quick):
    """An archive of a kernel's source; the number of files in it."""
    source = kernel_source()
    say("preparing: an archive of %s ..." % source)
    count = 0
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as out:
        for name, member, data in members(source):
            top = name.split("/")[0]
            if member.size > LARGEST or top in LEFT_OUT or quick and top not in QUICK:
                continue
            info = tarfile.TarInfo("linux/" + name)
            info.size, info.mode, info.mtime = member.size, member.mode & 0o777, int(member.mtime)
            out.addfile(info, data)
            count += 1
    return count


def package(folder):
    """Debian's package, from what was downloaded before or from its mirrors."""
    def kept():
        return sorted(glob.glob(os.path.join(folder, PACKAGE + "_*.deb")))
    if not kept():
        os.makedirs(folder, exist_ok=True)
        rc, text = host(["apt-get", "-q", "download", PACKAGE], cwd=folder, timeout=300)
        if not kept():
            rows = [r for r in text.splitlines() if r.startswith("E:")] or ["status %d" % rc]
            say("bench: no %s.deb, the dpkg rows are left out: apt-get download: %s" % (
                PACKAGE, rows[-1]))
            return None
    return kept()[-1]


def debugfs(image, commands):
    r = subprocess.run([which("debugfs"), "-w", "-f", "-", image], check=False,
                       input="".join(c + "\n" for c in commands), text=True, errors="replace",
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900)
    # It reports what went wrong, and goes on; its status is of no use.
    bad = [row for row in r.stdout.splitlines() if re.search(
        r"(?i)no space|could not|not found|error|cannot open", row) and not row.startswith("debugfs:")]
    if bad:
        raise Missing("debugfs %s: %s" % (image, bad[0]))


def folder_commands(source, target):
    """What copies a folder of plain files into an image."""
    commands = ["mkdir " + target] + ["sif %s %s 0" % (target, who) for who in ("uid", "gid")]
    for name in sorted(os.listdir(source)):
        path, there = os.path.join(source, name), target + "/" + name
        if os.path.isdir(path):
            commands += folder_commands(path, there)
            continue
        mode = 0o100755 if os.access(path, os.X_OK) else 0o100644
        commands += ["write \"%s\" \"%s\"" % (path, there), "sif %s mode 0%o" % (there, mode),
                     "sif %s uid 0" % there, "sif %s gid 0" % there]
    return commands


def fingerprint(image, quick, deb):
    """What a prepared set depends on."""
    state = hashlib.sha256(json.dumps(program.files(modules(quick))).encode())
    for path in ("work.sh", "bench-init", "transactions.py", "inputs.py", "worktime.c"):
        with open(os.path.join(HERE, path), "rb") as f:
            state.update(f.read())
    for path in (image, deb, kernel_source()):
        if path:
            st = os.stat(path)
            state.update(("%s %d %d %s" % (path, st.st_size, st.st_mtime_ns, quick)).encode())
    return state.hexdigest()


def prepare(image, quick, out):
    """(image, number of files in the tree)"""
    for tool in ("debugfs", "e2fsck", "cp"):
        if not which(tool):
            raise Missing("no %s (Debian: e2fsprogs)" % tool)
    top = os.path.join(out, "work-quick" if quick else "work")
    ready, stamp = os.path.join(top, "image"), os.path.join(top, "stamp")
    deb = package(os.path.join(out, "input"))
    want = fingerprint(image, quick, deb)
    try:
        with open(stamp) as f:
            made_of, count = f.read().split()
        if made_of == want:
            return ready, int(count)
    except (OSError, ValueError):
        pass
    shutil.rmtree(top, ignore_errors=True)
    os.makedirs(out, exist_ok=True)
    fs = os.statvfs(out)
    if fs.f_bavail * fs.f_frsize < SPACE:
        raise Missing("%s: %d GiB of free space are needed" % (out, SPACE >> 30))
    files = os.path.join(top, "files")
    os.makedirs(files)
    count = tree_archive(os.path.join(files, "tree.tar"), quick)
    program.write(os.path.join(files, "program"), modules(quick))
    for name in ("work.sh", "bench-init", "transactions.py"):
        shutil.copy(os.path.join(HERE, name), files)
    shutil.copy(os.path.join(out, "worktime"), files)
    if deb:
        shutil.copy(deb, os.path.join(files, "package.deb"))
    say("preparing: an image with the inputs ...")
    rc, text = host(["cp", "--reflink=auto", "--sparse=always", image, ready], timeout=600)
    if rc:
        raise Missing(text.strip())
    # It may have been in use, and then has a journal to be replayed.
    if host([which("e2fsck"), "-p", ready], timeout=600)[0] & ~3:
        raise Missing("%s: the file system is damaged; run e2fsck on it" % image)
    debugfs(ready, folder_commands(files, "/bench"))
    shutil.rmtree(files)
    with open(stamp, "w") as f:
        f.write("%s %d\n" % (want, count))
    return ready, count


def unpacked(image):
    """The image's files in a folder beside it."""
    folder = os.path.join(os.path.dirname(image), "host")
    done = folder + ".done"
    if not os.path.exists(done):
        say("preparing: a folder with the image's files ...")
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        # Only root can make device files and give files away: such warnings are
        # expected, and what is missing is not needed.
        host([which("debugfs"), "-R", "rdump / " + folder, image], timeout=900)
        if not os.access(os.path.join(folder, "bench/work.sh"), os.X_OK):
            raise Missing("debugfs rdump: %s is not complete" % folder)
        with open(done, "w"):
            pass
    return folder
