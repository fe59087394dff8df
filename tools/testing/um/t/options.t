#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# The command line: information, and bad input with one clear line.
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
import re

d = tmpdir()
junk = os.path.join(d, "junk.img")
with open(junk, "wb") as f:
    f.write(os.urandom(1 << 20))


def info(args, name):
    g = Guest(*args, mem=None, con=False, cwd=d)
    rc = g.wait(30)
    text = g.text
    g.close()
    tap.equal(rc, 0, "%s: exit status 0" % name)
    return text


text = info(["--help"], "--help")
for switch in ("mem=", "ubd", "con", "initrd=", "umid=", "root=", "--version",
               "--help", "--showconfig", "engine=", "uml_dir=", "noreboot",
               "free_page_reporting=", "page_cache_trim="):
    tap.ok(switch in text, "--help tells of %s" % switch)
tap.ok(len(text.splitlines()) > 20, "--help has texts")
text = info(["--version"], "--version")
tap.match(text, r"^(Linux version )?6\.12\.\d+", "--version tells the version")
tap.equal(len(text.splitlines()), 1, "in one line")
text = info(["--showconfig"], "--showconfig")
tap.match(text, r"^CONFIG_BINFMT_ELF=y$", "--showconfig shows the configuration")
tap.match(text, r"^# CONFIG_\w+ is not set$", "with what is off")


def bad(args, words, name, limit=20, **kw):
    """One clear line that names option, value and cause; non-zero exit."""
    kw.setdefault("mem", None)
    kw.setdefault("con", False)
    start = time.monotonic()
    with Guest(*args, cwd=d, **kw) as g:
        rc = g.wait(limit)
        took = time.monotonic() - start
        text = g.text.strip()
    tap.ok(rc not in (0, None), "%s: exit status is not 0 (%s)" % (name, rc))
    lines = [r for r in text.splitlines() if r.strip()]
    if not tap.equal(len(lines), 1, "%s: one line" % name):
        tap.diag(tail(text))
    for word in words:
        tap.ok(word.lower() in text.lower(), "%s: it says '%s'" % (name, word))
    tap.diag("%s (%.2f s): %s" % (name, took, lines[0] if lines else ""))


bad([], ["root_fs"], "no root_fs in the directory")
bad(["ubd0=nowhere.img"], ["ubd0", "nowhere.img"], "ubd0= with a missing file")
bad(["ubd0="], ["ubd0"], "ubd0= without a file")
bad(["ubd99=" + junk], ["ubd99"], "a unit that is out of range")
bad(["ubd0q=" + junk], ["ubd0q"], "an unknown flag of ubd")
bad(["initrd=nowhere.cpio"], ["initrd", "nowhere.cpio"], "initrd= with a missing file")
bad(["initrd="], ["initrd"], "initrd= without a file")
bad(["engine=foo", "ubd0=" + junk], ["engine", "foo"], "an unknown engine")
bad(["mem=1", "ubd0=" + junk], ["mem", "1"], "mem= too small")
bad(["mem=garbage", "ubd0=" + junk], ["mem", "garbage"], "mem= garbage")
bad(["mem=128Q", "ubd0=" + junk], ["mem", "128Q"], "mem= with an unknown unit")
bad(["mem=", "ubd0=" + junk], ["mem"], "mem= without a value")
bad(["mem=-5M", "ubd0=" + junk], ["mem", "-5M"], "mem= negative")
bad(["mem=1000000G", "ubd0=" + junk], ["mem", "1000000G"], "mem= too large")
bad(["free_page_reporting=maybe", "ubd0=" + junk], ["free_page_reporting=maybe", "on nor off"],
    "free_page_reporting= with another word")
bad(["free_page_reporting=", "ubd0=" + junk], ["free_page_reporting="],
    "free_page_reporting= without a value")
bad(["page_cache_trim=maybe", "ubd0=" + junk], ["page_cache_trim=maybe", "on nor off"],
    "page_cache_trim= with another word")
bad(["con0=foo", "ubd0=" + junk], ["con0", "foo"], "an unknown console channel")
bad(["con0=fd:x", "ubd0=" + junk], ["con0", "fd:x"], "a bad descriptor number")
bad(["con99=null", "ubd0=" + junk], ["con99"], "a console that is out of range")
bad(["umid=a/b", "ubd0=" + junk], ["umid", "a/b"], "a slash in the umid")
bad(["mconsole=x", "ubd0=" + junk], ["mconsole=x", "only notify:SOCKET"], "an unknown value of mconsole=")
bad(["mconsole=notify:", "ubd0=" + junk], ["mconsole=notify:", "missing"], "mconsole=notify: without a socket")
bad(["mconsole=notify:/" + "x" * 120, "ubd0=" + junk], ["mconsole=notify:/xxx", "longer"],
    "a name that is too long for a socket")
bad(["umid=", "ubd0=" + junk], ["umid"], "an empty umid")
bad(["uml_dir=/proc/nowhere", "umid=x", "ubd0=" + junk], ["uml_dir", "/proc/nowhere"],
    "uml_dir that cannot be")
unreadable = os.path.join(d, "unreadable.img")
sparse(unreadable, 4096)
os.chmod(unreadable, 0)
if os.geteuid():
    bad(["ubd0=" + unreadable], ["ubd0", "unreadable.img"], "an unreadable image")
elif which("setpriv"):
    os.chmod(d, 0o755)
    bad(["ubd0=" + unreadable], ["ubd0", "unreadable.img"], "an unreadable image",
        wrap=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
bad(["ubd0=" + d], ["ubd0", d], "a directory as image")
no_leftovers()
tap.done()
