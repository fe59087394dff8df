#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Documentation/howto.md: what its chapters on disks tell users to type, typed.
# umtest: waits
import os
import re
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *
from howto import *

if not which("mkfs.ext4"):
    tap.skip_all("no mkfs.ext4 (Debian: e2fsprogs)")

CHAPTERS = ("Making root file systems", "Block devices", "Sharing a file system between machines")
for name in ("base.img", "journal.img"):
    sparse(os.path.join(here, name), 8 << 20)


def start(words):
    """A machine, logged in."""
    # Its disks alone are said in the document; the rest is as for other tests.
    g = Guest(*words, "quiet", tty=True, cwd=here, env=env, linux="./linux", mem="128M")
    return logged_in(g)


def follow(chapter):
    """All commands of a chapter, each where it is to be typed."""
    g = None
    for where, line in re.findall(r"^    (host\$|guest#) (.*)$", chapters[chapter], re.M):
        line = re.sub(r"\s+# .*", "", line)
        if where == "guest#":
            status, out = g.run(line)
            if not tap.equal(status, 0, "guest# " + line):
                tap.diag(out)
            continue
        if g:
            stop(g)
        g = None
        if line.startswith("./linux"):
            g = start(line.split()[1:])
            tap.ok(True, "host$ %s: a login" % line)
        elif line.startswith("make "):
            # How the images that all tests use were made.
            tap.skip("done before the tests", "host$ " + line)
        else:
            status, out = shell(line)
            if not tap.equal(status, 0, "host$ " + line):
                tap.diag(out)
    if g:
        stop(g)


for chapter in CHAPTERS:
    tap.ok(chapter in chapters, "there is a chapter: " + chapter)
    follow(chapter)

# What the text says besides.
status, out = shell("uml_cowinfo mine.cow")
tap.ok(status == 0 and "root_fs" in out, "uml_cowinfo tells the backing file")
status, out = shell("./linux ubd0=yours.cow")
tap.ok(status and "ubd0=yours.cow: the backing file root_fs was changed" in out.replace(here + "/", ""),
       "another COW file does not fit what was merged into")
remedy = re.search(r"touch -d (@\d+)", out)
tap.ok(remedy, "and it is told what to do if it does")
g = start(["ubd0=mine.cow"])
tap.ok(True, "ubd0=mine.cow is enough")
stop(g)
g = start(["ubd0=new_root_fs"])
tap.ok(True, "the merged image is one")
stop(g)
tap.equal(shell("touch -d %s root_fs" % (remedy.group(1) if remedy else "")), (0, ""), "the remedy can be typed")
status, out = shell("./linux ubd0=mine.cow")
tap.ok(status and "was changed" in out, "then the first one does not fit")
status, out = shell("cp -p root_fs copy_fs && mv root_fs gone")
g = start(["ubd0=yours.cow,copy_fs"])
tap.ok(True, "a copy that keeps its time fits, by another name")
stop(g)
no_leftovers()
tap.done()
