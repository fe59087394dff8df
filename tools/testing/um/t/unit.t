#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Pure code of the port as host programs: unit/test_NAME.c, and unit/NAME/ with
# a Makefile whose `check' builds under O= and prints TAP.
import glob
import os
import re
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

unit = os.path.join(HERE, "unit")
out = os.path.join(WORK, "unit")
os.makedirs(out, exist_ok=True)


def relay_unit(name, rc, text):
    seen = 0
    for row in text.splitlines():
        m = re.match(r"(not )?ok \d+(?: - )?\s*(.*)", row)
        if m:
            seen += 1
            tap.ok(not m.group(1), "%s: %s" % (name, m.group(2)))
        elif row.startswith("#") and not row.startswith("# SKIP"):
            tap.diag(row[1:].strip())
    m = re.search(r"^1\.\.(\d+)", text, re.M)
    good = rc == 0 and (not m or int(m.group(1)) == seen) and (seen or m)
    if not tap.ok(good, "%s: all of it ran" % name):
        tap.diag(tail(text))


programs = sorted(os.path.basename(p)[:-2] for p in glob.glob(os.path.join(unit, "test_*.c")))
folders = sorted(os.path.basename(os.path.dirname(p))
                 for p in glob.glob(os.path.join(unit, "*", "Makefile")))
if not programs and not folders:
    tap.skip_all("no programs in unit/ yet")
for name in programs:
    rc, text = host(["make", "-s", "-C", unit, "O=" + out, os.path.join(out, name)], timeout=300)
    if rc:
        tap.ok(False, "%s builds" % name)
        tap.diag(text)
        continue
    relay_unit(name, *host([os.path.join(out, name)]))
for name in folders:
    relay_unit(name, *host(["make", "-s", "--no-print-directory", "-C", os.path.join(unit, name), "O=" + out,
                            "check"], timeout=600))
tap.done()
